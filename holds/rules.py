"""When a hold is proposed, and whether a customer may order: pure rules over frozen facts; no query, no clock.

Amounts are in base currency, days are business days.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, cast, get_args

PlanState = Literal["kept", "broken", "completed"]


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


# --- may this customer order? ---------------------------------------------------------------------------

HoldSource = Literal["service_hold", "mode_on", "hold_field", "formula", "error", "none"]
Tender = Literal["on_account", "paid_now"]
FieldSays = Literal["ON", "OFF", "AUTO"]
HOLD_SOURCES: tuple[HoldSource, ...] = get_args(HoldSource)
TENDERS: tuple[Tender, ...] = get_args(Tender)

ASK_AR = "Could not evaluate the rule: ask AR."
_BOOLEANS = {"T": True, "F": False, "TRUE": True, "FALSE": False, "YES": True, "NO": False}
_OF_LIMIT = frozenset({"balance", "creditlimit", "unbilledorders"})
_OF_AGE = frozenset({"overduebalance", "daysoverdue"})
_REASONS: dict[HoldSource, str] = {
    "service_hold": "Held by accounts receivable.",
    "mode_on": "Every customer is on hold here.",
    "hold_field": "On hold in NetSuite.",
    "error": ASK_AR,
}
_AMOUNT = re.compile(
    r"(?:[$€£¥]|\b[A-Z]{3} ?)\d[\d,.']*|\b\d{1,3}(?:[,.' ]\d{3})+(?:[.,]\d+)?|\b\d+[.,]\d\d\b|\b(?!20\d\d\b)\d{4,}"
)


@dataclass(frozen=True)
class HoldNote:
    """Who holds a customer, since when and why. `since` is UTC; `name` is the person's own name where known."""

    hold_id: int
    by: str
    since: datetime
    why: str
    name: str = ""

    @property
    def why_without_amounts(self) -> str:
        """For whoever may not see balances: amounts in the reason are left out."""
        return _AMOUNT.sub("…", self.why)


@dataclass(frozen=True)
class Policy:
    """What a hold block is set to, as far as it decides. Modes: on, off, auto. Tenders: all, on_account."""

    mode: str
    hold_field: str
    formula: str
    tenders: str = "on_account"
    allow_pin_override: bool = True
    override_service_hold: bool = False
    label_on_hold: str = "On hold"
    label_approved: str = "Approved"
    show_label: bool = True


@dataclass(frozen=True)
class HoldFacts:
    """What is known of a customer: `says` is None for an unreadable hold field, `by_formula` for a failed one."""

    service_hold: bool = False
    says: FieldSays | None = "AUTO"
    by_formula: bool | None = False
    formula_fields: frozenset[str] = frozenset()
    note: HoldNote | None = None


@dataclass(frozen=True)
class HoldVerdict:
    """Whether new orders are refused, and what said so.

    `reason` and `advice` are words for a cashier and hold no balances. `inputs` is JSON and, with `policy`, `tender`
    and `note`, all that decided. `stale` says that figures may be too old, `stale_since` when they were last read
    (None: never). Times are UTC.
    """

    on_hold: bool
    source: HoldSource
    label: str
    overridable: bool = False
    note: HoldNote | None = None
    reason: str = ""
    advice: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    policy: Policy | None = None
    tender: Tender = "on_account"
    block: str = ""
    warning: str = ""
    stale: bool = False
    stale_since: datetime | None = None
    evaluated_at: datetime | None = None

    @property
    def formula(self) -> str:
        return self.policy.formula if self.policy else ""

    @property
    def show_label(self) -> bool:
        return self.policy.show_label if self.policy else True

    @property
    def fingerprint(self) -> str:
        """SHA-256 of what decided: it changes when the hold, the facts or the settings of the rule change."""
        policy = asdict(self.policy) if self.policy else {}
        words = {"label_on_hold", "label_approved", "show_label"}
        rule = {name: value for name, value in policy.items() if name not in words}
        hold = self.note.hold_id if self.note else None
        decided = [self.on_hold, self.source, self.overridable, self.tender, hold, dict(self.inputs), rule]
        return hashlib.sha256(json.dumps(decided, sort_keys=True).encode()).hexdigest()


def field_says(name: str, value: object, manual: object = None) -> FieldSays:
    """What a hold field means: ON, OFF, or AUTO where it says nothing. Raises ValueError for any other value.

    In saved searches and workflows NetSuite splits its hold field into two booleans, `creditholdoverride` and
    `manualcredithold` (`manual`): Auto = F,F; On = F,T; Off = T,F. A true `creditholdoverride` therefore means that
    holds are switched off. Any other boolean field holds when it is true and says nothing when it is not.
    """
    word = str(value if value is not None else "").strip().upper()
    if word in ("", "AUTO"):
        return "AUTO"
    if word in ("ON", "OFF"):
        return cast(FieldSays, word)
    if word not in _BOOLEANS:
        raise ValueError(f"{name} is {value!r}, not ON, OFF or AUTO")
    is_manual = _BOOLEANS.get(str(manual).strip().upper(), False)
    if not name.endswith("creditholdoverride"):
        return "ON" if _BOOLEANS[word] else "AUTO"
    if _BOOLEANS[word] and is_manual:
        raise ValueError(f"{name} and manualcredithold are both true")
    return "OFF" if _BOOLEANS[word] else "ON" if is_manual else "AUTO"


def asks_formula(policy: Policy, says: FieldSays | None) -> bool:
    """Whether the formula has a say: in mode Auto, where the hold field says nothing."""
    return policy.mode not in ("on", "off") and says == "AUTO"


def source_of(policy: Policy, facts: HoldFacts) -> HoldSource:
    """What holds the customer for orders on account, in order of precedence; "none" when nothing does."""
    if facts.service_hold:
        return "service_hold"
    if policy.mode in ("on", "off"):
        return "mode_on" if policy.mode == "on" else "none"
    if facts.says in ("ON", "OFF"):
        return "hold_field" if facts.says == "ON" else "none"
    if facts.says is None or facts.by_formula is None:
        return "error"
    return "formula" if facts.by_formula else "none"


def stops(source: HoldSource, policy: Policy, tender: Tender) -> bool:
    """A service hold stops every order; any other hold only the tenders that the block applies to."""
    if source in ("none", "service_hold"):
        return source == "service_hold"
    return tender == "on_account" or policy.tenders == "all"


def may_override(source: HoldSource, policy: Policy) -> bool:
    """Whether a manager's PIN opens this hold once."""
    return policy.allow_pin_override and (source != "service_hold" or policy.override_service_hold)


def verdict(policy: Policy, facts: HoldFacts, tender: Tender) -> HoldVerdict:
    """The whole rule of a hold block, without the time and age of the facts."""
    source = source_of(policy, facts)
    if not stops(source, policy, tender):
        advice = "This order may be placed on account." if tender == "on_account" else "This order may be placed."
        reason = "No hold." if source == "none" else "Paid now: the hold on orders on account does not stop it."
        return HoldVerdict(
            False, "none", policy.label_approved, reason=reason, advice=advice, policy=policy, tender=tender
        )
    overridable = may_override(source, policy)
    reason = _REASONS.get(source) or _reason_of_formula(facts.formula_fields)
    return HoldVerdict(
        True,
        source,
        policy.label_on_hold,
        overridable=overridable,
        note=facts.note,
        reason=reason,
        advice=_advice(source, policy, overridable),
        policy=policy,
        tender=tender,
    )


def _reason_of_formula(fields: frozenset[str]) -> str:
    """A formula of limit and balance only, or of age only, can be named; any other is just the rule."""
    if {"balance", "creditlimit"} <= fields <= _OF_LIMIT:
        return "Over the credit limit."
    return "Invoices are past due." if fields and fields <= _OF_AGE else "Held by the credit rule."


def _advice(source: HoldSource, policy: Policy, overridable: bool) -> str:
    if source == "service_hold":
        return (
            "A manager may allow one order. Without that, paying now is blocked too."
            if overridable
            else "A PIN cannot lift this hold, and paying now is blocked too."
        )
    if policy.tenders == "on_account":
        needs = "Orders on account need a manager." if overridable else "No orders on account."
        return f"{needs} Paying now is not blocked."
    return "Every order needs a manager, also when paid now." if overridable else "No orders, on account or paid now."
