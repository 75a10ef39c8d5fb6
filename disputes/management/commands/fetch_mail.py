"""Read the mailbox once."""

import json
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from disputes.actions import fetching
from netsuite.errors import Refusal


class Command(BaseCommand):
    help = "Take in what is new in the mailbox (IMAP_URL). Harmless when repeated; the worker does it every minute."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seconds", type=float, default=600.0, help="no further message is begun after these")
        parser.add_argument("--json", action="store_true", help="One JSON object on the last line.")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.IMAP_URL:
            raise CommandError("No mailbox is set: IMAP_URL is empty.")
        try:
            tally = fetching.fetch(by="command:fetch_mail", now=timezone.now(), for_seconds=options["seconds"])
        except (Refusal, ImproperlyConfigured) as problem:
            raise CommandError(str(problem)) from None
        if options["json"]:
            self.stdout.write(json.dumps(tally))
        else:
            self.stdout.write(", ".join(f"{count} {name}" for name, count in tally.items()))
