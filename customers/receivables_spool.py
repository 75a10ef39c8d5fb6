"""The rows of an export on disk between checking and loading, so that memory stays flat."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, Self

_TABLES = """
PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-32768;
CREATE TABLE document (
    line INTEGER PRIMARY KEY, number TEXT UNIQUE, customer TEXT, name TEXT, email TEXT, issued TEXT, due TEXT,
    settled TEXT, currency TEXT, amount TEXT, disputed INTEGER, po TEXT, memo TEXT);
CREATE TABLE unnumbered (digest TEXT PRIMARY KEY, seen INTEGER NOT NULL);
"""
_NEW = f"INSERT OR IGNORE INTO document VALUES ({', '.join('?' * 13)})"  # noqa: S608 only question marks
_SEEN = """INSERT INTO unnumbered VALUES (?, 1)
    ON CONFLICT (digest) DO UPDATE SET seen = seen + 1 RETURNING seen"""
_CUSTOMERS = """CREATE TABLE customer AS SELECT customer, name, email, currency, COUNT(*) AS times
    FROM document GROUP BY customer, name, email, currency ORDER BY customer"""


class Document(NamedTuple):
    """One row, read. Dates are ISO; `settled` is the day it was paid, None while it is open.

    `amount` is in `currency`, to the cent, with a minus for a credit.
    """

    line: int
    number: str
    customer: str
    name: str
    email: str
    issued: str
    due: str
    settled: str | None
    currency: str
    amount: str
    disputed: int
    po: str
    memo: str


class CustomerRow(NamedTuple):
    key: str
    name: str
    email: str
    currency: str


class Spool:
    """A throw-away SQLite file; use as a context manager."""

    def __enter__(self) -> Self:
        self._folder = TemporaryDirectory(prefix="receivables-")
        self._file = sqlite3.connect(Path(self._folder.name) / "spool.sqlite3", isolation_level=None)
        self._file.executescript(_TABLES)
        return self

    def __exit__(self, *exc: object) -> None:
        self._file.close()
        self._folder.cleanup()

    def clear(self) -> None:
        self._file.executescript("DELETE FROM document; DELETE FROM unnumbered;")

    def add(self, documents: Sequence[Document]) -> list[Document]:
        """Keep those whose number is new, and answer the others. In the order of the file."""
        before = self._file.total_changes
        self._file.execute("BEGIN")
        self._file.executemany(_NEW, documents)
        self._file.execute("COMMIT")
        if self._file.total_changes - before == len(documents):
            return []
        ends = (documents[0].line, documents[-1].line)
        kept = set(self._file.execute("SELECT line FROM document WHERE line BETWEEN ? AND ?", ends))
        return [document for document in documents if (document.line,) not in kept]

    def known(self, number: str) -> Document:
        return Document(*self._file.execute("SELECT * FROM document WHERE number = ?", (number,)).fetchone())

    def occurrence(self, digest: str) -> int:
        """How often this content without a number has come by, this time included."""
        [[seen]] = self._file.execute(_SEEN, (digest,)).fetchall()
        return seen

    def documents(self, size: int) -> Iterator[list[Document]]:
        """Batches in the order of the file."""
        for rows in self._batches("SELECT * FROM document ORDER BY line", size):
            yield list(map(Document._make, rows))

    def count_customers(self) -> int:
        """Call it when everything is in; `customers` rests on it."""
        self._file.execute(_CUSTOMERS)
        return self._file.execute("SELECT COUNT(DISTINCT customer) FROM customer").fetchone()[0]

    def customers(self, size: int) -> Iterator[list[CustomerRow]]:
        """One row a customer, with its most frequent name, e-mail and currency."""
        rows = (row for some in self._batches("SELECT * FROM customer ORDER BY rowid", size) for row in some)
        batch: list[CustomerRow] = []
        for key, known in groupby(rows, itemgetter(0)):
            batch.append(_customer(key, list(known)))
            if len(batch) == size:
                yield batch
                batch = []
        if batch:
            yield batch

    def _batches(self, sql: str, size: int) -> Iterator[list[tuple[Any, ...]]]:
        cursor = self._file.execute(sql)
        while rows := cursor.fetchmany(size):
            yield rows


def _customer(key: str, known: Sequence[tuple[Any, ...]]) -> CustomerRow:
    name, email, currency = (_most_frequent((row[n], row[4]) for row in known) for n in (1, 2, 3))
    return CustomerRow(key, name or key, email, currency)


def _most_frequent(said: Iterable[tuple[str, int]]) -> str:
    """What stands there most often; of equals the first by alphabet."""
    times: Counter[str] = Counter()
    for text, count in said:
        times[text] += count
    times.pop("", None)
    return min(times, key=lambda text: (-times[text], text), default="")
