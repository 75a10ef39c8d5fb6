"""The rules of a dispute: clocks, amounts, lines."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disputes import rules

NEW_YORK = ZoneInfo("America/New_York")
CENTS = st.decimals(min_value="0.01", max_value="1000000", places=2)


def new_york(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK)


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-03-16 10:00", 4, "2026-03-16 14:00"),
        ("2026-03-16 10:00", 8, "2026-03-17 10:00"),
        ("2026-03-16 07:30", 8, "2026-03-16 17:00"),
        ("2026-03-16 18:00", 1, "2026-03-17 10:00"),
        ("2026-03-20 16:00", 2, "2026-03-23 10:00"),
        ("2026-03-21 12:00", 8, "2026-03-23 17:00"),
        ("2026-03-06 16:00", 8, "2026-03-09 16:00"),  # daylight saving starts on the 8th
        ("2026-03-16 10:00", 0, "2026-03-16 10:00"),
    ],
)
def test_office_hours(start, hours, end):
    assert rules.working_hours_after(new_york(start), hours, NEW_YORK) == new_york(end)


def test_office_hours_are_those_of_the_business():
    utc = datetime(2026, 3, 16, 20, 0, tzinfo=UTC)  # 16:00 in New York
    assert rules.working_hours_after(utc, 2, NEW_YORK) == new_york("2026-03-17 10:00")


@pytest.mark.parametrize(
    ("day", "days", "end"),
    [
        (date(2026, 3, 16), 5, date(2026, 3, 23)),
        (date(2026, 3, 20), 1, date(2026, 3, 23)),
        (date(2026, 3, 21), 0, date(2026, 3, 23)),
        (date(2026, 3, 21), 1, date(2026, 3, 24)),
        (date(2026, 3, 16), 10, date(2026, 3, 30)),
    ],
)
def test_working_days(day, days, end):
    assert rules.working_days_after(day, days) == end


def test_the_deadlines_of_a_dispute():
    found = rules.deadlines(new_york("2026-03-16 10:00"), rules.THRESHOLDS, NEW_YORK)
    assert found == rules.Deadlines(
        new_york("2026-03-17 10:00"), new_york("2026-03-30 17:00"), set_apart_until=date(2026, 4, 15)
    )


@pytest.mark.parametrize(
    ("claimed", "unpaid", "apart"),
    [
        (None, None, None),
        (None, "500.00", "500.00"),
        (None, "0.00", None),
        ("120.00", "500.00", "120.00"),
        ("600.00", "500.00", "500.00"),
        ("120.00", None, "120.00"),
        ("0.00", None, None),
        ("120.00", "0.00", None),
    ],
)
def test_what_is_set_apart(claimed, unpaid, apart):
    values = [Decimal(each) if each else None for each in (claimed, unpaid, apart)]
    assert rules.set_apart_amount(*values[:2]) == values[2]


@given(CENTS, CENTS)
def test_never_more_than_is_open(claimed, unpaid):
    assert rules.set_apart_amount(claimed, unpaid) <= unpaid


@pytest.mark.parametrize(("prior", "review"), [(0, False), (1, False), (2, True), (9, True)])
def test_a_review_from_two_on(prior, review):
    assert rules.needs_review(prior, rules.THRESHOLDS) is review


@pytest.mark.parametrize(("amount", "second"), [("4999.99", False), ("5000.00", False), ("5000.01", True)])
def test_a_second_approval_strictly_above_the_limit(amount, second):
    assert rules.needs_second_approval(Decimal(amount), rules.THRESHOLDS) is second


@pytest.mark.parametrize(
    ("amount", "foreign"), [("700.00", "1000.00"), ("70.00", "100.00"), ("0.01", "0.01"), ("699.99", "999.99")]
)
def test_a_credit_in_the_invoices_currency(amount, foreign):
    found = rules.in_invoice_currency(Decimal(amount), Decimal("700.00"), Decimal("1000.00"), Decimal("0.70"))
    assert found == Decimal(foreign)
