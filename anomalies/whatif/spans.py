"""When a customer was above a line: a sweep over their documents. Pure; no query, no clock.

Days are ordinals (`date.toordinal`), spans half open: [first day, first day after). Amounts are whole cents.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from typing import NamedTuple

Span = tuple[int, int]
SATURDAY, WEEK = 5, 7


class Document(NamedTuple):
    """An invoice (`sign` 1), or a credit memo or payment (−1), with what it counts while it is open.

    As `customers.models.owed_on` has it: one settled later counts in full, one still open with its rest.
    """

    sign: int
    issued: int
    due: int | None
    closed: int | None
    cents: int


@dataclass(frozen=True)
class Limit:
    """At least `days` overdue and at least `cents` owed, both inclusive."""

    days: int
    cents: int


def is_open(document: Document, day: int) -> bool:
    """Issued on or before `day` and not settled at the end of it."""
    return document.issued <= day and (document.closed is None or document.closed > day)


def late_from(document: Document, days: int) -> int | None:
    """The first day on which this invoice is open and at least `days` overdue; None for what never can be."""
    if document.sign < 0 or document.due is None:
        return None
    return max(document.issued, document.due + days)


def above(documents: Sequence[Document], limit: Limit, first: int, last: int) -> list[Span]:
    """The spans within `first` to `last` in which the customer is above the limit at the end of each day."""
    changes: dict[int, list[int]] = {}
    for document in documents:
        end = last + 1 if document.closed is None else min(document.closed, last + 1)
        _change(changes, max(document.issued, first), end, document.sign * document.cents, 0)
        late = late_from(document, limit.days)
        if late is not None:
            _change(changes, max(late, first), end, 0, 1)
    return _spans(changes, limit.cents, last + 1)


def _change(changes: dict[int, list[int]], start: int, end: int, cents: int, late: int) -> None:
    if start < end:
        for day, sign in ((start, 1), (end, -1)):
            change = changes.setdefault(day, [0, 0])
            change[0] += sign * cents
            change[1] += sign * late


def _spans(changes: dict[int, list[int]], cents: int, end: int) -> list[Span]:
    found: list[Span] = []
    owed = late = 0
    since: int | None = None
    for day in sorted(changes):
        owed, late = owed + changes[day][0], late + changes[day][1]
        is_above = owed >= cents and late > 0 and day < end
        if is_above and since is None:
            since = day
        elif not is_above and since is not None:
            found.append((since, day))
            since = None
    return found


def on_weekdays(spans: Iterable[Span]) -> list[Span]:
    """As the tick sees them from Monday to Friday: nothing that is over by Monday, no gap of a weekend only."""
    found: list[Span] = []
    for start, end in spans:
        seen, gone = next_weekday(start), next_weekday(end)
        if seen >= gone:
            continue
        if found and found[-1][1] >= seen:
            found[-1] = (found[-1][0], gone)
        else:
            found.append((seen, gone))
    return found


def next_weekday(day: int) -> int:
    """This day, or the Monday after a Saturday or Sunday."""
    weekday = date.fromordinal(day).weekday()
    return day + WEEK - weekday if weekday >= SATURDAY else day


def first_free(span: Span, pauses: Sequence[Span]) -> int | None:
    """The first weekday of the span on which no pause runs."""
    day = span[0]
    while day < span[1]:
        covering = max((end for start, end in pauses if start <= day < end), default=None)
        if covering is None:
            return day
        day = next_weekday(covering)
    return None


def owed(documents: Iterable[Document], day: int) -> int:
    """What the customer owes at the end of `day`, in cents, net of credits."""
    return sum(document.sign * document.cents for document in documents if is_open(document, day))


def overdue_days(documents: Iterable[Document], day: int) -> int:
    """Days since the oldest due date of the invoices open on `day`; 0 when nothing is late."""
    dues = [d.due for d in documents if d.sign > 0 and d.due is not None and is_open(d, day)]
    return max(0, day - min(dues)) if dues else 0


def overdue(documents: Iterable[Document], day: int) -> int:
    """Open invoices past their due date at the end of `day`, in cents, gross."""
    return sum(d.cents for d in documents if d.sign > 0 and d.due is not None and d.due < day and is_open(d, day))


def settled_by(documents: Iterable[Document], limit: Limit, day: int, until: int) -> bool:
    """Whether every invoice that was past the limit's days on `day` was settled by the end of `until`."""
    late = (document for document in documents if is_open(document, day) and _is_late(document, limit.days, day))
    return all(document.closed is not None and document.closed <= until for document in late)


def _is_late(document: Document, days: int, day: int) -> bool:
    late = late_from(document, days)
    return late is not None and late <= day


def counts_by_day(spans: Iterable[Span], first: int, last: int) -> list[int]:
    """How many spans cover each day from `first` to `last`."""
    changes = [0] * (last - first + 2)
    for start, end in spans:
        start, end = max(start, first), min(end, last + 1)
        if start < end:
            changes[start - first] += 1
            changes[end - first] -= 1
    return list(accumulate(changes[:-1]))


def running(days: Sequence[int], first: int, last: int) -> list[int]:
    """How many of these days lie on or before each day from `first` to `last`: a running total."""
    ordered = sorted(days)
    return [bisect_right(ordered, day) for day in range(first, last + 1)]
