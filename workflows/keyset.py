"""Paging by key: a page costs the same wherever it lies, and rows that come or go shift nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.db.models import Model, Q, QuerySet

SALT = "keyset"


@dataclass(frozen=True)
class Page:
    """Rows of one page and the cursor of the next, empty on the last."""

    rows: list[Any]
    next: str
    is_first: bool


def page(rows: QuerySet, *, by: Sequence[str], cursor: str = "", size: int = 50) -> Page:
    """One page of `rows` ordered by the fields `by` (`-` for falling, the last one unique, none nullable).

    A cursor that we did not write counts as the first page.
    """
    after = _read(cursor)
    if after is not None and len(after) == len(by):
        rows = rows.filter(_beyond(by, after))
    else:
        cursor = ""
    found = list(rows.order_by(*by)[: size + 1])
    more = len(found) > size
    return Page(found[:size], _write(found[size - 1], by) if more else "", not cursor)


def _beyond(by: Sequence[str], after: Sequence[str]) -> Q:
    """Rows strictly behind the key, compared field by field."""
    beyond, equal = Q(), Q()
    for name, value in zip(by, after, strict=True):
        field, operator = name.removeprefix("-"), "lt" if name.startswith("-") else "gt"
        beyond |= equal & Q(**{f"{field}__{operator}": value})
        equal &= Q(**{field: value})
    return beyond


def _write(row: Model, by: Sequence[str]) -> str:
    return signing.dumps([str(getattr(row, name.removeprefix("-"))) for name in by], salt=SALT)


def _read(cursor: str) -> list[str] | None:
    try:
        return signing.loads(cursor, salt=SALT) if cursor else None
    except signing.BadSignature:
        return None
