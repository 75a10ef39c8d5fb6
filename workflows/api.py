"""Proposals, runs, mails and kill switches over the API. Rights and rules are those of the actions."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.utils import timezone
from django_filters.rest_framework import CharFilter, FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet, ReadOnlyModelViewSet

from customers.api import CustomerViewSet
from customers.clock import business_today
from customers.models import Customer
from netsuite.api import StrictSerializer
from netsuite.permissions import NeedsPermission
from workflows import contracts, runner
from workflows.actions import emails, proposals, switches
from workflows.models import (
    KillSwitch,
    OutboundEmail,
    ProposedAction,
    ReflexionEntry,
    VerifyResult,
    WorkflowRun,
    WorkflowStep,
)
from workflows.models.proposals import OPEN
from workflows.reauth import require_fresh_signin

if TYPE_CHECKING:
    from django.contrib.auth.models import User

CUSTOMER = "customer__netsuite_id"
FRICTION_WINDOW = timedelta(days=60)


class NotedCustomerViewSet(CustomerViewSet):
    """Customers whose health counts the notes of past trouble."""

    def friction(self, customers: Sequence[Customer]) -> Mapping[int, int]:
        return ReflexionEntry.objects.counts([c.pk for c in customers], since=timezone.now() - FRICTION_WINDOW)


class CustomerRef(serializers.ModelSerializer):
    """The customer beside a row: number and name."""

    class Meta:
        model = Customer
        fields = ["netsuite_id", "name"]
        read_only_fields = fields


class WarningSerializer(serializers.Serializer):
    code = serializers.CharField(read_only=True)
    detail = serializers.CharField(read_only=True)


class ForeseenSerializer(serializers.Serializer):
    """What one step would do if the proposal were approved now."""

    step = serializers.CharField(read_only=True)
    kind = serializers.CharField(read_only=True)
    title = serializers.CharField(read_only=True)
    target = serializers.CharField(read_only=True, help_text="The time to expect, in words.")
    words = serializers.CharField(read_only=True)


class ProposalRowSerializer(serializers.ModelSerializer):
    customer = CustomerRef(read_only=True)
    current_state = serializers.JSONField(source="current_state_json", read_only=True)
    proposed_change = serializers.JSONField(source="proposed_change_json", read_only=True)
    warnings = WarningSerializer(many=True, read_only=True)
    run_id = serializers.UUIDField(source="run.run_id", read_only=True, allow_null=True, default=None)
    decided_by = serializers.CharField(source="decided_by.username", read_only=True, allow_null=True, default=None)

    class Meta:
        model = ProposedAction
        fields = [
            *("id", "version", "action_type", "entity_type", "entity_ref", "customer", "risk_level", "status"),
            *("rationale", "strong", "at_stake", "currency", "warnings", "current_state", "proposed_change"),
            *("evidence", "run_id", "proposed_by", "proposed_at", "decided_by", "decided_at", "decision_reason"),
            "deferred_until",
        ]
        read_only_fields = fields


class ProposalSerializer(ProposalRowSerializer):
    """A proposal with its preview: null once it is decided, or while its contract is switched off."""

    preview = serializers.SerializerMethodField()

    class Meta(ProposalRowSerializer.Meta):
        fields = [*ProposalRowSerializer.Meta.fields, "preview"]
        read_only_fields = fields

    @extend_schema(responses=ForeseenSerializer(many=True))
    def get_preview(self, proposal: ProposedAction) -> list[dict[str, str]] | None:
        return preview_of(proposal) if proposal.status in OPEN else None


def preview_of(proposal: ProposedAction) -> list[dict[str, str]] | None:
    """What approving would do now, step by step; writes nothing."""
    if handler := contracts.handler(proposal.action_type):
        about = {"step": handler.action_type, "kind": "handler", "title": handler.title, "target": ""}
        return [{**about, "words": words} for words in handler.effects(proposal)]
    try:
        outcomes = runner.preview_of(proposal, business_today()).steps
    except runner.WorkflowNotFound:
        return None
    return [
        {"step": o.step.name, "kind": o.step.kind, "title": o.step.title, "target": o.step.target, "words": o.words}
        for o in outcomes
    ]


class DecisionSerializer(StrictSerializer):
    version = serializers.IntegerField(min_value=1, help_text="The version that was read.")
    reason = serializers.CharField(max_length=2000, allow_blank=True, default="")
    password = serializers.CharField(
        max_length=128,
        trim_whitespace=False,
        write_only=True,
        default="",
        help_text="Only for a session signed in long ago.",
    )


class DeferralSerializer(DecisionSerializer):
    until = serializers.DateField(help_text="Business date, at most 90 days ahead.")


def given_by(form: type[StrictSerializer], request: Request) -> dict[str, Any]:
    """The request's body, valid. Raises ValidationError."""
    given = form(data=request.data)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


def caller(request: Request) -> "User":
    """Who asks; strangers are turned away before any view runs."""
    assert request.user.is_authenticated
    return request.user


def customer_of(request: Request, netsuite_id: str) -> Customer:
    """The customer, if the caller may see it. Raises Http404."""
    return get_object_or_404(Customer.objects.for_rep(request.user), netsuite_id=netsuite_id)


class ProposalFilter(FilterSet):
    customer = CharFilter(field_name=CUSTOMER)

    class Meta:
        model = ProposedAction
        fields = ["status", "action_type", "customer"]


class ProposalViewSet(ReadOnlyModelViewSet):
    """Proposals, newest first. A decision names the version that was read; risk 4 needs a reason."""

    queryset = ProposedAction.objects.select_related("customer", "run", "decided_by")
    permission_classes = [NeedsPermission]
    needs = "workflows.view_proposedaction"
    filterset_class = ProposalFilter

    def get_queryset(self) -> QuerySet[ProposedAction]:
        return super().get_queryset().visible_to(self.request.user)  # type: ignore[attr-defined]

    def get_serializer_class(self) -> type[serializers.BaseSerializer]:
        return ProposalRowSerializer if self.action == "list" else ProposalSerializer

    @extend_schema(request=DecisionSerializer, responses=ProposalSerializer)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str) -> Response:
        """Approve and carry out. 409 `already_decided` with who and when, or `stale_version`."""
        return self._decide(request, "approve", DecisionSerializer)

    @extend_schema(request=DecisionSerializer, responses=ProposalSerializer)
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: str) -> Response:
        """Say no; needs a reason."""
        return self._decide(request, "reject", DecisionSerializer)

    @extend_schema(request=DeferralSerializer, responses=ProposalSerializer)
    @action(detail=True, methods=["post"])
    def defer(self, request: Request, pk: str) -> Response:
        """Put off to a date; needs a reason."""
        return self._decide(request, "defer", DeferralSerializer)

    def _decide(self, request: Request, verb: str, form: type[DecisionSerializer]) -> Response:
        proposal = self.get_object()
        given = given_by(form, request)
        password = given.pop("password")
        if request.auth is None and proposal.risk_level >= proposals.REASON_FROM_RISK:
            require_fresh_signin(request, password)
        decided = proposals.DECISIONS[verb](proposal=proposal, by=caller(request), **given)
        return Response(ProposalSerializer(decided).data)


class StepSerializer(serializers.ModelSerializer):
    class Meta:
        model = WorkflowStep
        fields = [
            *("position", "step", "kind", "status", "words", "detail", "error"),
            *("started_at", "finished_at", "duration_ms"),
        ]
        read_only_fields = fields


class VerifySerializer(serializers.ModelSerializer):
    class Meta:
        model = VerifyResult
        fields = ["check_name", "title", "due_at", "status", "detail", "checked_at"]
        read_only_fields = fields


class RunSerializer(serializers.ModelSerializer):
    customer = CustomerRef(read_only=True)
    contract = serializers.SerializerMethodField()
    steps = StepSerializer(many=True, read_only=True)
    verify_results = VerifySerializer(many=True, read_only=True)

    class Meta:
        model = WorkflowRun
        fields = [
            *("run_id", "contract", "customer", "status", "source", "invoked_by", "inputs", "warnings", "stages"),
            *("error", "started_at", "completed_at", "steps", "verify_results"),
        ]
        read_only_fields = fields

    def get_contract(self, run: WorkflowRun) -> dict[str, str | int]:
        declared = contracts.contract(run.workflow_type)
        title = declared.title if declared else run.workflow_type
        return {"workflow_type": run.workflow_type, "title": title, "version": run.definition_version}


class RunViewSet(ReadOnlyModelViewSet):
    """Runs of contracts, newest first: how far each came, step by step."""

    queryset = WorkflowRun.objects.select_related("customer").prefetch_related("steps", "verify_results")
    serializer_class = RunSerializer
    permission_classes = [NeedsPermission]
    needs = "workflows.view_workflowrun"
    filterset_fields = ["workflow_type", "status"]
    lookup_field = "run_id"

    def get_queryset(self) -> QuerySet[WorkflowRun]:
        return super().get_queryset().visible_to(self.request.user)  # type: ignore[attr-defined]


class EmailSerializer(serializers.ModelSerializer):
    customer = CustomerRef(read_only=True)
    run_id = serializers.UUIDField(source="run.run_id", read_only=True, allow_null=True, default=None)
    approved_by = serializers.CharField(source="approved_by.username", read_only=True, allow_null=True, default=None)

    class Meta:
        model = OutboundEmail
        fields = [
            *("id", "version", "status", "kind", "workflow_type", "audience", "customer", "to_name", "to_email"),
            *("subject", "body", "facts", "risk_level", "came_back", "run_id", "proposal", "approved_by"),
            *("approved_at", "send_after", "sent_at", "error", "created_at"),
        ]
        read_only_fields = fields


class PolishSerializer(StrictSerializer):
    version = serializers.IntegerField(min_value=1, help_text="The version that was read.")
    subject = serializers.CharField(max_length=250, required=False)
    body = serializers.CharField(max_length=20_000, required=False, trim_whitespace=False)


class ReleaseSerializer(StrictSerializer):
    version = serializers.IntegerField(min_value=1, help_text="The version that was read.")


class NothingSerializer(StrictSerializer):
    """An empty body."""


class ReasonSerializer(StrictSerializer):
    reason = serializers.CharField(max_length=2000)


class EmailFilter(FilterSet):
    customer = CharFilter(field_name=CUSTOMER)

    class Meta:
        model = OutboundEmail
        fields = ["status", "customer"]


class EmailViewSet(ReadOnlyModelViewSet):
    """Mail drafts and their life, newest first. Recipients come from the record and cannot be set."""

    queryset = OutboundEmail.objects.select_related("customer__sales_rep", "run", "approved_by")
    serializer_class = EmailSerializer
    permission_classes = [NeedsPermission]
    needs = "workflows.view_outboundemail"
    filterset_class = EmailFilter

    def get_queryset(self) -> QuerySet[OutboundEmail]:
        return super().get_queryset().visible_to(self.request.user)  # type: ignore[attr-defined]

    @extend_schema(request=PolishSerializer, responses=EmailSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Polish `subject` and `body`; 409 `stale_version` when somebody saved in between."""
        email, given = self.get_object(), given_by(PolishSerializer, request)
        text = {"subject": email.subject, "body": email.body, **given}
        return self._answer(emails.edit(email=email, by=caller(request), **text))

    @extend_schema(request=ReleaseSerializer, responses=EmailSerializer)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str) -> Response:
        """Release; it waits out the undo window until `send_after`."""
        email = self.get_object()
        return self._answer(emails.approve(email=email, by=caller(request), **given_by(ReleaseSerializer, request)))

    @extend_schema(request=NothingSerializer, responses=EmailSerializer)
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str) -> Response:
        """Take a release back while the mail still waits."""
        email = self.get_object()
        return self._answer(emails.undo(email=email, by=caller(request), **given_by(NothingSerializer, request)))

    @extend_schema(request=ReasonSerializer, responses=EmailSerializer)
    @action(detail=True, methods=["post"])
    def discard(self, request: Request, pk: str) -> Response:
        """Decide that it is not sent."""
        email = self.get_object()
        return self._answer(emails.discard(email=email, by=caller(request), **given_by(ReasonSerializer, request)))

    def _answer(self, email: OutboundEmail) -> Response:
        return Response(EmailSerializer(email).data)


class SwitchSerializer(serializers.ModelSerializer):
    state = serializers.SerializerMethodField(help_text="off, armed or on")

    class Meta:
        model = KillSwitch
        fields = ["name", "title", "effect", "state", "expires_at", "reason", "changed_by", "changed_at"]
        read_only_fields = fields

    def get_state(self, switch: KillSwitch) -> str:
        return switch.state_at(timezone.now())


class FlipSerializer(StrictSerializer):
    state = serializers.ChoiceField(choices=KillSwitch.STATES)
    reason = serializers.CharField(max_length=2000)


class KillSwitchViewSet(ListModelMixin, GenericViewSet):
    """Kill switches: what each stops, and whether it does so now."""

    queryset = KillSwitch.objects.all()
    serializer_class = SwitchSerializer
    permission_classes = [NeedsPermission]
    needs = "workflows.view_killswitch"
    lookup_field = "name"

    @extend_schema(request=FlipSerializer, responses=SwitchSerializer)
    @action(detail=True, methods=["post"])
    def flip(self, request: Request, name: str) -> Response:
        """Set a switch to off, armed or on (for 24 h unless renewed)."""
        switch = switches.flip(name=name, by=caller(request), **given_by(FlipSerializer, request))
        return Response(SwitchSerializer(switch).data)
