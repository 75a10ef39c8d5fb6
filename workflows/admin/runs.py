"""Runs in the console: what a contract did for one customer."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from netsuite.console import SeeOnly, choice_filter
from workflows import contracts, run_page
from workflows.models import WorkflowRun
from workflows.views import person


def _contracts(request: HttpRequest) -> list[tuple[str, str]]:
    return [(declared.workflow_type, declared.title) for declared in contracts.all_contracts()]


@admin.register(WorkflowRun)
class RunAdmin(SeeOnly):
    list_title = "Runs"
    empty = "No run yet. A proposed hold starts the first."
    heads = (("Run", ""), ("Customer", ""), ("Status", ""), ("Started by", "hide"), ("Started", "num"))
    row_template, page_template = "console/_run_row.html", "console/run.html"
    list_display = ("run_id",)
    list_select_related = ("customer",)
    ordering = ("-pk",)
    search_fields = ("customer__name", "customer__netsuite_id", "run_id")
    search_help_text = "Customer or run"
    list_filter = (
        choice_filter("status", "Status", WorkflowRun.STATUSES),
        choice_filter("workflow_type", "Contract", _contracts),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[WorkflowRun]:
        rows = WorkflowRun.objects.all()
        user = person(request)
        every = user.has_perm("customers.view_every_customer")
        return rows if every else rows.filter(customer__sales_rep__user=user)

    def facts(self, request: HttpRequest, row: WorkflowRun) -> dict[str, Any]:
        return run_page.page_of(row)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return self.change_view(request, object_id)
