"""Random formulas and records, the same for the same seed; rich in the corners of JavaScript."""

import json
import random
from collections.abc import Callable

from holds.formula.functions import CONSTANTS, FUNCTIONS, METHODS
from holds.formula.values import UNDEFINED

FIELDS = ["balance", "creditlimit", "unbilledorders", "terms", "isinactive", "custentity_a", "custentity_b", "absent"]
NUMBERS = ["0", "1", "2", "3", "7", "10", "0.1", "0.5", "1.5", "2.5", ".5", "5.", "1e3", "1E-7", "1e21", "1e-6", "0x1F"]
NUMBERS += ["0b101", "0o17", "1_000", "1e308", "5e-324", "9007199254740993", "123456789012345680000", "4294967295"]
TEXTS = ["", " ", "0", "1", "-0", "12", " 12 ", "12abc", "1e3", ".5", "-.5e-2", "+5", "1_000", "0x1F", "-0x1F", "0b11"]
TEXTS += ["0o7", "0x", "Infinity", "-Infinity", "infinity", "NaN", "null", "true", "abc", "ABC", "Net 30", "net", "T"]
TEXTS += ["\u00a05\u2003", "\ufeff7", "\x1c5", "\x855", "İ", "ΑΣ", "ẞ", "é", "😀", "\ud83d", "\uff5e", "𐐀", "a😀b"]
TEXTS += ["1.5e", "1e+", "--1", "1.2.3", "5.", "z", "Z", "٣", "1e1000", "-1e-400", "10,5", "\u2028 3\n"]
BINARY = ["+", "-", "*", "/", "%", "**", "<", "<=", ">", ">=", "==", "!=", "===", "!=="]
LOGIC = ["&&", "||", "??"]
UNARY = ["+", "-", "!"]
WORDS = ["true", "false", "null", "undefined", "NaN", "Infinity"]
NUMERIC = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.5, -2.5, 0.49999999999999994, 1e21, 1.5e-7, 12345.67, 2.0**53, 2.0**31]
NUMERIC += [-(2.0**32), 1e308, 5e-324, float("inf"), float("-inf"), float("nan"), 0.1, 0.3, 100.0, 1e16, 123456789.125]


class Generator:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def formula(self, depth: int = 4) -> str:
        makers: list[tuple[int, Callable[[int], str]]] = [(6, self._binary), (3, self._logic), (2, self._unary)]
        makers += [(4, self._call), (2, self._method), (1, self._conditional), (3, self._leaf)]
        if depth <= 0:
            return self._leaf(depth)
        weights, kinds = zip(*makers, strict=True)
        return self.random.choices(kinds, weights)[0](depth - 1)

    def record(self) -> dict[str, object]:
        return {name: self.value() for name in FIELDS[:-1] if self.random.random() > 0.05}

    def value(self) -> object:
        kind = self.random.random()
        if kind < 0.45:
            amount = round(self.random.uniform(-9e4, 9e4), 2)
            return self.random.choice(NUMERIC) if self.random.random() < 0.7 else amount
        if kind < 0.85:
            return self.random.choice(TEXTS)
        return self.random.choice([None, None, True, False, UNDEFINED])

    def _leaf(self, _depth: int) -> str:
        kind = self.random.random()
        if kind < 0.5:
            return f"customer.{self.random.choice(FIELDS)}"
        if kind < 0.7:
            return self.random.choice(NUMBERS)
        if kind < 0.88:
            return self._text(self.random.choice(TEXTS))
        if kind < 0.97:
            return self.random.choice(WORDS)
        return f"Math.{self.random.choice(sorted(CONSTANTS))}"

    def _text(self, text: str) -> str:
        """Quoted either way, its odd characters written out or escaped."""
        if not text.isascii() and self.random.random() < 0.5 and not any("\ud800" <= c <= "\udfff" for c in text):
            return f"'{text}'" if "\n" not in text else json.dumps(text)
        quoted = json.dumps(text)
        return quoted if self.random.random() < 0.5 else "'" + quoted[1:-1] + "'"

    def _part(self, depth: int) -> str:
        """A sub-expression, with or without the parentheses it may need: precedence is tested too."""
        made = self.formula(depth)
        return made if self.random.random() < 0.6 else f"({made})"

    def _binary(self, depth: int) -> str:
        space = self.random.choice([" ", " ", "\n", "\t "])
        return f"{self._part(depth)} {self.random.choice(BINARY)}{space}{self._part(depth)}"

    def _logic(self, depth: int) -> str:
        return f"{self._part(depth)} {self.random.choice(LOGIC)} {self._part(depth)}"

    def _unary(self, depth: int) -> str:
        return f"{self.random.choice(UNARY)} {self._part(depth)}"

    def _conditional(self, depth: int) -> str:
        return f"{self._part(depth)} ? {self._part(depth)} : {self._part(depth)}"

    def _call(self, depth: int) -> str:
        name = self.random.choice(["parseFloat"] * 8 + ["parseInt"] * 4 + sorted(FUNCTIONS))
        count = self.random.choice([0, 1, 1, 1, 1, 1, 2, 2, 3])
        return f"{name}({', '.join(self.formula(depth - 1) for _ in range(count))})"

    def _method(self, depth: int) -> str:
        receivers = [f"String({self.formula(depth - 1)})", "customer.terms", f"({self.formula(depth)})"]
        receiver = self.random.choice(receivers)
        count = self.random.choice([0, 1, 1, 2])
        arguments = ", ".join(self.formula(depth - 1) for _ in range(count))
        return f"{receiver}.{self.random.choice(sorted(METHODS))}({arguments})"


class ColumnGenerator(Generator):
    """Formulas of the kind that people write: mostly of one type, over fields that every customer has."""

    NUMBERS = ("balance", "creditlimit", "unbilledorders", "daysoverdue", "overduebalance")
    TEXTS = ("terms", "currency", "creditholdoverride", "custentity_vip", "email")
    FLAGS = ("isinactive", "oncredithold")

    def flag(self, depth: int = 4) -> str:
        if depth <= 0:
            return f"customer.{self.random.choice(self.FLAGS)}"
        a, b = (lambda: self.number(depth - 2)), (lambda: self.text(depth - 2))
        c = lambda: self.flag(depth - 1)  # noqa: E731
        makers: list[Callable[[], str]] = [
            lambda: f"{a()} {self.random.choice(['<', '<=', '>', '>='])} {a()}",
            lambda: f"{a()} {self.random.choice(['<', '<=', '>', '>='])} {a()}",
            lambda: f"{a()} {self._equals()} {self.random.choice([a(), 'null', 'undefined', '0'])}",
            lambda: f"{b()} {self._equals()} {self.random.choice([b(), 'null', 'undefined'])}",
            lambda: f"({c()} {self.random.choice(['&&', '||'])} {c()})",
            lambda: f"({c()} {self.random.choice(['&&', '||'])} {c()})",
            lambda: f"!({c()})",
            lambda: f"({c()} ? {c()} : {c()})",
            lambda: f"({b()}).{self.random.choice(['includes', 'startsWith'])}({self._searched()})",
            lambda: f"Boolean({self.random.choice([a, b, c])()})",
            lambda: f"isNaN({a()})",
            lambda: f"({c()} {self._equals()} {self.random.choice([c(), 'true', 'false', 'null'])})",
            lambda: f"!({self.random.choice([a, b])()} {self.random.choice(['&&', '||'])} {a()})",
        ]
        return self.random.choice(makers)()

    def number(self, depth: int) -> str:
        field = f"customer.{self.random.choice(self.NUMBERS)}"
        if depth <= 0:
            return self.random.choice([field, field, f"({field} || 0)", "0", "0.1", "5000", "100.1", "1.2"])
        a = lambda: self.number(depth - 1)  # noqa: E731
        makers: list[Callable[[], str]] = [
            lambda: f"parseFloat({a()})",
            lambda: f"parseFloat({field} || 0)",
            lambda: f"({a()} {self.random.choice(['+', '-', '*', '||', '??', '&&'])} {a()})",
            lambda: f"({a()} / {self.random.choice(['2', '3', '0.7', '-12'])})",
            lambda: f"Math.{self.random.choice(['max', 'min'])}({a()}, {a()})",
            lambda: f"Math.abs({a()})",
            lambda: f"Number({a()})",
            lambda: f"(-{a()})",
            lambda: f"({self.flag(depth - 1)} ? {a()} : {a()})",
            lambda: f"Number({self.flag(depth - 1)})",
        ]
        return self.random.choice(makers)()

    def text(self, depth: int) -> str:
        field = f"customer.{self.random.choice(self.TEXTS)}"
        kinds = [field, field, "'Net 30'", "'T'", "''", "'AUTO'", f"({field} || '')", f"({field} ?? 'none')"]
        if depth > 0:
            kinds.append(f"({self.flag(depth - 1)} ? {self.text(depth - 1)} : {field})")
        return self.random.choice(kinds)

    def _equals(self) -> str:
        return self.random.choice(["==", "!=", "===", "!=="])

    def _searched(self) -> str:
        return self.random.choice(["'Net'", "'T'", "'é'", "'%'", "'_'", "'net'", "'😀'"])
