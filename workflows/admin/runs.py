"""Runs in the console: what a contract did for one customer."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.decorators import display

from workflows import views
from workflows.admin.base import ReadOnlyAdmin
from workflows.badges import badge
from workflows.models import WorkflowRun
from workflows.wording import moment


@admin.register(WorkflowRun)
class RunAdmin(ReadOnlyAdmin):
    list_display = ("short_id", "contract", "customer", "state", "source", "invoked_by", "started")
    list_filter = ("status", "workflow_type")
    search_fields = ("customer__name", "run_id")
    list_select_related = ("customer",)
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[WorkflowRun]:
        rows = WorkflowRun.objects.all()
        every = request.user.has_perm("customers.view_every_customer")
        return rows if every else rows.filter(customer__sales_rep__user=request.user)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        return views.run(request, object_id or "")

    @display(description="Run")
    def short_id(self, run: WorkflowRun) -> str:
        return str(run.run_id)[:8]

    @display(description="Contract")
    def contract(self, run: WorkflowRun) -> str:
        return run.workflow_type.replace("_", " ").capitalize()

    @display(description="Status")
    def state(self, run: WorkflowRun) -> str:
        return badge(run.status, "run")

    @display(description="Started", ordering="started_at")
    def started(self, run: WorkflowRun) -> str:
        return moment(run.started_at)
