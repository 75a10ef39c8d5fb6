import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from customers.clock import business_today
from customers.sync import SyncSummary, sync
from netsuite.client import Client


class Command(BaseCommand):
    help = "Read what changed in NetSuite into the mirror. Exit code 1 when a record type failed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--full", action="store_true", help="read everything, not only what changed")
        parser.add_argument("--json", action="store_true", help="one JSON object on the last line")

    def handle(self, *args: Any, **options: Any) -> None:
        client = Client.from_settings()
        summary = sync(client=client, today=business_today(), full=options["full"], progress=self._progress)
        if options["json"]:
            self.stdout.write(json.dumps(summary.as_dict()))
        else:
            self._report(summary)
        if not summary.ok:
            raise CommandError("; ".join(f"{name}: {error}" for name, error in summary.errors.items()))

    def _progress(self, record_type: str, rows: int) -> None:
        self.stderr.write(f"{record_type}: {rows:,} rows", ending="\n")

    def _report(self, summary: SyncSummary) -> None:
        for record_type, rows in summary.rows.items():
            self.stdout.write(f"{record_type}: {rows:,} rows")
        self.stdout.write(f"removed: {summary.removed:,}; skipped: {summary.skipped:,}")
        for change in summary.overrides:
            self.stdout.write(f"customer {change.customer}: hold field {change.before} -> {change.after}")
