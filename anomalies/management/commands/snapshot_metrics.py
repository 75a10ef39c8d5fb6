"""Count the figures of a day."""

import json
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from anomalies.actions.snapshots import backfill, take
from anomalies.models import DailyMetric
from customers.clock import business_today
from holds.management.commands.aging_tick import day
from netsuite.errors import Refusal


class Command(BaseCommand):
    help = "Count the figures of a day for every scope. Running it again writes the same rows."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--date", type=day, help="Business day YYYY-MM-DD, today by default; a past day is computed."
        )
        parser.add_argument(
            "--backfill", type=int, default=0, metavar="DAYS", help="Also the days before that have none."
        )
        parser.add_argument("--json", action="store_true", help="One JSON object on the last line.")

    def handle(self, *args: Any, **options: Any) -> None:
        asked, now = options["date"] or business_today(), timezone.now()
        try:
            taken = take(day=asked, now=now)
            filled = self._backfill(asked, options["backfill"])
        except Refusal as refusal:
            raise CommandError(refusal.detail) from None
        figures = DailyMetric.objects.filter(date=asked).count()
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {"date": asked.isoformat(), "figures": figures, "partial": taken.is_partial, "backfilled": filled}
                )
            )
            return
        running = ", the day is not over" if taken.is_partial else ""
        self.stdout.write(f"{asked}: {figures:,} figures{running}. {filled:,} earlier days computed.")

    def _backfill(self, asked: date, days: int) -> int:
        done = 0
        for back in range(1, days + 1):
            each = asked - timedelta(days=back)
            done += backfill(first=each, last=each, now=timezone.now())
            if back % 10 == 0:
                self.stderr.write(f"{back} of {days} days")
        return done
