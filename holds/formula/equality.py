"""Comparison and equality of two parts."""

from django.db.models import Q
from django.db.models.lookups import Exact, GreaterThan, GreaterThanOrEqual, IsNull, LessThan, LessThanOrEqual

from holds.formula.parts import (
    Constant,
    Flag,
    NotTranslatable,
    Number,
    Part,
    Text,
    always,
    as_number,
    as_number_or_blank,
    as_text,
    negated,
    truth,
)
from holds.formula.values import UNDEFINED

_ORDER = {"<": LessThan, "<=": LessThanOrEqual, ">": GreaterThan, ">=": GreaterThanOrEqual}


def compared(sign: str, left: Part, right: Part) -> Flag:
    if isinstance(left, Constant) and isinstance(right, Constant):
        raise NotTranslatable
    a, b = as_number(left), as_number(right)
    return Flag(_ORDER[sign](a.sql, b.sql), a.nan or b.nan, a.size + b.size + 1)


def equality(sign: str, left: Part, right: Part) -> Flag:
    strict = len(sign) == 3
    if isinstance(left, Constant):
        left, right = right, left
    same = _with_constant(left, right, strict) if isinstance(right, Constant) else _same(left, right)
    return negated(same) if sign.startswith("!") else same


def _with_constant(part: Part, constant: Constant, strict: bool) -> Flag:
    value = constant.value
    if value != value:
        raise NotTranslatable
    if isinstance(part, Constant):
        raise NotTranslatable
    if value is None or value is UNDEFINED:
        return _is_blank(part, never=strict and value is UNDEFINED)
    kind = {Number: float, Text: str, Flag: bool}[type(part)]
    if type(value) is kind:
        return _same(part, truth(constant) if kind is bool else constant)
    if strict and not may_be_nan(part):
        return Flag(always(False))
    raise NotTranslatable


def _is_blank(part: Part, *, never: bool) -> Flag:
    if may_be_nan(part):
        raise NotTranslatable
    if never or not isinstance(part, Number | Text) or not part.blank:
        return Flag(always(False))
    return Flag(Q(IsNull(part.sql, True)), size=part.size + 1)


def may_be_nan(part: Part) -> bool:
    return (isinstance(part, Number) and part.nan) or (isinstance(part, Flag) and part.open)


def _same(left: Part, right: Part) -> Flag:
    """Equality of two parts of one kind; two blanks are equal, a blank equals nothing else."""
    size = 2 * (left.size + right.size) + 2
    if isinstance(left, Flag) and isinstance(right, Flag):
        if left.open or right.open:
            raise NotTranslatable
        return Flag((Q(left.sql) & Q(right.sql)) | (~Q(left.sql) & ~Q(right.sql)), size=size)
    is_text = isinstance(left, Text)
    a, b = (as_text(left), as_text(right)) if is_text else (as_number_or_blank(left), as_number_or_blank(right))
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
