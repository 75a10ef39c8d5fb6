"""Figures as people read them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from workflows import wording


@pytest.mark.parametrize(
    ("amount", "options", "text"),
    [
        ("48210.40", {}, "$48,210.40"),
        ("-1500", {}, "−$1,500.00"),
        ("0", {}, "$0.00"),
        ("1200", {"currency": "CAD"}, "CAD 1,200.00"),
        ("10000.50", {"cents": False}, "$10,000"),
        ("10001.50", {"cents": False}, "$10,002"),
        ("0.125", {}, "$0.12"),
    ],
)
def test_money(amount, options, text):
    assert wording.money(Decimal(amount), **options) == text


@pytest.mark.parametrize(("value", "text"), [("48210.4", "48,210.40"), ("-1500", "−1,500.00"), (0, "0.00")])
def test_a_figure_under_a_head_that_names_the_currency(value, text):
    assert wording.amount(value) == text


@pytest.mark.parametrize(("year", "text"), [(True, "7 Mar 2026"), (False, "7 Mar")])
def test_a_day(year, text):
    assert wording.day(date(2026, 3, 7), year=year) == text


def test_a_time_is_that_of_the_business(settings):
    settings.TIME_ZONE_BUSINESS = "America/New_York"
    noon = datetime(2026, 3, 16, 16, 44, 5, tzinfo=UTC)
    assert (wording.clock(noon), wording.clock(noon, seconds=True)) == ("12:44", "12:44:05")
    assert wording.moment(datetime(2026, 3, 17, 2, 0, tzinfo=UTC)) == "16 Mar 2026, 22:00"


@pytest.mark.parametrize("spell", [wording.day, wording.clock, wording.moment, wording.percent])
def test_nothing_is_a_dash(spell):
    assert spell(None) == "–"


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(seconds=-5), "0 min"),
        (timedelta(minutes=19), "19 min"),
        (timedelta(hours=2), "2 h"),
        (timedelta(hours=2, minutes=42), "2 h 42 min"),
        (timedelta(hours=16, minutes=20), "16 h"),
        (timedelta(hours=47, minutes=59), "47 h"),
        (timedelta(days=5, hours=3), "5 d"),
    ],
)
def test_an_age(span, text):
    assert wording.age(span) == text


@pytest.mark.parametrize(
    ("ratio", "decimals", "text"),
    [("1.328", 1, "132.8 %"), ("0.5", 0, "50 %"), ("0", 0, "0 %"), ("-0.0831", 2, "-8.31 %")],
)
def test_a_share(ratio, decimals, text):
    assert wording.percent(Decimal(ratio), decimals=decimals) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "no orders"), (1, "one order"), (10, "ten orders"), (11, "11 orders"), (1200, "1,200 orders")],
)
def test_a_count(number, text):
    assert wording.count(number, "order") == text


def test_a_count_of_an_irregular_noun():
    assert wording.count(2, "push", "pushes") == "two pushes"


@pytest.mark.parametrize(
    ("items", "text"), [([], ""), (["A"], "A"), (["A", "B"], "A and B"), (["A", "B", "C"], "A, B and C")]
)
def test_a_listing(items, text):
    assert wording.listing(items) == text
