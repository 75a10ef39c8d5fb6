"""Disputes over the API. Rights and rules are those of the actions."""

from decimal import Decimal

from django.db.models import QuerySet
from django_filters.rest_framework import CharFilter, FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from disputes import actions
from disputes.models import Dispute
from netsuite.api import StrictSerializer
from netsuite.permissions import NeedsPermission
from workflows.api.forms import CUSTOMER, CustomerRef, caller, customer_of, given_by


class DisputeSerializer(serializers.ModelSerializer):
    """`amount` is in `currency` and set apart from the hold rule until `set_apart_until`, inclusive."""

    customer = CustomerRef(read_only=True)
    currency = serializers.CharField(read_only=True)

    class Meta:
        model = Dispute
        fields = [
            *("id", "customer", "invoice_ref", "reason", "reason_text", "amount", "currency", "set_apart_until"),
            *("status", "resolution", "opened_by", "opened_at", "resolved_at"),
        ]
        read_only_fields = fields


class OpenDisputeSerializer(StrictSerializer):
    customer = serializers.CharField(max_length=32, help_text="The customer's NetSuite id.")
    invoice_ref = serializers.CharField(max_length=128, allow_blank=True, default="")
    reason_text = serializers.CharField(max_length=10_000, help_text="What the customer says.")
    reason = serializers.ChoiceField(choices=Dispute.REASONS, default="other")
    amount = serializers.DecimalField(
        max_digits=16,
        decimal_places=2,
        min_value=Decimal("0.01"),
        required=False,
        help_text="In base currency; default: all that is open.",
    )


class ResolveSerializer(StrictSerializer):
    resolution = serializers.ChoiceField(choices=Dispute.RESOLUTIONS)
    reason = serializers.CharField(max_length=2000)


class DisputeFilter(FilterSet):
    customer = CharFilter(field_name=CUSTOMER)

    class Meta:
        model = Dispute
        fields = ["status", "customer"]


class DisputeViewSet(ReadOnlyModelViewSet):
    """Invoice disputes, newest first."""

    queryset = Dispute.objects.select_related("customer")
    serializer_class = DisputeSerializer
    permission_classes = [NeedsPermission]
    needs = "disputes.view_dispute"
    filterset_class = DisputeFilter

    def get_queryset(self) -> QuerySet[Dispute]:
        return super().get_queryset().visible_to(self.request.user)  # type: ignore[attr-defined]

    @extend_schema(request=OpenDisputeSerializer, responses={201: DisputeSerializer})
    def create(self, request: Request) -> Response:
        """Record what a customer contests; the amount is set apart for 30 days."""
        given = given_by(OpenDisputeSerializer, request)
        customer = customer_of(request, given.pop("customer"))
        dispute = actions.open_dispute(customer=customer, by=caller(request), **given)
        return Response(DisputeSerializer(dispute).data, status=201)

    @extend_schema(request=ResolveSerializer, responses=DisputeSerializer)
    @action(detail=True, methods=["post"])
    def resolve(self, request: Request, pk: str) -> Response:
        """Settle it; from here on its amount counts again."""
        dispute = self.get_object()
        settled = actions.resolve(dispute=dispute, by=caller(request), **given_by(ResolveSerializer, request))
        return Response(DisputeSerializer(settled).data)
