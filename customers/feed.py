"""Reads one NetSuite table in pages, whatever the role may see of it.

Dates are asked for in one fixed format, never as the user's preference shows them. Pages go by
(lastmodifieddate, id), so that a thousand rows of one second cannot stall the cursor. Times are the account's
wall clock, labelled UTC; they are only compared with themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from netsuite.errors import NetsuiteError

PAGE = 1000
CHUNK = 500
OVERLAP = timedelta(hours=24)
MOMENT = "%Y-%m-%d %H:%M:%S"
ORACLE_MOMENT = "YYYY-MM-DD HH24:MI:SS"
ORACLE_DAY = "YYYY-MM-DD"
MODIFIED = "modified_iso"
_UNKNOWN = re.compile(r"unknown identifier '([^']+)'", re.IGNORECASE)

Row = dict[str, str | None]


class SyncError(Exception):
    """An answer that cannot be taken as it stands; nothing of the page is kept."""


class SuiteQL(Protocol):
    """The part of netsuite.client.Client that reading needs."""

    def suiteql_page(self, q: str, params: Sequence[Any] = (), *, offset: int = 0) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Watermark:
    at: datetime
    id: int = 0

    def rewound(self) -> Watermark:
        """The account's time zone is not ours to know: step back and read the overlap again."""
        return Watermark(self.at - OVERLAP)


BEGINNING = Watermark(datetime(1970, 1, 1, tzinfo=UTC))


def as_day(column: str) -> str:
    return f"TO_CHAR({column}, '{ORACLE_DAY}')"


def as_moment(column: str) -> str:
    return f"TO_CHAR({column}, '{ORACLE_MOMENT}')"


@dataclass
class Feed:
    """One table. `named` are plain columns, `derived` expressions by alias; `everything` adds all other columns.

    A column the role may not see is dropped and remembered in `hidden`; one of `required` is an error.
    """

    client: SuiteQL
    table: str
    named: list[str]
    derived: dict[str, str]
    required: frozenset[str] = frozenset({"id"})
    where: str = ""
    everything: bool = False
    modified: str = "lastmodifieddate"
    key: str = "id"
    hidden: set[str] = field(default_factory=set)

    def since(self, mark: Watermark) -> Iterator[list[Row]]:
        """Pages of rows modified after `mark`, oldest first."""
        while page := self._read(*self._after(mark), order=f"{self.modified}, {self.key}", limit=PAGE):
            yield page
            reached = watermark(page[-1], self.key)
            if reached == mark:
                raise SyncError(f"{self.table}: the page after {mark.at:{MOMENT}}, id {mark.id} ends where it began")
            mark = reached
            if len(page) < PAGE:
                return

    def by_id(self, ids: Sequence[str]) -> Iterator[list[Row]]:
        for start in range(0, len(ids), CHUNK):
            some = [int(netsuite_id) for netsuite_id in ids[start : start + CHUNK]]
            yield self._read(f"{self.key} IN ({', '.join('?' * len(some))})", some, order=self.key, limit=CHUNK)

    def matching(self, condition: str) -> Iterator[list[Row]]:
        """Pages of all rows that match, by id."""
        last = 0
        while page := self._read(f"{condition} AND {self.key} > ?", [last], order=self.key, limit=PAGE):
            yield page
            last = int(page[-1][self.key] or 0)
            if len(page) < PAGE:
                return

    def count_since(self, mark: Watermark) -> int:
        """Rows modified since `mark`, compared as text: a check on the date comparison itself."""
        condition = f"{as_moment(self.modified)} >= ?"
        sql = f"SELECT COUNT(*) AS n FROM {self.table} WHERE {self._also(condition)}"  # noqa: S608 our own names
        [row] = self.client.suiteql_page(sql, [f"{mark.at:{MOMENT}}"])["items"]
        return int(_lowered(row)["n"] or 0)

    def _after(self, mark: Watermark) -> tuple[str, list[object]]:
        moment = f"TO_DATE(?, '{ORACLE_MOMENT}')"
        at = f"{mark.at:{MOMENT}}"
        condition = f"({self.modified} > {moment} OR ({self.modified} = {moment} AND {self.key} > ?))"
        return condition, [at, at, mark.id]

    def _also(self, condition: str) -> str:
        return f"{self.where} AND {condition}" if self.where else condition

    def _read(self, condition: str, params: Sequence[object], *, order: str, limit: int) -> list[Row]:
        while True:
            where = self._also(condition)
            sql = f"SELECT {self._select()} FROM {self.table} WHERE {where} ORDER BY {order}"  # noqa: S608 our own names
            try:
                return [_lowered(row) for row in self.client.suiteql_page(sql, params)["items"][:limit]]
            except NetsuiteError as error:
                self._ask_for_less(error)

    def _select(self) -> str:
        plain = [f"{self.table}.*"] if self.everything else [name for name in self.named if name not in self.hidden]
        derived = [f"{sql} AS {alias}" for alias, sql in self.derived.items() if alias not in self.hidden]
        return ", ".join([*plain, *derived])

    def _ask_for_less(self, error: NetsuiteError) -> None:
        """Drop what the refusal names; first give up on "all columns", which some roles may not ask for."""
        if error.kind != "refused":
            raise error
        named = _UNKNOWN.search(error.detail)
        dropped = self._columns_of(named.group(1)) if named else set()
        if dropped & self.required:
            raise error
        if dropped:
            self.hidden |= dropped
        elif self.everything:
            self.everything = False
        else:
            raise error

    def _columns_of(self, identifier: str) -> set[str]:
        name = identifier.lower().rsplit(".", 1)[-1]
        word = re.compile(rf"\b{re.escape(name)}\b", re.IGNORECASE)
        plain = {} if self.everything else {column: column for column in self.named}
        return {alias for alias, sql in (plain | self.derived).items() if word.search(sql)} - self.hidden


def watermark(row: Row, key: str = "id") -> Watermark:
    """The cursor position of a row; raises SyncError when its time is not in the format asked for."""
    try:
        at = datetime.strptime(row.get(MODIFIED) or "", MOMENT).replace(tzinfo=UTC)
        return Watermark(at, int(row[key] or ""))
    except (KeyError, ValueError) as error:
        raise SyncError(f"Row {row.get(key)!r}: no usable modification time or id ({error}).") from error


def _lowered(row: dict) -> Row:
    return {name.lower(): value for name, value in row.items() if name.lower() != "links"}
