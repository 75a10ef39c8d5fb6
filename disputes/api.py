"""Disputes over the API. Rights and rules are those of the actions."""

from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django_filters.rest_framework import CharFilter, ChoiceFilter, DateTimeFilter, FilterSet, NumberFilter
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from disputes.actions import credit_memos
from disputes.actions import disputes as actions
from disputes.models import Dispute
from disputes.models.inbound import SUB_REASONS
from netsuite.api import StrictSerializer
from netsuite.permissions import NeedsPermission
from workflows.api.forms import CUSTOMER, CustomerRef, ReasonSerializer, caller, customer_of, given_by
from workflows.api.proposals import ProposalRowSerializer

LARGEST = 10**13
YES_NO = [("true", "Yes"), ("false", "No")]


class DisputeSerializer(serializers.ModelSerializer):
    """`amount` is in `currency` and set apart from the hold rule until `set_apart_until`, inclusive.

    An answer is due at `respond_by`, a settlement at `resolve_by`; `overdue` says that one of them has passed.
    """

    customer = CustomerRef(read_only=True)
    currency = serializers.CharField(read_only=True)
    invoice = serializers.CharField(source="invoice.tranid", read_only=True, allow_null=True, default=None)
    owner = serializers.CharField(source="owner.netsuite_id", read_only=True, allow_null=True, default=None)
    email_uuid = serializers.UUIDField(source="email.email_uuid", read_only=True, allow_null=True, default=None)
    run_id = serializers.UUIDField(source="run.run_id", read_only=True, allow_null=True, default=None)
    overdue = serializers.SerializerMethodField()

    class Meta:
        model = Dispute
        fields = [
            *("id", "customer", "invoice_ref", "invoice", "reason", "sub_reason", "reason_text", "source", "reference"),
            *("amount", "currency", "set_apart_until", "status", "resolution", "root_cause", "owner"),
            *("opened_by", "opened_at", "respond_by", "resolve_by", "responded_at", "escalated_at", "resolved_at"),
            *("overdue", "email_uuid", "run_id"),
        ]
        read_only_fields = fields

    def get_overdue(self, dispute: Dispute) -> bool:
        return dispute.is_overdue(timezone.now())


class OpenDisputeSerializer(StrictSerializer):
    customer = serializers.CharField(max_length=32, help_text="The customer's NetSuite id.")
    invoice_ref = serializers.CharField(max_length=128, allow_blank=True, default="")
    reason_text = serializers.CharField(max_length=10_000, help_text="What the customer says.")
    reason = serializers.ChoiceField(choices=Dispute.REASONS, default="other")
    sub_reason = serializers.ChoiceField(choices=SUB_REASONS, default="", allow_blank=True)
    amount = serializers.DecimalField(
        max_digits=16,
        decimal_places=2,
        min_value=Decimal("0.01"),
        required=False,
        help_text="In base currency; default: all that is open.",
    )
    source = serializers.ChoiceField(choices=Dispute.SOURCES, default="api")  # type: ignore[assignment]
    reference = serializers.CharField(
        max_length=64,
        allow_blank=True,
        default="",
        help_text="Your own; the same one about the same invoice answers the same dispute.",
    )
    language = serializers.CharField(max_length=2, default="", allow_blank=True, help_text="Of the answer.")


class ResolveSerializer(StrictSerializer):
    resolution = serializers.ChoiceField(choices=Dispute.RESOLUTIONS)
    reason = serializers.CharField(max_length=2000)


class CreditSerializer(StrictSerializer):
    amount = serializers.DecimalField(
        max_digits=16, decimal_places=2, min_value=Decimal("0.01"), help_text="In base currency, at most what is open."
    )
    reason = serializers.CharField(max_length=2000)


class DisputeFilter(FilterSet):
    """By state, reason, age, amount and clock. `open` and `overdue` are true or false."""

    customer = CharFilter(field_name=CUSTOMER)
    owner = CharFilter(field_name="owner__netsuite_id")
    amount_min = NumberFilter(field_name="amount", lookup_expr="gte", max_value=LARGEST)
    amount_max = NumberFilter(field_name="amount", lookup_expr="lte", max_value=LARGEST)
    opened_after = DateTimeFilter(field_name="opened_at", lookup_expr="gte")
    opened_before = DateTimeFilter(field_name="opened_at", lookup_expr="lt")
    open = ChoiceFilter(choices=YES_NO, method="by_open")
    overdue = ChoiceFilter(choices=YES_NO, method="by_overdue")

    class Meta:
        model = Dispute
        fields = ["status", "customer", "reason", "sub_reason", "source", "resolution"]

    def by_open(self, rows: Any, name: str, value: str) -> Any:
        return rows.open() if value == "true" else rows.filter(status="resolved")

    def by_overdue(self, rows: Any, name: str, value: str) -> Any:
        late = rows.overdue(timezone.now())
        return late if value == "true" else rows.exclude(pk__in=late.values("pk"))


class DisputeViewSet(ReadOnlyModelViewSet):
    """Invoice disputes, newest first. A sales rep sees those of their own customers."""

    queryset = Dispute.objects.select_related("customer", "invoice", "owner", "email", "run")
    serializer_class = DisputeSerializer
    permission_classes = [NeedsPermission]
    needs = "disputes.view_dispute"
    filterset_class = DisputeFilter

    def get_queryset(self) -> QuerySet[Dispute]:
        return super().get_queryset().visible_to(self.request.user)  # type: ignore[attr-defined]

    @extend_schema(request=OpenDisputeSerializer, responses={201: DisputeSerializer})
    def create(self, request: Request) -> Response:
        """Record what a customer contests, draft the answer, stage what follows; the amount is set apart."""
        given = given_by(OpenDisputeSerializer, request)
        customer = customer_of(request, given.pop("customer"))
        dispute = actions.take_up(customer=customer, by=caller(request), **given)
        return Response(DisputeSerializer(dispute).data, status=201)

    @extend_schema(request=ResolveSerializer, responses=DisputeSerializer)
    @action(detail=True, methods=["post"])
    def resolve(self, request: Request, pk: str) -> Response:
        """Settle it; from here on its amount counts again."""
        given = given_by(ResolveSerializer, request)
        return self._answer(actions.resolve(dispute=self.get_object(), by=caller(request), **given))

    @extend_schema(request=ReasonSerializer, responses=DisputeSerializer)
    @action(detail=True, methods=["post"])
    def escalate(self, request: Request, pk: str) -> Response:
        """Route it to the sales rep: at once for whoever decides proposals, else 202 and a proposal waits."""
        dispute = self.get_object()
        waiting = actions.escalate(dispute=dispute, by=caller(request), **given_by(ReasonSerializer, request))
        return self._answer(dispute, status=202 if waiting else 200)

    @extend_schema(request=ReasonSerializer, responses=DisputeSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """The customer takes it back; its amount counts again."""
        given = given_by(ReasonSerializer, request)
        return self._answer(actions.withdraw(dispute=self.get_object(), by=caller(request), **given))

    @extend_schema(request=CreditSerializer, responses={201: ProposalRowSerializer})
    @action(detail=True, methods=["post"], url_path="credit-memo")
    def credit_memo(self, request: Request, pk: str) -> Response:
        """Propose a credit memo; another person approves it, then NetSuite gets it."""
        given = given_by(CreditSerializer, request)
        proposal = credit_memos.propose_credit(dispute=self.get_object(), by=caller(request), **given)
        return Response(ProposalRowSerializer(proposal).data, status=201)

    def _answer(self, dispute: Dispute, status: int = 200) -> Response:
        return Response(DisputeSerializer(self.get_queryset().get(pk=dispute.pk)).data, status=status)
