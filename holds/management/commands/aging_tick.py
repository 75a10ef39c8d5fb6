"""Propose a hold for every customer that crosses the line."""

import json
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from customers.clock import business_today
from holds.actions.tick import aging_tick
from netsuite.errors import Refusal


def day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CommandError(f"“{text}” is not a date: write YYYY-MM-DD.") from None


class Command(BaseCommand):
    help = "Stage a service hold for every active customer that crosses the line. Running it again stages nothing new."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--as-of", type=day, help="Business day YYYY-MM-DD, today by default; a past day is computed."
        )
        parser.add_argument("--json", action="store_true", help="One JSON object on the last line.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            result = aging_tick(as_of=options["as_of"] or business_today(), by="command:aging_tick").as_dict()
        except Refusal as refusal:
            raise CommandError(refusal.detail) from None
        if options["json"]:
            self.stdout.write(json.dumps(result))
            return
        skipped = ", ".join(f"{count} {reason.replace('_', ' ')}" for reason, count in result["skipped"].items())
        self.stdout.write(
            f"{result['as_of']}: {result['customers']:,} customers, {result['crossing']:,} cross the line, "
            f"{result['staged']:,} proposed, {result['withdrawn']:,} withdrawn, skipped: {skipped or 'none'}."
        )
