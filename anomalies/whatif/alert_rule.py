"""An alert rule replayed over the stored figures: the alerts it would have opened, beside the rule as it is.

As the nightly judgement does it, without people: an alert closes by itself after its quiet days, nobody resolves or
snoozes it. Rules that explain this one are replayed as they are.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from anomalies.models import AlertRule, SnapshotDay
from anomalies.payload import as_was, terms_of
from anomalies.rules import RISE_TOLERANCE, Judgement, Point, Terms, breach_run, judge, quiet_run
from anomalies.series import series
from anomalies.whatif.history import documents
from anomalies.whatif.line import PAID_WITHIN
from anomalies.whatif.spans import Limit, settled_by
from anomalies.whatif.spans import overdue_days as late_on

WARM_UP = timedelta(days=40)
ONE_DAY = Limit(1, 0)


@dataclass
class Fired:
    """One alert: when it opened and, if it did, closed; the figure and the line of its first day."""

    day: date
    scope_value: str
    value: Decimal
    line: Decimal
    closed: date | None = None

    def is_open(self, day: date) -> bool:
        return self.day <= day and (self.closed is None or self.closed > day)


@dataclass
class RuleReplay:
    """What a rule would have done; `lines` has the line to exceed by day, for a rule of all customers."""

    fired: list[Fired] = field(default_factory=list)
    lines: dict[date, Decimal] = field(default_factory=dict)
    days_above: int = 0
    judged: int = 0


def replay(rule: AlertRule, tried: AlertRule, *, first: date, last: date) -> tuple[RuleReplay, RuleReplay]:
    """`rule` as it is and `tried` (never saved) over the days `first` to `last`."""
    causes = [alert for cause in rule.inhibited_by.filter(enabled=True) for alert in _alone(cause, first, last).fired]
    return _replay(rule, causes, first, last), _replay(tried, causes, first, last)


def over(rule: AlertRule, points: Sequence[Point], *, first: date, last: date) -> RuleReplay:
    """The rule over figures that are not the stored ones."""
    found = RuleReplay()
    _scope(rule, terms_of(as_was(rule)), "", points, [], [], found, (first, last))
    return found


def _alone(rule: AlertRule, first: date, last: date) -> RuleReplay:
    return _replay(rule, [], first, last)


def _replay(rule: AlertRule, causes: Sequence[Fired], first: date, last: date) -> RuleReplay:
    terms, found = terms_of(as_was(rule)), RuleReplay()
    back = first - WARM_UP - timedelta(days=rule.window) - RISE_TOLERANCE
    points = series(rule.metric, back, last, scope=rule.scope)
    seconds = series(rule.step_metric, back, last, scope=rule.scope) if rule.step_metric else {}
    for scope, known in points.items():
        _scope(rule, terms, scope[1], known, seconds.get(scope, []), causes, found, (first, last))
    return found


def _scope(
    rule: AlertRule,
    terms: Terms,
    value: str,
    points: Sequence[Point],
    second: Sequence[Point],
    causes: Iterable[Fired],
    found: RuleReplay,
    days: tuple[date, date],
) -> None:
    """Day by day as `evaluation` settles it. Days before the period only warm it up: their alerts are not counted."""
    first, last = days
    breached: dict[date, bool] = {}
    alert: Fired | None = None
    for index, point in enumerate(points):
        if not first - WARM_UP <= point.day <= last:
            continue
        recent = points[max(0, index + 1 - max(rule.for_days, rule.keep_firing_days)) : index + 1]
        judged = judge(terms, _around(points, point.day, rule), point.day, second=_around(second, point.day, rule))
        if judged.outcome not in ("fires", "quiet"):
            continue
        breached[point.day] = judged.fires
        lately = {each.day: breached[each.day] for each in recent if each.day in breached}
        if point.day >= first:
            _count(found, point.day, judged, value)
        if judged.fires:
            ready = breach_run(lately, point.day) >= rule.for_days
            if alert is None and ready and not _is_explained(causes, value, point.day):
                alert = _open(judged, point.day, value)
                if point.day >= first:
                    found.fired.append(alert)
        elif alert and alert.day < point.day and quiet_run(lately, point.day) >= rule.keep_firing_days:
            alert.closed, alert = point.day, None


def _around(points: Sequence[Point], day: date, rule: AlertRule) -> Sequence[Point]:
    """Only the days the arithmetic looks at."""
    back = day - timedelta(days=rule.window) - RISE_TOLERANCE
    return points[bisect_left(points, back, key=_day) : bisect_right(points, day, key=_day)]


def _day(point: Point) -> date:
    return point.day


def _is_explained(causes: Iterable[Fired], value: str, day: date) -> bool:
    return any(cause.scope_value in ("", value) and cause.is_open(day) for cause in causes)


def _count(found: RuleReplay, day: date, judged: Judgement, value: str) -> None:
    found.judged += 1
    found.days_above += judged.fires
    if not value and judged.line is not None:
        found.lines[day] = judged.line


def _open(judged: Judgement, day: date, value: str) -> Fired:
    assert judged.value is not None
    assert judged.line is not None
    return Fired(day, value, judged.value, judged.line)


@dataclass(frozen=True)
class Behind:
    """Who was behind the orders on hold on the days of alerts; the value is of those orders, base currency."""

    customers: int = 0
    value: Decimal = Decimal(0)
    told: int = 0
    paid: int = 0


def behind(fired: Sequence[Fired], *, last: date) -> Behind:
    """From the snapshots of the days on which alerts opened; a customer of two alerts counts twice. Two queries."""
    snapshots = SnapshotDay.objects.filter(date__in=[alert.day for alert in fired]).exclude(definition="")
    days = {snapshot.date: snapshot.orders for snapshot in snapshots}
    pairs = {(day, order["customer"]) for day, orders in days.items() for order in orders}
    value = sum((Decimal(order["value"]) for orders in days.values() for order in orders), Decimal(0))
    told, paid = _paid(pairs, last) if pairs else (0, 0)
    return Behind(len(pairs), value, told, paid)


def _paid(pairs: set[tuple[date, int]], last: date) -> tuple[int, int]:
    """Of those who were overdue on the day: how many it can be told of, and how many settled all of that in time."""
    told, paid = 0, 0
    days: dict[int, list[int]] = defaultdict(list)
    for day, pk in pairs:
        days[pk].append(day.toordinal())
    first = min(day for day, _ in pairs) - timedelta(days=1)
    for pk, papers in documents(list(days), first, last):
        for on in days[pk]:
            if on + PAID_WITHIN <= last.toordinal() and late_on(papers, on):
                told += 1
                paid += settled_by(papers, ONE_DAY, on, on + PAID_WITHIN)
    return told, paid
