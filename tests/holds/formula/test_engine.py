"""Formulas give what a real JavaScript engine gives: every operator and function, and thousands at random."""

import itertools
import random
import struct
from collections.abc import Mapping, Sequence

import pytest

from holds.formula import CannotEvaluate, FormulaError, parse
from holds.formula.functions import CONSTANTS, FUNCTIONS, METHODS
from holds.formula.values import UNDEFINED
from tests.holds.formula.engine import SYNTAX_ERROR, THROWS, Case, judged, shown
from tests.holds.formula.generator import BINARY, LOGIC, NUMBERS, NUMERIC, TEXTS, UNARY, WORDS, Generator

VALUES: list[object] = [*NUMERIC, *TEXTS, None, UNDEFINED, True, False]
SOME: list[object] = [0.0, -0.0, 1.0, -1.5, 2.5, 3.0, 1e21, float("nan"), float("inf"), float("-inf"), 2.0**31, 36.0]
SOME += ["", " 7 ", "12abc", "0x1F", "abc", "T", "😀", "\ud83d", None, UNDEFINED, True, False]


def ours(text: str, records: Sequence[Mapping[str, object]]) -> object:
    try:
        formula = parse(text)
    except FormulaError:
        return SYNTAX_ERROR
    return [_answer(formula, record) for record in records]


def _answer(formula, record):
    try:
        return shown(formula.evaluate(record))
    except CannotEvaluate:
        return (THROWS, None)


def differences(cases: Sequence[Case]) -> list[object]:
    """What to look at first when a test fails: formula, record, the engine's answer, ours."""
    found: list[object] = []
    for (text, records), theirs in zip(cases, judged(cases), strict=True):
        mine = ours(text, records)
        if mine == theirs:
            continue
        if SYNTAX_ERROR in (mine, theirs):
            found.append((text, theirs, mine))
        else:
            found += [(text, *row) for row in zip(records, theirs, mine, strict=True) if row[1] != row[2]]
    return found[:10]


def pairs(values: Sequence[object]) -> list[dict[str, object]]:
    return [{"a": a, "b": b} for a, b in itertools.product(values, repeat=2)]


@pytest.mark.parametrize("seed", range(4))
def test_random_formulas_and_records(seed):
    generator = Generator(seed)
    cases = [(generator.formula(), [generator.record() for _ in range(3)]) for _ in range(3000)]
    assert differences(cases) == []


@pytest.mark.parametrize("operator", [*BINARY, *LOGIC])
def test_operator_on_every_pair_of_values(operator):
    assert differences([(f"customer.a {operator} customer.b", pairs(VALUES))]) == []


@pytest.mark.parametrize("operator", UNARY)
def test_sign_on_every_value(operator):
    assert differences([(f"{operator}customer.a", [{"a": value} for value in VALUES])]) == []


def test_the_question_mark_asks_for_truth():
    assert differences([("customer.a ? 'yes' : 'no'", [{"a": value} for value in VALUES])]) == []


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_on_every_value(name):
    one = (f"{name}(customer.a)", [{"a": value} for value in VALUES])
    two = (f"{name}(customer.a, customer.b)", pairs(SOME))
    three = (f"{name}(customer.a, customer.b, 2)", pairs(SOME))
    assert differences([(f"{name}()", [{}]), one, two, three]) == []


@pytest.mark.parametrize("name", METHODS)
def test_text_method_on_every_pair_of_values(name):
    texts = [{"a": text, "b": value} for text in TEXTS for value in SOME]
    placed = (f"String(customer.a).{name}('a', customer.b)", texts)
    assert differences([(f"customer.a.{name}(customer.b)", [*texts, *pairs(SOME)]), placed]) == []


@pytest.mark.parametrize("name", CONSTANTS)
def test_constant(name):
    assert differences([(f"Math.{name}", [{}])]) == []


def test_radix_of_parse_int():
    records = [{"a": text, "b": float(radix)} for text in TEXTS for radix in range(-1, 39)]
    assert differences([("parseInt(customer.a, customer.b)", records)]) == []


def test_numbers_become_text_and_back():
    chance = random.Random(1)
    anything = [struct.unpack("d", chance.randbytes(8))[0] for _ in range(3000)]
    amounts = [round(chance.uniform(-1e6, 1e6), 2) for _ in range(1000)]
    steps = [sign * 10.0**power * digit for sign in (1, -1) for power in range(-12, 26) for digit in (1, 1.5, 9.99)]
    records = [{"a": number} for number in [*anything, *amounts, *steps]]
    assert differences([("String(customer.a)", records), ("Number(String(customer.a))", records)]) == []


WRITTEN = [*NUMBERS, *WORDS, "0.", "1_0.5_0", "0XfF", "1e+5", "1E-5", "0e0", "0.0", "0B1", "0O7", "1_0e1_0", "9" * 400]


@pytest.mark.parametrize("text", WRITTEN)
def test_written_number_or_word(text):
    assert differences([(text, [{}])]) == []


ESCAPES = [r"'\x41\u0042\u{43}\n\t\b\v\f\r\0'", r"'\u{1F600}' + '\uD83D\uDE00'", r"'\'' + '\"' + '\\'", "'a\\\nb'"]
ESCAPES += ["'a\\\r\nb'", "'\u2028'", r"'\q'", r"'\u{0}'", r"'\ud83d'", '"\'"', r"'\u{10FFFF}'", "'😀' < '\uff5e'"]


@pytest.mark.parametrize("text", ESCAPES)
def test_written_texts(text):
    assert differences([(text, [{}])]) == []


WRONG = [r"'\x4'", r"'\u12'", r"'\u{110000}'", "'\n'", "1__0", "1_", "0x", "1e", "3x", "0b12", "a b", "'a", "(1", "1)"]
WRONG += ["1 +", "* 2", "-1 ** 2", "1 ?? 2 || 3", "1 && 2 ?? 3", "1 ?? 2 && 3", "parseFloat(,)", "parseFloat(1,,2)"]
WRONG += ["1 ? 2", "1 : 2", "'' '' ", "!-1 ** 2", "1 --> 2", "1 <!-- 2\n+"]


@pytest.mark.parametrize("text", WRONG)
def test_what_the_engine_cannot_read_is_refused(text):
    assert judged([(text, [{}])]) == [SYNTAX_ERROR]
    assert ours(text, [{}]) == SYNTAX_ERROR


def test_precedence_of_every_two_operators():
    both = itertools.product([*BINARY, *LOGIC], repeat=2)
    cases = [(f"7 {first} 2 {second} 3", [{}]) for first, second in both]
    signed = [(f"{sign}3 {operator} {sign}2", [{}]) for sign in UNARY for operator in [*BINARY, *LOGIC]]
    asked = [(f"1 {a} 0 ? 2 {b} 1 : 4 {a} 5", [{}]) for a, b in itertools.product([*BINARY, *LOGIC], repeat=2)]
    assert differences([*cases, *signed, *asked]) == []
