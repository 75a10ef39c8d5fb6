"""The service-hold line replayed: whom another line would have proposed, beside today's.

How it counts: the aging tick looks on each weekday at what was open at the end of the day; a customer above the line
is proposed on the first weekday on which no pause runs, and the proposal or hold stands until the customer is below
the line again. Only then can the same customer be proposed again. Amounts are in base currency.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q

from anomalies.whatif.history import documents, ever_late
from anomalies.whatif.spans import (
    Document,
    Limit,
    Span,
    above,
    counts_by_day,
    first_free,
    on_weekdays,
    overdue_days,
    owed,
    running,
    settled_by,
)
from customers.models import Customer
from holds.models import Pause, ServiceHold
from holds.rules import Line

PAID_WITHIN = 14
# So far back the sweep looks for who was above the line before the period began.
LEAD = 7
CENTS = Decimal(100)


@dataclass(frozen=True)
class Proposal:
    """One hold that a line would have proposed. `paid` is None where it cannot be told yet."""

    day: date
    balance: Decimal
    days_overdue: int
    paid: bool | None
    held: bool


@dataclass
class Replay:
    """What one line would have done over the period; `standing` and `total` have one number a day."""

    line: Line
    proposals: dict[int, list[Proposal]] = field(default_factory=dict)
    before: int = 0
    standing: list[int] = field(default_factory=list)
    total: list[int] = field(default_factory=list)

    @property
    def all(self) -> list[Proposal]:
        return [proposal for found in self.proposals.values() for proposal in found]

    @property
    def again(self) -> int:
        """Proposals of customers who had been below the line since an earlier one."""
        return sum(len(found) - 1 for found in self.proposals.values())

    @property
    def at_stake(self) -> Decimal:
        return sum((proposal.balance for proposal in self.all), Decimal(0))

    @property
    def told(self) -> list[Proposal]:
        """Those of which it is known whether they paid within the days without a hold."""
        return [proposal for proposal in self.all if proposal.paid is not None and not proposal.held]

    @property
    def paid_anyway(self) -> int:
        return sum(bool(proposal.paid) for proposal in self.told)

    @property
    def held_in_fact(self) -> int:
        return sum(proposal.held for proposal in self.all)


def replay(lines: Sequence[Line], *, first: date, last: date) -> list[Replay]:
    """Each of `lines` over the days `first` to `last`. Three queries; one pass over the documents."""
    start, found = first - timedelta(days=LEAD), [Replay(line) for line in lines]
    spans: list[list[Span]] = [[] for _ in lines]
    pauses, holds = _pauses(start, last), _holds(start, last)
    customers = ever_late(min(line.days for line in lines), start, last)
    for pk, papers in documents(customers, start, last):
        for one, mine in zip(found, spans, strict=True):
            _add(one, mine, pk, papers, (start, first, last), pauses.get(pk, ()), holds.get(pk, ()))
    for one, mine in zip(found, spans, strict=True):
        one.standing = counts_by_day(mine, first.toordinal(), last.toordinal())
        one.total = running([p.day.toordinal() for p in one.all], first.toordinal(), last.toordinal())
    return found


def limit_of(line: Line) -> Limit:
    return Limit(line.days, int(line.amount * CENTS))


def _add(
    one: Replay,
    spans: list[Span],
    pk: int,
    papers: Sequence[Document],
    days: tuple[date, date, date],
    pauses: Sequence[Span],
    holds: Sequence[Span],
) -> None:
    start, first, last = (day.toordinal() for day in days)
    mine = above(papers, limit_of(one.line), start, last)
    spans += mine
    made = []
    for span in on_weekdays(mine):
        day = first_free(span, pauses)
        if day is None or day > last:
            continue
        if day < first:
            one.before += 1
        else:
            made.append(_proposal(papers, limit_of(one.line), day, last, holds))
    if made:
        one.proposals[pk] = made


def _proposal(papers: Sequence[Document], limit: Limit, day: int, last: int, holds: Sequence[Span]) -> Proposal:
    until = day + PAID_WITHIN
    return Proposal(
        day=date.fromordinal(day),
        balance=Decimal(owed(papers, day)) / CENTS,
        days_overdue=overdue_days(papers, day),
        paid=settled_by(papers, limit, day, until) if until <= last else None,
        held=any(begin <= until and day < end for begin, end in holds),
    )


def _pauses(first: date, last: date) -> Mapping[int, list[Span]]:
    """Days on which the tick left each customer alone. One query."""
    rows = Pause.objects.filter(starts__lte=last, ends__gte=first).order_by("pk")
    found: dict[int, list[Span]] = {}
    for pk, starts, ends, ended_at in rows.values_list("customer", "starts", "ends", "ended_at"):
        over = min(ends, _day(ended_at) - timedelta(days=1)) if ended_at else ends
        if over >= starts:
            found.setdefault(pk, []).append((starts.toordinal(), over.toordinal() + 1))
    return found


def _holds(first: date, last: date) -> Mapping[int, list[Span]]:
    """Days on which each customer was in fact under a service hold. One query."""
    placed = ServiceHold.objects.exclude(placed_at=None).filter(placed_at__date__lte=last + timedelta(days=1))
    rows = placed.filter(Q(ended_at=None) | Q(ended_at__date__gte=first)).order_by("pk")
    found: dict[int, list[Span]] = {}
    for pk, placed_at, ended_at in rows.values_list("customer", "placed_at", "ended_at"):
        end = _day(ended_at).toordinal() if ended_at else last.toordinal() + PAID_WITHIN + 1
        found.setdefault(pk, []).append((_day(placed_at).toordinal(), end + 1))
    return found


def _day(moment: object) -> date:
    return moment.astimezone(ZoneInfo(settings.TIME_ZONE_BUSINESS)).date()  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Differs:
    """A customer whom the two lines would have proposed on other days."""

    customer: Customer
    now: Sequence[Proposal]
    tried: Sequence[Proposal]

    @property
    def words(self) -> str:
        if not self.tried:
            return "today’s line only"
        return "on other days" if self.now else "the tried line only"

    @property
    def newest(self) -> Proposal:
        return (self.tried or self.now)[-1]


def differing(now: Replay, tried: Replay) -> list[tuple[int, Sequence[Proposal], Sequence[Proposal]]]:
    """Customer, proposals under today's line and under the tried one where their days differ; largest first."""
    keys = {*now.proposals, *tried.proposals}
    pairs = [(pk, now.proposals.get(pk, []), tried.proposals.get(pk, [])) for pk in keys]
    found = [each for each in pairs if [p.day for p in each[1]] != [p.day for p in each[2]]]
    return sorted(found, key=lambda each: (bool(each[1]) and bool(each[2]), -_largest(each), each[0]))


def _largest(each: tuple[int, Sequence[Proposal], Sequence[Proposal]]) -> Decimal:
    return max(proposal.balance for proposal in (*each[1], *each[2]))


def named(rows: Sequence[tuple[int, Sequence[Proposal], Sequence[Proposal]]]) -> Iterator[Differs]:
    """With their customers, a thousand at a time."""
    for begin in range(0, len(rows), 1000):
        part = rows[begin : begin + 1000]
        customers = Customer.objects.in_bulk([pk for pk, *_ in part])
        yield from (Differs(customers[pk], now, tried) for pk, now, tried in part if pk in customers)
