"""Serve a small provisioning endpoint on this machine: for the demo, for tests, and to write your own against."""

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from orders.providers.endpoint.faults import FAULTS
from orders.providers.endpoint.server import DEMO_SECRET, serve


class Command(BaseCommand):
    help = __doc__
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8002, help="0 takes a free one (8002)")
        parser.add_argument("--store", default=str(settings.DATA_DIR / "provisioning.sqlite3"), help="what it holds")
        parser.add_argument(
            "--log", default=str(settings.DATA_DIR / "provisioning-requests.jsonl"), help="its requests"
        )
        parser.add_argument("--seed", type=int, default=0, help="seed of the faults that strike by rate")
        parser.add_argument("--list-faults", action="store_true", help="print the faults and leave")

    def handle(self, *, port: int, store: str, log: str, seed: int, list_faults: bool, **options: Any) -> None:
        """The key is that of the demo, or PROVISIONING_ENDPOINT_SECRET."""
        if list_faults:
            self.stdout.write("\n".join(f"{name:20} {text}" for name, text in FAULTS.items()))
            return
        try:
            serve(port, store, log, os.environ.get("PROVISIONING_ENDPOINT_SECRET", DEMO_SECRET), seed)
        except OSError as error:
            raise CommandError(f"It cannot listen on port {port}: {error}") from error
