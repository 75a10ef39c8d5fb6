"""Checks an AR export as a whole: two passes over a spool on disk, so memory stays flat at a million rows.

The first pass copies the mapped cells and watches how dates and amounts are written; the second reads every value
and collects the errors. A file with one bad row is not loaded at all.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Self

from customers.receivables_spool import BATCH, FIELDS, CustomerRow, Document, Spool
from customers.receivables_table import Table
from customers.receivables_values import (
    AmountColumn,
    DateColumn,
    customer_number,
    date_readings,
    document_number,
    read_amount,
    says_yes,
    settle_order,
)
from customers.rules import to_base

DATES = ("issued", "due", "settled")
SHOWN_ERRORS = 20

Progress = Callable[[str, int], None]

Cells = Mapping[str, Any]


@dataclass(frozen=True)
class RowError:
    """One row that cannot be taken: where, what, and what to do."""

    line: int
    field: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.problem} {self.remedy}"


@dataclass
class Preview:
    """What the file holds. Money totals are of open documents; `base_total` is in base currency."""

    rows: int = 0
    documents: int = 0
    repeated: int = 0
    unnumbered: int = 0
    settled: int = 0
    customers: int = 0
    date_order: str = ""
    decimal: str = ""
    totals: dict[str, Decimal] = field(default_factory=dict)
    base_total: Decimal = Decimal("0.00")
    error_count: int = 0
    errors_by_field: Counter[str] = field(default_factory=Counter)
    errors: list[RowError] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return self.error_count == 0

    def note(self, error: RowError) -> None:
        self.error_count += 1
        self.errors_by_field[error.field] += 1
        if len(self.errors) < SHOWN_ERRORS:
            self.errors.append(error)


class ReceivablesFile:
    """An export on its way in; use as a context manager, `check()` first, then read `documents` and `customers`.

    `rates` turn foreign currencies into the base currency. `date_order` (mdy, dmy) and `decimal` (point, comma)
    settle what the file leaves open. `check` raises UnreadableFile or Ambiguous for the file as a whole.
    """

    def __init__(
        self,
        table: Table,
        *,
        base_currency: str,
        rates: Mapping[str, Decimal],
        date_order: str = "",
        decimal: str = "",
        progress: Progress = lambda stage, rows: None,
    ) -> None:
        self.table, self.base_currency, self.progress = table, base_currency, progress
        self.rates = {base_currency: Decimal(1), **rates}
        self.date_order, self.decimal = date_order, decimal
        self.preview = Preview()

    def __enter__(self) -> Self:
        self._spool = Spool().__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self._spool.__exit__(*exc)

    def check(self) -> Preview:
        """Read everything; afterwards `documents` and `customers` are ready."""
        self._copy_cells()
        self._read_cells()
        self._sum_up()
        return self.preview

    def documents(self, size: int = 1000) -> Iterator[list[Document]]:
        return self._spool.documents(size)

    def customers(self, size: int = 1000) -> Iterator[list[CustomerRow]]:
        return self._spool.customers(size)

    def rate(self, currency: str) -> Decimal:
        return self.rates[currency]

    # --- first pass ------------------------------------------------------------------------------

    def _copy_cells(self) -> None:
        dates = {name: DateColumn(self.table.header_of(name)) for name in DATES if name in self.table.columns}
        amounts = AmountColumn(self.table.header_of("amount"))
        for batch in _batched(self._mapped_rows(), BATCH):
            for row in batch:
                for name, column in dates.items():
                    column.see(row[2 + FIELDS.index(name)])
                amounts.see(row[2 + FIELDS.index("amount")])
            self._spool.add_cells(batch)
            self.preview.rows += len(batch)
            self.progress("read", self.preview.rows)
        self.preview.date_order = self.date_order or settle_order(dates.values())
        self.preview.decimal = self.decimal or amounts.settle()

    def _mapped_rows(self) -> Iterator[tuple[Any, ...]]:
        positions = [self.table.columns.get(name, ()) for name in FIELDS]
        for line, cells in self.table.rows():
            yield (line, len(cells), *(_first(cells, where) for where in positions))

    # --- second pass -----------------------------------------------------------------------------

    def _read_cells(self) -> None:
        done = 0
        for rows in self._spool.cells():
            self._keep([document for row in rows if (document := self._read(dict(row)))])
            done += len(rows)
            self.progress("checked", done)

    def _read(self, row: Cells) -> tuple[Any, ...] | None:
        errors = list(self._problems(row))
        for error in errors:
            self.preview.note(error)
        if errors:
            return None
        values = self._values(row)
        return (self._number(row, values), row["line"], *values)

    def _problems(self, row: Cells) -> Iterator[RowError]:
        line, width = row["line"], len(self.table.headers)
        if row["width"] != width:
            yield RowError(
                line, "columns", f"{row['width']} columns instead of {width}.", "Quote cells with separators."
            )
            return
        if not row["customer"]:
            yield RowError(line, "customer", "no customer number.", "Fill it in, or remove a line of totals.")
        for name in DATES:
            text = row[name]
            if not text and name != "settled":
                yield RowError(line, name, f"no {name} date.", f"Fill in {self.table.header_of(name)}.")
            elif text and date_readings(text).read(self.preview.date_order) is None:
                yield RowError(line, name, f"{name} date {text[:40]!r} is no date.", "Write it as YYYY-MM-DD.")
        yield from self._money_problems(row)

    def _money_problems(self, row: Cells) -> Iterator[RowError]:
        line, text, currency = row["line"], row["amount"], self._currency(row)
        if not text:
            yield RowError(line, "amount", "no amount.", "Fill it in; an invoice paid in full has 0.")
        elif read_amount(text, self.preview.decimal) is None:
            yield RowError(line, "amount", f"amount {text[:40]!r} is no number.", "Write it as 1234.56.")
        if currency not in self.rates:
            yield RowError(
                line, "currency", f"no rate for {currency[:10]!r}.", f"Give it with --rate {currency[:10]}=…"
            )
        if row["open"] and not says_yes(row["open"]) and not row["settled"]:
            yield RowError(
                line, "open", "closed, but without the day it was settled.", "Fill in the day, or leave it out."
            )

    def _values(self, row: Cells) -> tuple[Any, ...]:
        issued, due, settled = (date_readings(row[name]).read(self.preview.date_order) for name in DATES)
        return (
            customer_number(row["customer"]),
            " ".join(row["name"].split())[:255],
            row["email"][:254],
            issued.isoformat() if issued else "",
            due.isoformat() if due else "",
            settled.isoformat() if settled else None,
            self._currency(row),
            str(read_amount(row["amount"], self.preview.decimal)),
            int(says_yes(row["disputed"])),
            row["po"][:255],
            row["memo"][:4000],
        )

    def _currency(self, row: Cells) -> str:
        return row["currency"].upper() or self.base_currency

    def _number(self, row: Cells, values: tuple[Any, ...]) -> str:
        """The document's number; a blank one is derived from the content, so that loading twice changes nothing."""
        if row["document"]:
            return document_number(row["document"])[:128]
        digest = hashlib.sha256("\x1f".join(map(str, values)).encode()).hexdigest()[:16]
        self.preview.unnumbered += 1
        seen = self._spool.occurrence(digest)
        return f"ROW-{digest}" + (f"-{seen}" if seen > 1 else "")

    def _keep(self, documents: list[tuple[Any, ...]]) -> None:
        """Store new numbers; a known number must come with the same content."""
        unique: dict[str, tuple[Any, ...]] = {}
        for document in documents:
            known = unique.get(document[0]) or self._spool.known(document[0])
            if known is None:
                unique[document[0]] = document
            elif known[2:] == document[2:]:
                self.preview.repeated += 1
            else:
                self.preview.note(_duplicate(document, line=known[1]))
        self._spool.add_documents(list(unique.values()))

    def _sum_up(self) -> None:
        totals: dict[str, Decimal] = defaultdict(Decimal)
        for batch in self.documents(BATCH):
            self.preview.documents += len(batch)
            for document in batch:
                if document.settled:
                    self.preview.settled += 1
                else:
                    totals[document.currency] += document.amount
                    self.preview.base_total += to_base(document.amount, self.rate(document.currency))
        self.preview.totals = dict(totals)
        self.preview.customers = self._spool.count_customers()


def _duplicate(document: tuple[Any, ...], line: int) -> RowError:
    problem = f"document {document[0]} stands on line {line} too, with other content."
    return RowError(document[1], "document", problem, "Remove one, or number them differently.")


def _first(cells: list[str], positions: tuple[int, ...]) -> str:
    """The first cell that is filled in; a short row has none."""
    for position in positions:
        if position < len(cells) and (cell := cells[position].strip()):
            return cell
    return ""


def _batched(rows: Iterator[tuple[Any, ...]], size: int) -> Iterator[list[tuple[Any, ...]]]:
    batch: list[tuple[Any, ...]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
