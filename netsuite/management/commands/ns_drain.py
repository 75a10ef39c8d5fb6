import json
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser

from netsuite.models import Channel
from netsuite.outbox import drain

COUNTED = ("applied", "retrying", "failed", "uncertain")


class Command(BaseCommand):
    help = (
        "Deliver the pushes that are due. Exit code 0: done; 1: an error of our own; "
        "2: NetSuite is not configured; 3: the channel is paused or closed and work is left."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="one pass over what is due now")
        parser.add_argument("--json", action="store_true", help="one JSON object on the last line")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            counted = drain(once=options["once"], by="command:ns_drain")
        except ImproperlyConfigured as error:
            raise CommandError(str(error), returncode=2) from error
        answer = {name: counted[name] for name in COUNTED}
        # A push that waits for the drainer is still being retried.
        answer["retrying"] += counted["waiting"]
        words = ", ".join(f"{name} {count}" for name, count in answer.items())
        self.stdout.write(json.dumps(answer) if options["json"] else words)
        self._tell_if_shut()

    def _tell_if_shut(self) -> None:
        for channel in Channel.objects.exclude(paused_at=None):
            raise CommandError(f"{channel.name} is paused: {channel.paused_reason}", returncode=3)
