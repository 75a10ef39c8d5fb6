"""Judge a day by the alert rules."""

import json
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from anomalies.actions.evaluation import evaluate
from anomalies.models import SnapshotDay
from customers.clock import business_today
from holds.management.commands.aging_tick import day


class Command(BaseCommand):
    help = "Open alerts for what is unusual on a day that is over. Running it again opens nothing new."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--date", type=day, help="Business day YYYY-MM-DD, the last one that is over by default.")
        parser.add_argument("--json", action="store_true", help="One JSON object on the last line.")

    def handle(self, *args: Any, **options: Any) -> None:
        over = SnapshotDay.objects.filter(is_partial=False).order_by("-date").values_list("date", flat=True).first()
        judged = options["date"] or over or business_today() - timedelta(days=1)
        alerts = evaluate(day=judged, now=timezone.now(), by="command:evaluate_alerts")
        opened = [{"id": alert.pk, "rule": alert.rule.slug, "value": str(alert.value)} for alert in alerts]
        if options["json"]:
            self.stdout.write(json.dumps({"date": judged.isoformat(), "opened": opened}))
            return
        names = ", ".join(str(alert.rule) for alert in alerts)
        self.stdout.write(f"{judged}: {names or 'nothing unusual'}.")
