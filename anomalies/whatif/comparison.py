"""What a what-if page shows: today's rule beside the tried one, in figures, as a picture, and row by row."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.safestring import SafeString

from workflows.wording import MINUS, money, percent

SHOWN_ROWS = 50
Cells = Sequence[Any]


@dataclass(frozen=True)
class Figure:
    """One line of the comparison, in words; `hint` says how it is counted."""

    title: str
    now: str
    tried: str
    change: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Line:
    """One row that differs: the words of its first cell, the page they lead to, the other cells."""

    name: str
    address: str
    cells: Cells


@dataclass(frozen=True)
class Comparison:
    """All that stands below the form. `rows` is read once; the page shows the first of them, the CSV all."""

    heading: str
    figures: Sequence[Figure]
    drawing: SafeString
    marks: str
    days: Sequence[tuple[date, str, str]]
    heads: Sequence[str]
    rows_title: str
    count: int
    rows: Callable[[], Iterable[Line]]
    assumptions: Sequence[str] = field(default_factory=tuple)
    notes: Sequence[str] = field(default_factory=tuple)


def counted(title: str, now: int, tried: int, hint: str = "") -> Figure:
    return Figure(title, f"{now:,}", f"{tried:,}", signed(tried - now), hint)


def valued(title: str, now: Decimal, tried: Decimal, hint: str = "") -> Figure:
    """Amounts in base currency, whole units."""
    apart = tried - now
    change = "none" if not apart else f"{'+' if apart > 0 else ''}{money(apart, cents=False)}"
    return Figure(title, money(now, cents=False), money(tried, cents=False), change, hint)


def shared(title: str, now: tuple[int, int], tried: tuple[int, int], hint: str = "") -> Figure:
    """`28 %, 1,112 of 3,977`; the change in points."""
    change = "–"
    if now[1] and tried[1]:
        points = 100 * tried[0] / tried[1] - 100 * now[0] / now[1]
        change = f"{points:+.1f} points".replace("-", MINUS) if abs(points) >= 0.05 else "none"
    return Figure(title, _share(now), _share(tried), change, hint)


def signed(number: int) -> str:
    """`+12`, `−3`, `none`."""
    return "none" if not number else f"+{number:,}" if number > 0 else f"{MINUS}{-number:,}"


def _share(part: tuple[int, int]) -> str:
    return f"{percent(part[0] / part[1])}, {part[0]:,} of {part[1]:,}" if part[1] else "nothing to tell by"


def difference(now: int, tried: int, noun: str, what: str) -> str:
    """`12 fewer holds proposed`, `3 more alerts opened`, `As many holds proposed as now`."""
    apart = tried - now
    if not apart:
        return f"As many {noun}s {what} as under today’s rule"
    said = "more" if apart > 0 else "fewer"
    return f"{abs(apart):,} {said} {noun if abs(apart) == 1 else noun + 's'} {what}"
