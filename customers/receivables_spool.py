"""The rows of an export on disk between reading, checking and loading, so that memory stays flat."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

from customers.receivables_table import HEADERS

FIELDS = tuple(HEADERS)
BATCH = 5000

_TABLES = f"""
PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;
CREATE TABLE cell (line INTEGER PRIMARY KEY, width INTEGER, {", ".join(f'"{name}" TEXT' for name in FIELDS)});
CREATE TABLE document (
    number TEXT PRIMARY KEY, line INTEGER, customer TEXT, name TEXT, email TEXT, issued TEXT, due TEXT, settled TEXT,
    currency TEXT, amount TEXT, disputed INTEGER, po TEXT, memo TEXT);
CREATE INDEX document_line ON document (line);
CREATE INDEX document_customer ON document (customer);
CREATE TABLE unnumbered (digest TEXT PRIMARY KEY, seen INTEGER NOT NULL);
"""
_CELLS = f"INSERT INTO cell VALUES ({', '.join('?' * (len(FIELDS) + 2))})"  # noqa: S608 only question marks
_DOCUMENTS = f"INSERT INTO document VALUES ({', '.join('?' * 13)})"  # noqa: S608 only question marks
_SEEN = """INSERT INTO unnumbered VALUES (?, 1)
    ON CONFLICT (digest) DO UPDATE SET seen = seen + 1 RETURNING seen"""


def _most_frequent(column: str) -> str:
    return f"""(SELECT d.{column} FROM document d WHERE d.customer = c.customer AND d.{column} <> ''
        GROUP BY d.{column} ORDER BY COUNT(*) DESC, d.{column} LIMIT 1)"""  # noqa: S608 our own names


_CUSTOMERS = f"""SELECT c.customer, COALESCE({_most_frequent("name")}, c.customer),
    COALESCE({_most_frequent("email")}, ''), {_most_frequent("currency")}
    FROM (SELECT DISTINCT customer FROM document) c ORDER BY c.customer"""  # noqa: S608 our own names


@dataclass(frozen=True)
class Document:
    """One row, read. `amount` is in `currency`, negative for a credit; `settled` is the day it was paid."""

    number: str
    line: int
    customer: str
    name: str
    email: str
    issued: date
    due: date
    settled: date | None
    currency: str
    amount: Decimal
    disputed: bool
    po: str
    memo: str


@dataclass(frozen=True)
class CustomerRow:
    key: str
    name: str
    email: str
    currency: str


class Spool:
    """A throw-away SQLite file; use as a context manager."""

    def __enter__(self) -> Self:
        self._folder = TemporaryDirectory(prefix="receivables-")
        self._file = sqlite3.connect(Path(self._folder.name) / "spool.sqlite3", isolation_level=None)
        self._file.row_factory = sqlite3.Row
        self._file.executescript(_TABLES)
        return self

    def __exit__(self, *exc: object) -> None:
        self._file.close()
        self._folder.cleanup()

    def add_cells(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Rows of (line, number of cells, then the text of each field in FIELDS)."""
        self._insert(_CELLS, rows)

    def cells(self) -> Iterator[list[sqlite3.Row]]:
        return self._batches("SELECT * FROM cell ORDER BY line", BATCH)

    def add_documents(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Rows in the order of Document's fields; dates ISO, the amount as text."""
        self._insert(_DOCUMENTS, rows)

    def known(self, number: str) -> tuple[Any, ...] | None:
        row = self._file.execute("SELECT * FROM document WHERE number = ?", (number,)).fetchone()
        return tuple(row) if row else None

    def occurrence(self, digest: str) -> int:
        """How often this content without a number has come by, this time included."""
        [[seen]] = self._file.execute(_SEEN, (digest,)).fetchall()
        return seen

    def documents(self, size: int) -> Iterator[list[Document]]:
        """Batches in the order of the file."""
        for rows in self._batches("SELECT * FROM document ORDER BY line", size):
            yield [_document(row) for row in rows]

    def customers(self, size: int) -> Iterator[list[CustomerRow]]:
        """One row a customer, with its most frequent name, e-mail and currency."""
        for rows in self._batches(_CUSTOMERS, size):
            yield [CustomerRow(*row) for row in rows]

    def count_customers(self) -> int:
        return self._file.execute("SELECT COUNT(DISTINCT customer) FROM document").fetchone()[0]

    def _batches(self, sql: str, size: int) -> Iterator[list[sqlite3.Row]]:
        cursor = self._file.execute(sql)
        while rows := cursor.fetchmany(size):
            yield rows

    def _insert(self, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
        self._file.execute("BEGIN")
        self._file.executemany(sql, rows)
        self._file.execute("COMMIT")


def _document(row: sqlite3.Row) -> Document:
    values = dict(row)
    for name in ("issued", "due", "settled"):
        values[name] = date.fromisoformat(values[name]) if values[name] else None
    values["amount"], values["disputed"] = Decimal(values["amount"]), bool(values["disputed"])
    return Document(**values)
