"""Alerts in the console: the list, the page with its actions, and the rules."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import Case, When
from django.http import HttpRequest, StreamingHttpResponse
from django.urls import URLPattern, path
from django.utils import timezone

from anomalies import (
    alert_forms,
    alert_page,
    band_admin,  # noqa: F401  registers the bands of the cards
    finding,
    grounds,
    group,
    order_acts,
    rule_admin,  # noqa: F401  registers the rules
)
from anomalies.actions import alerts, staging
from anomalies.held_orders import REASONS
from anomalies.models import Alert, AlertRule
from anomalies.models.alerts import OPEN
from customers.models import Customer
from netsuite.console import SeeOnly, choice_filter, choices_of, cleaned
from workflows.exports import csv_answer
from workflows.views import person

STATES = [("awake", "Open"), ("asleep", "Snoozed"), *choices_of(Alert, "status")[1:]]
HEADS = (
    "Order",
    "Customer",
    "NetSuite id",
    f"Value, {settings.BASE_CURRENCY}",
    "Reason",
    "Days held",
    "Tier",
    "Region",
)


def _rules(request: HttpRequest) -> list[tuple[str, str]]:
    return list(AlertRule.objects.values_list("slug", "title"))


def _in_state(rows: Any, value: str) -> Any:
    if value == "awake":
        return rows.awake(timezone.now())
    if value == "asleep":
        return rows.open().filter(snoozed_until__gt=timezone.now())
    return rows.filter(status=value)


@admin.register(Alert)
class AlertAdmin(SeeOnly):
    list_title = "Alerts"
    empty = "No alerts. Each day is judged once it is over; the rules stand under Alert rules."
    heads = (("Finding", ""), ("Status", ""), ("Day", "nw"), ("Change", "num end hide"))
    row_template, page_template = "control/_alert_row.html", "control/alert.html"
    list_display = ("rule", "status", "date", "value")
    list_select_related = ("rule",)
    list_filter = (
        choice_filter("state", "Status", STATES, _in_state),
        choice_filter("rule", "Rule", _rules, "rule__slug"),
    )
    verbs = ("acknowledge", "snooze", "resolve", "grace", "limit", "calls", "release", "raise_limit", "wait")

    def get_ordering(self, request: HttpRequest) -> tuple[Any, ...]:
        """Open ones first."""
        return (Case(When(status__in=OPEN, then=0), default=1).asc(), "-date", "-pk")

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.export)
        return [path("<path:object_id>/orders.csv", page, name="anomalies_alert_orders"), *super().get_urls()]

    def list_facts(self, request: HttpRequest) -> dict[str, Any]:
        return {"now": timezone.now()}

    def facts(self, request: HttpRequest, row: Alert) -> dict[str, Any]:
        found = alert_page.page_of(row, request.user, {**request.GET.dict(), **_plan_of(request)})
        return {**found, "title": finding.heading(row), "now": timezone.now()}

    def acknowledge(self, request: HttpRequest, row: Alert) -> None:
        alerts.acknowledge(alert=row, by=request.user, **cleaned(alert_forms.ReasonForm(request.POST)))  # type: ignore[arg-type]

    def resolve(self, request: HttpRequest, row: Alert) -> None:
        alerts.resolve(alert=row, by=request.user, **cleaned(alert_forms.ReasonForm(request.POST)))  # type: ignore[arg-type]

    def snooze(self, request: HttpRequest, row: Alert) -> None:
        wish = cleaned(alert_forms.UntilForm(request.POST))
        until = alert_forms.morning_of(wish["until"])
        alerts.snooze(alert=row, until=until, reason=wish["reason"], by=request.user)  # type: ignore[arg-type]

    def grace(self, request: HttpRequest, row: Alert) -> None:
        wish, people = cleaned(alert_forms.UntilForm(request.POST)), alert_forms.picked(request.POST)
        staging.stage_grace(ground=grounds.of_alert(row), customers=people, by=request.user, **wish)  # type: ignore[arg-type]

    def limit(self, request: HttpRequest, row: Alert) -> None:
        wish, wanted = cleaned(alert_forms.UntilForm(request.POST)), alert_forms.amounts(request.POST)
        staging.stage_extensions(ground=grounds.of_alert(row), amounts=wanted, by=request.user, **wish)  # type: ignore[arg-type]

    def calls(self, request: HttpRequest, row: Alert) -> None:
        wish, people = cleaned(alert_forms.ReasonForm(request.POST)), alert_forms.picked(request.POST)
        staging.stage_calls(ground=grounds.of_alert(row), customers=people, by=request.user, **wish)  # type: ignore[arg-type]

    def release(self, request: HttpRequest, row: Alert) -> None:
        order_acts.release(grounds.of_alert(row), request.POST, person(request))

    def raise_limit(self, request: HttpRequest, row: Alert) -> None:
        order_acts.raise_limit(grounds.of_alert(row), request.POST, person(request))

    def wait(self, request: HttpRequest, row: Alert) -> None:
        order_acts.wait(grounds.of_alert(row), request.POST, person(request))

    def export(self, request: HttpRequest, object_id: str) -> StreamingHttpResponse:
        """The orders of the alert as CSV."""
        row: Any = self.row(request, object_id)
        orders = group.orders_of(row)
        customers = Customer.objects.in_bulk({order["customer"] for order in orders})
        rows = (_cells(order, customers.get(order["customer"])) for order in orders)
        return csv_answer(f"orders-on-hold-{row.date}", HEADS, rows)


def _plan_of(request: HttpRequest) -> dict[str, str]:
    """A refused plan is shown again with its own preview."""
    last = request.path.rstrip("/").rpartition("/")[2]
    return {"plan": last} if last in alert_page.MAY_STAGE else {}


def _cells(order: dict[str, Any], customer: Customer | None) -> list[Any]:
    return [
        order["number"],
        str(customer or ""),
        customer.netsuite_id if customer else "",
        order["value"],
        REASONS.get(order["reason"], order["reason"]),
        order["days_held"],
        order["tier"],
        order["region"],
    ]
