"""The demo's provisioning endpoint: its port, which stays the same, and what it is told to refuse."""

import json
import socket
import urllib.request
from pathlib import Path
from typing import Any

from django.conf import settings

HOST = "127.0.0.1"
# Away from the web server's and the sandbox's, so that copies side by side keep clear of each other.
APART = 10_000
HIGHEST_PORT = 65_535


def port_file() -> Path:
    """The port that the demo's provider points to."""
    return settings.DATA_DIR / "provisioning-port"


def known_port() -> int | None:
    text = port_file().read_text().strip() if port_file().exists() else ""
    return int(text) if text.isdecimal() else None


def choose_port(sandbox_port: int, wanted: int = 0) -> int:
    """`wanted`, or the one used before, or the sandbox's plus 10,000; a free one where that is taken."""
    if wanted:
        return wanted
    usual = known_port() or sandbox_port + APART
    return usual if usual <= HIGHEST_PORT and is_free(usual) else free_port()


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def address(port: int) -> str:
    """Where the provider calls."""
    return f"http://{HOST}:{port}/v1"


def refuse(port: int, **fault: Any) -> None:
    """From now on the endpoint answers writes with its own refusal; without `fault` it stops doing so."""
    url = f"http://{HOST}:{port}/sandbox/faults"
    data = json.dumps({"refuse": fault or None}).encode()
    urllib.request.urlopen(urllib.request.Request(url, data, method="POST"), timeout=30).close()
