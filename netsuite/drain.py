"""Emptying the queue: as many workers as each channel allows, each taking the next due push as it gets free."""

import logging
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import connection, connections
from django.utils import timezone

from netsuite.claims import Errand, claim, notify_all
from netsuite.deadline import Deadline
from netsuite.delivery import Delivery
from netsuite.models import Channel, Push
from netsuite.transport import Transport, all_channels, line_of

log = logging.getLogger(__name__)

LONGEST_WAIT_SECONDS = 60.0
LOOK_AGAIN_SECONDS = 0.5
WAITS_WITHOUT_PROGRESS = 5
TOLD_AT_ONCE = 100
GATHER_SECONDS = 0.05
WAITS_FOR_A_SLOT = (0.2, 0.2, 0.2)
FOREVER = float(10**9)

Result = tuple[Counter[str], list[Exception]]


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

    The channels are emptied beside each other: a slow one holds up no other. `once`: one pass over what is due
    now; otherwise until nothing is due, waiting out a throttled account. After `for_seconds` no further push is
    begun. Raises the first unexpected error of ours, after the other pushes are done; ImproperlyConfigured when
    there is work and no usable configuration.
    """
    due_at, time_box = timezone.now() if once else None, Deadline(for_seconds)
    names = [channel] if channel else all_channels()
    jobs = [Job(name, by, due_at, time_box) for name in names if has_work(name)]
    if len(jobs) < 2 or connection.in_atomic_block:
        return _merge([_empty(job) for job in jobs])
    return _merge(_beside_each_other(jobs, names))


def has_work(channel: str) -> bool:
    """Is anything due, or abandoned by a dead worker?"""
    pushes = Push.objects.filter(channel=channel)
    return pushes.waiting_to_go(timezone.now()).exists() or pushes.filter(status="sending").exists()


def _beside_each_other(jobs: list[Job], names: list[str]) -> list[Result]:
    """While one channel still works, the others take up what is queued for them meanwhile."""
    again = [] if jobs[0].due_at else [replace(jobs[0], channel=name) for name in names]
    results: list[Result] = []
    with ThreadPoolExecutor(len(names), thread_name_prefix="drain") as pool:
        running = {pool.submit(_in_thread, _empty, job): job.channel for job in jobs}
        while running:
            done, _ = wait(running, timeout=LOOK_AGAIN_SECONDS, return_when=FIRST_COMPLETED)
            for future in done:
                del running[future]
                results.append(future.result())
            if running:
                idle = [job for job in again if job.channel not in running.values() and _may_go_on(job)]
                running |= {pool.submit(_in_thread, _empty, job): job.channel for job in idle}
    return results


def _in_thread(work: Callable[..., Result], *facts: Any) -> Result:
    try:
        return work(*facts)
    finally:
        connections.close_all()


def _empty(job: Job) -> Result:
    """All rounds of one channel; its error waits until the other channels are done."""
    total: Counter[str] = Counter()
    errors: list[Exception] = []
    try:
        for counted, found in _rounds(job):
            total += counted
            errors += found
    except Exception as error:
        errors.append(error)
    return total, errors


def _rounds(job: Job) -> Iterator[Result]:
    idle = 0
    while has_work(job.channel) and not job.time_box.passed():
        counted, errors = Crew(job).work()
        yield counted, errors
        idle = 0 if counted["applied"] else idle + 1
        if errors or job.due_at or idle > WAITS_WITHOUT_PROGRESS:
            return
        if not (_wait_out_throttling(job) or counted or _may_go_on(job)):
            return


class Crew:
    """The workers of one channel: whoever takes a push calls for one more while there is work and a free slot."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.line = line_of(job.channel)
        self._lock, self._claiming = threading.Lock(), threading.Lock()
        self._idle, self._ready = 0, list[Errand]()
        self._size = 1
        self._rest_until = 0.0
        self._helpers: list[Future[Result]] = []
        self._teller = Teller()
        self._slot_is_free = threading.Condition()

    def work(self) -> Result:
        """Until nobody finds anything to claim. Inside a transaction other threads would not see its rows."""
        if self.line.slots == 1 or connection.in_atomic_block:
            return self._deliver(self.line, None)
        with ThreadPoolExecutor(self.line.slots + 1, thread_name_prefix=f"drain-{self.job.channel}") as pool:
            try:
                mine = self._deliver(self.line, pool)
                # A helper may call another while this list is read, so the pool stays open until the last is done.
                return _sum([mine, *(helper.result() for helper in self._helpers)])
            finally:
                self._teller.finish()

    def _next_errand(self, patient: bool) -> Errand | None:
        """None when there is nothing to do, or other processes have held all slots for a while."""
        for seconds in WAITS_FOR_A_SLOT if patient else ():
            errand = self._take()
            if errand or self.job.time_box.passed() or not _may_go_on(self.job):
                return errand
            with self._slot_is_free:
                self._slot_is_free.wait(seconds)
        return self._take()

    def _take(self) -> Errand | None:
        """One worker claims for all who wait meanwhile. What it claims is no more than they are, so nothing lies."""
        with self._lock:
            self._idle += 1
        with self._claiming:
            try:
                if not self._ready:
                    self._ready = self._claim(self._idle)
                return self._ready.pop(0) if self._ready else None
            finally:
                with self._lock:
                    self._idle -= 1

    def _claim(self, at_most: int) -> list[Errand]:
        job = self.job
        return claim(job.channel, slots=self.line.slots, by=job.by, due_at=job.due_at, at_most=at_most)

    def _tell(self, push: Push) -> None:
        with self._slot_is_free:
            self._slot_is_free.notify()
        self._teller.tell(push)

    def _help(self, pool: ThreadPoolExecutor) -> Result:
        """Who finds nothing, because other processes hold the slots, keeps the next from coming at once."""
        result = _in_thread(self._deliver, line_of(self.job.channel), pool)
        if not result[0]:
            self._rest_until = time.monotonic() + LOOK_AGAIN_SECONDS
        return result

    def _call_for_help(self, pool: ThreadPoolExecutor) -> None:
        with self._lock:
            if self._size >= self.line.slots or time.monotonic() < self._rest_until or not self._more_is_due():
                return
            self._size += 1
            self._teller.start(pool)
            self._helpers.append(pool.submit(self._help, pool))

    def _more_is_due(self) -> bool:
        now = self.job.due_at or timezone.now()
        return Push.objects.filter(channel=self.job.channel).waiting_to_go(now).exists()

    def _deliver(self, line: Transport, pool: ThreadPoolExecutor | None) -> Result:
        """One worker; an error of ours is kept for the end, its push is put off."""
        counted: Counter[str] = Counter()
        errors: list[Exception] = []
        while not self.job.time_box.passed():
            errand = self._next_errand(patient=pool is not None)
            if errand is None:
                break
            if pool:
                self._call_for_help(pool)
            try:
                Delivery(errand, line, by=self.job.by, tell=self._tell).run()
            except Exception as error:
                log.exception("push %s: unexpected error", errand.push.pk)
                errors.append(error)
            counted[errand.push.status] += 1
        with self._lock:
            self._size -= 1
        return counted, errors


class Teller:
    """Tells the upper apps what became of pushes. Beside many workers in a thread of its own, many at a time.

    A push that it did not live to tell is found by the apps' own catching up.
    """

    def __init__(self) -> None:
        self._settled: queue.SimpleQueue[Push | None] = queue.SimpleQueue()
        self._running: Future[None] | None = None

    def start(self, pool: ThreadPoolExecutor) -> None:
        if self._running is None:
            self._running = pool.submit(self._run)

    def tell(self, push: Push) -> None:
        if self._running is None:
            notify_all([push])
        else:
            self._settled.put(push)

    def finish(self) -> None:
        """Everything is told when this returns."""
        if self._running is not None:
            self._settled.put(None)
            self._running.result()

    def _run(self) -> None:
        over = False
        try:
            while not over:
                found = [self._settled.get()]
                if found != [None]:
                    time.sleep(GATHER_SECONDS)
                while len(found) < TOLD_AT_ONCE and not self._settled.empty():
                    found.append(self._settled.get())
                over = None in found
                notify_all([push for push in found if push is not None])
        finally:
            connections.close_all()


def _sum(results: Iterable[Result]) -> Result:
    total: Counter[str] = Counter()
    errors: list[Exception] = []
    for counted, found in results:
        total += counted
        errors += found
    return total, errors


def _merge(results: Iterable[Result]) -> Counter[str]:
    counted, errors = _sum(results)
    if errors:
        raise errors[0]
    return counted


def _may_go_on(job: Job) -> bool:
    """The back-off may have ended between the last claim and now."""
    now = timezone.now()
    due = Push.objects.filter(channel=job.channel).waiting_to_go(now)
    return due.exists() and not job.time_box.passed() and Channel.named(job.channel).lets_through(now)


def _wait_out_throttling(job: Job) -> bool:
    """Sleep until the account may be called again, if that is soon."""
    until = Channel.named(job.channel).backoff_until
    seconds = (until - timezone.now()).total_seconds() if until else 0.0
    if not 0 < seconds <= min(LONGEST_WAIT_SECONDS, job.time_box.left()):
        return False
    time.sleep(seconds)
    return True
