"""Paging by key: a page costs the same wherever it lies, and rows that come or go shift nothing."""

from collections.abc import Sequence
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

    A cursor that we did not write counts as the first page.
    """
    after, before = (_read(cursor, salt, len(by)) for salt in (SALT, BACK))
    order = _turned(by) if before else by
    if key := after or before:
        rows = rows.filter(_beyond(order, key))
    found = list(rows.order_by(*order)[: size + 1])
    more, shown = len(found) > size, found[:size]
    if before:
        shown.reverse()
    has_next, has_previous = bool(before) or more, bool(after) or (bool(before) and more)
    return Page(
        shown,
        _write(shown[-1], by, SALT) if shown and has_next else "",
        not has_previous,
        _write(shown[0], by, BACK) if shown and has_previous else "",
    )


def _turned(by: Sequence[str]) -> list[str]:
    """The same order from its end."""
    return [name.removeprefix("-") if name.startswith("-") else f"-{name}" for name in by]


def _beyond(by: Sequence[str], after: Sequence[str]) -> Q:
    """Rows strictly behind the key, compared field by field."""
    beyond, equal = Q(), Q()
    for name, value in zip(by, after, strict=True):
        field, operator = name.removeprefix("-"), "lt" if name.startswith("-") else "gt"
        beyond |= equal & Q(**{f"{field}__{operator}": value})
        equal &= Q(**{field: value})
    return beyond


def _write(row: Model, by: Sequence[str], salt: str) -> str:
    return signing.dumps([str(getattr(row, name.removeprefix("-"))) for name in by], salt=salt)


def _read(cursor: str, salt: str, fields: int) -> list[str] | None:
    try:
        found = signing.loads(cursor, salt=salt) if cursor else None
    except signing.BadSignature:
        return None
    return found if found and len(found) == fields else None
