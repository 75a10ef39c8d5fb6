"""A hold block's formula replayed over the orders of a period: which of them it would have stopped.

Known for every past day: the balance, what of it is overdue, and the days overdue. All other fields count as they are
today: limits, terms, open orders, the hold field. A customer's service hold is left out, it stops in both. Amounts are
in base currency.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from anomalies.whatif.history import documents
from anomalies.whatif.line import PAID_WITHIN
from anomalies.whatif.spans import Document, overdue, overdue_days, owed, running
from customers.health import CANCELLED
from customers.models import Customer, Transaction, TransactionQuerySet
from holds import blocks
from holds.rules import Policy

# More than this are not looked at in one page: the period begins later then, and the page says so.
MOST_ORDERS = 20_000
BATCH = 1000
CENTS = Decimal(100)
Ordered = Mapping[int, Sequence[tuple[date, Decimal]]]


@dataclass(frozen=True)
class Stop:
    """One order that would have been stopped."""

    day: date
    value: Decimal


@dataclass
class FormulaReplay:
    """What one formula would have stopped. `told` are customers of whom it is known how it was 14 days later."""

    policy: Policy
    stops: dict[int, list[Stop]] = field(default_factory=dict)
    told: int = 0
    free_again: int = 0
    total: list[int] = field(default_factory=list)

    @property
    def all(self) -> list[Stop]:
        return [stop for found in self.stops.values() for stop in found]

    @property
    def value(self) -> Decimal:
        return sum((stop.value for stop in self.all), Decimal(0))


@dataclass(frozen=True)
class Looked:
    """The replays, the first day that was looked at, and the orders there were."""

    replays: list[FormulaReplay]
    first: date
    orders: int


def replay(policies: Sequence[Policy], *, first: date, last: date) -> Looked:
    """Each of `policies` over the sales orders issued from `first` to `last`, cancelled ones left out."""
    first = _within_reach(first, last)
    ordered = _orders(first, last)
    found = [FormulaReplay(policy) for policy in policies]
    for customer, papers in _customers(ordered, first, last):
        for one in found:
            _add(one, customer, papers, ordered[customer.pk], last)
    for one in found:
        days = [stop.day.toordinal() for stop in one.all]
        one.total = running(days, first.toordinal(), last.toordinal())
    return Looked(found, first, sum(len(orders) for orders in ordered.values()))


def _of_period(first: date, last: date) -> TransactionQuerySet:
    rows = Transaction.objects.filter(type=Transaction.SALES_ORDER, issued__gte=first, issued__lte=last)
    return rows.filter(customer__is_inactive=False).exclude(status=CANCELLED)


def _within_reach(first: date, last: date) -> date:
    """The first day from which on there are not more orders than one page looks at."""
    newest = _of_period(first, last).order_by("-issued").values_list("issued", flat=True)
    beyond = list(newest[MOST_ORDERS : MOST_ORDERS + 1])
    return min(beyond[0] + timedelta(days=1), last) if beyond else first


def _orders(first: date, last: date) -> Ordered:
    found: dict[int, list[tuple[date, Decimal]]] = defaultdict(list)
    rows = _of_period(first, last).order_by("customer", "issued", "pk")
    for pk, issued, total in rows.values_list("customer", "issued", "total").iterator(chunk_size=5000):
        found[pk].append((issued, total))
    return found


def _customers(ordered: Ordered, first: date, last: date) -> Iterator[tuple[Customer, list[Document]]]:
    """Two queries for a thousand customers."""
    keys = sorted(ordered)
    for begin in range(0, len(keys), BATCH):
        part = keys[begin : begin + BATCH]
        papers = dict(documents(part, first - timedelta(days=1), last))
        for customer in Customer.objects.filter(pk__in=part).order_by("pk"):
            yield customer, papers.get(customer.pk, [])


def _add(
    one: FormulaReplay,
    customer: Customer,
    papers: Sequence[Document],
    orders: Sequence[tuple[date, Decimal]],
    last: date,
) -> None:
    stops = [Stop(day, value) for day, value in orders if stopped(customer, papers, one.policy, day)]
    if not stops:
        return
    one.stops[customer.pk] = stops
    later = stops[0].day + timedelta(days=PAID_WITHIN)
    if later <= last:
        one.told += 1
        one.free_again += not stopped(customer, papers, one.policy, later)


def stopped(customer: Customer, papers: Sequence[Document], policy: Policy, day: date) -> bool:
    """What the till would have said at the end of `day`. Writes on this object of the customer, never on its row."""
    on, late = day.toordinal(), overdue_days(papers, day.toordinal())
    customer.entitystatus = ""
    customer.ar_balance = Decimal(owed(papers, on)) / CENTS
    customer.oldest_due = day - timedelta(days=late) if late else None
    customer.overdue_today = float(overdue(papers, on)) / float(CENTS)  # type: ignore[attr-defined]
    return blocks.is_stopped(customer, policy, day)
