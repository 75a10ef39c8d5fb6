"""What is not a formula is refused when it is written, and the position is shown."""

import pytest

from holds.formula import FormulaError, parse
from holds.formula.grammar import MAX_DEPTH, MAX_LENGTH

HOSTILE = {
    "customer.constructor": (1, 10),
    "customer.constructor('return 1')()": (1, 10),
    "''.constructor": (1, 4),
    "customer.__proto__": (1, 10),
    "customer.__class__": (1, 10),
    "customer.prototype": (1, 10),
    "customer.__defineGetter__('x', 1)": (1, 10),
    "customer['balance']": (1, 9),
    "customer['con' + 'structor']": (1, 9),
    "customer?.balance": (1, 9),
    "customer.terms?.trim()": (1, 15),
    "customer.balance.toFixed(2)": (1, 18),
    "customer.a.b": (1, 12),
    "customer": (1, 1),
    "customer.balance = 0": (1, 18),
    "customer.balance += 1": (1, 18),
    "customer.balance++": (1, 1),
    "--customer.balance": (1, 1),
    "(customer.balance = 0) > 1": (1, 19),
    "import('os')": (1, 1),
    "import os from 'os'": (1, 1),
    "__import__('os')": (1, 1),
    "while (true) {}": (1, 1),
    "for (;;) {}": (1, 1),
    "do {} while (1)": (1, 1),
    "function f() {}": (1, 1),
    "(() => 1)()": (1, 2),
    "(function () { return 1 })()": (1, 2),
    "new Date()": (1, 1),
    "Date.now()": (1, 1),
    "Math.random()": (1, 6),
    "Math['random']()": (1, 5),
    "Math": (1, 1),
    "eval('1')": (1, 1),
    "Function('return 1')()": (1, 1),
    "globalThis": (1, 1),
    "this": (1, 1),
    "process.exit()": (1, 1),
    "JSON.parse('1')": (1, 1),
    "/(a+)+$/.test(customer.email)": (1, 10),
    "/a/": (1, 1),
    "'a'.repeat(1e9)": (1, 5),
    "'a'.padEnd(1e9)": (1, 5),
    "'a'.replace('a', 'b')": (1, 5),
    "'a'.length": (1, 5),
    "`a`": (1, 1),
    "`${customer.balance}`": (1, 1),
    "parseFloat`1`": (1, 11),
    "[1, 2]": (1, 1),
    "({})": (1, 2),
    "{}": (1, 1),
    "Math.max(...customer.balance)": (1, 10),
    "1, 2": (1, 2),
    "1; 2": (1, 4),
    "1\n2": (2, 1),
    "typeof customer.balance": (1, 1),
    "void 0": (1, 1),
    "delete customer.balance": (1, 1),
    "'balance' in customer": (1, 11),
    "customer instanceof customer": (1, 10),
    "1 | 2": (1, 3),
    "1 << 2": (1, 3),
    "~1": (1, 1),
    "10n": (1, 1),
    "010": (1, 1),
    "'\\1'": (1, 2),
    "var a = 1": (1, 1),
    "let a = 1": (1, 1),
    "if (1) {}": (1, 1),
    "return 1": (1, 1),
    "throw 1": (1, 1),
    "class A {}": (1, 1),
    "await 1": (1, 1),
    "yield 1": (1, 1),
    "debugger": (1, 1),
    "super.a": (1, 7),
    "new.target": (1, 1),
    "1 // remark": (1, 3),
    "/* remark */ 1": (1, 1),
    "balance > 1": (1, 1),
    "customer.creditLimit": (1, 10),
    "customer.#secret": (1, 10),
    "parseFloat": (1, 1),
    "1()": (1, 2),
    "customer.balance()": (1, 10),
    "customer.balance >\n  bogus": (2, 3),
    "": (1, 1),
    "   ": (1, 1),
    "customer.balance >": (1, 19),
    "customer.balance customer.creditlimit": (1, 18),
    "(customer.balance": (1, 18),
    "customer.balance)": (1, 17),
    "'open": (1, 1),
    "1 > > 2": (1, 5),
    "1 ?? 2 || 3": (1, 8),
    "-1 ** 2": (1, 4),
    "a\0b": (1, 2),
    "'\ud83d'": (1, 2),
    "customer.balance > 1 #": (1, 22),
}


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_refused_at_its_position(text):
    with pytest.raises(FormulaError) as refused:
        parse(text)
    error = refused.value
    assert (error.line, error.column) == HOSTILE[text]
    assert error.extra == {"line": error.line, "column": error.column}
    assert error.detail.startswith(f"Line {error.line}, column {error.column}: ")
    assert (error.code, error.status) == ("bad_formula", 400)


def test_a_column_counts_characters_however_many_bytes_they_have():
    with pytest.raises(FormulaError) as refused:
        parse("'é😀' +\r\n 'ü😀😀' + customer.Z")
    assert (refused.value.line, refused.value.column) == (2, 19)


def test_length_is_limited():
    assert parse("1" + " " * (MAX_LENGTH - 1)).evaluate({}) == 1.0
    with pytest.raises(FormulaError) as refused:
        parse("1\n" + " " * (MAX_LENGTH - 1))
    assert (refused.value.line, refused.value.column) == (2, MAX_LENGTH - 1)


@pytest.mark.parametrize("opened", ["(", "!", "- ", "1 + (", "parseFloat(", "true ? 1 : "])
def test_nesting_is_limited(opened):
    closed = ")" * (MAX_DEPTH + 5) if "(" in opened else ""
    with pytest.raises(FormulaError, match=f"nested more than {MAX_DEPTH} deep"):
        parse(opened * (MAX_DEPTH + 5) + "1" + closed)


def test_a_long_chain_is_not_too_deep():
    assert parse(" + ".join(["1"] * 50)).evaluate({}) == 50.0


def test_an_endless_nest_is_refused_at_once():
    with pytest.raises(FormulaError):
        parse("(" * MAX_LENGTH)
