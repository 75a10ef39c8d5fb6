"""Keeps background work going: restarts a cluster that fell silent, and does the urgent part itself meanwhile.

The task runner only rings the bell; what is due stands in our own tables, so the watchdog can do it without it.
"""

import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from django.db import DatabaseError, connections
from django_q.tasks import async_task

from netsuite.tasks import drain_now
from workflows.models import Heartbeat
from workflows.tasks import apply_waiting, send_due

log = logging.getLogger(__name__)

CLUSTER = "cluster"
CANARY = "workflows.tasks.canary"
Verdict = Literal["healthy", "knock", "restart", "revive", "wait"]


@dataclass(frozen=True)
class Patience:
    """All in seconds.

    `silence`: the cluster counts as frozen; `knock`: it is asked for a sign of life before that;
    `stand_in`: between two rounds of our own while it is silent; `stop`: for a clean end, then it is killed;
    `first_delay`, `longest_delay`: before a dead cluster is started again, doubling from one to the other.
    """

    silence: float = 120
    knock: float = 75
    stand_in: float = 60
    stop: float = 4
    first_delay: float = 1
    longest_delay: float = 60


@dataclass(frozen=True)
class Observed:
    """What the watchdog sees, in seconds of a clock that never jumps. `sign`: the last start or beat."""

    now: float
    alive: bool
    sign: float
    knocked: float = 0.0
    died: float = 0.0
    deaths: int = 0
    database: bool = True


def decide(seen: Observed, patience: Patience) -> Verdict:
    """What to do with the cluster now. Without a database nothing can beat, so that is no reason to restart."""
    if not seen.alive:
        return "revive" if seen.now - seen.died >= delay(seen.deaths, patience) else "wait"
    silent = seen.now - seen.sign
    if not seen.database or silent < patience.knock:
        return "healthy"
    if silent >= patience.silence:
        return "restart"
    return "wait" if seen.knocked > seen.sign else "knock"


def delay(deaths: int, patience: Patience) -> float:
    """Seconds before the next start after so many deaths in a row."""
    return min(patience.longest_delay, patience.first_delay * 2 ** max(0, min(deaths, 20) - 1))


def stands_in(silent: float, since_last: float, patience: Patience) -> bool:
    """Whether the watchdog does the due work itself: the cluster has missed its beat and so have we."""
    return silent >= patience.knock and since_last >= patience.stand_in


def do_due_work() -> None:
    """Pushes, approved proposals that wait, and mails; each on its own, an error stops none of the others."""
    for work in (apply_waiting, drain_now, send_due):
        try:
            log.info("stand-in: %s: %s", work.__name__, work())
        except Exception:
            log.exception("stand-in: %s", work.__name__)
    connections.close_all()


class Cluster:
    """The task runner as a child with a process group of its own, so that all of it can be ended."""

    def __init__(self, command: Sequence[str]) -> None:
        self.command = list(command)
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        self.process = subprocess.Popen(self.command, start_new_session=True)  # noqa: S603  our own command
        log.info("cluster %s started", self.process.pid)

    def kill(self) -> None:
        """The whole group at once, also when it is frozen."""
        if self.process is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self, seconds: float) -> None:
        """Ask it to end; what is left after `seconds` is killed. A task cut short is taken up by its lease."""
        if self.process is None:
            return
        if self.alive:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(seconds)
        self.kill()


@dataclass
class Watchdog:
    """One cluster and its keeper; `run` blocks until `stopping` is set."""

    cluster: Cluster
    patience: Patience = field(default_factory=Patience)
    work: Callable[[], None] = do_due_work
    stopping: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._sign = self._knocked = self._died = self._stood_in = 0.0
        self._deaths = 0
        self._beat: datetime | None = None
        self._database = True
        self._stand_in: threading.Thread | None = None

    def run(self, pause: float = 1.0) -> None:
        self._beat = self._read_beat()
        self._start()
        try:
            while not self.stopping.wait(pause):
                self.look()
        finally:
            self.cluster.stop(self.patience.stop)
            log.info("stopped")

    def look(self) -> None:
        """One round: notice signs of life, act on the verdict, stand in if need be."""
        now = time.monotonic()
        self._notice(now)
        seen = Observed(now, self.cluster.alive, self._sign, self._knocked, self._died, self._deaths, self._database)
        verdict = decide(seen, self.patience)
        if verdict == "knock":
            self._knock(now)
        elif verdict == "restart":
            log.error("cluster silent for %.0f s: killed and started again", now - self._sign)
            self.cluster.kill()
            self._start()
        elif verdict == "revive":
            self._start()
        self._stand_in_if_needed(now, seen.sign)

    def _start(self) -> None:
        self.cluster.start()
        self._sign = time.monotonic()

    def _notice(self, now: float) -> None:
        beat = self._read_beat()
        if beat != self._beat:
            self._beat, self._sign, self._deaths = beat, now, 0
        if not self.cluster.alive and self._died <= self._sign:
            self._died, self._deaths = now, self._deaths + 1
            # Its children outlive it: left alone they would go on as a second cluster.
            self.cluster.kill()
            wait = delay(self._deaths, self.patience)
            log.error("cluster ended by itself; next start in %.0f s", wait)

    def _read_beat(self) -> datetime | None:
        """The last beat in the database; the one known when the database cannot be asked."""
        try:
            found = Heartbeat.objects.filter(name=CLUSTER).values_list("at", flat=True).first()
            self._database = True
        except DatabaseError as problem:
            self._database = False
            connections.close_all()
            log.warning("the database cannot be asked: %s", problem)
            return self._beat
        return found

    def _knock(self, now: float) -> None:
        """A schedule beats each minute; this beat comes through the queue, to see whether that is alive."""
        self._knocked = now
        try:
            async_task(CANARY)
        except Exception:
            log.exception("could not queue the canary")

    def _stand_in_if_needed(self, now: float, sign: float) -> None:
        """In a thread, so that a slow mail or NetSuite never keeps the watchdog from looking."""
        busy = self._stand_in is not None and self._stand_in.is_alive()
        if busy or not stands_in(now - sign, now - self._stood_in, self.patience):
            return
        self._stood_in = now
        self._stand_in = threading.Thread(target=self.work, name="stand-in", daemon=True)
        self._stand_in.start()
