"""The service-hold line on paper: the comparison of a tried line with the one in force."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal

from django.urls import reverse

from anomalies.models import AlertRule
from anomalies.rules import Point
from anomalies.whatif import alert_rule
from anomalies.whatif.comparison import Comparison, Figure, Line, counted, difference, shared, signed, valued
from anomalies.whatif.line import PAID_WITHIN, Proposal, Replay, differing, named, replay
from anomalies.whatif.picture import Course, draw
from holds import rules
from holds.actions.holds import HOLD
from holds.facts import line_of
from workflows import contracts
from workflows.models import WorkflowDefinition
from workflows.wording import day, money

HEADS = (
    "Customer",
    "NetSuite id",
    "What differs",
    "Now proposed on",
    "Tried proposed on",
    "AR balance",
    "Days overdue",
)
WATCHED = ("customers_on_hold", "new_holds")
ASSUMPTIONS = (
    "An invoice is open on a day if it was issued by then and not paid at its end; the balance is net of credits.",
    "The aging tick looks on each weekday. A customer above the line is proposed once; the proposal or the hold then"
    " stands until the customer is below the line again. After that the next crossing counts anew.",
    "Pauses keep a proposal away, as they do in fact. Disputed amounts and rejected proposals do not: they are not"
    " replayed.",
    "Customers that are inactive today are left out. A part payment counts from the day the invoice was settled:"
    " NetSuite keeps no history of it.",
)


def definition() -> WorkflowDefinition:
    return WorkflowDefinition.objects.get(workflow_type=HOLD)


def line_in_force(row: WorkflowDefinition) -> rules.Line:
    declared = contracts.contract(HOLD)
    assert declared is not None
    return line_of(contracts.thresholds(row, declared))


def compare(now: rules.Line, tried: rules.Line, first: date, last: date) -> Comparison:
    """Both lines over the same days."""
    was, would = replay([now, tried], first=first, last=last)
    rows = differing(was, would)
    heading = difference(len(was.all), len(would.all), "hold", "proposed")
    return Comparison(
        heading=heading,
        figures=_figures(was, would, first),
        drawing=draw("new_holds", _courses(was, would, first), finding=f"{heading}. {_said(now)}; {_said(tried)}."),
        marks="Holds proposed since the first day, added up. Dashed: the line in force.",
        days=_days(was, would, first),
        heads=HEADS,
        rows_title="Customers that differ",
        count=len(rows),
        rows=lambda: _lines(rows),
        assumptions=ASSUMPTIONS,
    )


def _said(line: rules.Line) -> str:
    return f"{line.days} days and {money(line.amount, cents=False)}"


def _figures(was: Replay, would: Replay, first: date) -> list[Figure]:
    told = f"Everything past the line was settled within {PAID_WITHIN} days. Left out: too early to tell, and"
    told += f" {was.held_in_fact:,} and {would.held_in_fact:,} that were on hold in fact."
    return [
        counted("Holds proposed", len(was.all), len(would.all), "In all, on the days below."),
        counted("Customers", len(was.proposals), len(would.proposals), "Each counted once."),
        counted("Proposed again", was.again, would.again, "After the customer had been below the line."),
        counted("Above the line before", was.before, would.before, "Not counted as proposed."),
        valued("Value at stake", was.at_stake, would.at_stake, "AR balance on the day of each proposal."),
        shared("Paid anyway", (was.paid_anyway, len(was.told)), (would.paid_anyway, len(would.told)), told),
        counted("Above the line at once, at most", max(was.standing), max(would.standing), "On one day."),
        *_alerts(was, would, first),
    ]


def _alerts(was: Replay, would: Replay, first: date) -> Iterator[Figure]:
    """Alert rules that watch holds, over the replayed figures."""
    for rule in AlertRule.objects.filter(enabled=True, metric__in=WATCHED, scope="all"):
        now, tried = (_fired(rule, one, first) for one in (was, would))
        hint = "If each proposal had been approved at once; holds set in NetSuite are not in it."
        yield Figure(f"Alerts: {rule.title}", f"{now:,}", f"{tried:,}", signed(tried - now), hint)


def _fired(rule: AlertRule, one: Replay, first: date) -> int:
    days = one.standing if rule.metric == "customers_on_hold" else _each_day(one.total)
    points = [Point(first + timedelta(days=n), Decimal(number)) for n, number in enumerate(days)]
    return len(alert_rule.over(rule, points, first=first, last=points[-1].day).fired)


def _each_day(total: Sequence[int]) -> list[int]:
    return [number - before for before, number in zip([0, *total], total, strict=False)]


def _courses(was: Replay, would: Replay, first: date) -> list[Course]:
    start = first.toordinal()

    def spots(one: Replay) -> list[tuple[int, float]]:
        return [(start + n, float(number)) for n, number in enumerate(one.total)]

    return [
        Course(f"now {was.total[-1]:,}", "now", spots(was)),
        Course(f"tried {would.total[-1]:,}", "tried", spots(would)),
    ]


def _days(was: Replay, would: Replay, first: date) -> list[tuple[date, str, str]]:
    """Proposals of each day that has any, newest first."""
    pairs = zip(_each_day(was.total), _each_day(would.total), strict=True)
    found = [(first + timedelta(days=n), f"{a:,}", f"{b:,}") for n, (a, b) in enumerate(pairs) if a or b]
    return found[::-1]


def _lines(rows: Sequence[tuple[int, Sequence[Proposal], Sequence[Proposal]]]) -> Iterator[Line]:
    for one in named(rows):
        newest = one.newest
        cells = (
            one.customer.netsuite_id,
            one.words,
            _when(one.now),
            _when(one.tried),
            money(newest.balance, cents=False),
            newest.days_overdue,
        )
        yield Line(str(one.customer), reverse("admin:customers_customer_change", args=[one.customer.pk]), cells)


def _when(proposals: Sequence[Proposal]) -> str:
    return ", ".join(day(proposal.day) for proposal in proposals) or "–"
