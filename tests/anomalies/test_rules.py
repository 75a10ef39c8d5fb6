"""The arithmetic of alerts, on numbers."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from anomalies.rules import (
    Point,
    Terms,
    before,
    breach_run,
    cei,
    change,
    countback_dso,
    dso,
    judge,
    percentile,
    quiet_run,
    weekday_mean,
)

DAY = date(2026, 11, 20)
SPIKE = Terms("sigma", step=Decimal(5), step_second=Decimal(3))


def days(*values: object, until: date = DAY - timedelta(days=1)) -> list[Point]:
    """The last of `values` on `until`, the others on the days before."""
    first = until - timedelta(days=len(values) - 1)
    return [Point(first + timedelta(days=n), Decimal(str(value))) for n, value in enumerate(values)]


def today(value: object) -> Point:
    return Point(DAY, Decimal(str(value)))


def test_more_than_mean_and_two_sigma_fires():
    points = [*days(*[12, 24] * 15), today(84)]
    judged = judge(SPIKE, points, DAY)
    assert (judged.outcome, judged.baseline.mean, judged.baseline.days) == ("fires", Decimal(18), 30)


def test_exactly_on_the_line_does_not_fire():
    history = days(*[17, 19] * 15)
    line = judge(SPIKE, [*history, today(0)], DAY).line
    assert judge(SPIKE, [*history, Point(DAY, line)], DAY).outcome == "quiet"
    assert judge(SPIKE, [*history, Point(DAY, line + Decimal("0.000001"))], DAY).outcome == "fires"


def test_sigma_is_that_of_the_sample():
    judged = judge(Terms("sigma", minimum_days=2), [*days(2, 4), today(9)], DAY)
    assert judged.baseline.sigma.quantize(Decimal("0.0001")) == Decimal("1.4142")


def test_the_day_itself_is_no_part_of_its_baseline():
    points = [*days(*[10, 12] * 15), today(1000)]
    assert judge(SPIKE, points, DAY).baseline.mean == 11


def test_only_the_window_counts():
    points = [*days(*[500] * 20, *[10, 12] * 15), today(30)]
    assert judge(SPIKE, points, DAY).baseline.mean == 11


@pytest.mark.parametrize("count", [0, 1, 3, 19])
def test_too_few_days_say_so(count: int):
    judged = judge(SPIKE, [*days(*[10] * count), today(90)], DAY)
    assert (judged.outcome, judged.words) == ("not_enough_data", f"Not enough data: {count} of 20 days.")


def test_missing_days_are_no_zeros():
    history = [point for point in days(*[10, 12] * 15) if point.day.weekday() < 5]
    assert judge(SPIKE, [*history, today(30)], DAY).baseline.mean > 10


def test_a_partial_day_is_never_judged():
    assert judge(SPIKE, [*days(*[10] * 30), today(90)], DAY, partial=True).outcome == "not_judged"


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-1"])
def test_what_is_no_figure_is_not_judged(value: str):
    assert judge(SPIKE, [*days(*[10, 12] * 15), today(value)], DAY).outcome == "not_judged"


def test_a_broken_day_is_no_baseline():
    points = [*days(*[10, 12] * 14, "NaN", -5), today(30)]
    assert judge(SPIKE, points, DAY).baseline.days == 28


@pytest.mark.parametrize(
    ("orders", "customers", "outcome"),
    [(25, 8, "fires"), (24, 8, "quiet"), (25, 7, "quiet"), (20, 5, "quiet"), (0, 0, "quiet")],
)
def test_without_variation_the_rise_itself_has_to_be_large(orders: int, customers: int, outcome: str):
    points, second = [*days(*[20] * 30), today(orders)], [*days(*[5] * 30), today(customers)]
    assert judge(SPIKE, points, DAY, second=second).outcome == outcome


def test_no_step_set_means_any_rise():
    points = [*days(*[20] * 30), today(21)]
    assert judge(Terms("sigma"), points, DAY).outcome == "fires"
    assert judge(Terms("sigma"), [*days(*[20] * 30), today(20)], DAY).outcome == "quiet"


@pytest.mark.parametrize(("earlier", "now", "fires"), [("47.2", "58.4", True), (18, 24, False), (18, 29, False)])
def test_a_rise_needs_ten_days_and_the_floor(earlier: object, now: object, fires: bool):
    terms = Terms("rise", threshold=Decimal(10), floor=Decimal(30))
    points = [Point(DAY - timedelta(days=30), Decimal(str(earlier))), today(now)]
    assert judge(terms, points, DAY).fires is fires


def test_a_rise_takes_the_nearest_earlier_day():
    terms = Terms("rise", threshold=Decimal(10))
    assert judge(terms, [Point(DAY - timedelta(days=33), Decimal(10)), today(21)], DAY).fires
    assert judge(terms, [Point(DAY - timedelta(days=29), Decimal(10)), today(21)], DAY).outcome == "not_enough_data"


def test_an_unset_threshold_is_silent():
    assert judge(Terms("above"), [today(10**9)], DAY).outcome == "quiet"


def test_hysteresis_counts_days_in_a_row():
    fired = {DAY - timedelta(days=3): True, DAY - timedelta(days=2): False, DAY - timedelta(days=1): True, DAY: True}
    assert (breach_run(fired, DAY), quiet_run(fired, DAY)) == (2, 0)


def test_the_robust_companion_ignores_one_wild_day():
    judged = judge(SPIKE, [*days(*[10, 12, 11] * 9, 11, 11, 900), today(40)], DAY)
    assert judged.outcome == "quiet"
    assert judged.robust_z > 19


def test_a_weekday_is_compared_with_its_own():
    points = [Point(DAY - timedelta(weeks=n), Decimal(10 * n)) for n in range(1, 9)]
    assert weekday_mean([*points, Point(DAY - timedelta(days=1), Decimal(999))], DAY) == 45


def test_change_from_nothing_is_none():
    assert (change(Decimal(84), Decimal(0)), change(Decimal(3), Decimal(2))) == (None, Decimal("0.5"))


def test_dso():
    assert round(dso(Decimal(7_820_000), Decimal(134_000) * 30, 30), 1) == Decimal("58.4")
    assert dso(Decimal(1), Decimal(0), 30) is None


def test_countback_takes_whole_months_and_the_last_pro_rata():
    months = [(20, Decimal(100)), (31, Decimal(200)), (30, Decimal(300))]
    assert countback_dso(Decimal(250), months) == 20 + Decimal(150) * 31 / 200
    assert countback_dso(Decimal(601), months) is None
    assert countback_dso(Decimal(0), months) == 0


def test_collection_effectiveness():
    assert cei(Decimal(100), Decimal(50), Decimal(90), Decimal(60)) == Decimal(60) / 90
    assert cei(Decimal(0), Decimal(0), Decimal(0), Decimal(0)) is None


@pytest.mark.parametrize(("count", "expected"), [(1, 1), (10, 9), (11, 10), (100, 90)])
def test_percentile_by_nearest_rank(count: int, expected: int):
    assert percentile([Decimal(n) for n in range(count, 0, -1)], Decimal("0.9")) == expected


def test_before_leaves_the_day_out():
    assert [point.value for point in before([*days(1, 2, 3), today(9)], DAY, 2)] == [2, 3]
