import json
from argparse import ArgumentTypeError
from decimal import Decimal, InvalidOperation
from pathlib import Path
from time import monotonic
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from customers.clock import business_today
from customers.receivables_file import Preview, ReceivablesFile
from customers.receivables_load import TargetUnavailable, load_into_hub, load_into_sandbox
from customers.receivables_table import HEADERS, Table, UnreadableFile, open_table
from customers.receivables_values import Ambiguous

EVERY_SECONDS = 2


def rate(text: str) -> tuple[str, Decimal]:
    currency, _, value = text.partition("=")
    try:
        parsed = Decimal(value)
    except InvalidOperation as error:
        raise ArgumentTypeError(f"{text!r}: write CAD=0.70") from error
    if not parsed.is_finite() or parsed <= 0:
        raise ArgumentTypeError(f"{text!r}: a rate is greater than zero")
    return currency.strip().upper(), parsed


def columns(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in text.split(",")]
    if not all(field and header for field, _, header in pairs):
        raise ArgumentTypeError(f"{text!r}: write field=Header,field=Header")
    return {field.strip(): header.strip() for field, _, header in pairs}


class Command(BaseCommand):
    help = (
        "Load an AR export (CSV or TSV) into the NetSuite sandbox, or with --to hub straight into the mirror. "
        "The whole file is checked first; with one bad row nothing is loaded and the exit code is 1."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--rate", type=rate, action="append", default=[], metavar="CAD=0.70", help="to base currency"
        )
        parser.add_argument(
            "--columns", type=columns, default={}, metavar="field=Header,…", help=f"fields: {', '.join(HEADERS)}"
        )
        parser.add_argument("--dates", choices=["mdy", "dmy"], default="", help="when the dates read both ways")
        parser.add_argument("--decimal", choices=["point", "comma"], default="", help="when the amounts read both ways")
        parser.add_argument("--to", choices=["sandbox", "hub"], default="sandbox")
        parser.add_argument("--dry-run", action="store_true", help="check and show, load nothing")
        parser.add_argument("--json", action="store_true", help="one JSON object on the last line")

    def handle(self, *args: Any, **options: Any) -> None:
        self._last_shown = monotonic()
        try:
            table = open_table(options["file"], options["columns"])
            with self._file(table, options) as file:
                preview = file.check()
                if not options["json"]:
                    self._show(table, preview)
                loaded = preview.ok and not options["dry_run"]
                if loaded:
                    self._load(file, options["to"])
        except (UnreadableFile, Ambiguous, TargetUnavailable) as error:
            self._fail(str(error), options)
        self._finish(preview, loaded, options)

    def _file(self, table: Table, options: dict[str, Any]) -> ReceivablesFile:
        return ReceivablesFile(
            table,
            base_currency=settings.BASE_CURRENCY,
            rates=dict(options["rate"]),
            date_order=options["dates"],
            decimal=options["decimal"],
            progress=self._progress,
        )

    def _load(self, file: ReceivablesFile, target: str) -> None:
        if target == "hub":
            load_into_hub(file, now=timezone.now(), today=business_today(), progress=self._progress)
            return
        if not settings.NETSUITE_BASE_URL:
            raise TargetUnavailable("NETSUITE_BASE_URL is not set: start the sandbox, or load with --to hub.")
        load_into_sandbox(file, base_url=settings.NETSUITE_BASE_URL, progress=self._progress)

    def _finish(self, preview: Preview, loaded: bool, options: dict[str, Any]) -> None:
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(preview) | {"loaded": loaded, "to": options["to"]}))
        elif loaded:
            hint = " Run sync_netsuite to see it in the console." if options["to"] == "sandbox" else ""
            self.stdout.write(f"Loaded {preview.documents:,} documents of {preview.customers:,} customers.{hint}")
        if not preview.ok:
            raise CommandError(f"{preview.error_count:,} errors; nothing was loaded.")

    def _fail(self, problem: str, options: dict[str, Any]) -> None:
        if options["json"]:
            self.stdout.write(json.dumps({"loaded": False, "to": options["to"], "error": problem}))
        raise CommandError(f"{problem} Nothing was loaded.")

    def _progress(self, stage: str, rows: int) -> None:
        if monotonic() - self._last_shown >= EVERY_SECONDS:
            self._last_shown = monotonic()
            self.stderr.write(f"{stage} {rows:,} rows")

    def _show(self, table: Table, preview: Preview) -> None:
        for field in table.columns:
            self.stdout.write(f"  {field:<9} {table.header_of(field)}")
        self.stdout.write(
            f"{preview.rows:,} rows, {preview.documents:,} documents ({preview.settled:,} settled, "
            f"{preview.unnumbered:,} without a number, {preview.repeated:,} repeated), {preview.customers:,} customers"
        )
        for currency, total in sorted(preview.totals.items()):
            self.stdout.write(f"  open {total:>20,.2f} {currency}")
        self.stdout.write(f"  open {preview.base_total:>20,.2f} {settings.BASE_CURRENCY} in all")
        self._show_errors(preview)

    def _show_errors(self, preview: Preview) -> None:
        for error in preview.errors:
            self.stdout.write(f"  {error}")
        if preview.error_count > len(preview.errors):
            kinds = ", ".join(f"{count:,} {name}" for name, count in preview.errors_by_field.most_common())
            self.stdout.write(f"  … {preview.error_count:,} errors in all: {kinds}")


def _as_json(preview: Preview) -> dict[str, Any]:
    names = ("rows", "documents", "customers", "settled", "unnumbered", "repeated", "date_order", "decimal")
    return {name: getattr(preview, name) for name in names} | {
        "totals": {currency: str(total) for currency, total in preview.totals.items()},
        "base_total": str(preview.base_total),
        "errors": preview.error_count,
        "errors_by_field": dict(preview.errors_by_field),
        "first_errors": [vars(error) for error in preview.errors],
    }
