"""One deadline for everything an attempt does, whatever the other side does with its bytes."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NewConnectionError
from urllib3.response import HTTPResponse

LONGEST_CONNECT_SECONDS = 10.0

_of_thread = threading.local()


class Deadline:
    """Counts down `seconds` from its creation."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        return max(self._end - time.monotonic(), 0.0)

    def passed(self) -> bool:
        return self.left() <= 0

    @contextmanager
    def governs(self) -> Iterator[None]:
        """Inside, nothing leaves this thread once the time is over, also when the process stood still meanwhile."""
        _of_thread.deadline = self
        try:
            yield
        finally:
            del _of_thread.deadline

    def timeouts(self) -> tuple[float, float]:
        """Connect and read time-outs for one request, in seconds; never zero, which would mean none."""
        left = max(self.left(), 0.001)
        return min(left, LONGEST_CONNECT_SECONDS), left


class _InTime:
    """Sends nothing after the deadline, and waits no longer than the read time-out for the whole head of the answer.

    A read time-out starts anew with each byte, so the line is cut.
    """

    sock: Any
    timeout: Any

    def send(self, data: Any) -> None:
        """Raises NewConnectionError: an incomplete request has no effect."""
        if self.sock is None:
            self.connect()  # type: ignore[attr-defined]
        deadline = getattr(_of_thread, "deadline", None)
        if deadline and deadline.passed():
            raise NewConnectionError(self, "the time was over before the request had left")  # type: ignore[arg-type]
        super().send(data)  # type: ignore[misc]

    def getresponse(self) -> HTTPResponse:
        limit = self.sock.gettimeout() if self.sock is not None else None
        timer = threading.Timer(limit or 60.0, _cut, args=(self.sock,))
        timer.daemon = True
        timer.start()
        try:
            return super().getresponse()  # type: ignore[misc]
        finally:
            timer.cancel()


class TimedHTTPConnection(_InTime, HTTPConnection):  # type: ignore[misc]
    pass


class TimedHTTPSConnection(_InTime, HTTPSConnection):  # type: ignore[misc]
    pass


class _TimedHTTPPool(HTTPConnectionPool):
    ConnectionCls = TimedHTTPConnection


class _TimedHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = TimedHTTPSConnection


class TimedAdapter(HTTPAdapter):
    """Requests' adapter with connections that cannot be kept waiting by a slow head."""

    pools: ClassVar[dict[str, type[HTTPConnectionPool]]] = {"http": _TimedHTTPPool, "https": _TimedHTTPSPool}

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self.pools


def _cut(sock: Any) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
