"""Yes, no, or no answer: a formula that cannot tell says so, and the customer counts as on hold."""

from decimal import Decimal

import pytest

from holds.formula import CannotEvaluate, parse
from holds.models import DEFAULT_FORMULA

DEFAULT = parse(DEFAULT_FORMULA)


@pytest.mark.parametrize(
    ("balance", "limit", "held"),
    [
        (100.0, 100.0, False),
        (100.01, 100.0, True),
        (99.99, 100.0, False),
        (0.0, None, False),
        (0.01, None, True),
        (None, None, False),
        (None, 0.0, False),
        (-5.0, None, False),
        (None, -5.0, True),
        ("", "", False),
        ("100.01", "100", True),
        ("9", "10", False),
        (Decimal("100.01"), Decimal("100.00"), True),
        (101, 100, True),
        ("12 EUR", 11.0, True),
        (5000.0, 1e15, False),
    ],
)
def test_default_formula_holds_strictly_above_the_limit_and_counts_blank_as_zero(balance, limit, held):
    assert DEFAULT.holds({"balance": balance, "creditlimit": limit}) is held


def test_the_default_preset_is_the_models_default():
    from holds.formula import PRESETS

    assert PRESETS[0].text == DEFAULT_FORMULA


@pytest.mark.parametrize(
    ("preset", "balance", "limit", "orders", "held"),
    [
        ("blank-limit-is-none", 900.0, None, 0.0, False),
        ("blank-limit-is-none", 900.0, 0.0, 0.0, True),
        ("blank-limit-is-none", 900.0, 900.0, 0.0, False),
        ("open-orders-count", 900.0, 1000.0, 100.0, False),
        ("open-orders-count", 900.0, 1000.0, 100.01, True),
        ("netsuite", 900.0, 900.0, 0.0, True),
        ("netsuite", 899.99, 900.0, 0.0, False),
        ("netsuite", 900.0, None, 0.0, False),
    ],
)
def test_preset(preset, balance, limit, orders, held):
    from holds.formula import PRESETS

    text = next(one.text for one in PRESETS if one.slug == preset)
    assert parse(text).holds({"balance": balance, "creditlimit": limit, "unbilledorders": orders}) is held


NO_ANSWER = {
    "a number": "customer.balance",
    "a text": "'true'",
    "NaN": "parseFloat('abc')",
    "null": "null",
    "undefined": "undefined",
    "a blank field": "customer.blank",
    "more than NaN": "customer.balance > parseFloat(customer.word)",
    "NaN or less": "parseFloat(customer.blank) <= 5",
    "a word as a number": "customer.word > 5",
    "equal to NaN": "parseFloat(customer.word) == 0",
    "not equal to NaN": "parseFloat(customer.word) !== 0",
    "nothing to search in": "customer.blank.includes('x')",
    "a number to search in": "customer.balance.includes('x')",
    "a field that is not there": "customer.missing > 5",
    "a field not there, not asked for": "true || customer.missing",
    "a list": "customer.list == 'a'",
}


@pytest.mark.parametrize("text", NO_ANSWER.values(), ids=NO_ANSWER)
def test_no_plain_answer_cannot_be_evaluated(text):
    with pytest.raises(CannotEvaluate):
        parse(text).holds({"balance": 5.0, "word": "abc", "blank": None, "list": ["a"]})


def test_javascript_itself_would_say_no_to_nan():
    assert parse("customer.balance > 5").evaluate({"balance": "abc"}) is False


def test_a_blank_field_is_no_missing_field():
    assert parse("customer.creditlimit == null").holds({"creditlimit": None}) is True


def test_nan_that_is_caught_is_no_hindrance():
    assert parse("isNaN(parseFloat(customer.a)) || parseFloat(customer.a) > 5").holds({"a": "abc"}) is True


def test_missing_field_is_named_for_accounts_receivable():
    with pytest.raises(CannotEvaluate) as failure:
        DEFAULT.holds({"balance": 5.0})
    assert failure.value.detail == "The customer has no field creditlimit."


def test_inputs_alone_give_the_same_answer():
    record = {"balance": 5.0, "creditlimit": None, "email": "ap@customer.example"}
    inputs = DEFAULT.inputs(record)
    assert inputs == {"balance": 5.0, "creditlimit": None}
    assert DEFAULT.holds(inputs) is True


def test_inputs_leave_out_what_is_missing():
    assert DEFAULT.inputs({"balance": 5.0}) == {"balance": 5.0}


def test_fields_are_those_named():
    assert parse("customer.a > 1 && String(customer.b).includes(customer.a)").fields == {"a", "b"}


def test_text_does_not_grow_without_end():
    grown = parse(" + ".join(["customer.memo"] * 40))
    with pytest.raises(CannotEvaluate):
        grown.evaluate({"memo": "x" * 4000})


def test_endless_digits_cannot_be_evaluated():
    with pytest.raises(CannotEvaluate):
        parse("parseInt(customer.a) > 1").holds({"a": "9" * 100_000})


def test_a_whole_number_beyond_all_is_infinite():
    assert parse("customer.a").evaluate({"a": 10**400}) == float("inf")


def test_the_same_text_is_parsed_once():
    assert parse(DEFAULT_FORMULA) is parse(DEFAULT_FORMULA)
