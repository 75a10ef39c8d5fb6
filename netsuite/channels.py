"""What all workers of one remote system share: back-off, pause, and the switch that closes it.

Each change is one conditional UPDATE, so that many workers may report the same trouble at once.
"""

import logging
from datetime import datetime, timedelta

from django.db.models import F
from django.utils import timezone

from netsuite.backoff import throttle_delay
from netsuite.models import Channel

log = logging.getLogger(__name__)


def back_off(name: str, retry_after: float | None = None) -> datetime:
    """The account is throttled: nobody claims until the moment returned. It is never brought forward."""
    channel = Channel.named(name)
    until = timezone.now() + timedelta(seconds=throttle_delay(channel.throttle_count, retry_after))
    Channel.objects.filter(name=name).update(throttle_count=F("throttle_count") + 1)
    Channel.objects.filter(name=name).exclude(backoff_until__gte=until).update(backoff_until=until)
    return until


def calm_down(name: str) -> None:
    """A call went through: the next throttling starts from a short wait again."""
    Channel.objects.filter(name=name, throttle_count__gt=0).update(throttle_count=0)


def pause(name: str, reason: str) -> None:
    """Sign-in was refused twice: stop, because five failed logins lock the user. A person resumes."""
    Channel.named(name)
    if Channel.objects.filter(name=name, paused_at=None).update(paused_at=timezone.now(), paused_reason=reason):
        log.error("channel %s is paused: %s", name, reason)


def resume(name: str, *, by: str) -> bool:
    """Let a paused channel go again with a fresh token. Returns whether it was paused."""
    paused = Channel.objects.filter(name=name, paused_at__isnull=False)
    resumed = paused.update(paused_at=None, paused_reason="", access_token="", token_expires_at=None)
    if resumed:
        log.warning("channel %s resumed by %s", name, by)
    return bool(resumed)


def close(name: str, *, until: datetime, reason: str) -> None:
    """A kill switch is on: nothing is claimed or written before `until`."""
    _set_switch(name, closed_until=until, closed_reason=reason, armed=False)


def arm(name: str, *, reason: str) -> None:
    """Only log on each attempt what a closed channel would have blocked."""
    _set_switch(name, closed_until=None, closed_reason=reason, armed=True)


def reopen(name: str) -> None:
    _set_switch(name, closed_until=None, closed_reason="", armed=False)


def _set_switch(name: str, **fields: object) -> None:
    Channel.named(name)
    Channel.objects.filter(name=name).update(**fields)
