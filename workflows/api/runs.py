"""Runs of contracts over the API, and customers with the notes that runs leave."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework import serializers
from rest_framework.viewsets import ReadOnlyModelViewSet

from customers.api import CustomerViewSet
from customers.models import Customer
from netsuite.permissions import NeedsPermission
from workflows import contracts
from workflows.api.forms import CustomerRef
from workflows.models import ReflexionEntry, VerifyResult, WorkflowRun, WorkflowStep

FRICTION_WINDOW = timedelta(days=60)


class NotedCustomerViewSet(CustomerViewSet):
    """Customers whose health counts the notes of past trouble."""

    def friction(self, customers: Sequence[Customer]) -> Mapping[int, int]:
        return ReflexionEntry.objects.counts([c.pk for c in customers], since=timezone.now() - FRICTION_WINDOW)


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
