"""What a billing period costs: pure rules. Amounts before sales tax, rounded half-even to cents once a line.

A period is billed in advance: what runs on its first day, in full. A change inside a period counts by days, the day
it takes effect included; one that came after the period was billed stands on the next invoice, as a credit where it
takes something away. An invoice is never below zero: the rest of a credit is carried to the next one.
"""

from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from orders.rules import cents

MONTHS = {"monthly": 1, "quarterly": 3, "yearly": 12}
DAY = timedelta(days=1)


def monthly(quantity: int, price: Decimal, frequency: str) -> Decimal:
    """`price` is for one licence and billing period; a quarter counts a third, a year a twelfth; half-even cents."""
    return cents(quantity * price / MONTHS[frequency])


def add_months(first: date, months: int) -> date:
    """The same day so many months on; the last of the month where it has no such day (31 Jan → 28 or 29 Feb)."""
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return date(year, month + 1, min(first.day, monthrange(year, month + 1)[1]))


@dataclass(frozen=True)
class Period:
    """`start` to `end`, both included. `full_days`: how long it would be if the contract did not end in it."""

    start: date
    end: date
    full_days: int

    @property
    def days(self) -> int:
        return (self.end - self.start).days + 1

    @property
    def next_start(self) -> date:
        return self.end + DAY


def period(anchor: date, frequency: str, start: date, ends_on: date | None = None) -> Period:
    """The period that begins on `start`, counted from the contract's first day `anchor`, cut at `ends_on`.

    Counted from the anchor, so that a contract of the 31st comes back to the 31st. Raises ValueError when no period
    begins on `start`.
    """
    every = MONTHS[frequency]
    number = ((start.year - anchor.year) * 12 + start.month - anchor.month) // every
    if add_months(anchor, number * every) != start:
        raise ValueError(f"no {frequency} period from {anchor} begins on {start}")
    last = add_months(anchor, (number + 1) * every) - DAY
    end = min(last, ends_on) if ends_on else last
    return Period(start, end, (last - start).days + 1)


@dataclass(frozen=True)
class Change:
    """A licence change as billing sees it; `price` is for one licence and period."""

    effective_on: date
    quantity_before: int
    quantity_after: int
    price_before: Decimal
    price_after: Decimal
    invoiced: bool = False


@dataclass(frozen=True)
class Charge:
    """One line: `quantity` × `price` for `days` of a period of `of_days`; negative where something is taken away."""

    quantity: int
    price: Decimal
    amount: Decimal
    first: date
    last: date
    of_days: int
    is_change: bool

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


def charges(changes: Sequence[Change], billed: Period, earlier: Iterable[Period]) -> list[Charge]:
    """The lines of one subscription for the period `billed`; `changes` in their order, `earlier` periods billed before.

    Changes already invoiced only say what runs now.
    """
    found = [_running(changes, billed)]
    for change in changes:
        if not change.invoiced:
            found += [_part(change, past) for past in earlier if change.effective_on <= past.end]
            if billed.start < change.effective_on <= billed.end:
                found.append(_part(change, billed))
    return [charge for charge in found if charge is not None]


def runs_after(changes: Sequence[Change], day: date) -> bool:
    """Is there anything left of the subscription on `day`, or to come later?"""
    coming = [change for change in changes if change.effective_on > day]
    return any(change.quantity_after for change in [*_until(changes, day)[-1:], *coming])


@dataclass(frozen=True)
class Sum:
    """`total` is what the customer owes, never below zero; `carried` the credit that did not fit, zero or more."""

    total: Decimal
    carried: Decimal


def sum_up(amounts: Iterable[Decimal]) -> Sum:
    """Of an invoice's lines, among them the credit that its predecessor carried over."""
    net = sum(amounts, Decimal("0.00"))
    return Sum(max(net, Decimal("0.00")), max(-net, Decimal("0.00")))


def due_on(issued: date, terms: str) -> date:
    """By the days in terms such as `Net 30`; on receipt: at once; 30 days where the terms name none."""
    if "receipt" in terms.lower():
        return issued
    digits = "".join(letter for letter in terms.lower().rpartition("net")[2] if letter.isdigit())
    return issued + timedelta(days=int(digits) if digits and len(digits) <= 3 else 30)


def _until(changes: Sequence[Change], day: date) -> list[Change]:
    return [change for change in changes if change.effective_on <= day]


def _running(changes: Sequence[Change], billed: Period) -> Charge | None:
    """What runs on the first day, for the period."""
    now = _until(changes, billed.start)[-1:]
    if not now or not now[0].quantity_after:
        return None
    quantity, price = now[0].quantity_after, now[0].price_after
    return _charge(quantity, price, quantity * price, billed, billed.start, is_change=False)


def _part(change: Change, of: Period) -> Charge:
    """The difference that a change makes from its day to the end of the period."""
    before, after = change.quantity_before * change.price_before, change.quantity_after * change.price_after
    quantity, price = change.quantity_after - change.quantity_before, change.price_after
    if not quantity:
        quantity, price = change.quantity_after, change.price_after - change.price_before
    elif not change.quantity_after:
        price = change.price_before
    return _charge(quantity, price, after - before, of, max(change.effective_on, of.start), is_change=True)


def _charge(quantity: int, price: Decimal, full: Decimal, of: Period, first: date, *, is_change: bool) -> Charge:
    days = (of.end - first).days + 1
    return Charge(quantity, price, cents(full * days / of.full_days), first, of.end, of.full_days, is_change)
