"""Background work of holds: the daily tick and the drift check."""

from contextlib import suppress
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from customers.clock import business_today
from customers.tasks import refresh_balances
from holds.actions import drift, limits, overrides
from holds.actions.tick import aging_tick
from netsuite.errors import NetsuiteError
from workflows.models import Heartbeat

TICK_AT = time(6)
SATURDAY = 5


def aging_tick_when_due() -> dict[str, Any] | None:
    """Once each weekday, from 06:00 business time on; after days down it runs once, not once a day missed."""
    now = timezone.now().astimezone(ZoneInfo(settings.TIME_ZONE_BUSINESS))
    if not tick_is_due(now):
        return None
    # NetSuite out of reach: the proposals warn that the balances are old.
    with suppress(NetsuiteError):
        refresh_balances()
    return aging_tick(as_of=now.date()).as_dict()


def tick_is_due(now: datetime) -> bool:
    """`now` in business time: a weekday, past 06:00, and today's tick has not run."""
    if now.weekday() >= SATURDAY or now.time() < TICK_AT:
        return False
    last = Heartbeat.objects.filter(name="aging_tick").first()
    return last is None or last.detail.get("as_of", "") < now.date().isoformat()


def void_expired_overrides() -> int:
    """Approvals at the till that were not used in their minutes, and questions that nobody answered."""
    return overrides.void_expired(now=timezone.now())


def end_limit_extensions() -> int:
    """Credit limits whose last higher day has passed."""
    return limits.end_due(today=business_today())


def check_drift() -> int:
    return drift.check_drift()
