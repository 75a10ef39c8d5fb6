import json
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from netsuite.errors import Refusal
from orders.actions.imports import Imported, import_orders
from orders.imports import OPTIONAL, REQUIRED

BIGGEST = 20 * 1024 * 1024
SHOWN = 50


class Command(BaseCommand):
    help = (
        f"Import orders from a CSV file with the columns {', '.join(REQUIRED)} and, if wanted, {', '.join(OPTIONAL)}. "
        "Each order passes the gate; those of customers on hold are parked with an owner. "
        "With one bad row nothing is imported and the exit code is 1."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--user", required=True, help="whose orders they are; needs the right to import")
        parser.add_argument("--dry-run", action="store_true", help="check everything and show it, import nothing")
        parser.add_argument("--json", action="store_true", help="one JSON object on the last line")

    def handle(self, *args: Any, **options: Any) -> None:
        user = get_user_model().objects.filter(username=options["user"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is no user {options['user']}.")
        try:
            imported = import_orders(text=_text(options["file"]), by=user, dry_run=options["dry_run"])
        except Refusal as refusal:
            raise CommandError(refusal.detail) from refusal
        self._show(imported, dry_run=options["dry_run"])
        if options["json"]:
            self.stdout.write(json.dumps(_as_dict(imported, dry_run=options["dry_run"])))
        if not imported.ok:
            raise SystemExit(1)

    def _show(self, imported: Imported, *, dry_run: bool) -> None:
        for error in imported.errors[:SHOWN]:
            self.stdout.write(f"row {error.row}{', ' + error.column if error.column else ''}: {error.detail}")
        if len(imported.errors) > SHOWN:
            self.stdout.write(f"and {len(imported.errors) - SHOWN:,} more")
        if not imported.ok:
            self.stdout.write("Nothing was imported.")
            return
        for order in imported.held:
            self.stdout.write(f"on hold: {order.customer}, {order.total} {order.currency}. {order.notice}")
        what = "would be submitted" if dry_run else "submitted"
        self.stdout.write(f"{len(imported.submitted):,} {what}, {len(imported.held):,} on hold")


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes() if path.stat().st_size <= BIGGEST else None
    except OSError as error:
        raise CommandError(f"Cannot read {path}: {error.strerror}.") from error
    if raw is None:
        raise CommandError(f"{path} is larger than {BIGGEST // 1024 // 1024} MB.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CommandError(f"{path} is not UTF-8.") from error


def _as_dict(imported: Imported, *, dry_run: bool) -> dict[str, Any]:
    kept = [] if dry_run or not imported.ok else [order.number for order in imported.submitted]
    return {
        "rows": imported.rows,
        "dry_run": dry_run,
        "imported": imported.ok and not dry_run,
        "submitted": len(imported.submitted),
        "held": len(imported.held),
        "orders": kept,
        "errors": [{"row": e.row, "column": e.column, "detail": e.detail} for e in imported.errors],
    }
