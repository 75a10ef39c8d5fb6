"""A file of receivables into the mirror, and once more unchanged, beside a bare COPY of the very same rows.

Ours is the whole command: find out how the file is written, check every value, store customers and documents, write
the summaries. The bare side sends rows that are typed already, as text, into copies with the same indexes, checks and
foreign keys; on SQLite, which has no COPY, it is an INSERT … SELECT into a table without indexes.
"""

import resource
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from random import Random
from typing import Any

from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from bench.bare import BareCopy, clear
from bench.measure import Row, Size, side_by_side
from customers.clock import business_today
from customers.feed import Row as Answer
from customers.mirror import Mirror
from customers.models import Customer, Transaction

EACH = 10
TABLES = ("customers", "transactions")
HEADER = "Customer number,Customer name,Invoice number,Invoice date,Due date,Currency,Amount\n"
BLOCK = 1 << 20
PAGES, PAGE = 20, 1000


class Bare(BareCopy):
    """The rows as text on disk, and COPY from there."""

    def __init__(self, folder: Path) -> None:
        super().__init__(TABLES)
        self.folder = folder
        if connection.vendor == "postgresql":
            for table in TABLES:
                self._export(table)

    def write(self) -> None:
        if connection.vendor != "postgresql":
            super().write()
            return
        with transaction.atomic(), connection.connection.cursor() as cursor:
            for table in TABLES:
                with cursor.copy(f"COPY bench_copy_{table} FROM STDIN") as copy, self._file(table).open("rb") as rows:
                    while block := rows.read(BLOCK):
                        copy.write(block)

    def _export(self, table: str) -> None:
        connection.ensure_connection()
        out = f"COPY {table} TO STDOUT"
        with self._file(table).open("wb") as rows, connection.connection.cursor() as cursor, cursor.copy(out) as copy:
            rows.writelines(copy)

    def _file(self, table: str) -> Path:
        return self.folder / table


class Silent:
    """The pages are here already: nothing is asked."""

    def suiteql_page(self, q: str, params: Sequence[Any] = (), *, offset: int = 0) -> dict[str, Any]:
        raise NotImplementedError


def measure(size: Size) -> list[Row]:
    """Ten documents a customer: the first load, then the same file again, then pages as NetSuite answers them."""
    with _export(size.customers) as path:
        before = _peak_megabytes()
        _load(path)
        peak = {"MB before": before, "MB at most": _peak_megabytes()}
        bare = Bare(path.parent)

        def reset() -> None:
            clear(["transactions", "customers"])
            bare.empty()

        sides = {"load": lambda: _load(path), "bare copy": bare.write}
        words = f"{EACH * size.customers:,} rows"
        first = side_by_side(f"load {words}", size.rounds, sides, reset, _at_most(3))
        _load(path)
        wrote = _last_written()
        sides = {"unchanged again": lambda: _load(path), "bare copy": bare.write}
        again = side_by_side(f"load {words} again", size.rounds, sides, bare.empty, _at_most(1.5))
        assert _last_written() == wrote, "an unchanged file was written again"
    return [Row(first.name, first.seconds, first.at_most, peak), again, _pages(size)]


def _at_most(ratio: float) -> dict[str, float]:
    """Asked where there is a COPY to compare with."""
    return {"bare copy": ratio} if connection.vendor == "postgresql" else {}


def _load(path: Path) -> None:
    call_command("load_receivables", str(path), "--to", "hub", "--json", stdout=StringIO(), stderr=StringIO())


def _last_written() -> object:
    return Transaction.objects.aggregate(last=Max("synced_at"))["last"], Customer.objects.aggregate(
        last=Max("figures_version")
    )


def _peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@contextmanager
def _export(customers: int) -> Iterator[Path]:
    """A file as an accounting system writes it; the same rows in every run."""
    random, start = Random(1), date(2026, 1, 1)  # noqa: S311 no secret
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "receivables.csv"
        with path.open("w") as lines:
            lines.write(HEADER)
            for number in range(EACH * customers):
                customer, issued = random.randrange(customers) + 1, start + timedelta(days=random.randrange(300))
                dates = f"{issued},{issued + timedelta(days=30)}"
                amount = f"{random.randrange(1_00, 5000_00) / 100:.2f}"
                lines.write(f"{customer},Customer {customer},INV{number},{dates},USD,{amount}\n")
        yield path


def _pages(size: Size) -> Row:
    """Pages of a thousand as NetSuite answers them, parsed and stored: new, and unchanged again."""
    Customer.objects.bulk_create(
        [Customer(netsuite_id=str(number), name=f"Page {number}", currency="USD") for number in range(PAGE)]
    )
    rounds: dict[str, list[float]] = {"unchanged again": [], "new": []}

    def store(number: int) -> None:
        mirror = Mirror(Silent(), timezone.now(), business_today())
        for page in range(PAGES):
            with transaction.atomic():
                mirror.store_transactions(_page(number * PAGES + page))

    for number in range(size.rounds):
        for side in ("new", "unchanged again"):
            row = side_by_side("", 1, {side: lambda number=number: store(number)})  # type: ignore[misc]
            rounds[side] += row.seconds[side]
    figures = {f"rows a second, {side}": PAGES * PAGE * len(times) / sum(times) for side, times in rounds.items()}
    return Row(f"{PAGES} pages of {PAGE:,} rows from NetSuite", rounds, {}, figures)


def _page(number: int) -> list[Answer]:
    shared: Answer = {"type": "CustInvc", "status": "CustInvc:A", "currency_name": "USD", "exchangerate": "1"}
    shared |= {"trandate_iso": "2026-03-01", "duedate_iso": "2026-03-31", "modified_iso": "2026-05-04 10:00:00"}
    return [
        {"id": str(number * PAGE + n), "entity": str(n), "tranid": f"T{n}", "memo": "Bench", **shared}
        | {"foreigntotal": f"{n}.50", "foreignamountunpaid": f"{n}.50"}
        for n in range(PAGE)
    ]
