"""What holds, pauses and disputes say on a proposal's page."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse

from customers.models import Customer
from disputes.models import Dispute
from holds.actions.pauses import state_of
from holds.models import Pause, ServiceHold
from workflows.evidence import About, Earlier, Lift, Standing, Why, Wording
from workflows.models import ProposedAction
from workflows.wording import count, day, money

SHOWN = 5


@dataclass(frozen=True)
class Reach:
    """What else a hold would stop, in a sentence for the dialog, and what goes on."""

    words: str
    rest: str = ""


REACHES: list[Callable[[Customer], Reach | None]] = []
"""The app above appends in `ready()`: what a hold on this customer would stop there, or None for nothing."""


def about(customer: Customer, today: date) -> About:
    """Earlier holds, pauses and open disputes of one customer as of `today`, newest first, five of each."""
    disputes = list(customer.disputes.open().select_related("invoice").order_by("-pk")[:SHOWN])
    pauses = customer.pauses.prefetch_related("instalments").order_by("-pk")[:SHOWN]
    return About(
        earlier=[_earlier(hold) for hold in ServiceHold.objects.held_before(customer).filter(status="lifted")[:SHOWN]],
        standing=[*(_pause(pause, today) for pause in pauses), *(_dispute(d, today) for d in disputes)],
        invoice_notes={
            d.invoice_id: f"{money(d.amount)} disputed" for d in disputes if d.invoice_id and d.amount is not None
        },
    )


def _earlier(hold: ServiceHold) -> Earlier:
    assert hold.placed_at is not None
    assert hold.ended_at is not None
    days = (hold.ended_at - hold.placed_at).days
    return Earlier(
        held=_business_day(hold.placed_at),
        outcome=f"{hold.end_reason.rstrip('.')}, after {count(days, 'day')}",
        detail=f"lifted {day(_business_day(hold.ended_at), year=False)} by {hold.ended_by}",
        amount=hold.ar_balance,
    )


def _pause(pause: Pause, today: date) -> Standing:
    parts = list(pause.instalments.all())
    what = pause.get_kind_display()
    if parts:
        what = (
            f"{what}, {len(parts)} × {money(parts[0].amount)}"
            if len({p.amount for p in parts}) == 1
            else (f"{what}, {money(pause.promised)} in {count(len(parts), 'part')}")
        )
    state, effect = _pause_state(pause, today)
    return Standing(what, state, effect)


def _pause_state(pause: Pause, today: date) -> tuple[str, str]:
    if pause.ended_at:
        ended = day(_business_day(pause.ended_at), year=False)
        return "Ended", f"None. Ended {ended}: {pause.end_reason.rstrip('.')}."
    if pause.ends < today:
        return "Over", f"None. Ran until {day(pause.ends)}."
    if pause.kind == "payment_plan" and state_of(pause, today) == "broken":
        return "Broken", "None from the next aging tick on: an instalment was not paid."
    return "Running", f"The aging tick leaves this customer alone until {day(pause.ends)}: {pause.reason.rstrip('.')}."


def _dispute(dispute: Dispute, today: date) -> Standing:
    invoice = f", {dispute.invoice_ref}" if dispute.invoice_ref else ""
    reason = dispute.get_reason_display()
    if dispute.amount is None:
        effect = f"{reason}. No amount is set apart."
    elif dispute.set_apart_until and dispute.set_apart_until < today:
        effect = f"{reason}. {money(dispute.amount)} counts again since {day(dispute.set_apart_until)}."
    else:
        until = f" until {day(dispute.set_apart_until)}" if dispute.set_apart_until else ""
        effect = f"{reason}. {money(dispute.amount)} set apart{until}."
    return Standing(f"Dispute {dispute.pk}{invoice}", dispute.get_status_display(), effect)


def _business_day(moment: Any) -> date:
    return moment.astimezone(ZoneInfo(settings.TIME_ZONE_BUSINESS)).date()


def why(proposal: ProposedAction) -> Sequence[Why]:
    """The rules of the contract beside this customer's figures, as they were shown to the approver."""
    found = proposal.evidence
    figure = f"{found['days_overdue']} d · {money(found['ar_balance'])}"
    line, strong = found["line"], found["strong_line"]
    return [
        Why(
            f"{line['days']} days overdue or more, and {money(line['amount'], cents=False)} AR or more",
            figure,
            "Crosses" if found["crosses"] else "Below",
        ),
        Why(
            f"Strong: over {strong['days']} days, and over {money(strong['amount'], cents=False)} AR",
            figure,
            "Crosses" if found["strong"] else "Below",
        ),
        _pause_rule(found),
    ]


def _pause_rule(found: Mapping[str, Any]) -> Why:
    running, last = found.get("pause"), found.get("last_pause")
    rule = "Customer is active, no pause runs"
    if running:
        kind = str(running["kind"]).replace("_", " ").capitalize()
        return Why(rule, f"{kind} until {_shown_day(running['ends'])}", "Paused")
    if last:
        kind = str(last["kind"]).replace("_", " ").capitalize()
        return Why(
            rule, f"{kind} ended" if last["end_reason"] else f"{kind} until {_shown_day(last['ends'])}", "Passes"
        )
    return Why(rule, "No pause", "Passes")


def _shown_day(value: Any) -> str:
    return day(date.fromisoformat(value[:10]) if isinstance(value, str) else value, year=False)


def is_in_force(proposal: ProposedAction) -> bool:
    return any(hold.status == "active" for hold in proposal.holds.all())


def heading(proposal: ProposedAction) -> str:
    """A question while it waits, what came of it afterwards."""
    if proposal.status in ("pending", "deferred"):
        return f"Hold {proposal.customer}?"
    if is_in_force(proposal):
        return f"{proposal.customer} is on hold"
    return f"Hold on {proposal.customer}"


def effects(proposal: ProposedAction) -> Sequence[str]:
    return [*_orders_go_ahead(proposal), *(one.words for one in reaches(proposal))]


def _orders_go_ahead(proposal: ProposedAction) -> list[str]:
    orders = proposal.evidence["open_orders"]
    if not orders["count"]:
        return []
    go = "goes" if orders["count"] == 1 else "go"
    return [f"{count(orders['count'], 'open order').capitalize()} {go} ahead: {money(orders['total'])}."]


def reaches(proposal: ProposedAction) -> list[Reach]:
    """As of now; only while the proposal waits for a decision."""
    customer = proposal.customer
    if customer is None or proposal.status not in ("pending", "deferred"):
        return []
    return [found for reach in REACHES if (found := reach(customer)) is not None]


def beyond(proposal: ProposedAction) -> Sequence[str]:
    """The page's own card on what else a hold would stop."""
    return [words for one in reaches(proposal) for words in (one.words, one.rest) if words]


def lift_of(proposal: ProposedAction) -> Lift | None:
    """The button that lifts this hold, while it is in force."""
    hold = next((hold for hold in proposal.holds.all() if hold.status == "active"), None)
    return Lift("Lift hold…", reverse("holds:lift", args=[hold.pk])) if hold else None


def lift_heading(proposal: ProposedAction) -> str:
    if proposal.status in ("pending", "deferred"):
        return f"Lift the hold on {proposal.customer}?"
    return f"Lift of the hold on {proposal.customer}"


HOLD_WORDING = Wording(
    heading=heading,
    approve_label="Approve hold",
    why=why,
    effects=effects,
    beyond=beyond,
    undo="To undo: lift the hold. NetSuite gets its former value back.",
    lift=lift_of,
    in_force=is_in_force,
)
LIFT_WORDING = Wording(
    heading=lift_heading,
    approve_label="Lift hold",
    undo="To undo: propose a hold again.",
)
