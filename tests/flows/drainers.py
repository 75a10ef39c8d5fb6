"""Starts processes that drain the queue, at once: Django is loaded here, each process is a fork.

`command` or `task` on standard input starts one and answers its id. They end with this process.
"""

import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable
from io import StringIO

import django

PAUSE_SECONDS = 0.05


def by_command() -> None:
    from django.core.management import call_command

    call_command("ns_drain", stdout=StringIO())


def by_task() -> None:
    from netsuite.tasks import drain_now

    drain_now()


KINDS = {"command": by_command, "task": by_task}


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
