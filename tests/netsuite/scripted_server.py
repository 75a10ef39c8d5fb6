"""A web server that answers exactly the bytes it is told, as slowly as it is told."""

import socket
import threading
import time
from collections.abc import Sequence

Piece = bytes | float
"""Bytes to send, or seconds to wait."""


class ScriptedServer:
    """Answers the n-th request with the n-th script; keeps what it was sent."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.1)
        self._scripts: list[Sequence[Piece]] = []
        self._stopped = threading.Event()
        self.requests: list[bytes] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def answer(self, *pieces: Piece) -> None:
        self._scripts.append(pieces)

    def json(self, body: str, status: str = "200 OK", **headers: str) -> None:
        self.answer(response(body.encode(), status, **{"Content-Type": "application/json", **headers}))

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while not self._stopped.is_set():
            try:
                line, _ = self._listener.accept()
            except TimeoutError:
                continue
            with line:
                self._play(line)

    def _play(self, line: socket.socket) -> None:
        line.settimeout(2)
        self.requests.append(_request(line))
        for piece in self._scripts.pop(0) if self._scripts else ():
            try:
                line.sendall(piece) if isinstance(piece, bytes) else self._stopped.wait(piece)
            except OSError:
                return


def response(body: bytes, status: str = "200 OK", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def dripping(data: bytes, seconds_each: float) -> list[Piece]:
    """One byte at a time."""
    return [piece for number in range(len(data)) for piece in (data[number : number + 1], seconds_each)]


def _request(line: socket.socket) -> bytes:
    """The whole request, with the body its length announces."""
    data, end = b"", time.monotonic() + 2
    while time.monotonic() < end:
        head, blank, body = data.partition(b"\r\n\r\n")
        lengths = [row.split(b":")[1] for row in head.lower().split(b"\r\n") if row.startswith(b"content-length:")]
        if blank and len(body) >= (int(lengths[0]) if lengths else 0):
            return data
        data += line.recv(65536)
    return data
