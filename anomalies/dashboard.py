"""One screen for finance: every card as a tile, the alerts that are open, and what waits for a decision."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.admin.views.decorators import staff_member_required
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Min, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from anomalies.cards import CARDS, Reading
from anomalies.cards.base import MARKS
from anomalies.cards.readings import readings
from anomalies.definitions import METRICS
from anomalies.finding import figure
from anomalies.models import Alert
from anomalies.sparkline import sparkline
from customers.clock import business_today
from workflows.models import ProposedAction
from workflows.proposal_page import TARGET
from workflows.views import render
from workflows.wording import MINUS, count

MAY = "anomalies.view_dailymetric"
SHOWN_ALERTS = 4
COUNTED_ALERTS = 100
HELD, HELD_VALUE = "orders_on_hold", "orders_on_hold_value"


@dataclass(frozen=True)
class Tile:
    """One card: its figure and what that is, how it changed, its state in words, its days as a line, its alerts."""

    slug: str
    title: str
    measure: str
    value: str
    change: str
    state: tuple[str, str, str]
    why: str
    picture: SafeString
    alerts: str
    address: str
    day: date | None
    is_partial: bool


@require_safe
@staff_member_required
def page(request: HttpRequest) -> HttpResponse:
    """Refused for whoever may not see the daily figures of all customers."""
    if not request.user.has_perm(MAY):
        raise PermissionDenied
    return render(request, "dashboard/page.html", dashboard(request.user), crumbs=[{"title": "Dashboard"}])


def dashboard(user: Any) -> dict[str, Any]:
    """The template's context. Five queries, whatever the number of rows."""
    today = business_today()
    found = readings(today)
    alerts = _alerts(user)
    return {
        "title": "Dashboard",
        "subtitle": subtitle(found, today),
        "tiles": [tile_of(reading) for reading in found],
        "has_figures": any(reading.value is not None for reading in found),
        "alerts": alerts[:SHOWN_ALERTS],
        "alerts_count": len(alerts),
        "held": _held(found),
        **_waiting(user),
    }


def subtitle(found: Sequence[Reading], today: date) -> str:
    """What the seven figures say together, and whether their day is over."""
    calls = sum(reading.state == "needs_attention" for reading in found)
    said = f"{count(calls, 'card needs', 'cards need').capitalize()} attention"
    running = any(reading.is_partial for reading in found)
    return f"{said} · {today:%a} {today.day} {today:%b %Y}{', the day is not over' if running else ''}"


def tile_of(reading: Reading) -> Tile:
    metric, open_alerts = CARDS[reading.slug].metric, len(reading.alerts)
    return Tile(
        slug=reading.slug,
        title=reading.title,
        measure=measure_words(reading.title, METRICS[metric].title),
        value=figure(metric, reading.value),
        change=change_words(metric, reading),
        state=(*MARKS[reading.state], reading.state_word),
        why=reading.why,
        picture=sparkline(metric, reading.title, reading.points),
        alerts=f"{open_alerts} alert{'' if open_alerts == 1 else 's'}" if open_alerts else "no alert",
        address=_card(reading.slug),
        day=reading.day,
        is_partial=reading.is_partial,
    )


def measure_words(title: str, measured: str) -> str:
    """What the figure is, where the card's title does not say it."""
    return "" if measured.lower() in title.lower() else measured


def change_words(metric: str, reading: Reading) -> str:
    """`+4 in 30 days`, `−2.1 points in 30 days`, `unchanged in 30 days`; empty without an earlier figure."""
    if reading.change is None:
        return ""
    since = f"in {reading.change_days} days" if reading.change_days != 1 else "since the day before"
    shown = figure(metric, abs(reading.change))
    if reading.unit == "share":
        shown = f"{abs(reading.change) * 100:.1f} points"
    if not reading.change or shown in (figure(metric, Decimal(0)), "0.0 points"):
        return f"unchanged {since}"
    return f"{'+' if reading.change > 0 else MINUS}{shown} {since}"


def _alerts(user: Any) -> list[Alert]:
    """Open and not snoozed, the newest first."""
    rows = Alert.objects.awake(timezone.now()).visible_to(user).select_related("rule")
    return list(rows[:COUNTED_ALERTS])


def _held(found: Sequence[Reading]) -> dict[str, Any] | None:
    """Orders on credit hold: how many and their value; None before the first count."""
    orders = next((reading for reading in found if CARDS[reading.slug].metric == HELD), None)
    if orders is None or orders.value is None or HELD_VALUE not in orders.also:
        return None
    return {"count": int(orders.value), "value": orders.also[HELD_VALUE]}


def _waiting(user: Any) -> dict[str, Any]:
    """Proposals that wait for a decision: number, amount, how many of them late, since when. One query."""
    if not user.has_perm("workflows.view_proposedaction"):
        return {"may_decide": False}
    late = Count("pk", filter=Q(proposed_at__lt=timezone.now() - TARGET))
    rows = ProposedAction.objects.awaiting_decision().visible_to(user).order_by()
    sums = rows.aggregate(all=Count("pk"), stake=Sum("at_stake"), late=late, oldest=Min("proposed_at"))
    return {
        "may_decide": True,
        "waiting_count": sums["all"],
        "waiting_stake": sums["stake"] or Decimal(0),
        "waiting_late": sums["late"],
        "waiting_since": sums["oldest"],
    }


def _card(slug: str) -> str:
    try:
        return reverse("card", args=[slug])
    except NoReverseMatch:
        return ""
