"""Holds and pauses in the console."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest

from customers.clock import business_today
from holds import admin_customers, block_admin, override_admin  # noqa: F401  each registers its pages
from holds.actions import pauses
from holds.models import Pause, ServiceHold
from holds.pause_forms import ReasonForm
from holds.rules import plan_state
from netsuite.console import SeeOnly, choice_filter, choices_of, cleaned
from netsuite.models import Push

BY_CUSTOMER = ("customer__name", "customer__entity_id", "=customer__netsuite_id")


@admin.register(ServiceHold)
class HoldAdmin(SeeOnly):
    list_title = "Holds"
    empty = "Nobody is or was on hold. The aging tick proposes holds; a person approves them."
    heads = (
        ("Customer", ""),
        ("Status", ""),
        ("Since", "hide"),
        ("Reason", "hide"),
        (f"AR then, {settings.BASE_CURRENCY}", "num end"),
    )
    row_template, page_template = "control/_hold_row.html", "control/hold.html"
    list_display = ("customer", "status", "placed_at", "reason", "ar_balance")
    list_select_related = ("customer", "proposal")
    search_fields = BY_CUSTOMER
    search_help_text = "Customer or number"
    list_filter = (
        choice_filter("status", "Status", choices_of(ServiceHold, "status")),
        choice_filter("origin", "Proposed by", choices_of(ServiceHold, "origin")),
    )

    def facts(self, request: HttpRequest, row: ServiceHold) -> dict[str, Any]:
        return {
            "title": f"Hold on {row.customer}",
            "pushes": Push.objects.filter(run_id=str(row.run.run_id)).order_by("-pk"),
            "emails": row.run.emails.order_by("pk"),
            "history": row.history.select_related("history_user").order_by("-history_date", "-history_id"),
        }


@admin.register(Pause)
class PauseAdmin(SeeOnly):
    list_title = "Pauses"
    empty = "No pauses. Agree on one from a customer’s page."
    heads = (("Customer", ""), ("Pause", ""), ("From", "hide"), ("Last day", "num"), ("Reason", "hide"))
    row_template, page_template = "control/_pause_row.html", "control/pause.html"
    list_display = ("customer", "kind", "starts", "ends")
    list_select_related = ("customer",)
    search_fields = BY_CUSTOMER
    search_help_text = "Customer or number"
    list_filter = (
        choice_filter("kind", "Kind", Pause.KINDS),
        choice_filter(
            "state",
            "State",
            [("running", "Running"), ("over", "Over")],
            lambda rows, value: (
                rows.running(business_today())
                if value == "running"
                else rows.exclude(pk__in=Pause.objects.running(business_today()).values("pk"))
            ),
        ),
    )
    verbs = ("end",)

    def list_facts(self, request: HttpRequest) -> dict[str, Any]:
        return {"today": business_today()}

    def facts(self, request: HttpRequest, row: Pause) -> dict[str, Any]:
        today, is_plan = business_today(), row.kind == "payment_plan"
        paid = pauses.paid_since(row) if is_plan else []
        return {
            "title": f"{row.get_kind_display()} for {row.customer}",
            "today": today,
            "running": row.ended_at is None and row.ends >= today,
            "plan_state": pauses.state_of(row, today) if is_plan else "",
            "instalments": _instalments(row, paid, today),
            "paid": sum((amount for _day, amount in paid), 0),
            "history": row.history.select_related("history_user").order_by("-history_date", "-history_id"),
        }

    def end(self, request: HttpRequest, row: Pause) -> None:
        """End it early; the next tick may propose a hold again."""
        pauses.end(pause=row, by=request.user, **cleaned(ReasonForm(request.POST)))  # type: ignore[arg-type]


def _instalments(plan: Pause, paid: list[tuple[Any, Any]], today: Any) -> list[tuple[Any, str]]:
    """Each promised payment with its state: paid, missed, or due."""
    found, promises = [], []
    for part in plan.instalments.all():
        promises.append(pauses.Promise(part.due, part.amount))
        state = {"completed": "paid", "broken": "missed", "kept": "due"}[plan_state(promises, paid, today)]
        found.append((part, state if part.due < today or state == "paid" else "due"))
    return found
