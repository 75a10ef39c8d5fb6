"""Processes that drain the queue or send mail: Django is loaded in one process, each of them is its fork.

`Drainers` keeps some of them alive. As a program: `command`, `task` or `mail` on standard input
starts one and answers its id; they end with the program.
"""

import os
import random
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Any

import django

ROOT = Path(__file__).resolve().parents[2]
PAUSE_SECONDS = 0.05
PATIENCE_SECONDS = 60


class Drainers:
    """Processes that drain; one that is killed is replaced."""

    def __init__(self, env: dict[str, str], log: Path, kinds: Sequence[str] = ("command", "task", "command")) -> None:
        self.log = log
        with log.open("wb") as stream:
            self.master = subprocess.Popen(
                [sys.executable, "-m", "tests.flows.drainers"],
                cwd=ROOT,
                env=env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stream,
                text=True,
            )
        assert self.master.stdout.readline() == "ready\n", log.read_text()
        self.living = [self.start(kind) for kind in kinds]

    def start(self, kind: str) -> int:
        self.master.stdin.write(f"{kind}\n")
        self.master.stdin.flush()
        return int(self.master.stdout.readline())

    def kill_one(self, chance: random.Random) -> None:
        victim = self.living.pop(chance.randrange(len(self.living)))
        os.kill(victim, signal.SIGKILL)
        self.living.append(self.start(chance.choice(["command", "task"])))

    def end(self) -> None:
        self.master.stdin.close()
        for pid in self.living:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.master.kill()
        self.master.wait()
        self.master.stdout.close()


def wait_for(condition: Any, what: str, seconds: float = PATIENCE_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def by_command() -> None:
    from django.core.management import call_command

    call_command("ns_drain", stdout=StringIO())


def by_task() -> None:
    from netsuite.tasks import drain_now

    drain_now()


def send_mail() -> None:
    from workflows.tasks import send_due

    send_due()


KINDS = {"command": by_command, "task": by_task, "mail": send_mail}


def drain_for_ever(drain: Callable[[], None], parent: int) -> None:
    random.seed()
    while os.getppid() == parent:
        try:
            drain()
        except Exception:
            traceback.print_exc()
        time.sleep(PAUSE_SECONDS)
    os._exit(0)


def main() -> None:
    django.setup()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    me = os.getpid()
    print("ready", flush=True)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            drain_for_ever(KINDS[line.strip()], me)
        print(child, flush=True)


if __name__ == "__main__":
    main()
