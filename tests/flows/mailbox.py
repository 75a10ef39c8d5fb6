"""A real mailbox for the flows: an IMAP server process, and an SMTP server that delivers into it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from imap_tools import MailBoxUnencrypted

from tests.conftest import LOOPBACK
from tests.flows.conftest import free_port

ADDRESS, PASSWORD = "ar@holdgate.example", "only for tests"


class ImapServer:
    """An empty mailbox of `ADDRESS`; `stop` and `start` lose its mail, as a new UIDVALIDITY says."""

    def __init__(self, log: Path) -> None:
        self.port = free_port()
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        user = ADDRESS.replace("@", "%40")
        return f"imap://{user}:{PASSWORD.replace(' ', '%20')}@{LOOPBACK[0]}:{self.port}/INBOX"

    def start(self) -> None:
        serve = [
            str(Path(sys.executable).with_name("pymap")),
            "--host",
            LOOPBACK[0],
            "--port",
            str(self.port),
            "--no-tls",
        ]
        serve += ["--no-service", "admin", "dict", "--demo-user", ADDRESS, "--demo-password", PASSWORD]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(serve, stdout=log, stderr=log, env={**os.environ, "PYTHONUNBUFFERED": "1"})
        self._wait()

    def _wait(self) -> None:
        for _ in range(200):
            try:
                with self._box():
                    return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError(f"the IMAP server did not start: {self._log.read_text()[-500:]}")

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    def _box(self) -> MailBoxUnencrypted:
        return MailBoxUnencrypted(LOOPBACK[0], self.port, timeout=10).login(ADDRESS, PASSWORD)  # type: ignore[return-value]

    def put(self, raw: bytes) -> None:
        """Deliver a mail into the inbox."""
        with self._box() as box:
            box.append(raw, "INBOX")

    def subjects(self, folder: str = "INBOX", seen: bool | None = None) -> list[str]:
        with self._box() as box:
            box.folder.set(folder)
            mails = box.fetch(mark_seen=False, headers_only=True)
            return [mail.subject for mail in mails if seen is None or ("\\Seen" in mail.flags) is seen]


class Delivery:
    """Takes mail by SMTP and puts it into the mailbox, as a mail server does."""

    def __init__(self, imap: ImapServer) -> None:
        self._imap = imap

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self._imap.put(envelope.content)
        return "250 OK"


@contextmanager
def imap_server(log: Path) -> Iterator[ImapServer]:
    server = ImapServer(log)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def smtp_into(imap: ImapServer) -> Iterator[Controller]:
    controller = Controller(Delivery(imap), hostname=LOOPBACK[0], port=free_port())
    controller.start()
    try:
        yield controller
    finally:
        controller.stop()
