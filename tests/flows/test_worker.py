"""A frozen cluster: the watchdog delivers in its place, then replaces it."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings

from netsuite import outbox
from netsuite.models import Push
from netsuite.sandbox.process import SandboxProcess

ROOT = Path(__file__).resolve().parents[2]
STARTED = re.compile(r"cluster (\d+) started")
CUSTOMER = {"id": 107, "companyname": "Northside Grocers", "creditholdoverride": "AUTO"}


def database_url() -> str:
    """The test database, as another process reaches it."""
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        return f"sqlite:///{database['NAME']}"
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database['NAME']}"))


class Worker:
    """`manage.py worker` with little patience, and what it logs."""

    def __init__(self, env: dict[str, str], log: Path) -> None:
        self.log = log
        patience = ("--knock", "3", "--silence", "40", "--stand-in", "1")
        with log.open("wb") as stream:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "worker", *patience],
                cwd=ROOT,
                env=env,
                stdout=stream,
                stderr=subprocess.STDOUT,
            )

    def clusters(self) -> list[int]:
        return [int(pid) for pid in STARTED.findall(self.log.read_text())]

    def says(self, words: str) -> bool:
        return words in self.log.read_text()

    def wait_for(self, condition, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert self.process.poll() is None, self.log.read_text()[-3000:]
            assert time.monotonic() < deadline, self.log.read_text()[-3000:]
            time.sleep(0.1)

    def end(self) -> int:
        self.process.terminate()
        return self.process.wait(30)


@pytest.fixture
def worker(transactional_db: None, sandbox: SandboxProcess, tmp_path: Path) -> Iterator[Worker]:
    sandbox.load(customers=[CUSTOMER])
    env = {**os.environ, **sandbox.environment(), "DATABASE_URL": database_url(), "DEVELOPMENT": "1"}
    running = Worker(env, tmp_path / "worker.log")
    running.wait_for(lambda: running.says("ready for work"), 60)
    yield running
    running.end()
    assert living(running.clusters()) == []


def living(groups: list[int]) -> list[str]:
    """Processes of these groups that run; a killed one whose parent has not looked yet is none."""
    listed = subprocess.run(["ps", "-eo", "pgid=,stat=,args="], capture_output=True, check=True, text=True)
    rows = [line.split(maxsplit=2) for line in listed.stdout.splitlines()]
    return [" ".join(row) for row in rows if int(row[0]) in groups and not row[1].startswith("Z")]


def queue_hold() -> Push:
    names = {"key": "customer:107", "record_type": "customer", "record_id": "107", "by": "mike"}
    return outbox.enqueue(body={"credit_hold": "ON"}, **names)


def is_applied(push: Push) -> bool:
    return Push.objects.filter(pk=push.pk, status="applied").exists()


def test_a_push_goes_out_through_the_cluster(worker, sandbox):
    push = queue_hold()
    worker.wait_for(lambda: is_applied(push), 30)
    assert sandbox.get("customer", 107)["creditHoldOverride"]["id"] == "ON"


def test_a_frozen_cluster_is_stood_in_for_and_replaced(worker, sandbox):
    frozen = worker.clusters()[-1]
    os.killpg(frozen, signal.SIGSTOP)
    push = queue_hold()

    worker.wait_for(lambda: is_applied(push), 30)
    assert worker.clusters()[-1] == frozen
    worker.wait_for(lambda: worker.says("stand-in: drain_now"), 10)

    worker.wait_for(lambda: worker.clusters()[-1] != frozen, 60)
    worker.wait_for(lambda: worker.says("killed and started again"), 10)
    assert Push.objects.get(pk=push.pk).attempts.count() == 1
