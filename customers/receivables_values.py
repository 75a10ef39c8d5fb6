"""Dates and amounts as people and spreadsheets write them. Pure; a column decides what one value cannot."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache

from customers.rules import CENT

EARLIEST, LATEST = 1970, 2100
REMEMBERED = 65_536
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# A minority this small among unlike values is a few bad rows, not a second habit.
STRAY_SHARE = 0.01

_TIME = re.compile(r"[t ]\d{1,2}:\d{2}.*$")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:\.0+)?$")
_NUMERIC = re.compile(r"(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})$")
_DAY_MONTH = re.compile(r"(\d{1,2})[-/. ]([a-z]{3})[a-z]*[-/., ]+(\d{4})$")
_MONTH_DAY = re.compile(r"([a-z]{3})[a-z]*[-. ]+(\d{1,2}),?[- ]+(\d{4})$")


class Ambiguous(ValueError):
    """The whole column reads two ways; a person must say which."""


@dataclass(frozen=True)
class DateReadings:
    """What one text can mean. `plain` needs no decision; otherwise month first, day first, or both."""

    plain: date | None = None
    month_first: date | None = None
    day_first: date | None = None

    def read(self, order: str) -> date | None:
        return self.plain or (self.month_first if order == "mdy" else self.day_first)


@lru_cache(maxsize=REMEMBERED)
def date_readings(text: str) -> DateReadings:
    body = _TIME.sub("", text.strip().lower())
    if found := _COMPACT.match(body):
        return DateReadings(plain=_date(*found.groups()))
    if found := _DAY_MONTH.match(body):
        day, month, year = found.groups()
        return DateReadings(plain=_date(year, _month(month), day))
    if found := _MONTH_DAY.match(body):
        month, day, year = found.groups()
        return DateReadings(plain=_date(year, _month(month), day))
    if found := _NUMERIC.match(body):
        return _numeric_date(*found.groups())
    return DateReadings()


def _numeric_date(first: str, separator: str, second: str, third: str) -> DateReadings:
    if len(first) == 4:
        return DateReadings(plain=_date(first, second, third))
    year = f"20{third}" if len(third) == 2 else third
    day_first = _date(year, second, first)
    if separator == ".":
        return DateReadings(plain=day_first)
    month_first = _date(year, first, second)
    if month_first == day_first:
        return DateReadings(plain=month_first)
    return DateReadings(month_first=month_first, day_first=day_first)


def _month(name: str) -> int:
    return MONTHS.index(name) + 1 if name in MONTHS else 0


def _date(year: str, month: str | int, day: str) -> date | None:
    with suppress(ValueError):
        if EARLIEST <= int(year) <= LATEST:
            return date(int(year), int(month), int(day))
    return None


@dataclass
class DateColumn:
    """Watches a column, then says whether its dates put the month or the day first."""

    name: str
    votes: Counter[str] = field(default_factory=Counter)

    def see(self, text: str, times: int = 1) -> None:
        readings = date_readings(text)
        if readings.month_first and readings.day_first:
            self.votes["either"] += times
        elif readings.month_first:
            self.votes["mdy"] += times
        elif readings.day_first:
            self.votes["dmy"] += times

    def see_all(self, texts: Iterable[str]) -> None:
        for text, times in Counter(texts).items():
            self.see(text, times)

    @property
    def order(self) -> str:
        """mdy, dmy, "" when it does not matter, or "?" when it does and the column does not tell."""
        month_first, day_first = self.votes["mdy"], self.votes["dmy"]
        if not self.votes.total():
            return ""
        if min(month_first, day_first) > STRAY_SHARE * (month_first + day_first) or not month_first + day_first:
            return "?"
        return "mdy" if month_first > day_first else "dmy"


def settle_order(columns: Iterable[DateColumn]) -> str:
    """One order for the file. A column that cannot tell follows the one that can. Raises Ambiguous."""
    told = {column.name: column.order for column in columns if column.order}
    sure = {order for order in told.values() if order != "?"}
    if len(sure) == 1:
        return sure.pop()
    if sure:
        raise Ambiguous(
            f"Some date columns put the month first, others the day: {told}. Say --dates mdy or --dates dmy."
        )
    if told:
        names = ", ".join(sorted(told))
        raise Ambiguous(
            f"The dates in {names} read both as month/day and as day/month. Say --dates mdy or --dates dmy."
        )
    return "mdy"


# To the cent as we write it ourselves: it reads one way only.
_PLAIN = re.compile(r"-?(?!0\d|0\.00$)\d{1,13}\.\d\d$|0\.00$", re.ASCII).match
_AMOUNT = re.compile(r"\d[\d.,]*$|[.,]\d+$")
_CURRENCY = re.compile(r"[$€£¥]|[A-Z]{3}")
_GROUPED = {",": re.compile(r"\d{1,3}(,\d{3})+$"), ".": re.compile(r"\d{1,3}(\.\d{3})+$")}


@dataclass(frozen=True)
class AmountReadings:
    """What one text can mean with a decimal point, with a decimal comma; equal when there is no doubt."""

    point: Decimal | None = None
    comma: Decimal | None = None


@lru_cache(maxsize=REMEMBERED)
def amount_readings(text: str) -> AmountReadings:
    body = re.sub(r"[\s\u00a0\u202f'’_]", "", _CURRENCY.sub("", text.strip())).replace("−", "-")
    negative = False
    if body.startswith("(") and body.endswith(")"):
        negative, body = True, body[1:-1]
    if body[-1:] == "-" or body[:1] in ("-", "+"):
        negative, body = negative or "-" in (body[0], body[-1]), body.strip("+-")
    if not _AMOUNT.match(body):
        return AmountReadings()
    point, comma = _number(body, ".", ","), _number(body, ",", ".")
    return AmountReadings(*(-value if negative and value is not None else value for value in (point, comma)))


def _number(body: str, decimal: str, thousands: str) -> Decimal | None:
    """`body` read with this decimal sign, or None when it cannot be."""
    whole, mark, cents = body.partition(decimal)
    if decimal in cents or thousands in cents:
        return None
    if thousands in whole and not _GROUPED[thousands].match(whole):
        return None
    digits = whole.replace(thousands, "") or "0"
    return Decimal(f"{digits}.{cents or '0'}" if mark else digits).quantize(CENT, rounding=ROUND_HALF_EVEN)


@dataclass
class AmountColumn:
    """Watches a column, then says which sign separates the cents."""

    name: str
    votes: Counter[str] = field(default_factory=Counter)

    def see_all(self, texts: Sequence[str]) -> None:
        unclear = [text for text in texts if not _PLAIN(text)]
        self.votes["point"] += len(texts) - len(unclear)
        for text in unclear:
            self.see(text)

    def see(self, text: str) -> None:
        readings = amount_readings(text)
        if readings.point is None and readings.comma is not None:
            self.votes["comma"] += 1
        elif readings.comma is None and readings.point is not None:
            self.votes["point"] += 1
        elif readings.point != readings.comma:
            self.votes["either"] += 1

    def settle(self) -> str:
        """point or comma. Raises Ambiguous when values like 1,234 stand alone."""
        point, comma = self.votes["point"], self.votes["comma"]
        if self.votes["either"] and (not point + comma or min(point, comma) > STRAY_SHARE * (point + comma)):
            raise Ambiguous(
                f"Amounts in {self.name} such as 1,234 may be thousands or decimals. Say --decimal point or comma."
            )
        return "comma" if comma > point else "point"


def read_amount(text: str, decimal: str) -> Decimal | None:
    """The amount to the cent; what can be read one way only is read that way, whatever the column says."""
    readings = amount_readings(text)
    first, second = (readings.point, readings.comma) if decimal == "point" else (readings.comma, readings.point)
    return first if first is not None else second


def amount_text(text: str, decimal: str) -> str:
    """The amount as 1234.56; "" for what is none."""
    if _PLAIN(text):
        return text
    value = read_amount(text, decimal)
    return "" if value is None else str(value)


class DatesRead(dict[str, str]):
    """ISO dates by text, read in one order; "" for what is none. A file has few days, however many rows."""

    def __init__(self, order: str) -> None:
        self.order = order

    def __missing__(self, text: str) -> str:
        if len(self) >= REMEMBERED:
            self.clear()
        day = date_readings(text).read(self.order)
        self[text] = day.isoformat() if day else ""
        return self[text]


_FLOATED = re.compile(r"^(\d+)\.0+$")


def document_number(text: str) -> str:
    """The number as text; spreadsheets turn 1930571429 into 1930571429.0."""
    text = text.strip()
    return _FLOATED.sub(r"\1", text) if ".0" in text else text


def customer_number(text: str) -> str:
    """One key for one customer: digits lose leading zeros, anything else stays as it is."""
    number = document_number(text)
    return number.lstrip("0") or "0" if number.isascii() and number.isdigit() else number


def says_yes(text: str) -> bool:
    return text.strip().lower() in {"yes", "y", "true", "t", "1", "1.0", "x"}
