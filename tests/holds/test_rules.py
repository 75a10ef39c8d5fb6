"""The rules of a hold: where the line is, when a plan is kept, why the tick leaves somebody alone."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holds.rules import (
    Line,
    Owed,
    Promise,
    below_without_dispute,
    crosses,
    is_strong,
    plan_state,
    skip_reason,
)

LINE = Line()
MONDAY = date(2026, 3, 16)


def owed(amount: str = "48210.40", days: int = 94, set_apart: str = "0") -> Owed:
    return Owed(Decimal(amount), days, Decimal(set_apart))


@pytest.mark.parametrize(
    ("amount", "days", "expected"),
    [("10000.00", 60, True), ("9999.99", 60, False), ("10000.00", 59, False), ("0", 400, False)],
)
def test_both_thresholds_are_inclusive(amount, days, expected):
    assert crosses(owed(amount, days), LINE) is expected


@pytest.mark.parametrize(
    ("amount", "days", "expected"),
    [("25000.01", 91, True), ("25000.00", 91, False), ("25000.01", 90, False)],
)
def test_a_stronger_recommendation_needs_more_than_both(amount, days, expected):
    assert is_strong(owed(amount, days), LINE) is expected


@given(st.decimals(0, 10**6, places=2), st.integers(0, 1000))
def test_whatever_is_strong_crosses(amount, days):
    found = Owed(amount, days)
    assert not is_strong(found, LINE) or crosses(found, LINE)


@pytest.mark.parametrize(
    ("amount", "set_apart", "expected"),
    [("12000", "2000.01", True), ("12000", "2000.00", False), ("9000", "0", False), ("48210.40", "100", False)],
)
def test_a_dispute_counts_only_when_the_rest_is_below_the_line(amount, set_apart, expected):
    assert below_without_dispute(owed(amount, set_apart=set_apart), LINE) is expected


# --- payment plans ------------------------------------------------------------------------------------

PLAN = [Promise(MONDAY + timedelta(days=7), Decimal(1000)), Promise(MONDAY + timedelta(days=14), Decimal(2000))]


def paid(*payments: tuple[int, int]) -> list[tuple[date, Decimal]]:
    return [(MONDAY + timedelta(days=day), Decimal(amount)) for day, amount in payments]


@pytest.mark.parametrize(
    ("payments", "day", "state"),
    [
        ([], 6, "kept"),
        ([], 7, "kept"),
        ([], 8, "broken"),
        ([(7, 1000)], 8, "kept"),
        ([(7, 999)], 8, "broken"),
        ([(8, 1000)], 8, "broken"),
        ([(1, 400), (5, 600)], 8, "kept"),
        ([(7, 1000)], 15, "broken"),
        ([(7, 1000), (14, 2000)], 15, "completed"),
        ([(2, 3000)], 3, "completed"),
        ([(3, 3000)], 2, "kept"),
    ],
)
def test_a_plan_is_kept_while_each_sum_is_paid_by_its_day(payments, day, state):
    assert plan_state(PLAN, paid(*payments), MONDAY + timedelta(days=day)) == state


def test_the_order_of_the_instalments_does_not_matter():
    assert plan_state(PLAN[::-1], paid((7, 1000)), MONDAY + timedelta(days=8)) == "kept"


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 3000)), max_size=6), st.integers(0, 20))
def test_a_further_payment_never_breaks_a_plan(payments, day):
    before = plan_state(PLAN, paid(*payments), MONDAY + timedelta(days=day))
    after = plan_state(PLAN, paid(*payments, (0, 500)), MONDAY + timedelta(days=day))
    assert before == "broken" or after != "broken"


# --- why the tick leaves somebody alone ---------------------------------------------------------------

NOTHING = {"open_proposal": False, "on_hold": False, "paused": "", "declined_recently": False}


@pytest.mark.parametrize(
    ("excuses", "reason"),
    [
        ({}, ""),
        ({"on_hold": True}, "on_hold"),
        ({"open_proposal": True}, "open_proposal"),
        ({"paused": "payment_plan"}, "payment_plan"),
        ({"paused": "grace_period"}, "grace_period"),
        ({"paused": "after_release"}, "after_release"),
        ({"declined_recently": True}, "declined_recently"),
        ({"on_hold": True, "open_proposal": True, "paused": "grace_period"}, "on_hold"),
    ],
)
def test_each_excuse_has_its_reason(excuses, reason):
    assert skip_reason(owed(), LINE, **{**NOTHING, **excuses}) == reason


def test_a_disputed_amount_excuses_when_it_alone_crosses():
    assert skip_reason(owed("12000", set_apart="5000"), LINE, **NOTHING) == "disputed"
    assert skip_reason(owed("12000", set_apart="500"), LINE, **NOTHING) == ""
