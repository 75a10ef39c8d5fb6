"""The web server as it is deployed, and a client that posts to its API as cheaply as Python can."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from time import monotonic, sleep

from django.contrib.auth.models import User
from knox.models import AuthToken

from bench.databases import ROOT
from tests.flows.mail_server import free_port

# As in deploy/; a test keeps them equal.
DEPLOYED = ("--workers", "3", "--timeout", "60", "--worker-tmp-dir", "/dev/shm", "--graceful-timeout", "30")  # noqa: S108
GUNICORN = (*DEPLOYED, "--no-control-socket", "--log-level", "warning")
START_SECONDS = 60

Post = Callable[[str], None]


@contextmanager
def posting(by: User) -> Iterator[Post]:
    """`post(path)` as this person, a connection each time as behind a proxy; all but 200 raises AssertionError."""
    place = ("127.0.0.1", free_port())
    _key, token = AuthToken.objects.create(by, expiry=None)
    headers = {"Authorization": f"Token {token}", "Content-Type": "application/json"}

    def post(path: str) -> None:
        connection = HTTPConnection(*place)
        connection.request("POST", path, b"{}", headers)
        answer = connection.getresponse()
        said = answer.read()
        connection.close()
        assert answer.status == 200, (answer.status, said[:500])

    command = [sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", ":".join(map(str, place)), *GUNICORN]
    server = subprocess.Popen(command, cwd=ROOT)  # noqa: S603
    try:
        _wait_for(place)
        yield post
    finally:
        server.terminate()
        server.wait()


def _wait_for(place: tuple[str, int]) -> None:
    end = monotonic() + START_SECONDS
    while monotonic() < end:
        with suppress(OSError):
            connection = HTTPConnection(*place)
            connection.request("GET", "/healthz")
            connection.getresponse().read()
            return
        sleep(0.1)
    raise TimeoutError("the web server does not start")
