"""One page of a drill-down, and all of it piece by piece: by key for a table, by place for a stored list."""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import islice
from typing import Any

from django.core import signing
from django.db.models import QuerySet

from anomalies.cards.base import Card, Ranked, Row
from workflows import keyset

A_PAGE = 25
A_PIECE = 500
SALT = "card-place"


def page(card: Card, rows: Ranked, *, cursor: str = "", size: int = A_PAGE) -> keyset.Page:
    """Rows as ranked; a cursor that we did not write counts as the first page."""
    if isinstance(rows, QuerySet):
        return keyset.page(rows, by=card.order, cursor=cursor, size=size)
    return _of_list(rows, cursor, size)


def _of_list(rows: Sequence[Any], cursor: str, size: int) -> keyset.Page:
    place = _place(cursor)
    behind, before = place + size, max(place - size, 0)
    following = _cursor(behind) if behind < len(rows) else ""
    return keyset.Page(list(rows[place:behind]), following, place == 0, _cursor(before) if place else "")


def _cursor(place: int) -> str:
    return signing.dumps(place, salt=SALT)


def _place(cursor: str) -> int:
    try:
        found = signing.loads(cursor, salt=SALT) if cursor else 0
    except signing.BadSignature:
        return 0
    return found if isinstance(found, int) and found >= 0 else 0


def everything(card: Card, rows: Ranked, day: date) -> Iterator[Row]:
    """All rows as shown, 500 at a time: an export of any length needs the memory of one piece."""
    if isinstance(rows, QuerySet):
        source: Iterator[Any] = iter(rows.order_by(*card.order).iterator(chunk_size=A_PIECE))
    else:
        source = iter(rows)
    while piece := list(islice(source, A_PIECE)):
        yield from card.shown(piece, day)
