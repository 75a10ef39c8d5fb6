"""When a hold is proposed: pure rules over frozen facts; no query, no clock.

Amounts are in base currency, days are business days.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

PlanState = Literal["kept", "broken", "completed"]
HoldSource = Literal["service_hold", "mode_on", "hold_field", "formula", "error", "none"]


@dataclass(frozen=True)
class Line:
    """The line a customer crosses (both inclusive), and the stronger one (both strict)."""

    days: int = 60
    amount: Decimal = Decimal(10_000)
    strong_days: int = 90
    strong_amount: Decimal = Decimal(25_000)


@dataclass(frozen=True)
class Owed:
    """What one customer owes on the day of the tick; `set_apart` is under dispute."""

    ar_balance: Decimal
    days_overdue: int
    set_apart: Decimal = Decimal(0)


def crosses(owed: Owed, line: Line) -> bool:
    """At least `days` overdue and at least `amount` open."""
    return owed.days_overdue >= line.days and owed.ar_balance >= line.amount


def is_strong(owed: Owed, line: Line) -> bool:
    """More than `strong_days` overdue and more than `strong_amount` open: a stronger recommendation."""
    return owed.days_overdue > line.strong_days and owed.ar_balance > line.strong_amount


def below_without_dispute(owed: Owed, line: Line) -> bool:
    """Whether only the disputed amount keeps the customer above the line."""
    return owed.set_apart > 0 and owed.ar_balance - owed.set_apart < line.amount


@dataclass(frozen=True)
class Promise:
    """One instalment of a payment plan."""

    due: date
    amount: Decimal


def plan_state(promises: Sequence[Promise], paid: Sequence[tuple[date, Decimal]], today: date) -> PlanState:
    """Whether a plan is kept: by the end of each due day that is over, at least the sum promised so far was paid.

    `paid` are the payments (day, amount) since the plan began. A due day that is still running counts as open.
    """
    promised = Decimal(0)
    for promise in sorted(promises, key=lambda p: p.due):
        promised += promise.amount
        if promise.due < today and _paid_by(paid, promise.due) < promised:
            return "broken"
    return "completed" if _paid_by(paid, today) >= promised else "kept"


def _paid_by(paid: Sequence[tuple[date, Decimal]], day: date) -> Decimal:
    return sum((amount for paid_on, amount in paid if paid_on <= day), Decimal(0))


def skip_reason(
    owed: Owed, line: Line, *, open_proposal: bool, on_hold: bool, paused: str, declined_recently: bool
) -> str:
    """Why the tick leaves a crossing customer alone, or "" to propose a hold."""
    if on_hold:
        return "on_hold"
    if open_proposal:
        return "open_proposal"
    if paused:
        return paused
    if below_without_dispute(owed, line):
        return "disputed"
    return "declined_recently" if declined_recently else ""


@dataclass(frozen=True)
class HoldNote:
    """Who holds a customer, since when and why. `since` is UTC."""

    hold_id: int
    by: str
    since: datetime
    why: str


@dataclass(frozen=True)
class HoldVerdict:
    """Whether new orders are refused, and what said so. `note` is there for a service hold that has a record."""

    on_hold: bool
    source: HoldSource
    label: str
    overridable: bool = False
    note: HoldNote | None = None


def hold_verdict(*, flagged: bool, note: HoldNote | None) -> HoldVerdict:
    """An approved service hold refuses in every mode; without one nothing refuses."""
    if flagged:
        return HoldVerdict(True, "service_hold", "On hold", note=note)
    return HoldVerdict(False, "none", "Approved")
