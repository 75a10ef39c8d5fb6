"""A hold block's formula on paper: the comparison of a tried text with the one in force."""

from collections.abc import Iterator, Sequence
from dataclasses import replace as changed
from datetime import date, timedelta

from django.urls import reverse

from anomalies.whatif.comparison import Comparison, Figure, Line, counted, difference, shared, valued
from anomalies.whatif.formula import FormulaReplay, Stop, replay
from anomalies.whatif.line import PAID_WITHIN
from anomalies.whatif.picture import Course, draw
from customers.models import Customer
from holds import blocks
from holds.models import HoldBlock
from workflows.wording import count, day, money

HEADS = ("Customer", "NetSuite id", "Now stopped", "Tried stopped", "Value now", "Value tried", "First day")
ASSUMPTIONS = (
    "Each sales order issued in the period is asked again at the end of its day, as an order on account.",
    "Balance, overdue balance and days overdue are those of that day. Credit limit, terms, open orders, the hold field"
    " and all other fields count as they are today: their history is not stored.",
    "Service holds are left out: they stop an order under every formula.",
    "A formula that cannot be evaluated stops the order, as it does at the till.",
)
Row = tuple[int, Sequence[Stop], Sequence[Stop]]


def compare(block: HoldBlock, text: str, first: date, last: date) -> Comparison:
    """The block as it is, and with `text` as its formula."""
    policy = blocks.policy_of(block)
    looked = replay([policy, changed(policy, formula=text)], first=first, last=last)
    was, would = looked.replays
    rows = _differing(was, would)
    heading = difference(len(was.all), len(would.all), "order", "stopped")
    return Comparison(
        heading=heading,
        figures=_figures(was, would, looked.orders),
        drawing=draw("new_holds", _courses(was, would, looked.first), finding=f"{heading}."),
        marks="Orders stopped since the first day, added up. Dashed: the formula in force.",
        days=_days(was, would, looked.first),
        heads=HEADS,
        rows_title="Customers that differ",
        count=len(rows),
        rows=lambda: _lines(rows),
        assumptions=ASSUMPTIONS,
        notes=_notes(policy.mode, looked.first, first),
    )


def _notes(mode: str, looked_from: date, asked_from: date) -> list[str]:
    said = []
    if looked_from > asked_from:
        said.append(f"So many orders were issued that only those since {day(looked_from)} were asked.")
    if mode != "auto":
        said.append(f"The block’s mode is {mode.capitalize()}: the formula decides nothing until it is Auto.")
    return said


def _figures(was: FormulaReplay, would: FormulaReplay, orders: int) -> list[Figure]:
    later = f"Would not have been stopped {PAID_WITHIN} days after their first stopped order."
    return [
        counted("Orders stopped", len(was.all), len(would.all), f"Of {count(orders, 'order')} issued."),
        counted("Customers", len(was.stops), len(would.stops), "With at least one order stopped."),
        valued("Value at stake", was.value, would.value, "Orders stopped, base currency."),
        shared("Paid enough anyway", (was.free_again, was.told), (would.free_again, would.told), later),
        Figure("Alerts", "–", "–", "–", "No alert rule watches what the till stops; the orders never reach NetSuite."),
    ]


def _courses(was: FormulaReplay, would: FormulaReplay, first: date) -> list[Course]:
    start = first.toordinal()

    def spots(one: FormulaReplay) -> list[tuple[int, float]]:
        return [(start + n, float(number)) for n, number in enumerate(one.total)]

    return [
        Course(f"now {was.total[-1]:,}", "now", spots(was)),
        Course(f"tried {would.total[-1]:,}", "tried", spots(would)),
    ]


def _days(was: FormulaReplay, would: FormulaReplay, first: date) -> list[tuple[date, str, str]]:
    """Orders stopped on each day that has any, newest first."""
    found = []
    before = (0, 0)
    for n, pair in enumerate(zip(was.total, would.total, strict=True)):
        if pair != before:
            found.append((first + timedelta(days=n), f"{pair[0] - before[0]:,}", f"{pair[1] - before[1]:,}"))
        before = pair
    return found[::-1]


def _differing(was: FormulaReplay, would: FormulaReplay) -> list[Row]:
    """Customers with other orders stopped, the largest difference in value first."""
    keys = {*was.stops, *would.stops}
    rows = [(pk, was.stops.get(pk, []), would.stops.get(pk, [])) for pk in keys]
    found = [row for row in rows if row[1] != row[2]]
    return sorted(found, key=lambda row: (-abs(_value(row[2]) - _value(row[1])), row[0]))


def _value(stops: Sequence[Stop]) -> float:
    return float(sum(stop.value for stop in stops))


def _lines(rows: Sequence[Row]) -> Iterator[Line]:
    for begin in range(0, len(rows), 1000):
        part = rows[begin : begin + 1000]
        customers = Customer.objects.in_bulk([pk for pk, *_ in part])
        for pk, now, tried in part:
            amounts = [money(sum(s.value for s in stops), cents=False) for stops in (now, tried)]
            cells = (customers[pk].netsuite_id, len(now), len(tried), *amounts, day((tried or now)[0].day))
            yield Line(str(customers[pk]), reverse("admin:customers_customer_change", args=[pk]), cells)
