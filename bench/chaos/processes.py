"""Web, worker and drainers as they run in production, each of which can be killed and comes back."""

import random
import signal
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import psutil

from bench.chaos.stage import ROOT, Stage, TooSlow
from tests.flows.drainers import Drainers
from tests.flows.mail_server import free_port

START_SECONDS = 120
# In the environment of a service and of everything that it starts.
MARK = "CHAOS_SERVICE"
# More at once in each process than deploy/ has, so that more can go wrong.
GUNICORN = ("--workers", "2", "--threads", "8", "--graceful-timeout", "3", "--no-control-socket", "--preload")
# A start takes seconds, so the first process of a service dies less often than the others.
FIRST_ONE = 0.3
WORKER = ("--knock", "10", "--silence", "30", "--stand-in", "2")


class Service:
    """A program of ours with all its processes; as under a service manager it is started again when it dies."""

    def __init__(self, name: str, command: Sequence[str], log: Path, env: dict[str, str]) -> None:
        self.name, self.log, self.env = name, log, {**env, MARK: uuid.uuid4().hex}
        self.command = [*command]
        self.deaths = 0
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as stream:
            self.process = subprocess.Popen(  # noqa: S603
                self.command, cwd=ROOT, env=self.env, stdout=stream, stderr=stream, start_new_session=True
            )

    @property
    def family(self) -> list[psutil.Process]:
        """Its processes, the first one first."""
        try:
            first = psutil.Process(self.process.pid)
            return [first, *first.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def revive(self) -> None:
        if self.process.poll() is not None:
            self.start()

    def kill_one(self, chance: random.Random) -> None:
        """One of its processes at random. With the first one all of it goes, as a service manager sees to."""
        family = self.family
        if not family:
            return
        victim = chance.choice(family) if chance.random() < FIRST_ONE else chance.choice(family[1:] or family)
        self.deaths += 1
        if victim.pid == self.process.pid:
            self.kill()
        else:
            with suppress(psutil.NoSuchProcess):
                victim.send_signal(signal.SIGKILL)

    def kill(self) -> None:
        """All that it ever started, also what lost its parent meanwhile: as a service manager does by its group."""
        for process in [*self.family, *self._marked()]:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGKILL)
        self.process.wait()

    def _marked(self) -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.environ().get(MARK) == self.env[MARK]:
                    found.append(process)
        return found

    def end(self) -> None:
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        self.kill()


S = TypeVar("S", bound=Service)


class Web(Service):
    def __init__(self, stage: Stage, host: str = "127.0.0.1", name: str = "web", prefix: Sequence[str] = ()) -> None:
        self.url = f"http://{host}:{free_port()}"
        bind = ("--bind", self.url.removeprefix("http://"))
        command = [*prefix, sys.executable, "-m", "gunicorn", "config.wsgi", *bind, *GUNICORN]
        super().__init__(name, command, stage.folder / f"{name}.log", stage.env)

    def wait_until_up(self) -> None:
        end = time.monotonic() + START_SECONDS
        while not self._answers():
            if time.monotonic() > end:
                raise TooSlow(f"{self.name} does not start: {self.log.read_text()[-1000:]}")
            time.sleep(0.1)

    def _answers(self) -> bool:
        with suppress(OSError):
            return urllib.request.urlopen(f"{self.url}/healthz", timeout=5).status == 200  # noqa: S310
        return False


class Worker(Service):
    def __init__(self, stage: Stage, name: str = "worker", prefix: Sequence[str] = ()) -> None:
        command = [*prefix, sys.executable, "manage.py", "worker", *WORKER]
        super().__init__(name, command, stage.folder / f"{name}.log", stage.env)


@contextmanager
def running(service: S) -> Iterator[S]:
    try:
        yield service
    finally:
        service.end()


@contextmanager
def draining(stage: Stage, *kinds: str) -> Iterator[Drainers]:
    crew = Drainers(stage.env, stage.folder / "drainers.log", kinds or ("command", "task", "command"))
    try:
        yield crew
    finally:
        crew.end()
