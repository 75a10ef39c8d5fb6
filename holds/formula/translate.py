"""A formula as one expression over the columns of Customer, where SQL can say exactly what `holds` says.

Each part becomes a constant, a number, a text or a flag. Two things need care. JavaScript's null (a blank field)
and NaN are both SQL's NULL, so a part says which of the two its NULL means. And `holds` refuses to compare NaN:
such a flag is NULL too, and is carried through && || ?: in JavaScript's order.

What SQL would compute differently is not translated: numbers read from texts, order of texts, division by a
column, powers, remainders, rounding.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import BooleanField, Case, Expression, Q, Value, When
from django.db.models.functions import Abs, Greatest, Least, StrIndex
from django.db.models.lookups import Exact, GreaterThan, IsNull

from holds.formula.closures import compiled
from holds.formula.equality import compared, equality
from holds.formula.errors import CannotEvaluate
from holds.formula.fields import Column, column
from holds.formula.nodes import Binary, Call, Conditional, Field, Literal, Logic, Method, Node, Unary, fields_of
from holds.formula.parts import (
    MAX_SIZE,
    PRODUCTS,
    Constant,
    Flag,
    NotTranslatable,
    Number,
    Part,
    Text,
    always,
    as_flag,
    as_number,
    as_text,
    as_value,
    chosen,
    computed,
    double,
    joined,
    negated,
    or_else,
    truth,
    unless_blank,
)
from holds.formula.values import UNDEFINED, to_boolean, to_number


def translated(tree: Node, *, today: date) -> Expression | None:
    """True or False is exactly what `holds` answers; NULL says that it cannot, or that only it can tell.

    NULL for want of knowledge is rare: a custom field whose value is not text.
    """
    columns = {name: column(name, today=today) for name in fields_of(tree)}
    known = {name: found for name, found in columns.items() if found is not None}
    if len(known) < len(columns):
        return None
    try:
        sql = as_flag(_Translation(known).part(tree)).sql
    except NotTranslatable:
        return None
    return _undoubted(sql, [found.doubt for found in known.values() if found.doubt is not None])


def _undoubted(sql: Any, doubts: list[Expression]) -> Expression:
    if not doubts:
        return as_value(sql)
    doubtful = Q()
    for doubt in doubts:
        doubtful |= Q(doubt)
    return Case(When(~doubtful, then=as_value(sql)), default=None, output_field=BooleanField())


class _Translation:
    def __init__(self, columns: dict[str, Column]) -> None:
        self.columns = columns
        self.products = 0

    def part(self, node: Node) -> Part:
        if isinstance(node, Literal) or not fields_of(node):
            return _constant(node)
        found = self._of_fields(node)
        if found.size > MAX_SIZE:
            raise NotTranslatable
        return found

    def _of_fields(self, node: Node) -> Part:
        match node:
            case Field(name):
                return self._column(name)
            case Unary("!", operand):
                return negated(self.truth(operand))
            case Unary(sign, operand):
                return self._signed(sign, self.part(operand))
            case Binary(("<" | "<=" | ">" | ">=") as sign, left, right):
                return compared(sign, self.part(left), self.part(right))
            case Binary(("==" | "!=" | "===" | "!==") as sign, left, right):
                return equality(sign, self.part(left), self.part(right))
            case Binary(sign, left, right):
                return self._arithmetic(sign, self.part(left), self.part(right))
            case Logic(sign, left, right):
                return self._logic(sign, left, right)
            case Conditional(test, then, otherwise):
                return chosen(self.truth(test), self.part(then), self.part(otherwise))
            case Call(name, arguments):
                return self._call(name, arguments)
            case Method(name, receiver, arguments):
                return _method(name, self.part(receiver), [self.part(argument) for argument in arguments])
        raise NotTranslatable

    def truth(self, node: Node) -> Flag:
        """A part where only its truth matters."""
        if isinstance(node, Logic) and node.operator in ("&&", "||") and fields_of(node):
            return joined(node.operator, self.truth(node.left), self.truth(node.right))
        return truth(self.part(node))

    def _column(self, name: str) -> Part:
        found = self.columns[name]
        if found.kind == "flag":
            return Flag(Exact(found.sql, Value(True)))
        return Number(found.sql, found.blank) if found.kind == "number" else Text(found.sql, found.blank)

    def _signed(self, sign: str, part: Part) -> Part:
        number = as_number(part)
        if sign == "+":
            return number
        return Number(computed("*", number.sql, double(-1.0)), nan=number.nan, size=number.size + 1)

    def _arithmetic(self, sign: str, left: Part, right: Part) -> Part:
        if sign not in ("+", "-", "*", "/") or isinstance(left, Text) or isinstance(right, Text):
            raise NotTranslatable
        if sign == "+" and any(isinstance(part, Constant) and isinstance(part.value, str) for part in (left, right)):
            raise NotTranslatable
        if sign == "/" and not (isinstance(right, Constant) and to_number(right.value)):
            raise NotTranslatable
        self.products += sign in ("*", "/")
        if self.products > PRODUCTS:
            raise NotTranslatable
        a, b = as_number(left), as_number(right)
        return Number(computed(sign, a.sql, b.sql), nan=a.nan or b.nan, size=a.size + b.size + 1)

    def _logic(self, sign: str, left: Node, right: Node) -> Part:
        a = self.part(left)
        if isinstance(a, Constant):
            return self._after_constant(sign, a, right)
        b = self.part(right)
        if isinstance(a, Flag) and sign != "??":
            return joined(sign, a, as_flag(b))
        if sign == "??":
            return unless_blank(a, b)
        return or_else(a, b) if sign == "||" else chosen(truth(a), b, a)

    def _after_constant(self, sign: str, left: Constant, right: Node) -> Part:
        """The left side is known, so it is known which side counts."""
        blank = left.value is None or left.value is UNDEFINED
        goes_on = blank if sign == "??" else to_boolean(left.value) is (sign == "&&")
        return self.part(right) if goes_on else left

    def _call(self, name: str, arguments: tuple[Node, ...]) -> Part:
        if name == "Boolean" and arguments:
            return self.truth(arguments[0])
        parts = [self.part(argument) for argument in arguments]
        if name in ("Math.max", "Math.min"):
            return _extreme(Greatest if name == "Math.max" else Least, [as_number(part) for part in parts])
        if name == "Math.abs":
            number = as_number(parts[0])
            return Number(Abs(number.sql), nan=number.nan, size=number.size + 1)
        if name == "Number":
            return as_number(parts[0])
        if not isinstance(parts[0], Number):
            raise NotTranslatable
        return _read(name, parts[0])


def _read(name: str, number: Number) -> Part:
    """`parseFloat` and `isNaN` of a number: a blank reads as NaN, but counts as 0."""
    if name == "parseFloat":
        return Number(number.sql, nan=number.blank or number.nan, size=number.size)
    if name == "isNaN":
        return Flag(Q(IsNull(number.sql, True)), size=number.size) if number.nan else Flag(always(False))
    raise NotTranslatable


def _constant(node: Node) -> Constant:
    try:
        return Constant(compiled(node, strict=True)({}))
    except CannotEvaluate as failure:
        raise NotTranslatable from failure


def _extreme(function: Any, numbers: list[Number]) -> Number:
    """Greatest and Least of the two databases part where one is NULL."""
    if any(number.nan for number in numbers):
        raise NotTranslatable
    if len(numbers) == 1:
        return numbers[0]
    return Number(function(*[number.sql for number in numbers]), size=sum(number.size for number in numbers) + 1)


def _method(name: str, receiver: Part, arguments: list[Part]) -> Flag:
    """`includes` and `startsWith` of a constant; of a blank field JavaScript throws, so NULL is right."""
    if name not in ("includes", "startsWith") or len(arguments) != 1 or not isinstance(receiver, Text):
        raise NotTranslatable
    searched = arguments[0]
    if not isinstance(searched, Constant) or not isinstance(searched.value, str) or not searched.value:
        raise NotTranslatable
    found = StrIndex(receiver.sql, as_text(searched).sql)
    sql = GreaterThan(found, Value(0)) if name == "includes" else Exact(found, Value(1))
    return Flag(sql, receiver.blank, receiver.size + 2)
