"""Service holds, pauses and a customer's hold status over the API. Rights and rules are those of the actions."""

from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils import timezone
from django_filters.rest_framework import CharFilter, FilterSet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet, ReadOnlyModelViewSet

from customers.models import Customer
from holds import blocks, hold_check
from holds.actions import holds, pauses
from holds.models import Instalment, Pause, ServiceHold
from holds.models.overrides import TENDERS as TENDER_WORDS
from holds.rules import HOLD_SOURCES, TENDERS, HoldVerdict
from netsuite.api import StrictSerializer
from netsuite.permissions import NeedsPermission
from workflows.api.forms import (
    CUSTOMER,
    CustomerRef,
    ReasonSerializer,
    WarningSerializer,
    caller,
    customer_of,
    given_by,
)
from workflows.api.proposals import ProposalSerializer
from workflows.models import ProposedAction
from workflows.wording import moment


class ServiceHoldSerializer(serializers.ModelSerializer):
    """Amounts in `currency`, as they were when the hold was proposed."""

    customer = CustomerRef(read_only=True)
    run_id = serializers.UUIDField(source="run.run_id", read_only=True)

    class Meta:
        model = ServiceHold
        fields = [
            *("id", "customer", "status", "origin", "reason", "ar_balance", "currency", "days_overdue"),
            *("prior_value", "run_id", "proposal", "proposed_at", "placed_at", "placed_by", "ended_at"),
            *("ended_by", "end_reason"),
        ]
        read_only_fields = fields


class ProposeSerializer(StrictSerializer):
    customer = serializers.CharField(max_length=32, help_text="The customer's NetSuite id.")
    reason = serializers.CharField(max_length=2000)


class StagedHoldSerializer(serializers.Serializer):
    """A hold that waits for a person."""

    run_id = serializers.UUIDField(source="run.run_id", read_only=True)
    proposal = ProposalSerializer(source="*", read_only=True)
    warnings = WarningSerializer(many=True, read_only=True)


class LiftSerializer(serializers.Serializer):
    """`lifted` says whether it was done at once; otherwise `proposal` waits for a person."""

    run_id = serializers.UUIDField(read_only=True)
    lifted = serializers.BooleanField(read_only=True)
    hold = ServiceHoldSerializer(read_only=True)
    proposal = ProposalSerializer(read_only=True, allow_null=True)


class HoldFilter(FilterSet):
    customer = CharFilter(field_name=CUSTOMER)

    class Meta:
        model = ServiceHold
        fields = ["status", "customer"]


class ServiceHoldViewSet(ReadOnlyModelViewSet):
    """Service holds, newest first: proposed, in force, lifted or declined."""

    queryset = ServiceHold.objects.select_related("customer", "run")
    serializer_class = ServiceHoldSerializer
    permission_classes = [NeedsPermission]
    needs = "holds.view_servicehold"
    filterset_class = HoldFilter

    def get_queryset(self) -> QuerySet[ServiceHold]:
        return super().get_queryset().visible_to(self.request.user)  # type: ignore[attr-defined]

    @extend_schema(request=ProposeSerializer, responses={201: StagedHoldSerializer})
    def create(self, request: Request) -> Response:
        """Propose a hold; a person decides it. Below the usual line it comes with a warning."""
        given = given_by(ProposeSerializer, request)
        customer = customer_of(request, given["customer"])
        proposal = holds.propose(customer=customer, reason=given["reason"], by=caller(request))
        return Response(StagedHoldSerializer(proposal).data, status=201)

    @extend_schema(request=ReasonSerializer, responses=LiftSerializer)
    @action(detail=True, methods=["post"])
    def lift(self, request: Request, pk: str) -> Response:
        """Lift at once for whoever may; for everybody else stage it for a person."""
        hold = self.get_object()
        run = holds.lift(hold=hold, by=caller(request), **given_by(ReasonSerializer, request))
        hold.refresh_from_db()
        staged = ProposedAction.objects.filter(run=run).select_related("customer", "run", "decided_by").first()
        answer = {"run_id": run.run_id, "lifted": hold.status == "lifted", "hold": hold, "proposal": staged}
        return Response(LiftSerializer(answer).data)


class InstalmentSerializer(StrictSerializer, serializers.ModelSerializer):
    """A promised payment: business date, amount in base currency."""

    class Meta:
        model = Instalment
        fields = ["due", "amount"]


class PauseSerializer(serializers.ModelSerializer):
    customer = CustomerRef(read_only=True)
    instalments = InstalmentSerializer(many=True, read_only=True)
    currency = serializers.CharField(read_only=True, help_text="Of the instalments.")

    class Meta:
        model = Pause
        fields = [
            *("id", "customer", "kind", "starts", "ends", "reason", "created_by", "created_at"),
            *("ended_at", "ended_by", "end_reason", "currency", "instalments"),
        ]
        read_only_fields = fields


class AgreePauseSerializer(StrictSerializer):
    """A payment plan takes `instalments`, a grace period `until`."""

    customer = serializers.CharField(max_length=32, help_text="The customer's NetSuite id.")
    kind = serializers.ChoiceField(choices=["payment_plan", "grace_period"])
    reason = serializers.CharField(max_length=2000)
    until = serializers.DateField(required=False, help_text="Last day of a grace period; 14 days by default.")
    instalments = InstalmentSerializer(many=True, required=False, max_length=120)  # type: ignore[call-arg]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        stray = "until" if attrs["kind"] == "payment_plan" else "instalments"
        if stray in attrs:
            raise serializers.ValidationError({stray: f"A {attrs['kind'].replace('_', ' ')} has none."})
        return attrs


class PauseFilter(FilterSet):
    customer = CharFilter(field_name=CUSTOMER)

    class Meta:
        model = Pause
        fields = ["kind", "customer"]


class PauseViewSet(ReadOnlyModelViewSet):
    """Payment plans, grace periods and pauses after a release, newest first."""

    queryset = Pause.objects.select_related("customer").prefetch_related("instalments")
    serializer_class = PauseSerializer
    permission_classes = [NeedsPermission]
    needs = "holds.view_pause"
    filterset_class = PauseFilter

    def get_queryset(self) -> QuerySet[Pause]:
        return super().get_queryset().visible_to(self.request.user)  # type: ignore[attr-defined]

    @extend_schema(request=AgreePauseSerializer, responses={201: PauseSerializer})
    def create(self, request: Request) -> Response:
        """Agree on a pause; it begins today."""
        given = given_by(AgreePauseSerializer, request)
        about = {"customer": customer_of(request, given["customer"]), "reason": given["reason"], "by": caller(request)}
        if given["kind"] == "payment_plan":
            parts = [(part["due"], part["amount"]) for part in given.get("instalments", [])]
            pause = pauses.agree_plan(instalments=parts, **about)
        else:
            pause = pauses.grant_grace(until=given.get("until"), **about)
        return Response(PauseSerializer(pause).data, status=201)

    @extend_schema(request=ReasonSerializer, responses=PauseSerializer)
    @action(detail=True, methods=["post"])
    def end(self, request: Request, pk: str) -> Response:
        """End a pause early; the next aging tick may propose a hold again."""
        pause = self.get_object()
        return Response(
            PauseSerializer(pauses.end(pause=pause, by=caller(request), **given_by(ReasonSerializer, request))).data
        )


ORDER_FORM = "order-form"


class HoldStatusSerializer(serializers.Serializer):
    """The verdict of one hold block, for one tender, with the age of the figures.

    The figures, and who holds, when and why, are there for those who may see them.
    """

    on_hold = serializers.BooleanField(read_only=True)
    source = serializers.ChoiceField(read_only=True, choices=HOLD_SOURCES)  # type: ignore[assignment]
    label = serializers.CharField(  # type: ignore[assignment]
        read_only=True, help_text="The block's own word; empty when the block shows none."
    )
    reason = serializers.CharField(read_only=True, help_text="For a cashier: no balances. Empty when not on hold.")
    overridable = serializers.BooleanField(read_only=True, help_text="A manager's PIN opens it for one order.")
    inputs = serializers.DictField(read_only=True)
    evaluated_at = serializers.DateTimeField(read_only=True)
    block = serializers.CharField(read_only=True)
    tender = serializers.ChoiceField(read_only=True, choices=TENDER_WORDS)
    warning = serializers.CharField(read_only=True, help_text="Said when the figures are old; else empty.")
    stale_since = serializers.DateTimeField(read_only=True, allow_null=True)


class HoldStatusViewSet(GenericViewSet):
    """Whether a customer's new orders are refused, as of now."""

    queryset = Customer.objects.all()
    serializer_class = HoldStatusSerializer
    permission_classes = [NeedsPermission]
    needs = "customers.view_customer"
    lookup_field = "netsuite_id"
    query_parameters = ("block", "tender")

    @extend_schema(
        responses=HoldStatusSerializer,
        parameters=[
            OpenApiParameter(
                "block",
                default=ORDER_FORM,
                description="The hold block's name: `order-form`, `customer-page` or `catalog`.",
            ),
            OpenApiParameter("tender", enum=TENDERS, default="on_account"),
        ],
    )
    def retrieve(self, request: Request, netsuite_id: str) -> Response:
        """Whether the customer's new order is refused now: by a service hold or by the block's own rule."""
        asked = request.query_params
        block, tender = asked.get("block") or ORDER_FORM, blocks.tender_of(asked.get("tender", "on_account"))
        found = hold_check.check(netsuite_id, block, tender=tender, now=timezone.now())
        if found is None or not self._may_see(found.customer):
            blocks.block(block)
            raise NotFound
        return Response(HoldStatusSerializer(_told(found.customer, found.verdict, caller(request))).data)

    def _may_see(self, customer: Customer) -> bool:
        user = self.request.user
        return user.has_perm("holds.check_servicehold") or Customer.objects.for_rep(user).contains(customer)


def _told(customer: Customer, verdict: HoldVerdict, user: User) -> dict[str, Any]:
    may_know = user.has_perm("holds.view_servicehold")
    told: dict[str, Any] = {
        "on_hold": verdict.on_hold,
        "source": verdict.source,
        "label": verdict.label if verdict.show_label else "",
        "reason": _reason(verdict, may_know),
        "overridable": verdict.overridable,
        "inputs": {"entitystatus": customer.entitystatus, **(_details(verdict) if may_know else {})},
        "evaluated_at": verdict.evaluated_at,
    }
    if user.has_perm("customers.view_transaction"):
        told["inputs"] |= {**verdict.inputs, "formula": verdict.formula}
    return {**told, **{name: getattr(verdict, name) for name in ("block", "tender", "warning", "stale_since")}}


def _reason(verdict: HoldVerdict, may_know: bool) -> str:
    if not verdict.on_hold:
        return ""
    if verdict.source != "service_hold":
        return f"{verdict.reason} {verdict.advice}"
    if verdict.note is None or not may_know:
        return "On hold by accounts receivable. Send the customer there."
    return f"Held by {verdict.note.by} on {moment(verdict.note.since)}: {verdict.note.why}"


def _details(verdict: HoldVerdict) -> dict[str, Any]:
    note = verdict.note
    if note is None:
        return {}
    return {"hold": note.hold_id, "held_by": note.by, "held_at": note.since, "held_reason": note.why}
