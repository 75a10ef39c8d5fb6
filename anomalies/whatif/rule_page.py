"""An alert rule on paper: the comparison of tried numbers with the rule as it is."""

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.safestring import SafeString

from anomalies.actions.rules import checked
from anomalies.finding import figure
from anomalies.models import AlertRule
from anomalies.rules import Point
from anomalies.series import series
from anomalies.whatif.alert_rule import Fired, RuleReplay, behind, replay
from anomalies.whatif.comparison import Comparison, Figure, Line, counted, difference, shared, valued
from anomalies.whatif.line import PAID_WITHIN
from anomalies.whatif.picture import Course, draw
from workflows.wording import day

# Which numbers can be tried, by comparison.
TRIED: Mapping[str, tuple[str, ...]] = {
    "sigma": ("k", "window", "minimum_days", "floor"),
    "above": ("threshold", "floor"),
    "rise": ("threshold", "window", "floor"),
}
HEADS = ("Alert of", "Segment", "Figure", "Line", "Closed", "Under")
ASSUMPTIONS = (
    "Only days that were over and counted are judged, with the figures as they are stored.",
    "An alert closes by itself after its quiet days: nobody resolves or snoozes it. Rules that explain this one are"
    " replayed as they are.",
    "A rule can only be replayed as far back as its figures are stored.",
)


def tried_rule(rule: AlertRule, sent: Mapping[str, str]) -> AlertRule:
    """The rule with these numbers, never saved. Raises InvalidRule with a sentence by field."""
    names = [name for name in TRIED[rule.comparison] if name in sent]
    tried = copy(rule)
    for name, value in checked(rule, {name: sent[name] for name in names}).items():
        setattr(tried, name, value)
    return tried


def compare(rule: AlertRule, tried: AlertRule, first: date, last: date) -> Comparison:
    was, would = replay(rule, tried, first=first, last=last)
    heading = difference(len(was.fired), len(would.fired), "alert", "opened")
    points = series(rule.metric, first, last, scope=rule.scope).get((rule.scope, ""), []) if rule.scope == "all" else []
    rows = _differing(was, would)
    return Comparison(
        heading=heading,
        figures=_figures(rule, was, would, last),
        drawing=_drawing(rule, points, was, would, heading),
        marks="Thin: the figure. Dashed: the line in force. Red: alerts that the tried line opens.",
        days=_days(rule, points, was, would),
        heads=HEADS,
        rows_title="Alerts that differ",
        count=len(rows),
        rows=lambda: _lines(rule, rows),
        assumptions=ASSUMPTIONS,
        notes=_notes(was, points, first),
    )


def _notes(was: RuleReplay, points: Sequence[Point], first: date) -> list[str]:
    if not was.judged:
        return ["No day of the period could be judged: too few figures are stored."]
    if points and points[0].day > first:
        return [f"Figures are stored since {day(points[0].day)} only."]
    return []


def _figures(rule: AlertRule, was: RuleReplay, would: RuleReplay, last: date) -> list[Figure]:
    found = [
        counted("Alerts opened", len(was.fired), len(would.fired)),
        counted(
            "Days above the line", was.days_above, would.days_above, f"Of {was.judged:,} and {would.judged:,} judged."
        ),
    ]
    if rule.metric.startswith("orders_on_hold") and rule.scope == "all":
        now, then = behind(was.fired, last=last), behind(would.fired, last=last)
        told = f"Of those overdue on the day: all of it settled within {PAID_WITHIN} days."
        found += [
            counted(
                "Customers behind them", now.customers, then.customers, "Orders on hold on the days of the alerts."
            ),
            valued("Value at stake", now.value, then.value, "Those orders, base currency."),
            shared("Paid anyway", (now.paid, now.told), (then.paid, then.told), told),
        ]
    else:
        hint = "This figure has no customers behind it in the daily snapshots."
        found += [Figure("Value at stake", "–", "–", "–", hint), Figure("Paid anyway", "–", "–", "–", hint)]
    return found


def _drawing(rule: AlertRule, points: Sequence[Point], was: RuleReplay, would: RuleReplay, heading: str) -> SafeString:
    courses = [
        Course("figure", "figure", [(point.day.toordinal(), float(point.value)) for point in points]),
        Course("line now", "now", _spots(was.lines)),
        Course("line tried", "tried", _spots(would.lines)),
    ]
    marked = [(alert.day.toordinal(), float(alert.value)) for alert in would.fired] if points else []
    return draw(rule.metric, courses, finding=f"{heading}.", marked=marked)


def _spots(lines: Mapping[date, Decimal]) -> list[tuple[int, float]]:
    return [(when.toordinal(), float(line)) for when, line in sorted(lines.items())]


def _days(rule: AlertRule, points: Sequence[Point], was: RuleReplay, would: RuleReplay) -> list[tuple[date, str, str]]:
    """The line to exceed on each day, newest first."""
    return [
        (point.day, figure(rule.metric, was.lines.get(point.day)), figure(rule.metric, would.lines.get(point.day)))
        for point in reversed(points)
    ]


def _differing(was: RuleReplay, would: RuleReplay) -> list[tuple[Fired, str]]:
    """Alerts that only one of the two opens, newest first."""
    now, tried = ({(one.day, one.scope_value) for one in each.fired} for each in (was, would))
    found = [(one, "today’s rule only") for one in was.fired if (one.day, one.scope_value) not in tried]
    found += [(one, "the tried rule only") for one in would.fired if (one.day, one.scope_value) not in now]
    return sorted(found, key=lambda each: (-each[0].day.toordinal(), each[0].scope_value))


def _lines(rule: AlertRule, rows: Sequence[tuple[Fired, str]]) -> Iterator[Line]:
    for one, words in rows:
        closed = day(one.closed) if one.closed else "open at the end"
        figures = (figure(rule.metric, one.value), figure(rule.metric, one.line))
        cells: tuple[Any, ...] = (one.scope_value or "all", *figures, closed, words)
        yield Line(day(one.day), "", cells)
