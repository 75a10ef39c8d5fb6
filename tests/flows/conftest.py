"""Real neighbours for the flows: a NetSuite sandbox process and an SMTP server, each with its faults."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from netsuite.sandbox.process import SandboxProcess, start_sandbox
from tests.conftest import LOOPBACK


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK[0], 0))
        return probe.getsockname()[1]


@dataclass(frozen=True)
class Received:
    """One delivery: what the server took, and for whom."""

    recipients: tuple[str, ...]
    message: EmailMessage


class SmtpServer:
    """Collects what it is sent; `reject`, `turn_away` and `cut_after_data` make it misbehave."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self._rejected: dict[str, str] = {}
        self._turned_away = ""
        self._cuts = False

    def reject(self, recipient: str, reply: str = "550 5.1.1 No such user") -> None:
        self._rejected[recipient] = reply

    def turn_away(self, reply: str = "451 4.7.1 Greylisted, try again later") -> None:
        """Every sender gets `reply`, until `welcome`."""
        self._turned_away = reply

    def cut_after_data(self) -> None:
        """Takes the message, then drops the line without an answer."""
        self._cuts = True

    def welcome(self) -> None:
        self._rejected.clear()
        self._turned_away, self._cuts = "", False

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, mail_options: list[str]
    ) -> str:
        if self._turned_away:
            return self._turned_away
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        if address in self._rejected:
            return self._rejected[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        message = message_from_bytes(envelope.content, policy=policy.default)
        self.received.append(Received(tuple(envelope.rcpt_tos), message))
        if self._cuts:
            server.transport.abort()
        return "250 OK"


@pytest.fixture
def smtp(settings: Any) -> Iterator[SmtpServer]:
    """A mail server on this machine, which the settings point at."""
    handler = SmtpServer()
    controller = Controller(handler, hostname=LOOPBACK[0], port=free_port())
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = controller.hostname, controller.port
    yield handler
    controller.stop()


@pytest.fixture
def sandbox(settings: Any, tmp_path: Path) -> Iterator[SandboxProcess]:
    """An empty NetSuite account of this test's own, which the settings point at."""
    with start_sandbox(tmp_path / "netsuite.sqlite3", tmp_path / "netsuite-requests.jsonl") as process:
        for name, value in process.environment().items():
            setattr(settings, name, value)
        yield process
