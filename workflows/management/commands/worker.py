import os
import signal
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from workflows.watchdog import Cluster, Patience, Watchdog

USUAL = Patience()


class Command(BaseCommand):
    help = (
        "Run the background work: the task cluster under a watchdog, which restarts it when it falls silent and "
        "delivers pushes and mails itself meanwhile. One a host; several hosts share the work. SIGTERM and Ctrl-C end "
        "it cleanly."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--silence", type=float, default=USUAL.silence, help="seconds until it counts as frozen")
        parser.add_argument("--knock", type=float, default=USUAL.knock, help="seconds until it is asked for a sign")
        parser.add_argument("--stand-in", type=float, default=USUAL.stand_in, help="seconds between own rounds")
        parser.add_argument("--stop", type=float, default=USUAL.stop, help="seconds for running tasks at the end")

    def handle(self, *args: Any, **options: Any) -> None:
        names = ("silence", "knock", "stand_in", "stop")
        patience = Patience(**{name: options[name] for name in names})
        watchdog = Watchdog(Cluster([sys.executable, str(settings.BASE_DIR / "manage.py"), "qcluster"]), patience)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: watchdog.stopping.set())
        self.stdout.write(f"worker {os.getpid()}: restarts a cluster that is silent for {patience.silence:.0f} s")
        watchdog.run()
