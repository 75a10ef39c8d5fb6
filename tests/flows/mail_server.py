"""An SMTP server with its bad days."""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, Envelope, Session


def free_port(host: str = "127.0.0.1") -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
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
        self._cuts: Callable[[Received], bool] | None = None

    def reject(self, recipient: str, reply: str = "550 5.1.1 No such user") -> None:
        self._rejected[recipient] = reply

    def turn_away(self, reply: str = "451 4.7.1 Greylisted, try again later") -> None:
        """Every sender gets `reply`, until `welcome`."""
        self._turned_away = reply

    def cut_after_data(self, which: Callable[[Received], bool] = lambda received: True) -> None:
        """Takes the message, then drops the line without an answer."""
        self._cuts = which

    def welcome(self) -> None:
        self._rejected.clear()
        self._turned_away, self._cuts = "", None

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
        received = Received(tuple(envelope.rcpt_tos), message)
        self.received.append(received)
        if self._cuts and self._cuts(received):
            server.transport.abort()
        return "250 OK"
