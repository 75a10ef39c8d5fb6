"""Emptying the queue: as many workers as the account allows, each taking the next due push as it gets free."""

import logging
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, connections
from django.utils import timezone

from netsuite.claims import claim
from netsuite.deadline import Deadline
from netsuite.delivery import Delivery
from netsuite.models import Channel, Push
from netsuite.transport import TRANSPORTS, Transport

log = logging.getLogger(__name__)

LONGEST_WAIT_SECONDS = 60.0
WAITS_WITHOUT_PROGRESS = 5
FOREVER = float(10**9)


@dataclass(frozen=True)
class Job:
    """What the workers of one channel share."""

    channel: str
    by: str
    due_at: datetime | None
    time_box: Deadline


def drain(
    *, once: bool = False, by: str = "schedule:drain", channel: str = "", for_seconds: float = FOREVER
) -> Counter[str]:
    """Deliver what is due and count the pushes by the status they reached.

    `once`: one pass over what is due now; otherwise until nothing is due, waiting out a throttled account.
    After `for_seconds` no further push is begun. Raises the first unexpected error of ours, after the
    other pushes are done; ImproperlyConfigured when there is work and no usable configuration.
    """
    total: Counter[str] = Counter()
    time_box = Deadline(for_seconds)
    for name in [channel] if channel else list(TRANSPORTS):
        job = Job(name, by, timezone.now() if once else None, time_box)
        for counted in _rounds(job, once):
            total += counted
    return total


def has_work(channel: str) -> bool:
    """Is anything due, or abandoned by a dead worker?"""
    pushes = Push.objects.filter(channel=channel)
    return pushes.waiting_to_go(timezone.now()).exists() or pushes.filter(status="sending").exists()


def _rounds(job: Job, once: bool) -> Iterator[Counter[str]]:
    idle = 0
    while has_work(job.channel) and not job.time_box.passed():
        counted = _one_round(job)
        yield counted
        idle = 0 if counted["applied"] else idle + 1
        if once or idle > WAITS_WITHOUT_PROGRESS:
            return
        if not (_wait_out_throttling(job) or counted or _may_go_on(job)):
            return


def _one_round(job: Job) -> Counter[str]:
    """All workers until each finds nothing to claim. Inside a transaction other threads would not see its rows."""
    first = TRANSPORTS[job.channel]()
    due = Push.objects.filter(channel=job.channel).waiting_to_go(timezone.now()).count()
    workers = min(first.slots, max(due, 1))
    if workers == 1 or connection.in_atomic_block:
        return _merge([_work(job, first)])
    with ThreadPoolExecutor(workers, thread_name_prefix=f"drain-{job.channel}") as pool:
        return _merge([future.result() for future in [pool.submit(_work_in_thread, job) for _ in range(workers)]])


def _merge(results: list[tuple[Counter[str], list[Exception]]]) -> Counter[str]:
    errors = [error for _, found in results for error in found]
    if errors:
        raise errors[0]
    return sum((counted for counted, _ in results), Counter())


def _work_in_thread(job: Job) -> tuple[Counter[str], list[Exception]]:
    try:
        return _work(job, TRANSPORTS[job.channel]())
    finally:
        connections.close_all()


def _work(job: Job, transport: Transport) -> tuple[Counter[str], list[Exception]]:
    """Deliver until there is nothing to claim; an error of ours is kept for the end, its push is put off."""
    counted: Counter[str] = Counter()
    errors: list[Exception] = []
    while not job.time_box.passed():
        push = claim(job.channel, slots=transport.slots, by=job.by, due_at=job.due_at)
        if push is None:
            break
        try:
            Delivery(push, transport, by=job.by).run()
        except Exception as error:
            log.exception("push %s: unexpected error", push.pk)
            errors.append(error)
        counted[push.status] += 1
    return counted, errors


def _may_go_on(job: Job) -> bool:
    """The back-off may have ended between the last claim and now."""
    now = timezone.now()
    due = Push.objects.filter(channel=job.channel).waiting_to_go(now)
    return Channel.named(job.channel).lets_through(now) and due.exists()


def _wait_out_throttling(job: Job) -> bool:
    """Sleep until the account may be called again, if that is soon."""
    until = Channel.named(job.channel).backoff_until
    seconds = (until - timezone.now()).total_seconds() if until else 0.0
    if not 0 < seconds <= min(LONGEST_WAIT_SECONDS, job.time_box.left()):
        return False
    time.sleep(seconds)
    return True
