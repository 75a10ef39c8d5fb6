"""The peer as a process that is told what to do, a line of JSON each way; it takes its own time."""

import json
import subprocess
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.peer.environment import PYTHON

PROGRAM = Path(__file__).resolve().parent / "tryton"
TEMPLATE = "peer_template"


def make_template(url: str) -> None:
    """The database `TEMPLATE` on the server of `url`: the peer's tables, without any customer."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {TEMPLATE}")
    subprocess.run(_command(url, TEMPLATE), check=True)  # noqa: S603


class Peer:
    """Tryton in its best mode, without assertions (`-O`), on a database of its own beside ours."""

    def __init__(self, url: str, database: str, customers: int, today: date) -> None:
        command = _command(url, database, str(customers), today.isoformat())
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603
        self._answer("populating")

    def ask(self, verb: str, **what: Any) -> dict[str, Any]:
        """Its answer; `seconds` is what the work itself took there. Raises RuntimeError when it fails."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"verb": verb, **what}) + "\n")
        self.process.stdin.flush()
        return self._answer(verb)

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()

    def _answer(self, verb: str) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"The peer failed at {verb}: see its words above.")
        return dict(json.loads(line))


def _command(url: str, *rest: str) -> list[str]:
    return [str(PYTHON), "-O", str(PROGRAM), urlsplit(url)._replace(path="/").geturl(), *rest]
