"""Proposals over the API: read, approve, reject, defer. Rights and rules are those of the actions."""

from typing import Any

from django.db.models import QuerySet
from django_filters.rest_framework import CharFilter, FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from customers.clock import business_today
from netsuite.api import StrictSerializer
from netsuite.permissions import NeedsPermission
from netsuite.prepared import PreparedPosts
from workflows import contracts, runner, stages
from workflows.actions import proposals
from workflows.api.forms import CUSTOMER, CustomerRef, WarningSerializer, caller, given_by
from workflows.models import ProposedAction
from workflows.models.proposals import OPEN
from workflows.reauth import require_fresh_signin
from workflows.steps import Outcome


class ForeseenSerializer(serializers.Serializer):
    """What one step would do if the proposal were approved now."""

    step = serializers.CharField(read_only=True)
    kind = serializers.CharField(read_only=True)
    title = serializers.CharField(read_only=True)
    target = serializers.CharField(read_only=True, help_text="The time to expect, in words.")
    status = serializers.CharField(read_only=True, help_text="Always dry_run: nothing was written.")
    words = serializers.CharField(read_only=True)
    detail = serializers.JSONField(read_only=True, help_text="The draft as rendered, the values to be pushed, …")


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
            *("choice", "deferred_until"),
        ]
        read_only_fields = fields


class ProposalSerializer(ProposalRowSerializer):
    """A proposal with its preview: null once it is decided, or while its contract is switched off."""

    preview = serializers.SerializerMethodField()

    class Meta(ProposalRowSerializer.Meta):
        fields = [*ProposalRowSerializer.Meta.fields, "preview"]
        read_only_fields = fields

    @extend_schema(responses=ForeseenSerializer(many=True))
    def get_preview(self, proposal: ProposedAction) -> list[dict[str, Any]] | None:
        return preview_of(proposal) if proposal.status in OPEN else None


def preview_of(proposal: ProposedAction) -> list[dict[str, Any]] | None:
    """What approving would do now, step by step; writes nothing."""
    if handler := contracts.handler(proposal.action_type):
        about = {"step": handler.action_type, "kind": "handler", "title": handler.title, "target": ""}
        seen = [{**about, "status": "dry_run", "words": words, "detail": {}} for words in handler.effects(proposal)]
        offered = handler.choices(proposal)
        return seen + [{**about, "status": "dry_run", "words": c.words, "detail": {"choice": c.name}} for c in offered]
    try:
        outcomes = runner.preview_of(proposal, business_today()).steps
    except stages.WorkflowNotFound:
        return None
    return [_foreseen(outcome) for outcome in outcomes]


def _foreseen(outcome: Outcome) -> dict[str, Any]:
    step = outcome.step
    about = {"step": step.name, "kind": step.kind, "title": step.title, "target": step.target}
    return {**about, "status": outcome.status, "words": outcome.words, "detail": dict(outcome.detail)}


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


class ApprovalSerializer(DecisionSerializer):
    choice = serializers.CharField(
        max_length=40, allow_blank=True, default="", help_text="Which way, where the preview offers several."
    )


class DeferralSerializer(DecisionSerializer):
    until = serializers.DateField(help_text="Business date, at most 90 days ahead.")


class ProposalFilter(FilterSet):
    customer = CharFilter(field_name=CUSTOMER)

    class Meta:
        model = ProposedAction
        fields = ["status", "action_type", "customer"]


class ProposalViewSet(PreparedPosts, ReadOnlyModelViewSet):
    """Proposals, newest first. A decision names the version that was read; risk 4 needs a reason."""

    queryset = ProposedAction.objects.select_related("customer", "run", "decided_by")
    permission_classes = [NeedsPermission]
    needs = "workflows.view_proposedaction"
    filterset_class = ProposalFilter

    def get_queryset(self) -> QuerySet[ProposedAction]:
        return super().get_queryset().visible_to(self.request.user)  # type: ignore[attr-defined]

    def get_serializer_class(self) -> type[serializers.BaseSerializer]:
        return ProposalRowSerializer if self.action == "list" else ProposalSerializer

    @extend_schema(request=ApprovalSerializer, responses=ProposalSerializer)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str) -> Response:
        """Approve and carry out. 409 `already_decided` with who and when, or `stale_version`."""
        return self._decide(request, "approve", ApprovalSerializer)

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
