"""A formula as one expression over the columns of Customer, where SQL can say exactly what `holds` says.

Each part becomes a constant, a number, a text or a flag. Two things need care. JavaScript's null (a blank field)
and NaN are both SQL's NULL, so a part says which of the two its NULL means. And `holds` refuses to compare NaN:
such a flag is NULL too, and is carried through && || ?: in JavaScript's order.

What SQL would compute differently is not translated: numbers read from texts, order of texts, division by a
column, powers, remainders, rounding.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

from django.db.models import BooleanField, Case, Expression, ExpressionWrapper, FloatField, Q, TextField, Value, When
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Abs, Coalesce, Greatest, Least, StrIndex
from django.db.models.lookups import Exact, GreaterThan, GreaterThanOrEqual, IsNull, LessThan, LessThanOrEqual

from holds.formula.closures import compiled
from holds.formula.errors import CannotEvaluate
from holds.formula.fields import column
from holds.formula.nodes import Binary, Call, Conditional, Field, Literal, Logic, Method, Node, Unary, fields_of
from holds.formula.values import JS, UNDEFINED, from_units, loosely_equal, strictly_equal, to_boolean, to_number

# Bounds within which double precision can neither overflow nor underflow: PostgreSQL raises for both.
LARGEST, SMALLEST, PRODUCTS = 1e15, 1e-15, 8
# A part may be needed twice (a ? a : b), so the statement is kept from growing with every level.
MAX_SIZE = 400


class NotTranslatable(Exception):
    """The part says something that SQL would not say exactly."""


@dataclass(frozen=True)
class Constant:
    value: JS
    size: int = 1


@dataclass(frozen=True)
class Number:
    """Double precision. NULL means null where `blank`, NaN where `nan`; never both."""

    sql: Any
    blank: bool = False
    nan: bool = False
    size: int = 1


@dataclass(frozen=True)
class Text:
    """NULL means null where `blank`."""

    sql: Any
    blank: bool = False
    size: int = 1


@dataclass(frozen=True)
class Flag:
    """A condition. NULL, where `open`, means that `holds` raises CannotEvaluate."""

    sql: Any
    open: bool = False
    size: int = 1


Part: TypeAlias = Constant | Number | Text | Flag
_ORDER = {"<": LessThan, "<=": LessThanOrEqual, ">": GreaterThan, ">=": GreaterThanOrEqual}


def translated(tree: Node, *, today: date) -> Expression | None:
    """True or False is exactly what `holds` answers; NULL says that it cannot, or that only it can tell."""
    translation = _Translation(today)
    try:
        part = translation.flag(translation.part(tree))
    except NotTranslatable:
        return None
    sql = part.sql
    if translation.doubts:
        undoubted = ~_any_of(translation.doubts)
        sql = Case(When(undoubted, then=sql), default=None, output_field=BooleanField())
    return ExpressionWrapper(sql, output_field=BooleanField()) if isinstance(sql, Q) else sql


def _any_of(conditions: list[Expression]) -> Q:
    found = Q()
    for condition in conditions:
        found |= Q(condition)
    return found


class _Translation:
    def __init__(self, today: date) -> None:
        self.today = today
        self.doubts: list[Expression] = []
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
                return _negated(self.truth(operand))
            case Unary(sign, operand):
                return self._signed(sign, self.part(operand))
            case Binary(sign, left, right) if sign in _ORDER:
                return _compared(sign, self.part(left), self.part(right))
            case Binary(("==" | "!=" | "===" | "!==") as sign, left, right):
                return _equality(sign, self.part(left), self.part(right))
            case Binary(sign, left, right):
                return self._arithmetic(sign, self.part(left), self.part(right))
            case Logic(sign, left, right):
                return self._logic(sign, left, right)
            case Conditional(test, then, otherwise):
                return _chosen(self.truth(test), self.part(then), self.part(otherwise))
            case Call(name, arguments):
                return self._call(name, arguments)
            case Method(name, receiver, arguments):
                return _method(name, self.part(receiver), [self.part(argument) for argument in arguments])
        raise NotTranslatable

    def truth(self, node: Node) -> Flag:
        """A part where only its truth matters."""
        if isinstance(node, Logic) and node.operator in ("&&", "||") and fields_of(node):
            return _joined(node.operator, self.truth(node.left), self.truth(node.right))
        return _truth(self.part(node))

    def flag(self, part: Part) -> Flag:
        """A part whose value is true or false, nothing else."""
        if isinstance(part, Constant) and isinstance(part.value, bool):
            return _truth(part)
        if isinstance(part, Flag):
            return part
        raise NotTranslatable

    def _column(self, name: str) -> Part:
        found = column(name, today=self.today)
        if found is None:
            raise NotTranslatable
        if found.doubt is not None:
            self.doubts.append(found.doubt)
        if found.kind == "flag":
            return Flag(Exact(found.sql, Value(True)))
        return Number(found.sql, found.blank) if found.kind == "number" else Text(found.sql, found.blank)

    def _signed(self, sign: str, part: Part) -> Part:
        number = _number(part)
        return number if sign == "+" else Number(_computed("*", number.sql, _double(-1.0)), nan=number.nan)

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
        a, b = _number(left), _number(right)
        return Number(_computed(sign, a.sql, b.sql), nan=a.nan or b.nan, size=a.size + b.size + 1)

    def _logic(self, sign: str, left: Node, right: Node) -> Part:
        a = self.part(left)
        if isinstance(a, Constant):
            return self._after_constant(sign, a, right)
        b = self.part(right)
        if isinstance(a, Flag) and sign != "??":
            return _joined(sign, a, self.flag(b))
        if sign == "??":
            return _unless_blank(a, b)
        return _chosen(_truth(a), a, b) if sign == "||" else _chosen(_truth(a), b, a)

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
            return _extreme(Greatest if name == "Math.max" else Least, [_number(part) for part in parts])
        if name == "Math.abs":
            number = _number(parts[0])
            return Number(Abs(number.sql), nan=number.nan, size=number.size + 1)
        if name == "Number":
            return _number(parts[0])
        if not isinstance(parts[0], Number):
            raise NotTranslatable
        return _read(name, parts[0])


def _read(name: str, number: Number) -> Part:
    """`parseFloat` and `isNaN` of a number: a blank reads as NaN, but counts as 0."""
    if name == "parseFloat":
        return Number(number.sql, nan=number.blank or number.nan, size=number.size)
    if name == "isNaN":
        return Flag(Q(IsNull(number.sql, True)), size=number.size) if number.nan else Flag(_always(False))
    raise NotTranslatable


def _constant(node: Node) -> Constant:
    try:
        return Constant(compiled(node, strict=True)({}))
    except CannotEvaluate as failure:
        raise NotTranslatable from failure


def _double(value: float) -> Value:
    if not (value == 0 or SMALLEST <= abs(value) <= LARGEST):
        raise NotTranslatable
    return Value(value + 0.0, output_field=FloatField())


def _always(answer: bool) -> Q:
    return Q(Exact(Value(1), Value(1 if answer else 0)))


def _computed(sign: str, left: Any, right: Any) -> CombinedExpression:
    return CombinedExpression(left, sign, right, output_field=FloatField())


def _number(part: Part) -> Number:
    """ToNumber: blank is 0."""
    match part:
        case Constant(value):
            return Number(_double(to_number(value)))
        case Number(sql, blank=True):
            return Number(Coalesce(sql, _double(0.0)), size=part.size + 1)
        case Number():
            return part
        case Flag(sql, open=False):
            one_or_none = Case(When(sql, then=_double(1.0)), default=_double(0.0), output_field=FloatField())
            return Number(one_or_none, size=part.size + 1)
    raise NotTranslatable


def _text(part: Part) -> Text:
    if isinstance(part, Text):
        return part
    if isinstance(part, Constant) and isinstance(part.value, str):
        text = from_units(part.value)
        if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
            raise NotTranslatable
        return Text(Value(text, output_field=TextField()))
    raise NotTranslatable


def _truth(part: Part) -> Flag:
    match part:
        case Constant(value):
            return Flag(_always(to_boolean(value)))
        case Number(sql):
            return Flag(~Q(Exact(Coalesce(sql, _double(0.0)), _double(0.0))), size=part.size + 2)
        case Text(sql):
            empty = Value("", output_field=TextField())
            return Flag(~Q(Exact(Coalesce(sql, empty), empty)), size=part.size + 2)
    return part


def _negated(flag: Flag) -> Flag:
    return Flag(~Q(flag.sql), flag.open, flag.size + 1)


def _joined(sign: str, left: Flag, right: Flag) -> Flag:
    size = left.size + right.size + 1
    if not left.open:
        # SQL and JavaScript agree: true && NULL is NULL, false && NULL is false.
        return Flag(Q(left.sql) & Q(right.sql) if sign == "&&" else Q(left.sql) | Q(right.sql), right.open, size)
    last = Flag(_always(sign == "||"))
    return _branched(left, right, last) if sign == "&&" else _branched(left, last, right)


def _branched(test: Flag, then: Flag, otherwise: Flag) -> Flag:
    sql = Case(
        When(Q(test.sql), then=_value(then.sql)),
        When(~Q(test.sql), then=_value(otherwise.sql)),
        default=None,
        output_field=BooleanField(),
    )
    is_open = test.open or then.open or otherwise.open
    return Flag(Exact(sql, Value(True)), is_open, 2 * test.size + then.size + otherwise.size + 2)


def _value(condition: Any) -> Expression:
    """A condition as a value, for a branch of CASE."""
    return ExpressionWrapper(condition if isinstance(condition, Q) else Q(condition), output_field=BooleanField())


def _compared(sign: str, left: Part, right: Part) -> Flag:
    a, b = _number(left), _number(right)
    return Flag(_ORDER[sign](a.sql, b.sql), a.nan or b.nan, a.size + b.size + 1)


def _chosen(test: Flag, then: Part, otherwise: Part) -> Part:
    """`test ? then : otherwise` with both sides of one kind."""
    if isinstance(then, Flag) or isinstance(otherwise, Flag) or _both_boolean(then, otherwise):
        return _branched(test, _as_flag(then), _as_flag(otherwise))
    if test.open:
        raise NotTranslatable
    size = test.size + then.size + otherwise.size + 1
    if isinstance(then, Text) or isinstance(otherwise, Text):
        a, b = _text(then), _text(otherwise)
        return Text(Case(When(Q(test.sql), then=a.sql), default=b.sql), a.blank or b.blank, size)
    x, y = _kept(then), _kept(otherwise)
    if (x.blank or y.blank) and (x.nan or y.nan):
        raise NotTranslatable
    sql = Case(When(Q(test.sql), then=x.sql), default=y.sql, output_field=FloatField())
    return Number(sql, x.blank or y.blank, x.nan or y.nan, size)


def _both_boolean(a: Part, b: Part) -> bool:
    return all(isinstance(part, Constant) and isinstance(part.value, bool) for part in (a, b))


def _as_flag(part: Part) -> Flag:
    if isinstance(part, Flag) or (isinstance(part, Constant) and isinstance(part.value, bool)):
        return _truth(part)
    raise NotTranslatable


def _kept(part: Part) -> Number:
    """A number as it is, its blanks kept."""
    if isinstance(part, Number):
        return part
    if isinstance(part, Constant) and type(part.value) is float:
        return Number(_double(part.value))
    raise NotTranslatable


def _unless_blank(left: Part, right: Part) -> Part:
    if isinstance(left, Flag) or not left.blank:  # type: ignore[union-attr]
        return left
    if isinstance(left, Text):
        b = _text(right)
        return Text(Coalesce(left.sql, b.sql), b.blank, left.size + b.size + 1)
    y = _kept(right)
    return Number(Coalesce(left.sql, y.sql), y.blank, y.nan, left.size + y.size + 1)


def _extreme(function: Any, numbers: list[Number]) -> Number:
    """Greatest and Least of the two databases part where one is NULL."""
    if any(number.nan for number in numbers):
        raise NotTranslatable
    if len(numbers) == 1:
        return numbers[0]
    return Number(function(*[number.sql for number in numbers]), size=sum(number.size for number in numbers) + 1)


def _equality(sign: str, left: Part, right: Part) -> Flag:
    strict = len(sign) == 3
    if isinstance(left, Constant):
        left, right = right, left
    same = _with_constant(left, right, strict) if isinstance(right, Constant) else _same(left, right)
    return _negated(same) if sign.startswith("!") else same


def _with_constant(part: Part, constant: Constant, strict: bool) -> Flag:
    value = constant.value
    if isinstance(part, Constant):
        return Flag(_always((strictly_equal if strict else loosely_equal)(part.value, value)))
    if value is None or value is UNDEFINED:
        return _is_blank(part, never=strict and value is UNDEFINED)
    kind = {Number: float, Text: str, Flag: bool}[type(part)]
    if type(value) is kind:
        return _same(part, _truth(constant) if kind is bool else constant)
    if strict and not _may_be_nan(part):
        return Flag(_always(False))
    raise NotTranslatable


def _is_blank(part: Part, *, never: bool) -> Flag:
    if _may_be_nan(part):
        raise NotTranslatable
    if never or isinstance(part, Flag) or not part.blank:  # type: ignore[union-attr]
        if isinstance(part, Flag) and part.open:
            raise NotTranslatable
        return Flag(_always(False))
    return Flag(Q(IsNull(part.sql, True)), size=part.size + 1)  # type: ignore[union-attr]


def _may_be_nan(part: Part) -> bool:
    return (isinstance(part, Number) and part.nan) or (isinstance(part, Flag) and part.open)


def _same(left: Part, right: Part) -> Flag:
    """Equality of two parts of one kind; two blanks are equal, a blank equals nothing else."""
    size = 2 * (left.size + right.size) + 2
    if isinstance(left, Flag) and isinstance(right, Flag):
        if left.open or right.open:
            raise NotTranslatable
        return Flag((Q(left.sql) & Q(right.sql)) | (~Q(left.sql) & ~Q(right.sql)), size=size)
    is_text = isinstance(left, Text)
    a, b = (_text(left), _text(right)) if is_text else (_kept(left), _kept(right))
    nan = isinstance(a, Number) and isinstance(b, Number) and (a.nan or b.nan)
    if nan and (a.blank or b.blank):
        raise NotTranslatable
    same = Q(Exact(a.sql, b.sql))
    if nan or not (a.blank or b.blank):
        return Flag(same, nan, size)
    known = [IsNull(part.sql, False) for part in (a, b) if part.blank]
    for condition in known:
        same = Q(condition) & same
    if len(known) == 2:
        same |= Q(IsNull(a.sql, True)) & Q(IsNull(b.sql, True))
    return Flag(same, size=size)


def _method(name: str, receiver: Part, arguments: list[Part]) -> Flag:
    """`includes` and `startsWith` of a constant; of a blank field JavaScript throws, so NULL is right."""
    if name not in ("includes", "startsWith") or len(arguments) != 1 or not isinstance(receiver, Text):
        raise NotTranslatable
    searched = arguments[0]
    if not isinstance(searched, Constant) or not isinstance(searched.value, str) or not searched.value:
        raise NotTranslatable
    found = StrIndex(receiver.sql, _text(searched).sql)
    sql = GreaterThan(found, Value(0)) if name == "includes" else Exact(found, Value(1))
    return Flag(sql, receiver.blank, receiver.size + 2)
