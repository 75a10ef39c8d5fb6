"""Tables in a mail: a line of headings, then a line for each document."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from disputes.matching.lexicon import AMOUNTS_AND_DATES, DOCUMENT, INVOICE, LABEL, OTHER, kind_of

_CELL = re.compile(r"(?:(?!\s{2,}|\s*[|\t;]).)+")
_MONEY_OR_DAY = re.compile(r"\d[.,]\d\d\b|[$€£]\s?\d|\b\d{1,4}[-/.]\d{1,2}(?:[-/.]\d{2,4})?\b")
_ROW = re.compile(r"[ \t>|*•-]*(?P<number>[A-Za-z]{0,5}[-/]?\d[\w/.-]{3,20})(?P<rest>[ \t|;,:].*)$")
MOST_COLUMNS = 12
LONGEST_LINE = 300


@dataclass(frozen=True)
class Cell:
    """A place in the text, and what its heading says that numbers there are."""

    start: int
    end: int
    kind: str


def cells(text: str) -> list[Cell]:
    """The cells of every table with headings; the text as written, dates and amounts in their places."""
    found: list[Cell] = []
    heads: list[str] = []
    for start, line in _lines(text):
        spans = _spans(line)
        if len(spans) < 2:
            heads = [] if not line.strip() or len(line) > LONGEST_LINE else heads
            continue
        heading = _headings(line, spans)
        heads = heading or heads
        if not heading:
            found += [Cell(start + a, start + b, kind) for (a, b), kind in zip(spans, heads, strict=False)]
    return [cell for cell in found if cell.kind]


def first_in_rows(text: str) -> frozenset[int]:
    """Where the number starts that opens a line with a date or an amount behind it, if two lines are such."""
    rows = [start + hit.start("number") for start, line in _lines(text) if (hit := _row(line))]
    return frozenset(rows if len(rows) > 1 else ())


def _row(line: str) -> re.Match[str] | None:
    hit = _ROW.match(line) if len(line) <= LONGEST_LINE else None
    return hit if hit and _MONEY_OR_DAY.search(hit["rest"]) and not _MONEY_OR_DAY.fullmatch(hit["number"]) else None


def _lines(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for line in text.split("\n"):
        yield start, line
        start += len(line) + 1


def _spans(line: str) -> list[tuple[int, int]]:
    if len(line) > LONGEST_LINE or not re.search(r"[|\t;]|\S\s{2,}\S", line):
        return []
    return [hit.span() for hit in _CELL.finditer(line) if hit[0].strip()][:MOST_COLUMNS]


def _headings(line: str, spans: list[tuple[int, int]]) -> list[str]:
    """What each column holds; nothing where the line is no line of headings."""
    if re.search(r"\d", line):
        return []
    kinds = [_heading(line[a:b].strip()) for a, b in spans]
    if INVOICE in kinds:
        return [OTHER if kind == DOCUMENT else kind for kind in kinds]
    return [INVOICE if kind == DOCUMENT else kind for kind in kinds] if any(kinds) else []


def _heading(words: str) -> str:
    if AMOUNTS_AND_DATES.search(words):
        return OTHER
    hit = LABEL.match(words)
    return kind_of(hit) if hit and len(words) <= 40 else ""
