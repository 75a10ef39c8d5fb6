"""Opens an AR export whatever wrote it: encoding, delimiter, and which column is which."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from operator import methodcaller
from pathlib import Path
from typing import TextIO

DELIMITERS = ",;\t|"
SAMPLE_ROWS = 50
BLOCK = 1 << 20
REQUIRED = ("customer", "issued", "due", "amount")
# Known headers by field, letters and digits only, the most telling first.
HEADERS: dict[str, tuple[str, ...]] = {
    "customer": (
        "custnumber",
        "customerid",
        "customernumber",
        "customerno",
        "custid",
        "accountnumber",
        "customercode",
        "accountno",
        "clientid",
        "debtor",
        "account",
        "customer",
    ),
    "name": ("namecustomer", "customername", "companyname", "name"),
    "document": (
        "invoiceid",
        "invoicenumber",
        "invoiceno",
        "docid",
        "documentnumber",
        "documentno",
        "tranid",
        "invoicenum",
        "invoice",
        "document",
        "number",
    ),
    "issued": ("postingdate", "invoicedate", "issuedate", "issued", "trandate", "documentdate", "docdate", "date"),
    "due": ("dueindate", "duedate", "netduedate", "due"),
    "currency": ("invoicecurrency", "currencycode", "currency"),
    "amount": (
        "totalopenamount",
        "openamount",
        "amountdue",
        "openbalance",
        "outstanding",
        "invoiceamount",
        "amount",
        "balance",
    ),
    "settled": ("settleddate", "cleardate", "clearingdate", "closedate", "paiddate", "paidon", "settled"),
    "disputed": ("disputed",),
    "open": ("isopen",),
    "po": ("ponumber", "purchaseorder", "otherrefnum", "po"),
    "memo": ("memo", "description"),
    "email": ("email", "customeremail"),
}


class UnreadableFile(ValueError):
    """The file as a whole cannot be read; the text says what to do."""


@dataclass(frozen=True)
class Table:
    """How to read the file. `columns` are positions by field; document numbers may stand in several columns."""

    path: Path
    encoding: str
    delimiter: str
    headers: tuple[str, ...]
    columns: Mapping[str, tuple[int, ...]]

    def header_of(self, field: str) -> str:
        return ", ".join(self.headers[position] for position in self.columns.get(field, ()))

    def batches(self, size: int) -> Iterator[tuple[list[int], list[list[str]]]]:
        """Line numbers and cells of every row that is not blank. Raises UnreadableFile."""
        with self.path.open(encoding=self.encoding, errors="replace", newline="") as stream:
            reader = _reader(stream, self.delimiter)
            lines, rows = list[int](), list[list[str]]()
            try:
                next(reader)
                for cells in reader:
                    if cells and (cells[0].strip() or any(map(str.strip, cells))):
                        lines.append(reader.line_num)
                        rows.append(cells)
                    if len(rows) == size:
                        yield lines, rows
                        lines, rows = [], []
            except csv.Error as error:
                raise UnreadableFile(f"Line {reader.line_num}: {error}. Is this a text file with columns?") from error
            if rows:
                yield lines, rows

    def column(self, field: str, rows: Sequence[Sequence[str]]) -> list[str]:
        """The texts of a field, row by row; "" where there is none."""
        positions = self.columns.get(field, ())
        if len(positions) == 1:
            with suppress(IndexError):
                return [cells[positions[0]].strip() for cells in rows]
        return [_first(cells, positions) for cells in rows] if positions else [""] * len(rows)


def _first(cells: Sequence[str], positions: tuple[int, ...]) -> str:
    """The first cell that is filled in; a short row has none."""
    for position in positions:
        if position < len(cells) and (cell := cells[position].strip()):
            return cell
    return ""


def open_table(path: Path, overrides: Mapping[str, str] | None = None) -> Table:
    """Find out encoding, delimiter and columns; `overrides` name the header of a field. Raises UnreadableFile."""
    if not path.is_file():
        raise UnreadableFile(f"{path}: no such file.")
    encoding = detect_encoding(path)
    with _text(path, encoding) as stream:
        delimiter = detect_delimiter(stream)
    with _text(path, encoding) as stream:
        headers = tuple(header.strip() for header in next(_reader(stream, delimiter), []))
    if not any(headers):
        raise UnreadableFile(f"{path}: the first line must name the columns; it is empty.")
    return Table(path, encoding, delimiter, headers, map_columns(headers, overrides or {}))


def detect_encoding(path: Path) -> str:
    """UTF-8 or UTF-16 by their marks, UTF-8 if every byte agrees, else what Western Windows writes."""
    with path.open("rb") as stream:
        start = stream.read(4096)
    if start.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if start.count(0) > len(start) // 4:
        return "utf-16-le" if start[1:2] == b"\0" else "utf-16-be"
    return next((name for name in ("utf-8", "cp1252") if _decodes(path, name)), "latin-1")


def detect_delimiter(stream: TextIO) -> str:
    """The sign that splits the sample into the most columns, the same number on nearly every row."""
    sample = [line for line, _ in zip(stream, range(SAMPLE_ROWS), strict=False)]
    best, most = ",", 0
    for delimiter in DELIMITERS:
        widths = [len(cells) for cells in csv.reader(sample, delimiter=delimiter) if cells]
        alike = sum(width == widths[0] for width in widths) if widths else 0
        if widths and widths[0] > 1 and alike * 10 >= len(widths) * 8 and widths[0] > most:
            best, most = delimiter, widths[0]
    return best


def map_columns(headers: tuple[str, ...], overrides: Mapping[str, str]) -> dict[str, tuple[int, ...]]:
    """Positions by field, from what people say (`overrides`), else from known headers. Raises UnreadableFile."""
    plain = [_plain(header) for header in headers]
    columns: dict[str, tuple[int, ...]] = {}
    for field, known in HEADERS.items():
        found = [plain.index(name) for name in known if name in plain]
        if found:
            columns[field] = tuple(found) if field == "document" else (found[0],)
    for field, header in overrides.items():
        columns[field] = (_position(field, header, headers),)
    missing = [field for field in REQUIRED if field not in columns]
    if missing:
        raise UnreadableFile(
            f"No column found for {', '.join(missing)}. The file has: {', '.join(headers)}. "
            f"Name them, for example --columns {missing[0]}={headers[0]}"
        )
    return columns


def _position(field: str, header: str, headers: tuple[str, ...]) -> int:
    if field not in HEADERS:
        raise UnreadableFile(f"There is no field {field!r}; known are {', '.join(HEADERS)}.")
    if header not in headers:
        raise UnreadableFile(f"There is no column {header!r}; the file has: {', '.join(headers)}.")
    return headers.index(header)


def _plain(header: str) -> str:
    return re.sub(r"[^a-z0-9]", "", header.lower())


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as stream:
        try:
            while block := stream.read(BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


@contextmanager
def _text(path: Path, encoding: str) -> Iterator[TextIO]:
    with path.open(encoding=encoding, errors="replace", newline="") as stream:
        yield stream


def _reader(stream: TextIO, delimiter: str):  # csv names no public type for its reader
    return csv.reader(map(methodcaller("replace", "\0", ""), stream), delimiter=delimiter)
