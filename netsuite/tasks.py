"""Background work: the bell and the drainer. Both only call `drain`, which can as well run from cron."""

from django.conf import settings
from django.utils import timezone

from netsuite.drain import drain, has_work
from netsuite.models import Channel
from netsuite.outbox import ring
from netsuite.transport import all_channels

LEAST_SECONDS = 5.0


def drain_now() -> dict[str, int]:
    """Deliver what is due; ring again for the rest, so that no run outlives the task runner's time limit."""
    return _drain_for_a_while("schedule:drain")


def drain_waiting() -> dict[str, int]:
    """The drainer: pushes whose cycle was used up start their next one."""
    return _drain_for_a_while("schedule:drainer")


def _drain_for_a_while(by: str) -> dict[str, int]:
    limit = settings.Q_CLUSTER.get("timeout") or 60
    box = max(limit - settings.NETSUITE_TIMEOUT_SECONDS - 5, LEAST_SECONDS)
    counted = drain(by=by, for_seconds=box)
    if counted["applied"] and any(_can_go_on(channel) for channel in all_channels()):
        ring()
    return dict(counted)


def _can_go_on(channel: str) -> bool:
    return has_work(channel) and Channel.named(channel).lets_through(timezone.now())
