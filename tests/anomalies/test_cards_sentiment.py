"""The state of a figure: performing, stable, or needs attention."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from anomalies.cards.sentiment import Band, judge
from anomalies.rules import Point
from tests.factories.metrics import spread

DAY = date(2026, 11, 20)
SHARE = Band("value", Decimal("0.6"), Decimal("0.85"), "up")
RISE = Band("change", Decimal(0), Decimal(10), "up", floor=Decimal(30))
SPIKE = Band("sigma", Decimal(0), Decimal(2), "up")


def before(*values: object) -> list[Point]:
    return [Point(DAY - timedelta(days=len(values) - place), Decimal(str(value))) for place, value in enumerate(values)]


@pytest.mark.parametrize(
    ("value", "state"),
    [("0.6", "performing"), ("0.61", "stable"), ("0.85", "stable"), ("0.850001", "needs_attention")],
)
def test_limits_are_inclusive_on_the_good_side(value: str, state: str):
    assert judge(SHARE, [], DAY, Decimal(value), None).state == state


def test_where_down_is_worse_the_limits_turn_round():
    band = Band("value", Decimal("0.8"), Decimal("0.5"), "down")
    states = [judge(band, [], DAY, Decimal(value), None).state for value in ("0.8", "0.79", "0.49")]
    assert states == ["performing", "stable", "needs_attention"]


@pytest.mark.parametrize(
    ("value", "change", "state"),
    [
        ("58.4", "11.2", "needs_attention"),
        ("24", "6", "stable"),
        ("30", "12", "stable"),  # the floor of 30 days
        ("24", "-1", "performing"),
    ],
)
def test_a_rise_of_dso_needs_ten_days_and_the_floor(value: str, change: str, state: str):
    assert judge(RISE, [], DAY, Decimal(value), Decimal(change)).state == state


def test_a_change_from_nowhere_is_not_judged():
    assert judge(RISE, [], DAY, Decimal(58), None).state == "unknown"


@pytest.mark.parametrize(("value", "state"), [(84, "needs_attention"), (30, "stable"), (18, "performing")])
def test_orders_are_measured_by_what_is_usual(value: int, state: str):
    verdict = judge(SPIKE, before(*spread(18, 6)), DAY, Decimal(value), None)
    assert (verdict.state, round(verdict.measured)) == (state, (value - 18) // 6)


def test_too_few_days_say_so():
    verdict = judge(SPIKE, before(1, 2, 3), DAY, Decimal(84), None)
    assert (verdict.state, verdict.words) == ("unknown", "Not enough data: 3 of 20 days.")


@pytest.mark.parametrize(("value", "state"), [(5, "performing"), (6, "stable")])
def test_equal_days_are_no_reason_for_an_alarm(value: int, state: str):
    assert judge(SPIKE, before(*[5] * 30), DAY, Decimal(value), None).state == state


def test_without_a_band_there_is_no_state():
    assert judge(None, [], DAY, Decimal(1), None).state == "unknown"
