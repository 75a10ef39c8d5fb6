"""SQLite on a disk that is full again and again while holds are approved and pushed."""

import errno
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.chaos.stage import Found, Skipped, Stage

MEGABYTES = 64
CLIENTS = 2
LATENCY: dict[str, Any] = {"latency": {"min": 0.05, "max": 0.2}}


@contextmanager
def place(folder: Path) -> Iterator[Path]:
    """A small disk of its own for the database. Raises Skipped where the machine mounts none."""
    disk = folder / "disk"
    disk.mkdir()
    order = ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", str(disk)]
    tried = subprocess.run(order, capture_output=True, text=True, check=False)  # noqa: S603
    if tried.returncode:
        raise Skipped(f"this machine mounts no small disk for us: {tried.stderr.strip()}")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=False)  # noqa: S603, S607


def run(stage: Stage) -> Found:
    from bench.chaos import promises
    from bench.chaos.clients import Client, approve_all
    from bench.chaos.processes import Web, draining, running
    from bench.chaos.world import customers_who_owe, person, proposals_for, token

    pushes, times = stage.many(60, 400), stage.many(5, 30)
    proposals = proposals_for(customers_who_owe(pushes, stage.sandbox))
    people = [token(person(f"manager{number}")) for number in range(CLIENTS)]
    stage.sandbox.fault(**LATENCY)
    told: list[Any] = []
    with running(Web(stage)) as web, draining(stage) as crew:
        web.wait_until_up()
        clients = [Client([web.url], each) for each in people]
        approving = threading.Thread(target=lambda: told.append(approve_all(clients, proposals, pause=0.05)))
        approving.start()
        filled = _fill_again_and_again(stage, times, approving)
        approving.join()
        stage.wait_for(promises.nothing_on_its_way, "pushes are still open")
        noticed = crew.log.read_text().count("database or disk is full")
    promises.let_it_settle(stage)
    broken = promises.broken(
        promises.every_push_ended, lambda: promises.netsuite_agrees(stage), lambda: promises.invariants_hold(stage)
    )
    answers = dict(told[0]) if told else {}
    if answers != {200: pushes}:
        broken.append(f"approvals were answered {answers}, wanted {pushes} times 200")
    if not noticed:
        broken.append("no worker met the full disk: nothing was shown")
    again = sum(client.cut for client in clients)
    seen = f"{pushes} applied, {noticed} steps of workers refused, {again} requests answered 503 and sent again"
    figures = {"filled": filled, "noticed": noticed, "again": again}
    return Found(f"disk of {MEGABYTES} MB (tmpfs) full {filled} times in {pushes} pushes", seen, broken, figures)


def _fill_again_and_again(stage: Stage, times: int, approving: threading.Thread) -> int:
    from netsuite.models import Push

    ballast, filled = stage.folder / "disk" / "ballast", 0
    for _ in range(times):
        time.sleep(stage.chance.uniform(0.2, 1.5))
        if not approving.is_alive() and not Push.objects.open().exists():
            break
        end = time.monotonic() + stage.chance.uniform(1, 3)
        while time.monotonic() < end:
            # What others gave back meanwhile is taken too.
            _fill(ballast)
            time.sleep(0.05)
        ballast.unlink()
        filled += 1
    return filled


def _fill(ballast: Path) -> None:
    for size in (1 << 20, 4096):
        try:
            with ballast.open("ab", buffering=0) as stream:
                while True:
                    stream.write(bytes(size))
        except OSError as full:
            if full.errno != errno.ENOSPC:
                raise
