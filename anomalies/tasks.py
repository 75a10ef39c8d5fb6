"""Background work of alerts: figures through the day, the judgement when a day is over."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from anomalies import notices
from anomalies.actions.evaluation import evaluate
from anomalies.actions.snapshots import backfill, take
from anomalies.health_scores import score_day
from anomalies.models import SnapshotDay

BACKFILL_DAYS = 90
# Days without figures that one run computes: the task must end within its minute.
A_RUN = 3
JUDGED_BACK = timedelta(days=7)
# Seconds a run gives to the health of customers; the next one goes on where it stopped.
SCORING = 25


def count_today() -> dict[str, Any]:
    """Yesterday's last count once it is over, then today's; what is over and not judged yet is judged."""
    now = timezone.now()
    today = now.astimezone(ZoneInfo(settings.TIME_ZONE_BUSINESS)).date()
    yesterday = today - timedelta(days=1)
    if not SnapshotDay.objects.filter(date=yesterday, is_partial=False).exists():
        take(day=yesterday, now=now)
    take(day=today, now=now)
    opened = judge_waiting(today, now)
    scored = score_day(day=yesterday, now=now, seconds=SCORING)
    return {"day": today.isoformat(), "opened": opened, "scored": scored.customers}


def judge_waiting(today: date, now: datetime) -> int:
    """Judge the days of the last week that are over; returns the alerts opened."""
    waiting = SnapshotDay.objects.filter(date__gte=today - JUDGED_BACK, date__lt=today, is_partial=False)
    days = waiting.filter(judged_at=None).order_by("date").values_list("date", flat=True)
    return sum(len(evaluate(day=day, now=now)) for day in days)


def send_notices() -> dict[str, int]:
    return notices.send_due(now=timezone.now())


def fill_gaps() -> int:
    """Compute a few of the last days that have no figures, newest first."""
    now = timezone.now()
    today = now.astimezone(ZoneInfo(settings.TIME_ZONE_BUSINESS)).date()
    known = set(SnapshotDay.objects.values_list("date", flat=True))
    days = [today - timedelta(days=n) for n in range(1, BACKFILL_DAYS + 1)]
    missing = [day for day in days if day not in known][:A_RUN]
    return sum(backfill(first=day, last=day, now=now) for day in missing)
