"""A clock set back, so that the demo's past goes through the same actions as the present."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone


@contextmanager
def clock_at(moment: datetime) -> Iterator[None]:
    """Django's clock starts at `moment` (aware) and runs on; for this process and this block only.

    Everything an action writes (rows, history, evidence, audit) then carries that time, as if done then.
    """
    back = datetime.now(tz=moment.tzinfo) - moment

    class SetBack(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) - back

    real = timezone.datetime  # type: ignore[attr-defined]
    timezone.datetime = SetBack  # type: ignore[attr-defined]
    try:
        yield
    finally:
        timezone.datetime = real  # type: ignore[attr-defined]


def business_moment(today: date, days_ago: int, clock: str) -> datetime:
    """So many days before `today`, at `clock` (HH:MM) business time; on a weekend, the Friday before."""
    day = today - timedelta(days=days_ago)
    day -= timedelta(days=max(0, day.weekday() - 4))
    return datetime.combine(day, time.fromisoformat(clock), ZoneInfo(settings.TIME_ZONE_BUSINESS))
