"""Paging by key: a page costs the same wherever it lies, and rows that come or go shift nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.db.models import Model, Q, QuerySet

SALT, BACK = "keyset", "keyset-back"


@dataclass(frozen=True)
class Page:
    """Rows of one page, and the cursors of the next and the previous, empty on the last and the first."""

    rows: list[Any]
    next: str
    is_first: bool
    previous: str = ""


def page(rows: QuerySet, *, by: Sequence[str], cursor: str = "", size: int = 50) -> Page:
    """One page of `rows` ordered by the fields `by` (`-` for falling, the last one unique, none nullable).

    At most one query for each field of `by`. A cursor that we did not write counts as the first page.
    """
    after, before = (_read(cursor, salt, len(by)) for salt in (SALT, BACK))
    found = _ahead(rows, _turned(by) if before else by, after or before, size + 1)
    more, shown = len(found) > size, found[:size]
    if before:
        shown.reverse()
    has_next, has_previous = bool(before) or more, bool(after) or (bool(before) and more)
    return Page(
        shown,
        cursor_behind(shown[-1], by) if shown and has_next else "",
        not has_previous,
        _write(shown[0], by, BACK) if shown and has_previous else "",
    )


def cursor_behind(row: Model, by: Sequence[str]) -> str:
    """The cursor of the page that begins behind `row`."""
    return _write(row, by, SALT)


def _turned(by: Sequence[str]) -> list[str]:
    """The same order from its end."""
    return [name.removeprefix("-") if name.startswith("-") else f"-{name}" for name in by]


def _ahead(rows: QuerySet, by: Sequence[str], key: Sequence[str] | None, number: int) -> list[Any]:
    """The first `number` rows behind the key, or of all without one."""
    found: list[Any] = []
    for behind in _ranges(by, key) if key else [Q()]:
        found += rows.filter(behind).order_by(*by)[: number - len(found)]
        if len(found) == number:
            break
    return found


def _ranges(by: Sequence[str], key: Sequence[str]) -> Iterator[Q]:
    """Rows strictly behind the key as ranges that follow one another, each one stretch of an index.

    First those that equal it in all fields but the last, then in all but the last two, and so on. Asked for in one
    condition with OR, a database reads every row of the pages before.
    """
    for place in range(len(by) - 1, -1, -1):
        name, operator = by[place].removeprefix("-"), "lt" if by[place].startswith("-") else "gt"
        equal = {field.removeprefix("-"): value for field, value in zip(by[:place], key[:place], strict=True)}
        yield Q(**equal, **{f"{name}__{operator}": key[place]})


def _write(row: Model, by: Sequence[str], salt: str) -> str:
    return signing.dumps([str(getattr(row, name.removeprefix("-"))) for name in by], salt=salt)


def _read(cursor: str, salt: str, fields: int) -> list[str] | None:
    try:
        found = signing.loads(cursor, salt=salt) if cursor else None
    except signing.BadSignature:
        return None
    return found if found and len(found) == fields else None
