"""Rules of a dispute: what is set apart, until when an answer is due, what may be credited. No query, no clock."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

# The numbers of the contract; the console may change each.
THRESHOLDS: Mapping[str, Any] = MappingProxyType(
    {
        "respond_hours": 8,
        "resolve_days": 10,
        "set_apart_days": 30,
        "review_from_prior": 2,
        "second_approval_above": "5000",
    }
)
OFFICE_OPENS, OFFICE_CLOSES = time(9), time(17)
SATURDAY = 5


def working_days_after(day: date, days: int) -> date:
    """The `days`-th working day (Monday to Friday) after `day`; with 0 the day itself or the next working one."""
    while day.weekday() >= SATURDAY:
        day += timedelta(days=1)
    for _ in range(days):
        day += timedelta(days=1)
        while day.weekday() >= SATURDAY:
            day += timedelta(days=1)
    return day


def working_hours_after(moment: datetime, hours: int, zone: ZoneInfo) -> datetime:
    """`hours` office hours (Monday to Friday, 9 to 17 in `zone`) after `moment`; aware, in `zone`."""
    at, left = _in_office(moment.astimezone(zone)), timedelta(hours=hours)
    while True:
        closes = at.replace(hour=OFFICE_CLOSES.hour, minute=0, second=0, microsecond=0)
        if at + left <= closes:
            return at + left
        left -= closes - at
        at = _in_office(closes)


def _in_office(at: datetime) -> datetime:
    """`at` itself in office hours, else the next opening."""
    if at.weekday() < SATURDAY and at.time() < OFFICE_CLOSES:
        return max(at, datetime.combine(at.date(), OFFICE_OPENS, at.tzinfo))
    return datetime.combine(working_days_after(at.date() + timedelta(days=1), 0), OFFICE_OPENS, at.tzinfo)


@dataclass(frozen=True)
class Deadlines:
    """Until when an answer and a settlement are promised (aware), and the last day the amount is set apart."""

    respond_by: datetime
    resolve_by: datetime
    set_apart_until: date


def deadlines(opened: datetime, numbers: Mapping[str, Any], zone: ZoneInfo) -> Deadlines:
    """`numbers` are the contract's thresholds: office hours to answer, working days to settle, days set apart."""
    today = opened.astimezone(zone).date()
    settled = working_days_after(today, int(numbers["resolve_days"]))
    return Deadlines(
        respond_by=working_hours_after(opened, int(numbers["respond_hours"]), zone),
        resolve_by=datetime.combine(settled, OFFICE_CLOSES, zone),
        set_apart_until=today + timedelta(days=int(numbers["set_apart_days"])),
    )


def set_apart_amount(claimed: Decimal | None, unpaid: Decimal | None) -> Decimal | None:
    """What is set apart, base currency: the claim, at most what is open; without a claim all that is open.

    None when nothing is known to be open and nothing is claimed.
    """
    if unpaid is None:
        return claimed if claimed and claimed > 0 else None
    if claimed is None or claimed <= 0:
        return unpaid or None
    return min(claimed, unpaid) or None


def needs_review(prior_disputes: int, numbers: Mapping[str, Any]) -> bool:
    """Whether the hold is reviewed: from two earlier unsettled disputes on, unless the console says otherwise."""
    return prior_disputes >= int(numbers["review_from_prior"])


def needs_second_approval(amount: Decimal, numbers: Mapping[str, Any]) -> bool:
    """Whether a credit (base currency) needs a second approver: strictly above the limit."""
    return amount > Decimal(str(numbers["second_approval_above"]))


def in_invoice_currency(amount: Decimal, unpaid: Decimal, unpaid_foreign: Decimal, rate: Decimal) -> Decimal:
    """A base amount in the invoice's currency, at the invoice's rate, to cents; all that is open stays exactly that."""
    if amount == unpaid:
        return unpaid_foreign
    return min((amount / rate).quantize(Decimal("0.01")), unpaid_foreign)
