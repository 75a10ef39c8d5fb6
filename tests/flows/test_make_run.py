"""What `make run` starts: a first start with the demo, a sign-in, an approval that reaches NetSuite, a clean end."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
import requests

from tests.flows.conftest import free_port

ROOT = Path(__file__).resolve().parents[2]
FIRST_START_SECONDS = 420
DATABASE = f"holdgate_make_run_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
PIDS = re.compile(r"started \(pid=(\d+)\)|Booting worker with pid: (\d+)|cluster (\d+) started|ready for work at (\d+)")


@dataclass
class Copy:
    """One running copy: its process, its ports and what it wrote to the terminal."""

    process: subprocess.Popen[bytes]
    port: int
    sandbox_port: int
    output: Path
    started_in: float = 0.0

    @property
    def terminal(self) -> str:
        return self.output.read_text(errors="replace")

    @property
    def password(self) -> str:
        return re.search(r"Password\s+(\S+)", self.terminal)[1]

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def pids(self) -> set[int]:
        return {int(pid) for found in PIDS.findall(self.terminal) for pid in found if pid}

    def sign_in(self, name: str) -> tuple[requests.Session, requests.Response]:
        session = requests.Session()
        page = session.get(self.url("/admin/login/"), timeout=30).text
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
        form = {"username": name, "password": self.password, "csrfmiddlewaretoken": token, "next": "/admin/"}
        answer = session.post(self.url("/admin/login/?next=/admin/"), form, timeout=60)
        return session, answer

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A data directory of its own; on PostgreSQL a database of its own too."""
    env = {**os.environ, "DATA_DIR": str(tmp_path / "copy"), "DEVELOPMENT": "1"}
    url = env.pop("DATABASE_URL", "")
    if not url.startswith("postgresql"):
        yield env
        return
    parts = urlsplit(url)
    admin, own = (urlunsplit(parts._replace(path=f"/{name}")) for name in ("postgres", DATABASE))
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {DATABASE}")
    yield {**env, "DATABASE_URL": own}
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")


def start(env: dict[str, str], output: Path) -> Copy:
    port, sandbox_port = free_port(), free_port()
    command = [sys.executable, "manage.py", "serve", "--port", str(port), "--sandbox-port", str(sandbox_port)]
    began = time.monotonic()
    with output.open("wb") as terminal:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=terminal, stderr=subprocess.STDOUT)
    copy = Copy(process, port, sandbox_port, output)
    try:
        wait_for(copy, lambda: answers(copy.url("/admin/login/")), FIRST_START_SECONDS)
        wait_for(copy, lambda: "ready for work" in copy.terminal, 60)
    except BaseException:
        copy.end()
        raise
    copy.started_in = time.monotonic() - began
    return copy


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=10).status_code == 200
    except requests.ConnectionError:
        return False


def wait_for(copy: Copy, condition, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert copy.process.poll() is None, copy.terminal[-3000:]
        assert time.monotonic() < deadline, copy.terminal[-3000:]
        time.sleep(0.2)


def running(pids: set[int]) -> set[int]:
    """Those of `pids` that still run; a dead one whose parent has not looked yet does not."""
    listed = subprocess.run(["ps", "-eo", "pid=,stat="], capture_output=True, check=True, text=True)
    rows = [line.split() for line in listed.stdout.splitlines()]
    return pids & {int(pid) for pid, state in rows if not state.startswith("Z")}


def the_first_start_shows_logins_and_pins_once(copy: Copy) -> None:
    assert copy.terminal.count(copy.password) == 1
    assert len(re.findall(r"Manager PINs .*\b\d{6}, .*\b\d{6}, .*\b\d{6}", copy.terminal)) == 1


def the_first_tick_finds_a_handful_to_decide(copy: Copy) -> None:
    proposed = re.search(r"(\d+) cross the line, (\d+) proposed", copy.terminal)
    assert 8 <= int(proposed[2]) <= 12
    assert int(proposed[1]) > int(proposed[2])


def a_wrong_password_stays_outside(copy: Copy) -> None:
    session = requests.Session()
    page = session.get(copy.url("/admin/login/"), timeout=30).text
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
    form = {"username": "mike", "password": "guess", "csrfmiddlewaretoken": token}
    session.post(copy.url("/admin/login/"), form, timeout=60)
    assert session.get(copy.url("/admin/"), timeout=30, allow_redirects=False).status_code == 302


def mike_signs_in_and_sees_who_waits(copy: Copy) -> None:
    _, home = copy.sign_in("mike")
    assert (home.status_code, urlsplit(home.url).path) == (200, "/admin/")
    assert "Harrowgate Provisions" in home.text


def rep_sees_their_own_customers_only(copy: Copy) -> None:
    session, _ = copy.sign_in("rep")
    found = session.get(copy.url("/api/v1/proposals/?status=pending"), timeout=30).json()["results"]
    names = {proposal["customer"]["name"] for proposal in found}
    assert names == {
        "Harrowgate Provisions",
        "Moonharbor Hospitality",
        "Tansyfield Ski Lodges",
        "Thornapple Co-op",
    }


def an_approved_hold_reaches_netsuite(copy: Copy) -> None:
    session, _ = copy.sign_in("mike")
    pending = session.get(copy.url("/api/v1/proposals/?status=pending"), timeout=30).json()["results"]
    hold = next(p for p in pending if p["customer"]["name"] == "Ironbridge Building Supply")
    headers = {"X-CSRFToken": session.cookies["csrftoken"], "Referer": copy.url("/")}
    decision = {"version": hold["version"], "reason": "131 days, nobody answers."}
    done = session.post(
        copy.url(f"/api/v1/proposals/{hold['id']}/approve/"), json=decision, headers=headers, timeout=60
    )
    assert done.status_code == 200, done.text
    wait_for(copy, lambda: in_netsuite(copy, hold["customer"]["netsuite_id"]) == "ON", 60)


def in_netsuite(copy: Copy, netsuite_id: str) -> str:
    address = f"http://127.0.0.1:{copy.sandbox_port}/sandbox/state?type=customer&id={netsuite_id}"
    return requests.get(address, timeout=30).json()["record"]["creditHoldOverride"]["id"]


def sigterm_leaves_no_child_and_the_second_start_is_short(
    copy: Copy, environment: dict[str, str], folder: Path
) -> None:
    first_pids = copy.pids()
    copy.end()
    assert len(first_pids) >= 6
    assert running(first_pids) == set()

    second = start(environment, folder / "second.txt")
    pids = second.pids()
    second.end()
    assert "demo_data" not in second.terminal
    assert second.started_in < copy.started_in / 2
    assert running(pids) == set()


def test_make_run_from_nothing_to_a_held_customer_and_again(environment: dict[str, str], tmp_path: Path):
    """One story, because the first start takes a minute: each step says what it shows."""
    copy = start(environment, tmp_path / "first.txt")
    try:
        the_first_start_shows_logins_and_pins_once(copy)
        the_first_tick_finds_a_handful_to_decide(copy)
        a_wrong_password_stays_outside(copy)
        mike_signs_in_and_sees_who_waits(copy)
        rep_sees_their_own_customers_only(copy)
        an_approved_hold_reaches_netsuite(copy)
        sigterm_leaves_no_child_and_the_second_start_is_short(copy, environment, tmp_path)
    finally:
        if copy.process.poll() is None:
            copy.end()
