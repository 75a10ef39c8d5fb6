"""Run a query and answer one page of strings."""

import sqlite3
from dataclasses import dataclass
from typing import Any

from .. import clock, errors
from ..store import Store
from . import dates
from .tables import Catalog
from .translate import Translated, translate


@dataclass(frozen=True)
class Page:
    items: list[dict[str, Any]]
    offset: int
    limit: int
    total: int

    @property
    def has_more(self) -> bool:
        return self.offset + len(self.items) < self.total


def run_query(store: Store, query: str, params: list[Any], catalog: Catalog, *, limit: int, offset: int) -> Page:
    """One page; `total` never passes the account's row cap. Raises ApiError."""
    preferences = store.preferences
    now = clock.local(clock.now(), preferences.timezone)
    translated = translate(query, params, catalog, zone=preferences.timezone, now=now)
    with store.read() as connection:
        _register(connection)
        reachable = max(0, min(limit, preferences.row_cap - offset))
        try:
            rows, columns = _rows(connection, translated, reachable, offset)
            total = _total(connection, translated, len(rows), reachable, offset, preferences.row_cap)
        except (sqlite3.Error, ValueError) as error:
            raise errors.unsupported_search() from error
    items = [_item(columns, row, preferences.date_format) for row in rows]
    return Page(items, offset, limit, total)


def _register(connection: sqlite3.Connection) -> None:
    for name, (arguments, function) in dates.FUNCTIONS.items():
        connection.create_function(name, arguments, function, deterministic=True)


def _rows(
    connection: sqlite3.Connection, translated: Translated, limit: int, offset: int
) -> tuple[list[sqlite3.Row], list[str]]:
    sql = f"SELECT * FROM ({translated.sql})" if translated.limited else translated.sql  # noqa: S608
    cursor = connection.execute(f"{sql} LIMIT ? OFFSET ?", (limit, offset))
    return cursor.fetchall(), [column[0] for column in cursor.description]


def _total(
    connection: sqlite3.Connection, translated: Translated, found: int, limit: int, offset: int, cap: int
) -> int:
    if found < limit and (found or not offset):
        return offset + found
    return connection.execute(translated.count_sql, (cap,)).fetchone()[0]


def _item(columns: list[str], row: sqlite3.Row, date_format: str) -> dict[str, Any]:
    item: dict[str, Any] = {"links": []}
    for name, value in zip(columns, row, strict=True):
        if value is not None:
            item[name] = _text(value, date_format)
    return item


def _text(value: Any, date_format: str) -> str:
    if isinstance(value, float):
        return f"{value:.15g}"
    if isinstance(value, str) and len(value) == 20 and clock.STAMP_PATTERN.fullmatch(value):
        return clock.by_preference(value, date_format)
    return str(value)
