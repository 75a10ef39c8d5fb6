"""What waits for the person who is signed in, and what needs a look."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, Sum
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from config.attention import needs_a_look
from customers.aging import portfolio
from customers.clock import business_today
from customers.rules import Aging
from workflows import charts
from workflows.counts import capped_count
from workflows.models import Heartbeat, OutboundEmail, ProposedAction
from workflows.proposal_list import title_of
from workflows.proposal_page import TARGET
from workflows.wording import count

SHOWN = 8
AGING_ALERT = 30
NEXT_TICK = "The next aging tick runs on the next weekday, 06:00."


@dataclass(frozen=True)
class Waiting:
    """One proposal as a line: what, for how much, how late, how long it waits."""

    row: ProposedAction
    title: str
    words: str
    days_late: int | None


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Called by the theme for `/admin/`; each part is left out for whoever may not see it."""
    user = request.user
    parts: dict[str, Any] = {"crumbs": [{"title": "Home"}], "title": "Waiting for you", "now": timezone.now()}
    if user.has_perm("workflows.view_proposedaction"):
        parts |= _proposals(user)
    if user.has_perm("workflows.view_outboundemail"):
        parts |= _drafts(user)
    if user.has_perm("customers.view_every_customer"):
        parts |= _receivables()
    if user.has_perm("workflows.view_workflowrun"):
        parts |= {"tick": _last_tick()}
    return {**context, **parts, "attention": needs_a_look(user), "next_tick": NEXT_TICK, "till": _till()}


def _proposals(user: Any) -> dict[str, Any]:
    waiting = ProposedAction.objects.awaiting_decision().visible_to(user)
    late = Count("pk", filter=Q(proposed_at__lt=timezone.now() - TARGET))
    sums = waiting.order_by().aggregate(all=Count("pk"), stake=Sum("at_stake"), late=late)
    rows = waiting.largest_first().select_related("customer", "run")[:SHOWN]
    return {
        "proposals": [_line(row) for row in rows],
        "proposal_count": sums["all"],
        "at_stake": sums["stake"] or Decimal(0),
        "late_count": sums["late"],
        "first": rows[0] if rows else None,
    }


def _line(row: ProposedAction) -> Waiting:
    held, warned = row.evidence.get("prior_holds"), len(row.warnings)
    parts = [
        "" if held is None else _held(held),
        f"{count(warned, 'warning').capitalize()}." if warned else "",
    ]
    words = " ".join(part for part in parts if part) or row.rationale
    return Waiting(row, title_of(row), words, row.evidence.get("days_overdue"))


def _held(times: int) -> str:
    return "First hold." if not times else f"Held {'once' if times == 1 else f'{times} times'} before."


def _drafts(user: Any) -> dict[str, Any]:
    drafts = OutboundEmail.objects.to_polish().visible_to(user)
    return {
        "drafts": list(drafts.select_related("customer").order_by("pk")[:SHOWN]),
        "draft_count": capped_count(drafts),
    }


def _receivables() -> dict[str, Any]:
    aging = portfolio(business_today()).aging
    rows = charts.age_rows(aging)
    return {
        "ages": rows,
        "age_bar": charts.age_bar(rows),
        "invoiced": aging.invoiced,
        "over_60": _share_over_60(aging),
        "aging_alert": AGING_ALERT,
    }


def _share_over_60(aging: Aging) -> Decimal | None:
    return aging.over_60 / aging.invoiced if aging.invoiced else None


def _last_tick() -> dict[str, Any] | None:
    """When the aging tick last ran and what it did."""
    beat = Heartbeat.objects.filter(name="aging_tick").first()
    if beat is None:
        return None
    skipped = beat.detail.get("skipped", {})
    reasons = ", ".join(f"{number} {reason.replace('_', ' ')}" for reason, number in skipped.items())
    return {**beat.detail, "at": beat.at, "skipped_total": sum(skipped.values()), "reasons": reasons}


def _till() -> str:
    """The order form, for whoever has nothing to decide here."""
    try:
        return reverse("order_new")
    except NoReverseMatch:
        return ""
