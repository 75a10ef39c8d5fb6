"""The clocks of all machines jump four days ahead in the middle of the work, kills included.

A library loaded before libc (jump.c) adds the seconds of a file to the wall clock of every process: ours, PostgreSQL's,
SQLite's and the sandbox's. Monotonic clocks stay as they are. It is compiled here, so a C compiler is needed.
"""

import os
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from bench.chaos import kills
from bench.chaos.stage import Found, Skipped, Stage, patiently

DAYS = 4
SECONDS = DAYS * 24 * 3600
SOURCE = Path(__file__).with_name("jump.c")


def begin() -> None:
    """This process again, under the clock that can jump. Raises Skipped where it cannot be built."""
    if "CLOCK_AHEAD" in os.environ:
        return
    compiler = shutil.which("cc")
    if not compiler or sys.platform != "linux":
        raise Skipped("the clock that jumps is compiled here: that needs Linux and a C compiler")
    folder = Path(tempfile.mkdtemp(prefix="holdgate-clock-"))
    folder.chmod(0o755)
    library, ahead = folder / "jump.so", folder / "ahead"
    subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", str(library), str(SOURCE), "-ldl"], check=True)  # noqa: S603
    ahead.write_bytes(struct.pack("q", 0))
    os.environ.update(CLOCK_AHEAD=str(ahead), LD_PRELOAD=str(library))
    os.execv(sys.executable, [sys.executable, "-m", "bench.chaos", *sys.argv[1:]])  # noqa: S606


def run(stage: Stage) -> Found:
    from bench.chaos import promises

    try:
        found = kills.run(stage, beside=_jump)
    finally:
        shutil.rmtree(Path(os.environ["CLOCK_AHEAD"]).parent, ignore_errors=True)
    found.done += f", all clocks {DAYS} days ahead in the middle"
    found.broken += promises.schedules_fired_once()
    return found


def _jump(stage: Stage, over: threading.Event) -> None:
    from workflows.models import ProposedAction

    decided = ProposedAction.objects.exclude(status="pending")
    while not over.is_set() and patiently(decided.count) < ProposedAction.objects.count() / 2:
        over.wait(0.1)
    # Written in place: the other processes have the file mapped.
    with Path(os.environ["CLOCK_AHEAD"]).open("r+b") as ahead:
        ahead.write(struct.pack("q", SECONDS))
    stage.say(f"all clocks are {DAYS} days ahead")
