"""Arithmetic of receivables: no query, no clock. Amounts are in one currency unless said otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import pairwise
from statistics import median
from typing import Literal

CENT = Decimal("0.01")
LimitKind = Literal["none", "unlimited", "amount"]
Band = Literal["green", "yellow", "orange", "red"]

BUCKETS = ("current", "d1_30", "d31_60", "d61_90", "d91_120", "d120_plus")
# (field, first day, last day) of the overdue buckets, both inclusive.
OVERDUE_BUCKETS: tuple[tuple[str, int, int | None], ...] = (
    ("d1_30", 1, 30),
    ("d31_60", 31, 60),
    ("d61_90", 61, 90),
    ("d91_120", 91, 120),
    ("d120_plus", 121, None),
)
COLLECTION_TIERS = (
    (120, "collections"),
    (90, "hold_orders_and_call"),
    (60, "direct_mail"),
    (30, "statement"),
    (0, "none"),
)


def days_overdue(due: date | None, today: date) -> int:
    """Whole days past the due date, never negative; no due date is not overdue."""
    return max(0, (today - due).days) if due else 0


def bucket(due: date | None, today: date) -> str:
    """The aging bucket's field name (see BUCKETS), by due date."""
    late = days_overdue(due, today)
    for name, first, last in OVERDUE_BUCKETS:
        if first <= late and (last is None or late <= last):
            return name
    return "current"


def collection_tier(days: int) -> str:
    """What the clerk does at this age: none, statement, direct_mail, hold_orders_and_call, collections."""
    return next(tier for from_day, tier in COLLECTION_TIERS if days >= from_day)


def to_base(amount: Decimal, rate: Decimal) -> Decimal:
    """A foreign amount in base currency, one document at a time, half-even to cents."""
    return (amount * rate).quantize(CENT, rounding=ROUND_HALF_EVEN)


def exposure(ar_balance: Decimal, open_orders_total: Decimal) -> Decimal:
    return ar_balance + open_orders_total


def available(kind: LimitKind, limit: Decimal | None, exposed: Decimal) -> Decimal | None:
    """Credit left (negative = over the limit); None when there is no amount to measure against."""
    return limit - exposed if kind == "amount" and limit is not None else None


def utilisation(kind: LimitKind, limit: Decimal | None, exposed: Decimal) -> Decimal | None:
    """Exposure / limit as a ratio to four places (1 = all used).

    None without an amount, and for a limit of zero, which no ratio describes.
    """
    if kind != "amount" or not limit:
        return None
    return (exposed / limit).quantize(Decimal("0.0001"), rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True)
class Aging:
    """Open invoices by age, gross; what is not yet applied stands beside them."""

    current: Decimal = Decimal("0.00")
    d1_30: Decimal = Decimal("0.00")
    d31_60: Decimal = Decimal("0.00")
    d61_90: Decimal = Decimal("0.00")
    d91_120: Decimal = Decimal("0.00")
    d120_plus: Decimal = Decimal("0.00")
    unapplied: Decimal = Decimal("0.00")

    @property
    def invoiced(self) -> Decimal:
        """All open invoices, due or not."""
        return self.current + self.overdue

    @property
    def overdue(self) -> Decimal:
        return sum((getattr(self, name) for name, _, _ in OVERDUE_BUCKETS), Decimal("0.00"))

    @property
    def over_60(self) -> Decimal:
        return self.d61_90 + self.d91_120 + self.d120_plus

    @property
    def balance(self) -> Decimal:
        """Open invoices net of unapplied credits and payments."""
        return self.invoiced - self.unapplied


@dataclass(frozen=True)
class Receivables:
    """What one customer owes on one day, in base currency."""

    as_of: date
    aging: Aging
    oldest_due: date | None = None
    open_invoices: int = 0

    @property
    def ar_balance(self) -> Decimal:
        return self.aging.balance

    @property
    def overdue_balance(self) -> Decimal:
        return self.aging.overdue

    @property
    def days_overdue(self) -> int:
        return days_overdue(self.oldest_due, self.as_of)

    @property
    def tier(self) -> str:
        return collection_tier(self.days_overdue)


@dataclass(frozen=True)
class HealthInputs:
    """Facts behind the health score. A missing fact (None, or nothing to compare with) adds no points."""

    orders_last_30: int = 0
    orders_prior_90: int = 0
    days_since_order: int | None = None
    median_interval: float | None = None
    credit_memos_30: int = 0
    friction_entries_60: int = 0
    over_60: Decimal = Decimal("0.00")
    total_open: Decimal = Decimal("0.00")
    skus_last_60: int | None = None
    skus_day_60_to_240: int | None = None
    response_latency: float = 0.0


@dataclass(frozen=True)
class HealthSignal:
    name: str
    weight: int
    value: float

    @property
    def points(self) -> float:
        return self.weight * self.value


@dataclass(frozen=True)
class Health:
    """0 (well) to 100 (leaving), with the signals it is made of."""

    signals: tuple[HealthSignal, ...]

    @property
    def score(self) -> float:
        return round(sum(signal.points for signal in self.signals), 2)

    @property
    def band(self) -> Band:
        return health_band(self.score)


def health_band(score: float) -> Band:
    if score < 25:
        return "green"
    if score < 50:
        return "yellow"
    return "orange" if score < 75 else "red"


def health(facts: HealthInputs) -> Health:
    """Weighted sum of seven signals, each 0 to 1."""
    return Health(
        (
            HealthSignal("order_velocity_decline", 25, _velocity_decline(facts)),
            HealthSignal("order_recency_gap", 20, _recency_gap(facts)),
            HealthSignal("dispute_frequency", 15, min(1.0, facts.credit_memos_30 / 3)),
            HealthSignal("reflexion_friction", 15, min(1.0, facts.friction_entries_60 / 5)),
            HealthSignal("ar_aging_lagging", 10, _aging_lag(facts)),
            HealthSignal("order_spread_narrowing", 10, _narrowing(facts)),
            HealthSignal("email_response_latency", 5, _clamp(facts.response_latency)),
        )
    )


def median_order_interval(days: Sequence[date]) -> float | None:
    """Median days between the last twelve order days (newest or oldest first); None with fewer than two."""
    newest = sorted(set(days))[-12:]
    gaps = [(later - earlier).days for earlier, later in pairwise(newest)]
    return float(median(gaps)) if gaps else None


def _velocity_decline(facts: HealthInputs) -> float:
    if not facts.orders_prior_90:
        return 0.0
    return max(0.0, 1 - facts.orders_last_30 / (facts.orders_prior_90 / 3))


def _recency_gap(facts: HealthInputs) -> float:
    if facts.days_since_order is None or not facts.median_interval:
        return 0.0
    return _clamp((facts.days_since_order / facts.median_interval - 1) / 3)


def _aging_lag(facts: HealthInputs) -> float:
    return min(1.0, 2 * float(facts.over_60 / facts.total_open)) if facts.total_open > 0 else 0.0


def _narrowing(facts: HealthInputs) -> float:
    if facts.skus_last_60 is None or not facts.skus_day_60_to_240:
        return 0.0
    return max(0.0, 1 - facts.skus_last_60 / facts.skus_day_60_to_240)


def _clamp(value: float) -> float:
    return min(1.0, max(0.0, value))
