"""Checks an AR export as a whole, column by column and with a spool on disk: memory stays flat at a million rows.

How dates and amounts are written shows only when all have been seen; a file that writes them in another way than
assumed is read a second time. A file with one bad row is not loaded at all.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Self

from customers.receivables_spool import CustomerRow, Document, Spool
from customers.receivables_table import HEADERS, Table
from customers.receivables_values import (
    AmountColumn,
    DateColumn,
    DatesRead,
    amount_text,
    customer_number,
    date_readings,
    document_number,
    read_amount,
    says_yes,
    settle_order,
)
from customers.rules import to_base

DATES = ("issued", "due", "settled")
BATCH = 5000
SHOWN_ERRORS = 20

Progress = Callable[[str, int], None]

Cells = Mapping[str, str]


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
        assumed = self.date_order or "mdy", self.decimal or "point"
        found = self._read(*assumed)
        if found != assumed:
            self._read(*found)
        self.preview.customers = self._spool.count_customers()
        return self.preview

    def documents(self, size: int = 1000) -> Iterator[list[Document]]:
        return self._spool.documents(size)

    def customers(self, size: int = 1000) -> Iterator[list[CustomerRow]]:
        return self._spool.customers(size)

    def rate(self, currency: str) -> Decimal:
        return self.rates[currency]

    # --- reading ---------------------------------------------------------------------------------

    def _read(self, order: str, decimal: str) -> tuple[str, str]:
        """Read everything as if dates and amounts were written so, and answer how they are."""
        self.preview = Preview(date_order=order, decimal=decimal)
        self._spool.clear()
        dates = {name: DateColumn(self.table.header_of(name)) for name in DATES if name in self.table.columns}
        amounts, days = AmountColumn(self.table.header_of("amount")), DatesRead(order)
        for lines, rows in self.table.batches(BATCH):
            cells = {name: self.table.column(name, rows) for name in HEADERS}
            for name, column in dates.items():
                column.see_all(cells[name])
            amounts.see_all(cells["amount"])
            self._keep(self._documents(lines, [len(row) for row in rows], cells, days))
            self.preview.rows += len(lines)
            self.progress("read", self.preview.rows)
        return self.date_order or settle_order(dates.values()), self.decimal or amounts.settle()

    def _documents(
        self, lines: list[int], widths: list[int], cells: Mapping[str, list[str]], days: DatesRead
    ) -> list[Document]:
        """The rows of a batch without fault; of the others the errors are noted."""
        found, width, rates, closed = [], len(self.table.headers), self.rates, self._closed_without_a_day(cells)
        for n, values in enumerate(zip(*self._values(cells, days), strict=True)):
            customer, _, _, issued, due, settled, currency, amount, *_ = values
            fine = customer and issued and due and settled != "" and amount and currency in rates
            if fine and widths[n] == width and n not in closed:
                found.append(Document(lines[n], self._number(cells["document"][n], values), *values))
            else:
                row = {name: texts[n] for name, texts in cells.items()}
                for error in self._problems(lines[n], widths[n], row):
                    self.preview.note(error)
        return found

    def _values(self, cells: Mapping[str, list[str]], days: DatesRead) -> Iterator[Iterable[Any]]:
        """Column by column, in the order of Document: what cannot be read is empty, an empty day of settlement None."""
        decimal = self.preview.decimal
        yield [customer_number(text) for text in cells["customer"]]
        yield [" ".join(text.split())[:255] for text in cells["name"]]
        yield [text[:254] for text in cells["email"]]
        yield [days[text] for text in cells["issued"]]
        yield [days[text] for text in cells["due"]]
        yield [days[text] if text else None for text in cells["settled"]]
        yield [text.upper() or self.base_currency for text in cells["currency"]]
        yield [amount_text(text, decimal) for text in cells["amount"]]
        yield [int(says_yes(text)) if text else 0 for text in cells["disputed"]]
        yield [text[:255] for text in cells["po"]]
        yield [text[:4000] for text in cells["memo"]]

    def _closed_without_a_day(self, cells: Mapping[str, list[str]]) -> set[int]:
        pairs = zip(cells["open"], cells["settled"], strict=True)
        return {n for n, (text, settled) in enumerate(pairs) if text and not settled and not says_yes(text)}

    def _problems(self, line: int, width: int, row: Cells) -> Iterator[RowError]:
        if width != len(self.table.headers):
            problem = f"{width} columns instead of {len(self.table.headers)}."
            yield RowError(line, "columns", problem, "Quote cells with separators.")
            return
        if not row["customer"]:
            yield RowError(line, "customer", "no customer number.", "Fill it in, or remove a line of totals.")
        for name in DATES:
            text = row[name]
            if not text and name != "settled":
                yield RowError(line, name, f"no {name} date.", f"Fill in {self.table.header_of(name)}.")
            elif text and date_readings(text).read(self.preview.date_order) is None:
                yield RowError(line, name, f"{name} date {text[:40]!r} is no date.", "Write it as YYYY-MM-DD.")
        yield from self._money_problems(line, row)

    def _money_problems(self, line: int, row: Cells) -> Iterator[RowError]:
        text, currency = row["amount"], row["currency"].upper() or self.base_currency
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

    def _number(self, text: str, values: tuple[Any, ...]) -> str:
        """The document's number; a blank one is derived from the content, so that loading twice changes nothing."""
        if text:
            return document_number(text)[:128]
        digest = hashlib.sha256("\x1f".join(map(str, values)).encode()).hexdigest()[:16]
        self.preview.unnumbered += 1
        seen = self._spool.occurrence(digest)
        return f"ROW-{digest}" + (f"-{seen}" if seen > 1 else "")

    def _keep(self, documents: list[Document]) -> None:
        """Store new numbers; a known number must come with the same content."""
        again = self._spool.add(documents) if documents else []
        for document in again:
            known = self._spool.known(document.number)
            if known[2:] == document[2:]:
                self.preview.repeated += 1
            else:
                self.preview.note(_duplicate(document, line=known.line))
        lines = {document.line for document in again}
        self._count([document for document in documents if document.line not in lines] if again else documents)

    def _count(self, documents: list[Document]) -> None:
        self.preview.documents += len(documents)
        owed: dict[str, list[Decimal]] = {}
        for document in documents:
            if document.settled:
                self.preview.settled += 1
            else:
                owed.setdefault(document.currency, []).append(Decimal(document.amount))
        for currency, amounts in owed.items():
            self.preview.totals[currency] = self.preview.totals.get(currency, Decimal(0)) + sum(amounts)
            self.preview.base_total += sum(to_base(amount, self.rates[currency]) for amount in amounts)


def _duplicate(document: Document, line: int) -> RowError:
    problem = f"document {document.number} stands on line {line} too, with other content."
    return RowError(document.line, "document", problem, "Remove one, or number them differently.")
