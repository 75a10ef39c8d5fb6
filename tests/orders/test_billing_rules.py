"""What a period costs: pure rules, with the days worked out by hand."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from orders.billing.rules import Change, add_months, charges, due_on, period, runs_after, sum_up

MARCH = period(date(2026, 3, 1), "monthly", date(2026, 3, 1))
APRIL = period(date(2026, 3, 1), "monthly", date(2026, 4, 1))


def change(on: date, before: int, after: int, price: Any = 10, was: Any = None, *, invoiced: bool = False) -> Change:
    old = price if was is None else was
    return Change(on, before, after, Decimal(old), Decimal(price), invoiced)


def amounts(changes: list[Change], billed: Any, *earlier: Any) -> list[tuple[int, str, str]]:
    return [(each.quantity, str(each.price), str(each.amount)) for each in charges(changes, billed, earlier)]


NEW = change(date(2026, 3, 1), 0, 5, invoiced=True)


@pytest.mark.parametrize(
    ("first", "months", "expected"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2026, 1, 31), 2, date(2026, 3, 31)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2028, 2, 29), 48, date(2032, 2, 29)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
    ],
)
def test_months_end_where_they_must(first, months, expected):
    assert add_months(first, months) == expected


@pytest.mark.parametrize(
    ("anchor", "frequency", "start", "end", "days"),
    [
        (date(2026, 3, 16), "monthly", date(2026, 3, 16), date(2026, 4, 15), 31),
        (date(2026, 1, 31), "monthly", date(2026, 2, 28), date(2026, 3, 30), 31),
        (date(2026, 1, 31), "monthly", date(2026, 3, 31), date(2026, 4, 29), 30),
        (date(2028, 1, 31), "monthly", date(2028, 2, 29), date(2028, 3, 30), 31),
        (date(2026, 1, 31), "quarterly", date(2026, 4, 30), date(2026, 7, 30), 92),
        (date(2028, 2, 29), "yearly", date(2028, 2, 29), date(2029, 2, 27), 365),
        (date(2028, 2, 29), "yearly", date(2029, 2, 28), date(2030, 2, 27), 365),
        (date(2027, 3, 1), "yearly", date(2027, 3, 1), date(2028, 2, 29), 366),
    ],
)
def test_periods_are_counted_from_the_first_day(anchor, frequency, start, end, days):
    found = period(anchor, frequency, start)
    assert (found.end, found.days, found.full_days) == (end, days, days)


def test_no_period_begins_in_between():
    with pytest.raises(ValueError, match="begins on 2026-03-17"):
        period(date(2026, 3, 16), "monthly", date(2026, 3, 17))


def test_periods_follow_each_other_without_a_gap():
    anchor = date(2024, 1, 31)
    here = period(anchor, "monthly", anchor)
    for _ in range(60):
        following = period(anchor, "monthly", here.next_start)
        assert (following.start - here.end).days == 1
        here = following
    assert here.start == date(2029, 1, 31)


def test_the_last_period_is_cut_at_the_contracts_end():
    cut = period(date(2026, 3, 1), "monthly", date(2026, 4, 1), date(2026, 4, 10))
    assert (cut.days, cut.full_days, amounts([NEW], cut)) == (10, 30, [(5, "10", "16.67")])


def test_what_runs_on_the_first_day_is_billed_in_full():
    assert amounts([NEW], APRIL, MARCH) == [(5, "10", "50.00")]


def test_an_increase_inside_a_billed_period_comes_with_the_next_invoice():
    more = change(date(2026, 3, 22), 5, 8)  # 10 of 31 days
    assert amounts([NEW, more], APRIL, MARCH) == [(8, "10", "80.00"), (3, "10", "9.68")]


def test_a_decrease_inside_a_billed_period_is_a_credit():
    fewer = change(date(2026, 3, 22), 5, 3)
    assert amounts([NEW, fewer], APRIL, MARCH) == [(3, "10", "30.00"), (-2, "10", "-6.45")]


def test_what_was_invoiced_does_not_come_again():
    more = change(date(2026, 3, 22), 5, 8, invoiced=True)
    assert amounts([NEW, more], APRIL, MARCH) == [(8, "10", "80.00")]


def test_a_change_known_beforehand_counts_in_its_period():
    later = change(date(2026, 4, 16), 5, 7)  # 15 of 30 days
    assert amounts([NEW, later], APRIL, MARCH) == [(5, "10", "50.00"), (2, "10", "10.00")]


def test_a_change_after_the_period_does_not_count_yet():
    later = change(date(2026, 5, 1), 5, 7)
    assert amounts([NEW, later], APRIL, MARCH) == [(5, "10", "50.00")]


def test_a_change_on_the_first_day_of_a_billed_period_counts_whole():
    same_day = change(date(2026, 3, 1), 5, 6)
    assert amounts([NEW, same_day], APRIL, MARCH) == [(6, "10", "60.00"), (1, "10", "10.00")]


def test_a_change_on_the_first_day_of_the_period_to_bill_counts_once():
    first_day = change(date(2026, 4, 1), 5, 6)
    assert amounts([NEW, first_day], APRIL, MARCH) == [(6, "10", "60.00")]


def test_a_price_change_counts_by_days():
    dearer = change(date(2026, 3, 22), 5, 5, price="12.00", was="10.00")
    assert amounts([NEW, dearer], APRIL, MARCH) == [(5, "12.00", "60.00"), (5, "2.00", "3.23")]


def test_a_cancellation_is_a_credit_and_nothing_more():
    end = change(date(2026, 3, 22), 5, 0)
    assert amounts([NEW, end], APRIL, MARCH) == [(-5, "10", "-16.13")]


def test_in_a_leap_year_february_has_29_days():
    february = period(date(2028, 2, 1), "monthly", date(2028, 2, 1))
    march = period(date(2028, 2, 1), "monthly", date(2028, 3, 1))
    more = change(date(2028, 2, 29), 5, 6, price=29)  # one of 29 days
    assert amounts([change(date(2028, 2, 1), 0, 5, price=29, invoiced=True), more], march, february)[1] == (
        1,
        "29",
        "1.00",
    )


def test_a_year_is_counted_in_its_own_days():
    first, second = (period(date(2027, 3, 1), "yearly", date(year, 3, 1)) for year in (2027, 2028))
    more = change(date(2028, 2, 29), 5, 6, price=366)  # the last of 366 days
    new = change(date(2027, 3, 1), 0, 5, price=366, invoiced=True)
    assert amounts([new, more], second, first) == [(6, "366", "2196.00"), (1, "366", "1.00")]


def test_half_a_cent_is_rounded_to_even():
    cut = period(date(2026, 4, 1), "monthly", date(2026, 4, 1), date(2026, 4, 15))  # half
    halves = [change(date(2026, 4, 1), 0, 1, price=price) for price in ("0.01", "0.03", "0.05")]
    assert [amounts([each], cut)[0][2] for each in halves] == ["0.00", "0.02", "0.02"]


def test_days_of_a_period_add_up():
    """Changed on any day, what was billed and what comes later is the price of each day's licences."""
    for day in range(1, 32):
        more = change(date(2026, 3, day), 5, 8, price=31)
        later = sum(each.amount for each in charges([NEW, more], APRIL, [MARCH]) if each.is_change)
        assert later == 3 * (31 - day + 1)


@pytest.mark.parametrize(
    ("lines", "total", "carried"),
    [(["50.00", "-6.45"], "43.55", "0.00"), (["30.00", "-50.00"], "0.00", "20.00"), ([], "0.00", "0.00")],
)
def test_an_invoice_is_never_below_zero(lines, total, carried):
    found = sum_up(Decimal(each) for each in lines)
    assert (str(found.total), str(found.carried)) == (total, carried)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([NEW], True),
        ([NEW, change(date(2026, 3, 22), 5, 0)], False),
        ([NEW, change(date(2026, 5, 1), 5, 0)], True),
        ([change(date(2026, 6, 1), 0, 5)], True),
    ],
)
def test_whether_anything_is_left_to_bill(changes, expected):
    assert runs_after(changes, date(2026, 4, 30)) is expected


@pytest.mark.parametrize(
    ("terms", "due"),
    [
        ("Net 30", date(2026, 4, 15)),
        ("Net 15", date(2026, 3, 31)),
        ("1% 10 Net 30", date(2026, 4, 15)),
        ("Due on receipt", date(2026, 3, 16)),
        ("", date(2026, 4, 15)),
    ],
)
def test_due_by_the_terms(terms, due):
    assert due_on(date(2026, 3, 16), terms) == due
