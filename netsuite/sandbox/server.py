"""The HTTP server: HTTP/1.1 with keep-alive, one thread a connection."""

import ipaddress
import json
import socket
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import urlsplit

from .http import Answer, Request

LARGEST_BODY = 256 * 1024 * 1024


class Answering(Protocol):
    def answer(self, request: Request) -> Answer | None:
        """None: the connection is closed without an answer."""


class SandboxServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], sandbox: Answering) -> None:
        self.sandbox = sandbox
        super().__init__(address, Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is not worth a traceback."""
        import sys

        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "NetSuite-Sandbox"
    sys_version = ""
    timeout = 900  # NetSuite itself gives up after 15 minutes
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave in one packet
    server: SandboxServer

    def _handle(self) -> None:
        request = self._request()
        if request is None:
            return
        if request.path.startswith("/sandbox") and not ipaddress.ip_address(self.client_address[0]).is_loopback:
            self._send(Answer(403), request)
            return
        answer = self.server.sandbox.answer(request)
        if answer is None:
            self._hang_up()
        else:
            self._send(answer, request)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _handle

    def _request(self) -> Request | None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > LARGEST_BODY:
            self.close_connection = True
            self.send_error(413)
            return None
        body = self._chunked() if "chunked" in self.headers.get("Transfer-Encoding", "") else self.rfile.read(length)
        url = urlsplit(self.path)
        return Request(self.command, url.path, url.query, self.headers, body)

    def _chunked(self) -> bytes:
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _send(self, answer: Answer, request: Request) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.content_type:
            self.send_header("Content-Type", answer.content_type)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if request.method != "HEAD":
            self._write(answer)
        self.wfile.flush()

    def _write(self, answer: Answer) -> None:
        if not answer.drip or not answer.body:
            self.wfile.write(answer.body)
            return
        pause = answer.drip / len(answer.body)
        for byte in answer.body:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            time.sleep(pause)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: Any) -> None:
        """The request log says more."""


def ready_line(server: SandboxServer) -> str:
    host, port = server.socket.getsockname()[:2]
    return json.dumps({"listening": f"http://{host}:{port}"})
