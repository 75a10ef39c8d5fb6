"""The endpoint in a process of its own, for tests and for `make run`."""

import os
import sys
from pathlib import Path
from typing import Any

from netsuite.sandbox.process import PROJECT, ServerProcess, listening
from orders.providers.endpoint.server import DEMO_SECRET


class EndpointProcess(ServerProcess):
    """A running endpoint."""

    secret = DEMO_SECRET

    def held(self) -> dict[str, dict[str, Any]]:
        """What it holds by path, past every fault, in the order of arrival."""
        return self._call("GET", "state")

    def effects(self) -> list[str]:
        """The key of each effect there was, in order: one that is there twice was carried out twice."""
        return [line["record_id"] for line in self.requests() if line["applied"]]


def command(port: int, store: str | Path, log: str | Path) -> list[str]:
    """What starts it."""
    files = ["--store", str(store), "--log", str(log)]
    return [sys.executable, str(PROJECT / "manage.py"), "provisioning_endpoint", "--port", str(port), *files]


def start_endpoint(store: str | Path, log: str | Path, port: int = 0) -> EndpointProcess:
    """Start one and wait until it listens; port 0 takes a free one. Raises RuntimeError when it does not start."""
    store, log = Path(store).resolve(), Path(log).resolve()
    process, base_url = listening(command(port, store, log), {**os.environ, "DEVELOPMENT": "1"})
    return EndpointProcess(process, base_url, store, log)
