"""JavaScript's values and conversions (ECMA-262, chapter 7) in Python.

A number is a float, a text a str of UTF-16 code units: a character beyond U+FFFF is two of them, so that
length, order and search are JavaScript's. `null` is None, `undefined` is UNDEFINED.
"""

import enum
import re
from decimal import Decimal
from math import copysign, fmod, inf, isinf, nan, pow
from typing import Final, TypeAlias

from holds.formula.errors import CannotEvaluate


class Undefined(enum.Enum):
    UNDEFINED = "undefined"

    def __repr__(self) -> str:
        return "undefined"


UNDEFINED: Final = Undefined.UNDEFINED
JS: TypeAlias = float | str | bool | Undefined | None

MAX_TEXT = 10_000
SPACE = "\t\n\v\f\r \xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000\ufeff"
EXACT = 2.0**53
DECIMAL = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_NUMBER = re.compile(rf"[+-]?(?:Infinity|{DECIMAL})")
_PREFIXED = {"0x": (16, re.compile("[0-9a-fA-F]+")), "0o": (8, re.compile("[0-7]+")), "0b": (2, re.compile("[01]+"))}
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


def from_python(value: object) -> JS:
    """A value of a customer record as JavaScript has it; CannotEvaluate for lists and the like."""
    kind = type(value)
    if kind is float or kind is bool or value is None or isinstance(value, Undefined):
        return value  # type: ignore[return-value]
    if isinstance(value, str):
        return value if value.isascii() else to_units(value)
    if isinstance(value, int | Decimal):
        return int_to_number(value)
    raise CannotEvaluate(f"A value of type {kind.__name__} is neither a number nor a text.")


def to_python(value: JS) -> JS:
    """The same with every character in one piece again."""
    return from_units(value) if isinstance(value, str) else value


def to_units(text: str) -> str:
    return _ASTRAL.sub(lambda found: _surrogates(ord(found[0]) - 0x10000), text)


def from_units(text: str) -> str:
    return _PAIR.sub(lambda pair: chr(0x10000 + ((ord(pair[0][0]) & 0x3FF) << 10) + (ord(pair[0][1]) & 0x3FF)), text)


def _surrogates(offset: int) -> str:
    return chr(0xD800 + (offset >> 10)) + chr(0xDC00 + (offset & 0x3FF))


def bounded(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise CannotEvaluate(f"A text is longer than {MAX_TEXT} characters.")
    return text


def int_to_number(value: int | Decimal) -> float:
    try:
        return float(value)
    except OverflowError:
        return inf if value > 0 else -inf


def to_boolean(value: JS) -> bool:
    if type(value) is float:
        return value == value and value != 0.0
    return value is not UNDEFINED and bool(value)


def to_number(value: JS) -> float:
    if type(value) is float:
        return value
    if isinstance(value, str):
        return text_to_number(value)
    if value is UNDEFINED:
        return nan
    return 1.0 if value else 0.0


def text_to_number(text: str) -> float:
    """ECMA-262 7.1.4.1: surrounding space is ignored, blank is 0, anything unread makes it NaN."""
    trimmed = text.strip(SPACE)
    if not trimmed:
        return 0.0
    if _NUMBER.fullmatch(trimmed):
        return float(trimmed)
    base, digits = _PREFIXED.get(trimmed[:2].lower(), (0, None))
    if digits is None or not digits.fullmatch(trimmed, 2):
        return nan
    return int_to_number(int(trimmed[2:], base))


def leading_number(text: str) -> float:
    """`parseFloat`: the longest number that the text begins with."""
    found = _NUMBER.match(text.lstrip(SPACE))
    return float(found[0]) if found else nan


def to_text(value: JS) -> str:
    if isinstance(value, str):
        return value
    if type(value) is float:
        return number_to_text(value)
    if value is None:
        return "null"
    return "undefined" if value is UNDEFINED else ("true" if value else "false")


def number_to_text(number: float) -> str:
    """ECMA-262 6.1.6.1.20: the shortest digits, an exponent from 1e21 on and below 1e-6."""
    if number != number:
        return "NaN"
    if isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    if abs(number) < EXACT and number == int(number):
        return str(int(number))
    _, figures, exponent = Decimal(repr(abs(number))).as_tuple()
    digits = "".join(map(str, figures))
    point = len(digits) + int(exponent)
    return ("-" if number < 0 else "") + _placed(digits.rstrip("0"), point)


def _placed(digits: str, point: int) -> str:
    count = len(digits)
    if count <= point <= 21:
        return digits + "0" * (point - count)
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"0.{'0' * -point}{digits}"
    fraction = f".{digits[1:]}" if count > 1 else ""
    return f"{digits[0]}{fraction}e{point - 1:+d}"


def to_integer(value: JS) -> float:
    """ToIntegerOrInfinity: NaN is 0, the fraction is cut off."""
    number = to_number(value)
    if number != number:
        return 0.0
    return number if isinf(number) else float(int(number))


def to_uint32(value: JS) -> int:
    number = to_number(value)
    return 0 if number != number or isinf(number) else int(number) % 2**32


def to_int32(value: JS) -> int:
    unsigned = to_uint32(value)
    return unsigned - 2**32 if unsigned >= 2**31 else unsigned


def divide(a: float, b: float) -> float:
    if b:
        return a / b
    if a != a or a == 0 or b != b:
        return nan
    return copysign(inf, a) * copysign(1.0, b)


def remainder(a: float, b: float) -> float:
    """The sign is that of `a`."""
    return nan if b == 0 or isinf(a) else fmod(a, b)


def power(base: float, exponent: float) -> float:
    """Like C's pow, but 1 to NaN or ±Infinity is NaN."""
    if exponent != exponent or (abs(base) == 1 and isinf(exponent)):
        return nan
    if base == 0 and exponent < 0:
        return copysign(inf, base) if _is_odd(exponent) else inf
    try:
        return pow(base, exponent)
    except ValueError:
        return nan
    except OverflowError:
        return -inf if base < 0 and _is_odd(exponent) else inf


def _is_odd(number: float) -> bool:
    return not isinf(number) and abs(number) < EXACT and number % 2 == 1


def add(a: JS, b: JS) -> JS:
    if isinstance(a, str) or isinstance(b, str):
        return bounded(to_text(a) + to_text(b))
    return to_number(a) + to_number(b)


def strictly_equal(a: JS, b: JS) -> bool:
    return type(a) is type(b) and a == b


def loosely_equal(a: JS, b: JS) -> bool:
    if a is None or b is None or a is UNDEFINED or b is UNDEFINED:
        return a in (None, UNDEFINED) and b in (None, UNDEFINED)
    return a == b if type(a) is type(b) else to_number(a) == to_number(b)
