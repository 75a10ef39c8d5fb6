"""The parts of a translated formula, and what becomes of them where JavaScript converts."""

from dataclasses import dataclass
from typing import Any, TypeAlias

from django.db.models import BooleanField, Case, Expression, ExpressionWrapper, FloatField, Q, TextField, Value, When
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Cast, Coalesce
from django.db.models.lookups import Exact

from holds.formula.values import JS, from_units, to_boolean, to_number

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


def double(value: float) -> Cast:
    """A number as double precision: PostgreSQL would take a plain 0.1 for a decimal and add it as one."""
    if not (value == 0 or SMALLEST <= abs(value) <= LARGEST):
        raise NotTranslatable
    return Cast(Value(value + 0.0, output_field=FloatField()), FloatField())


def always(answer: bool) -> Q:
    return Q(Exact(Value(1), Value(1 if answer else 0)))


def computed(sign: str, left: Any, right: Any) -> CombinedExpression:
    return CombinedExpression(left, sign, right, output_field=FloatField())


def as_number(part: Part) -> Number:
    """ToNumber: blank is 0."""
    match part:
        case Constant(value):
            return Number(double(to_number(value)))
        case Number(sql, blank=True):
            return Number(Coalesce(sql, double(0.0)), size=part.size + 1)
        case Number():
            return part
        case Flag(sql, open=False):
            counted = Case(When(Q(sql), then=double(1.0)), default=double(0.0), output_field=FloatField())
            return Number(counted, size=part.size + 1)
    raise NotTranslatable


def as_text(part: Part) -> Text:
    if isinstance(part, Text):
        return part
    if isinstance(part, Constant) and isinstance(part.value, str):
        text = from_units(part.value)
        if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
            raise NotTranslatable
        return Text(Value(text, output_field=TextField()))
    raise NotTranslatable


def truth(part: Part) -> Flag:
    match part:
        case Constant(value):
            return Flag(always(to_boolean(value)))
        case Number(sql, blank, nan):
            shown = Coalesce(sql, double(0.0)) if blank or nan else sql
            return Flag(~Q(Exact(shown, double(0.0))), size=part.size + 2)
        case Text(sql):
            empty = Value("", output_field=TextField())
            return Flag(~Q(Exact(Coalesce(sql, empty), empty)), size=part.size + 2)
    return part


def or_else(left: Part, right: Part) -> Part:
    """`left || right`; with 0 on the right a number only loses its blanks."""
    if isinstance(left, Number) and isinstance(right, Constant) and type(right.value) is float and right.value == 0:
        return Number(Coalesce(left.sql, double(0.0)), size=left.size + 1) if left.blank or left.nan else left
    return chosen(truth(left), left, right)


def negated(flag: Flag) -> Flag:
    return Flag(~Q(flag.sql), flag.open, flag.size + 1)


def joined(sign: str, left: Flag, right: Flag) -> Flag:
    size = left.size + right.size + 1
    if not left.open:
        # SQL and JavaScript agree: true && NULL is NULL, false && NULL is false.
        return Flag(Q(left.sql) & Q(right.sql) if sign == "&&" else Q(left.sql) | Q(right.sql), right.open, size)
    last = Flag(always(sign == "||"))
    return branched(left, right, last) if sign == "&&" else branched(left, last, right)


def branched(test: Flag, then: Flag, otherwise: Flag) -> Flag:
    sql = Case(
        When(Q(test.sql), then=as_value(then.sql)),
        When(~Q(test.sql), then=as_value(otherwise.sql)),
        default=None,
        output_field=BooleanField(),
    )
    is_open = test.open or then.open or otherwise.open
    return Flag(Exact(sql, Value(True)), is_open, 2 * test.size + then.size + otherwise.size + 2)


def as_value(condition: Any) -> Expression:
    """A condition as a value, for a branch of CASE."""
    return ExpressionWrapper(condition if isinstance(condition, Q) else Q(condition), output_field=BooleanField())


def chosen(test: Flag, then: Part, otherwise: Part) -> Part:
    """`test ? then : otherwise` with both sides of one kind."""
    if isinstance(then, Flag) or isinstance(otherwise, Flag) or _both_boolean(then, otherwise):
        return branched(test, as_flag(then), as_flag(otherwise))
    if test.open:
        raise NotTranslatable
    size = test.size + then.size + otherwise.size + 1
    if isinstance(then, Text) or isinstance(otherwise, Text):
        a, b = as_text(then), as_text(otherwise)
        text = Case(When(Q(test.sql), then=a.sql), default=b.sql, output_field=TextField())
        return Text(text, a.blank or b.blank, size)
    x, y = as_number_or_blank(then), as_number_or_blank(otherwise)
    if (x.blank or y.blank) and (x.nan or y.nan):
        raise NotTranslatable
    sql = Case(When(Q(test.sql), then=x.sql), default=y.sql, output_field=FloatField())
    return Number(sql, x.blank or y.blank, x.nan or y.nan, size)


def _both_boolean(a: Part, b: Part) -> bool:
    return all(isinstance(part, Constant) and isinstance(part.value, bool) for part in (a, b))


def as_flag(part: Part) -> Flag:
    if isinstance(part, Flag) or (isinstance(part, Constant) and isinstance(part.value, bool)):
        return truth(part)
    raise NotTranslatable


def as_number_or_blank(part: Part) -> Number:
    """A number as it is, its blanks kept."""
    if isinstance(part, Number):
        return part
    if isinstance(part, Constant) and type(part.value) is float:
        return Number(double(part.value))
    raise NotTranslatable


def unless_blank(left: Part, right: Part) -> Part:
    if not isinstance(left, Number | Text) or not left.blank:
        return left
    if isinstance(left, Text):
        b = as_text(right)
        return Text(Coalesce(left.sql, b.sql), b.blank, left.size + b.size + 1)
    y = as_number_or_blank(right)
    return Number(Coalesce(left.sql, y.sql), y.blank, y.nan, left.size + y.size + 1)
