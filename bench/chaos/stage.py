"""Where one experiment happens: a fresh database, a NetSuite sandbox, and the environment of every process."""

import os
import random
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from bench.chaos.postgres import Postgres
    from netsuite.sandbox.process import SandboxProcess

ROOT = Path(__file__).resolve().parents[2]
SEED = 7
PATIENCE_SECONDS = 600
# Everything that waits in days or minutes waits in seconds here.
SHORT = {
    "NETSUITE_TIMEOUT_SECONDS": "2",
    "PUSH_LEASE_SECONDS": "4",
    "PUSH_BACKOFF_SECONDS": "1,1,1",
    "PUSH_DRAIN_SECONDS": "4",
    "LOG_LEVEL": "ERROR",
    "DEVELOPMENT": "1",
    "DJANGO_SETTINGS_MODULE": "config.settings",
    "PROVISIONING_ALLOW_LOOPBACK": "1",
    "EMAIL_URL": "memorymail://",
    "IMAP_URL": "",
    "LLM_BASE_URL": "",
    "PYTHONWARNINGS": "ignore:No directory at:UserWarning",
}


T = TypeVar("T")


class Skipped(Exception):
    """This machine does not allow it; the text says what."""


class TooSlow(Exception):
    """It did not happen in the time it was given."""


@dataclass
class Found:
    """What an experiment did and saw; `broken` names each promise that was not kept."""

    done: str
    seen: str
    broken: list[str] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    skipped: str = ""


@dataclass
class Stage:
    """`full`: the size of the published figures, else a quick check."""

    name: str
    database: str
    full: bool
    folder: Path
    sandbox: "SandboxProcess"
    postgres: "Postgres | None"
    chance: random.Random = field(default_factory=lambda: random.Random(SEED))  # noqa: S311

    @property
    def env(self) -> dict[str, str]:
        return dict(os.environ)

    def many(self, small: int, full: int) -> int:
        return full if self.full else small

    def say(self, words: str) -> None:
        print(f"{time.strftime('%H:%M:%S')}  {self.name} on {self.database}: {words}", file=sys.stderr, flush=True)

    def wait_for(self, condition: Callable[[], Any], what: str, seconds: float = PATIENCE_SECONDS) -> None:
        """Raises TooSlow. A database that is away for a moment is asked again."""
        end = time.monotonic() + seconds
        while not patiently(condition):
            if time.monotonic() > end:
                raise TooSlow(what)
            time.sleep(0.1)


def patiently(ask: Callable[[], T], seconds: float = 60) -> T:
    """The answer, once the database can be asked."""
    from django.db import InterfaceError, OperationalError, connections

    end = time.monotonic() + seconds
    while True:
        try:
            return ask()
        except (OperationalError, InterfaceError):
            connections.close_all()
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


@contextmanager
def stage(name: str, database: str, full: bool, *, module: Any) -> Iterator[Stage]:
    """Set up for one experiment in this process: Django is loaded here, with the module's own `SETTINGS`.

    `module.place(folder)` gives the folder of an SQLite database, `module.network()` where PostgreSQL listens.
    """
    from netsuite.sandbox.process import start_sandbox

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="holdgate-chaos-")))
        folder.chmod(0o755)
        (folder / "data").mkdir()
        network = stack.enter_context(module.network()) if hasattr(module, "network") else None
        template = Path(os.environ.get("CHAOS_TEMPLATES", folder)) / f"template.{database}"
        server = _postgres(folder, template, network) if database == "postgresql" else None
        if server:
            stack.callback(server.end)
        disk = stack.enter_context(module.place(folder)) if hasattr(module, "place") else folder
        url = server.url if server else f"sqlite:///{disk / 'holdgate.sqlite3'}"
        begun = template.exists()
        if begun and not server:
            shutil.copy(template, disk / "holdgate.sqlite3")
        os.environ.update(SHORT, DATABASE_URL=url, DATA_DIR=str(folder / "data"))
        os.environ.update(getattr(module, "SETTINGS", {}))
        sandbox = stack.enter_context(start_sandbox(folder / "netsuite.sqlite3", folder / "netsuite-requests.jsonl"))
        os.environ.update(sandbox.environment())
        _load_django(begun)
        if not begun:
            _keep(template, disk / "holdgate.sqlite3", server)
        yield Stage(name, database, full, folder, sandbox, server)
        from django.db import connections

        connections.close_all()


def _postgres(folder: Path, template: Path, network: Any) -> "Postgres":
    from bench.chaos.postgres import Postgres

    place = (folder / "pg", template)
    return Postgres(*place, network.host, trusted=network.range) if network else Postgres(*place)


def _load_django(begun: bool) -> None:
    import django
    from django.core.management import call_command

    django.setup()
    if not begun:
        call_command("migrate", verbosity=0)


def _keep(template: Path, file: Path, server: "Postgres | None") -> None:
    """The empty database, so that the next experiment need not make the tables again."""
    from django.db import connections

    connections.close_all()
    if server:
        server.keep(template)
        return
    with closing(sqlite3.connect(file)) as made, closing(sqlite3.connect(template)) as copy:
        made.backup(copy)
