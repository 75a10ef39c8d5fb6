"""The functions and text methods a formula may call: pure, each as in ECMA-262. Arguments are JavaScript values."""

import math
import re
from collections.abc import Callable
from ctypes import c_float
from functools import cache
from math import copysign, inf, isinf, nan

from holds.formula.errors import CannotEvaluate
from holds.formula.values import (
    EXACT,
    JS,
    SPACE,
    UNDEFINED,
    bounded,
    from_units,
    int_to_number,
    leading_number,
    power,
    to_boolean,
    to_int32,
    to_integer,
    to_number,
    to_text,
    to_uint32,
    to_units,
)

Function = Callable[..., JS]


def parse_float(value: JS = UNDEFINED, *_rest: JS) -> float:
    if type(value) is float:
        return value + 0.0  # the text of -0 is "0"
    return leading_number(to_text(value))


def parse_int(value: JS = UNDEFINED, radix: JS = UNDEFINED, *_rest: JS) -> float:
    text = to_text(value).lstrip(SPACE)
    sign = -1.0 if text.startswith("-") else 1.0
    text = text[1:] if text[:1] in ("+", "-") else text
    base = to_int32(radix)
    if base in (0, 16) and text[:2] in ("0x", "0X"):
        text, base = text[2:], 16
    base = base or 10
    found = _digits(base).match(text) if 2 <= base <= 36 else None
    return sign * int_to_number(int(found[0], base)) if found else nan


@cache
def _digits(base: int) -> re.Pattern[str]:
    return re.compile(f"[{'0123456789abcdefghijklmnopqrstuvwxyz'[:base]}]+", re.IGNORECASE | re.ASCII)


def number(*values: JS) -> float:
    return to_number(values[0]) if values else 0.0


def string(*values: JS) -> str:
    return to_text(values[0]) if values else ""


def boolean(value: JS = UNDEFINED, *_rest: JS) -> bool:
    return to_boolean(value)


def is_nan(value: JS = UNDEFINED, *_rest: JS) -> bool:
    return math.isnan(to_number(value))


def _of_one(function: Callable[[float], float]) -> Function:
    """A function of one number: outside its domain NaN, beyond the largest number Infinity."""

    def wrapped(value: JS = UNDEFINED, *_rest: JS) -> float:
        x = to_number(value)
        try:
            return float(function(x))
        except ValueError:
            return nan
        except OverflowError:
            return copysign(inf, x) if function is math.sinh else inf

    return wrapped


def _whole(function: Callable[[float], float]) -> Function:
    """A function to whole numbers: they keep the sign of zero, and what is whole already."""

    def wrapped(value: JS = UNDEFINED, *_rest: JS) -> float:
        x = to_number(value)
        return copysign(float(function(x)), x) if abs(x) < EXACT else x

    return wrapped


def _ceil(x: float) -> float:
    return math.ceil(x)


def _floor(x: float) -> float:
    return math.floor(x)


def _round(x: float) -> float:
    """Halves go up, towards +Infinity."""
    down = math.floor(x)
    return down + 1 if x - down >= 0.5 else down


def _log(function: Callable[[float], float], pole: float = 0.0) -> Callable[[float], float]:
    return lambda x: -inf if x == pole else function(x)


def _atanh(x: float) -> float:
    return copysign(inf, x) if abs(x) == 1 else math.atanh(x)


def _sign(x: float) -> float:
    return x if x != x or x == 0 else copysign(1.0, x)


def _fround(x: float) -> float:
    return c_float(x).value


def _extreme(start: float, better: Callable[[float, float], bool]) -> Function:
    def wrapped(*values: JS) -> float:
        best = start
        for x in [to_number(value) for value in values]:
            if x != x or best != best:
                best = nan
            elif better(x, best) or (x == best == 0 and better(copysign(1.0, x), copysign(1.0, best))):
                best = x
        return best

    return wrapped


def _hypot(*values: JS) -> float:
    numbers = [to_number(value) for value in values]
    if any(isinf(x) for x in numbers):
        return inf
    if any(x != x for x in numbers):
        return nan
    length = 0.0
    try:
        for x in numbers:
            length = abs(complex(length, x))  # the C library's hypot; Python's own rounds otherwise
    except OverflowError:
        return inf
    return length


def _pow(base: JS = UNDEFINED, exponent: JS = UNDEFINED, *_rest: JS) -> float:
    return power(to_number(base), to_number(exponent))


def _atan2(y: JS = UNDEFINED, x: JS = UNDEFINED, *_rest: JS) -> float:
    return math.atan2(to_number(y), to_number(x))


def _imul(a: JS = UNDEFINED, b: JS = UNDEFINED, *_rest: JS) -> float:
    return float(to_int32(float(to_uint32(a) * to_uint32(b) % 2**32)))


def _clz32(value: JS = UNDEFINED, *_rest: JS) -> float:
    return float(32 - to_uint32(value).bit_length())


MATH: dict[str, Function] = {
    **{
        name: _of_one(getattr(math, name))
        for name in ("acos", "acosh", "asin", "asinh", "atan", "cbrt", "cos", "cosh", "exp", "expm1")
    },
    **{name: _of_one(getattr(math, name)) for name in ("sin", "sinh", "sqrt", "tan", "tanh")},
    **{name: _of_one(_log(getattr(math, name))) for name in ("log", "log10", "log2")},
    "log1p": _of_one(_log(math.log1p, -1.0)),
    "abs": _of_one(abs),
    "atanh": _of_one(_atanh),
    "sign": _of_one(_sign),
    "fround": _of_one(_fround),
    "ceil": _whole(_ceil),
    "floor": _whole(_floor),
    "round": _whole(_round),
    "trunc": _whole(int),
    "max": _extreme(-inf, lambda a, b: a > b),
    "min": _extreme(inf, lambda a, b: a < b),
    "hypot": _hypot,
    "pow": _pow,
    "atan2": _atan2,
    "imul": _imul,
    "clz32": _clz32,
}
CONSTANTS = {
    "E": math.e,
    "LN10": 2.302585092994046,
    "LN2": 0.6931471805599453,
    "LOG10E": 0.4342944819032518,
    "LOG2E": 1.4426950408889634,
    "PI": math.pi,
    "SQRT1_2": 0.7071067811865476,
    "SQRT2": 1.4142135623730951,
}
FUNCTIONS: dict[str, Function] = {
    "parseFloat": parse_float,
    "parseInt": parse_int,
    "Number": number,
    "String": string,
    "Boolean": boolean,
    "isNaN": is_nan,
    **{f"Math.{name}": function for name, function in MATH.items()},
}


def _includes(text: str, searched: JS = UNDEFINED, position: JS = UNDEFINED, *_rest: JS) -> bool:
    return text.find(to_text(searched), _start(text, position)) >= 0


def _starts_with(text: str, searched: JS = UNDEFINED, position: JS = UNDEFINED, *_rest: JS) -> bool:
    return text.startswith(to_text(searched), _start(text, position))


def _start(text: str, position: JS) -> int:
    return int(min(max(to_integer(position), 0.0), float(len(text))))


def _to_lower_case(text: str, *_rest: JS) -> str:
    return bounded(text.lower() if text.isascii() else to_units(from_units(text).lower()))


def _trim(text: str, *_rest: JS) -> str:
    return text.strip(SPACE)


METHODS: dict[str, Function] = {
    "includes": _includes,
    "startsWith": _starts_with,
    "toLowerCase": _to_lower_case,
    "trim": _trim,
}


def call_method(name: str, receiver: JS, arguments: list[JS]) -> JS:
    """A method of a text; of anything else it is JavaScript's TypeError."""
    if not isinstance(receiver, str):
        shown = "blank" if receiver in (None, UNDEFINED) else to_text(receiver)
        raise CannotEvaluate(f"{name} needs a text, but the value is {shown}.")
    return METHODS[name](receiver, *arguments)
