"""Overrides in the console: questions from the till to answer, the PIN log to read, and PINs to reset."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Case, QuerySet, When
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone

from customers.models import Employee
from holds import blocks
from holds.actions import overrides
from holds.manager_list import manager_rows, shut_elsewhere
from holds.models import Override, PinBudget, PinLog
from holds.pins import GRANT_LIVES, ORDER_PAGES, blocks_of, may_decide
from netsuite.console import SeeOnly, choice_filter, choices_of
from netsuite.errors import Refusal
from workflows.exports import csv_answer

BY_CUSTOMER = ("customer__name", "customer__entity_id", "=customer__netsuite_id")


@admin.register(Override)
class OverrideAdmin(SeeOnly):
    list_title = "Overrides"
    empty = "Nobody has asked. A cashier asks from the order form when a customer is on hold."
    heads = (("Customer", ""), ("Status", ""), ("Amount", "num"), ("Cashier", "hide"), ("Asked", "num"))
    row_template, page_template = "control/_override_row.html", "control/override.html"
    change_list_template = "control/overrides.html"
    list_display = ("customer", "status", "amount", "cashier", "asked_at")
    list_select_related = ("customer", "manager", "cashier")
    search_fields = (*BY_CUSTOMER, "cashier__username", "terminal")
    search_help_text = "Customer, number, cashier or till"
    list_filter = (choice_filter("status", "Status", choices_of(Override, "status")),)
    verbs = ("approve", "decline")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Also for whoever a hold block names as a manager."""
        return super().has_view_permission(request, obj) or bool(blocks_of(request.user))  # type: ignore[arg-type]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows = super().get_queryset(request).select_related("customer", "manager", "cashier", "block")
        return rows if request.user.has_perm("holds.view_override") else rows.filter(block__in=blocks_of(request.user))  # type: ignore[arg-type]

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        """Who waits comes first."""
        return [Case(When(status="asked", then=0), default=1), "-asked_at"]

    def get_urls(self) -> list[Any]:
        inside = self.admin_site.admin_view
        live = path("<path:object_id>/state/", inside(self.state), name="holds_override_state")
        waiting = path("waiting/", inside(self.waiting), name="holds_override_waiting")
        return [waiting, live, *super().get_urls()]

    def list_facts(self, request: HttpRequest) -> dict[str, Any]:
        return {"waiting": self._waiting(request)}

    def facts(self, request: HttpRequest, row: Override) -> dict[str, Any]:
        now, user = timezone.now(), request.user
        verdict = blocks.verdict(row.customer, row.block, tender=blocks.tender_of(row.tender), now=now)
        return {
            "title": f"Let an order of {row.customer} through?" if row.status == "asked" else str(row),
            "may_decide": may_decide(user, row.block) and row.cashier_id != user.pk,  # type: ignore[arg-type]
            "is_own": row.cashier_id == user.pk,
            "verdict": verdict,
            "changed": row.status == "asked" and verdict.fingerprint != row.facts,
            "inputs": [(name, _shown(value)) for name, value in row.verdict["inputs"]["record"].items()],
            "log": row.log.order_by("at", "pk").select_related("manager"),
            "order_page": next(filter(None, (page(row.order_ref) for page in ORDER_PAGES)), ""),
            "minutes": GRANT_LIVES.seconds // 60,
            "dialogs_here": ["decline"],
        }

    def approve(self, request: HttpRequest, row: Override) -> None:
        self._decide(request, row, grant=True)

    def decline(self, request: HttpRequest, row: Override) -> None:
        self._decide(request, row, grant=False)

    def state(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """How it stands now; a page that shows another state is loaded anew."""
        row = self.row(request, object_id)
        response = TemplateResponse(request, "control/_override_state.html", {"row": row})
        if request.GET.get("seen") != row.status:  # type: ignore[attr-defined]
            response["HX-Refresh"] = "true"
        return response

    def waiting(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return TemplateResponse(request, "control/_override_waiting.html", {"waiting": self._waiting(request)})

    def _waiting(self, request: HttpRequest) -> QuerySet:
        return self.get_queryset(request).filter(status="asked").order_by("asked_at")[:20]

    def _decide(self, request: HttpRequest, row: Override, *, grant: bool) -> None:
        reason = request.POST.get("reason", "")
        overrides.decide(override=row, grant=grant, by=request.user, reason=reason, now=timezone.now())  # type: ignore[arg-type]


def _shown(value: Any) -> str:
    """What the rule looked at, as people read it."""
    return f"{value:,.2f}" if isinstance(value, float) else "–" if value in (None, "") else str(value)


LOG_HEADS = (
    *("Time (UTC)", "Outcome", "Action", "Manager id", "Manager", "Customer id", "Customer", "Order", "Amount"),
    *("Currency", "Cashier", "Terminal", "Detail"),
)


@admin.register(PinLog)
class PinLogAdmin(SeeOnly):
    list_title = "PIN log"
    empty = "No PIN was entered yet."
    heads = (("When", ""), ("What", ""), ("Manager", ""), ("Customer", "hide"), ("Amount", "num"), ("Till", "hide"))
    row_template, page_template = "control/_pin_log_row.html", "control/pin_log_line.html"
    change_list_template = "control/pin_log.html"
    list_display = ("at", "outcome")
    list_select_related = ("manager", "customer")
    search_fields = (*BY_CUSTOMER, "manager__last_name", "manager__first_name", "=entity_id", "cashier", "terminal")
    search_help_text = "Manager, customer, cashier or till"
    list_filter = (choice_filter("outcome", "What", PinLog.OUTCOMES),)

    def get_urls(self) -> list[Any]:
        export = path("export.csv", self.admin_site.admin_view(self.export), name="holds_pinlog_export")
        return [export, *super().get_urls()]

    def facts(self, request: HttpRequest, row: PinLog) -> dict[str, Any]:
        return {"title": row.get_outcome_display()}

    def export(self, request: HttpRequest) -> StreamingHttpResponse:
        """The list as it is filtered, as CSV; times in UTC."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = self.get_changelist_instance(request).get_queryset(request)
        return csv_answer("pin-log", LOG_HEADS, (_cells(line) for line in found.iterator(chunk_size=2000)))


def _cells(line: PinLog) -> tuple[Any, ...]:
    customer: Any = line.customer
    return (
        *(f"{line.at:%Y-%m-%dT%H:%M:%SZ}", line.outcome, line.action, line.entity_id, line.manager or ""),
        *(customer.netsuite_id if customer else "", customer or "", line.order_ref, line.amount),
        *(line.currency, line.cashier, line.terminal, line.detail),
    )


@admin.register(PinBudget)
class PinBudgetAdmin(SeeOnly):
    list_title = "Managers at the till"
    verbs = ("reset",)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self._all(request)

    def show(self, request: HttpRequest, row: PinBudget, status: int = 200, **context: Any) -> HttpResponse:
        """A budget has no page of its own; a refused reset opens its dialog again."""
        return self._all(request, status, chosen=row.pk, **context)

    def address(self, row: Any) -> str:
        return reverse("admin:holds_pinbudget_changelist")

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        return HttpResponseRedirect(self.address(self.row(request, object_id)))

    def reset(self, request: HttpRequest, row: PinBudget) -> None:
        employee = Employee.objects.filter(netsuite_id=row.name).first() if row.scope == "manager" else None
        if employee is None:
            raise Refusal("Only a manager’s PIN is reset; the rest opens by itself.", code="not_a_manager", status=409)
        overrides.reset_pin(employee=employee, by=request.user, reason=request.POST.get("reason", ""))  # type: ignore[arg-type]

    def _all(self, request: HttpRequest, status: int = 200, **context: Any) -> HttpResponse:
        now = timezone.now()
        filled = {
            "title": self.list_title,
            "crumbs": [{"title": self.list_title}],
            "managers": manager_rows(now),
            "shut": shut_elsewhere(now),
            "may_reset": request.user.has_perm("holds.reset_pin"),
        }
        return self.page(request, "control/till_managers.html", status=status, **{**filled, **context})
