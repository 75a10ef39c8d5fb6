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
    cap: int = 100_000

    @property
    def has_more(self) -> bool:
        return self.offset + len(self.items) < min(self.total, self.cap)


def run_query(store: Store, query: str, params: list[Any], catalog: Catalog, *, limit: int, offset: int) -> Page:
    """One page. Rows past the account's cap cannot be reached; `total` counts to one past it. Raises ApiError."""
    preferences = store.preferences
    now = clock.local(clock.now(), preferences.timezone)
    translated = translate(query, params, catalog, zone=preferences.timezone, now=now)
    read = _counted if translated.count_sql else _whole
    with store.read() as connection:
        _register(connection)
        try:
            columns, rows, total = read(connection, translated, limit, offset, preferences.row_cap)
        except (sqlite3.Error, ValueError) as error:
            raise errors.unsupported_search() from error
    items = [_item(columns, row, preferences.date_format) for row in rows]
    return Page(items, offset, limit, total, preferences.row_cap)


def _register(connection: sqlite3.Connection) -> None:
    for name, (arguments, function) in dates.FUNCTIONS.items():
        connection.create_function(name, arguments, function, deterministic=True)


Result = tuple[list[str], list[sqlite3.Row], int]


def _counted(connection: sqlite3.Connection, translated: Translated, limit: int, offset: int, cap: int) -> Result:
    """One page by LIMIT, the total by its own query, unless the page is the last one."""
    reachable = max(0, min(limit, cap - offset))
    cursor = connection.execute(f"{translated.sql} LIMIT ? OFFSET ?", (reachable, offset))
    rows = cursor.fetchall()
    total = offset + len(rows)
    if len(rows) == reachable or not rows:
        total = connection.execute(translated.count_sql, (cap + 1,)).fetchone()[0]
    return _columns(cursor), rows, total


def _whole(connection: sqlite3.Connection, translated: Translated, limit: int, offset: int, cap: int) -> Result:
    """A query that groups or bounds itself is run once; its total is its length."""
    cursor = connection.execute(translated.sql)
    rows = cursor.fetchmany(cap + 1)
    return _columns(cursor), rows[:cap][offset : offset + limit], len(rows)


def _columns(cursor: sqlite3.Cursor) -> list[str]:
    return [column[0] for column in cursor.description]


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
