"""One deadline for everything an attempt does, whatever the other side does with its bytes."""

import socket
import threading
import time
from typing import Any, ClassVar

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.response import HTTPResponse

LONGEST_CONNECT_SECONDS = 10.0


class Deadline:
    """Counts down `seconds` from its creation."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        return max(self._end - time.monotonic(), 0.0)

    def passed(self) -> bool:
        return self.left() <= 0

    def timeouts(self) -> tuple[float, float]:
        """Connect and read time-outs for one request, in seconds; never zero, which would mean none."""
        left = max(self.left(), 0.001)
        return min(left, LONGEST_CONNECT_SECONDS), left


class _HeadersInTime:
    """A read time-out starts anew with each byte: cut the line when the whole head takes longer than it."""

    sock: Any
    timeout: Any

    def getresponse(self) -> HTTPResponse:
        limit = self.sock.gettimeout() if self.sock is not None else None
        timer = threading.Timer(limit or 60.0, _cut, args=(self.sock,))
        timer.daemon = True
        timer.start()
        try:
            return super().getresponse()  # type: ignore[misc]
        finally:
            timer.cancel()


class TimedHTTPConnection(_HeadersInTime, HTTPConnection):  # type: ignore[misc]
    pass


class TimedHTTPSConnection(_HeadersInTime, HTTPSConnection):  # type: ignore[misc]
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
