from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.receivables_values import (
    Ambiguous,
    AmountColumn,
    DateColumn,
    customer_number,
    date_readings,
    document_number,
    read_amount,
    settle_order,
)

FEB_27 = date(2020, 2, 27)


@pytest.mark.parametrize(
    "text",
    [
        "2020-02-27",
        "2020/2/27",
        "20200227",
        "20200227.0",
        "27.2.2020",
        "27.02.20",
        "2020-02-27 00:00:00",
        "2020-02-27T10:11:12Z",
        "27-Feb-2020",
        "27 February 2020",
        "Feb 27, 2020",
    ],
)
@pytest.mark.parametrize("order", ["mdy", "dmy"])
def test_dates_that_need_no_decision(text, order):
    assert date_readings(text).read(order) == FEB_27


@pytest.mark.parametrize(("text", "order"), [("2/27/2020", "mdy"), ("02-27-2020", "mdy"), ("27/2/2020", "dmy")])
def test_dates_that_follow_the_column(text, order):
    other = {"mdy": "dmy", "dmy": "mdy"}[order]
    assert (date_readings(text).read(order), date_readings(text).read(other)) == (FEB_27, None)


@pytest.mark.parametrize("text", ["", "soon", "2020-02-30", "0202-02-27", "1/2", "30 Foo 2020", "12345678901"])
def test_what_is_no_date(text):
    assert date_readings(text).read("mdy") is None


@given(st.dates(date(1990, 1, 1), date(2099, 12, 31)), st.sampled_from(["mdy", "dmy"]))
def test_written_dates_read_back(day, order):
    text = f"{day.month}/{day.day}/{day.year}" if order == "mdy" else f"{day.day}/{day.month}/{day.year}"
    assert date_readings(text).read(order) == day


def column(name, *texts):
    watched = DateColumn(name)
    for text in texts:
        watched.see(text)
    return watched


def test_one_day_past_twelve_decides_the_column():
    assert settle_order([column("Date", "3/4/2020", "3/13/2020")]) == "mdy"
    assert settle_order([column("Date", "3/4/2020", "13/3/2020")]) == "dmy"


def test_a_column_that_cannot_tell_follows_the_other():
    assert settle_order([column("Due", "3/4/2020"), column("Issued", "13/3/2020")]) == "dmy"


def test_dates_that_read_both_ways_are_a_clear_error():
    with pytest.raises(Ambiguous, match=r"The dates in Due, Issued read both.*--dates"):
        settle_order([column("Due", "3/4/2020"), column("Issued", "5/6/2020")])


def test_columns_that_disagree_are_an_error():
    with pytest.raises(Ambiguous, match="--dates"):
        settle_order([column("Due", "3/13/2020"), column("Issued", "13/3/2020")])


def test_a_stray_row_does_not_make_a_column_ambiguous():
    assert settle_order([column("Date", *["3/13/2020"] * 300, "13/3/2020")]) == "mdy"


def test_equal_day_and_month_ask_nothing():
    assert settle_order([column("Date", "3/3/2020", "2020-04-05")]) == "mdy"


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("8734.71", "8734.71"),
        ("1,234.56", "1234.56"),
        ("1.234,56", "1234.56"),
        ("1.234.567,8", "1234567.80"),
        ("1,234,567", "1234567"),
        ("1 234,50", "1234.50"),
        ("1'234.50", "1234.50"),
        ("(12.00)", "-12"),
        ("12.00-", "-12"),
        ("-12.00", "-12"),
        ("$1,000.00", "1000"),
        ("€ 9,99", "9.99"),
        ("USD 5", "5"),
        ("0.125", "0.12"),
        (".5", "0.50"),
        ("8734.7150001", "8734.72"),
    ],
)
def test_amounts_as_people_write_them(text, amount):
    assert read_amount(text, "point") == Decimal(amount)


@pytest.mark.parametrize("text", ["", "abc", "1,23,4", "1.2.3,4,5", "--", "1e5", "12..5", "NaN", "(12"])
def test_what_is_no_amount(text):
    assert read_amount(text, "point") is None


def test_a_comma_alone_follows_the_column():
    assert (read_amount("1,234", "point"), read_amount("1,234", "comma")) == (Decimal(1234), Decimal("1.23"))


def amounts(*texts):
    watched = AmountColumn("Open amount")
    for text in texts:
        watched.see(text)
    return watched


def test_one_clear_amount_decides_the_column():
    assert amounts("1,234", "2,50").settle() == "comma"
    assert amounts("1,234", "2.50").settle() == "point"


def test_amounts_that_read_both_ways_are_a_clear_error():
    with pytest.raises(Ambiguous, match=r"Open amount .*--decimal"):
        amounts("1,234", "5").settle()


def test_amounts_mixed_without_doubt_are_taken_each_as_written():
    assert amounts("1,234.50", "1.234,50").settle() == "point"


@given(st.decimals(-(10**9), 10**9, places=2))
def test_written_amounts_read_back(value):
    assert read_amount(f"{value:,}", "point") == value


@pytest.mark.parametrize(
    ("text", "number"),
    [("1930571429.0", "1930571429"), (" 0045 ", "0045"), ("INV-7.0", "INV-7.0"), ("611365", "611365")],
)
def test_document_numbers_lose_the_spreadsheets_decimals(text, number):
    assert document_number(text) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0200706844", "200706844"),
        ("200706844.0", "200706844"),
        ("CCCA02", "CCCA02"),
        ("0379-NEVHP", "0379-NEVHP"),
        ("000", "0"),
    ],
)
def test_customer_numbers_lose_leading_zeros_only_when_digits(text, number):
    assert customer_number(text) == number
