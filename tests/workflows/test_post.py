"""Handing one mail to a mail server: what each answer, and each silence, means."""

import re
import socketserver
import threading
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from django.core import mail as memory

from tests.conftest import LOOPBACK
from workflows.post import Delivery, deliver

pytestmark = pytest.mark.allow_hosts(LOOPBACK)

ANSWERS = {
    "EHLO": "250 ready",
    "MAIL": "250 OK",
    "RCPT": "250 OK",
    "DATA": "354 go ahead",
    ".": "250 2.0.0 queued as 7",
}
CUT = ""
ADDRESS = "maria@northside.example"


class LineServer(socketserver.ThreadingTCPServer):
    """Speaks SMTP by a table of answers, one for each command and one for the end of the text; CUT hangs up."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__((LOOPBACK[0], 0), _Talk)
        self.answers = dict(ANSWERS)
        self.commands: list[str] = []
        self.texts: list[bytes] = []

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.texts[0].replace(b"\r\n..", b"\r\n."), policy=policy.default)


class _Talk(socketserver.StreamRequestHandler):
    server: LineServer

    def handle(self) -> None:
        if not self._answer("220 mail.example ESMTP"):
            return
        while line := self.rfile.readline().decode().strip():
            self.server.commands.append(line)
            verb = line[:4].upper()
            if not self._answer(self.server.answers.get(verb, "250 OK")):
                return
            if verb == "DATA" and self.server.answers["DATA"].startswith("354") and not self._take_text():
                return

    def _take_text(self) -> bool:
        text = b"".join(iter(self.rfile.readline, b".\r\n"))
        self.server.texts.append(text)
        return self._answer(self.server.answers["."])

    def _answer(self, reply: str) -> bool:
        if reply:
            self.wfile.write(f"{reply}\r\n".encode())
        return bool(reply)


@pytest.fixture
def server(settings: Any) -> Iterator[LineServer]:
    with LineServer() as running:
        threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = running.server_address
        settings.EMAIL_TIMEOUT = 5
        yield running
        running.shutdown()


def hand_over(**changes: str) -> Delivery:
    mail = {
        "subject": "Orders on hold",
        "body": "Dear Maria,\n\nplease call.",
        "to_email": ADDRESS,
        "to_name": "Maria Lopez",
        "message_id": "<7f@holdgate>",
    }
    return deliver(**{**mail, **changes})


def test_an_accepted_mail_is_sent(server):
    assert hand_over() == Delivery("sent", "2.0.0 queued as 7", {ADDRESS: "250"})


@pytest.mark.parametrize(
    ("stage", "answer", "fate"),
    [
        ("MAIL", "451 4.7.1 Greylisted", "try_again"),
        ("MAIL", "550 5.7.1 Sender refused", "refused"),
        ("RCPT", "450 4.2.1 Mailbox busy", "try_again"),
        ("RCPT", "550 5.1.1 No such user", "refused"),
        ("DATA", "451 4.3.0 Not now", "try_again"),
        ("DATA", "554 5.5.1 No valid recipients", "refused"),
        (".", "452 4.3.1 Disk full", "try_again"),
        (".", "554 5.7.1 Looks like spam", "refused"),
    ],
)
def test_a_refusal_is_told_in_the_servers_words(server, stage, answer, fate):
    server.answers[stage] = answer
    delivery = hand_over()
    assert (delivery.fate, delivery.detail) == (fate, answer)


@pytest.mark.parametrize("stage", ["EHLO", "MAIL", "RCPT", "DATA"])
def test_cut_before_the_text_left_may_be_tried_again(server, stage):
    server.answers[stage] = CUT
    assert hand_over().fate == "try_again"


def test_cut_after_the_text_left_is_uncertain(server):
    server.answers["."] = CUT
    delivery = hand_over()
    assert (delivery.fate, len(server.texts)) == ("uncertain", 1)


def test_silence_after_the_text_left_is_uncertain(server, settings):
    settings.EMAIL_TIMEOUT = 0.2
    hang_up = threading.Event()
    server.texts = _Hanging(hang_up)
    assert hand_over().fate == "uncertain"
    hang_up.set()


class _Hanging(list[bytes]):
    """Keeps the server from answering until told."""

    def __init__(self, released: threading.Event) -> None:
        super().__init__()
        self.released = released

    def append(self, text: bytes) -> None:
        self.released.wait(5)


def test_nobody_listens(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = LOOPBACK[0], 1
    delivery = hand_over()
    assert (delivery.fate, delivery.detail.partition(":")[0]) == ("try_again", "ConnectionRefusedError")


def test_the_refused_recipient_is_named(server):
    server.answers["RCPT"] = "550 5.1.1 No such user"
    assert hand_over().recipients == {ADDRESS: "550 5.1.1 No such user"}


def test_the_envelope_has_the_plain_addresses(server):
    hand_over()
    sent = [line for line in server.commands if line.upper().startswith(("MAIL", "RCPT"))]
    assert [re.search("<(.*)>", line).group(1) for line in sent] == ["ar@holdgate.example", ADDRESS]


def test_the_head_says_who_to_whom_and_which(server, settings):
    hand_over()
    message = server.message
    assert (message["From"], message["To"], message["Message-ID"], message["Subject"]) == (
        settings.DEFAULT_FROM_EMAIL,
        f"Maria Lopez <{ADDRESS}>",
        "<7f@holdgate>",
        "Orders on hold",
    )


def test_other_alphabets_arrive_in_seven_bits(server):
    hand_over(subject="Überfällig – 請求書", body="Grüße, Ζωή", to_name="José Ñuñez")
    assert server.texts[0].isascii()
    assert (server.message["Subject"], server.message.get_content().strip()) == ("Überfällig – 請求書", "Grüße, Ζωή")


def test_a_line_that_begins_with_a_dot_arrives(server):
    hand_over(body="First\n.\n..hidden\nLast")
    assert server.message.get_content().replace("\r\n", "\n").strip() == "First\n.\n..hidden\nLast"


def test_a_name_cannot_smuggle_a_header(server):
    hand_over(to_name="Maria\r\nBcc: everybody@evil.example")
    assert server.message["Bcc"] is None
    assert len([line for line in server.commands if line.upper().startswith("RCPT")]) == 1


@pytest.mark.parametrize(
    "wrong", ["", "maria", "a@b.example; c@d.example", "maria@north\r\nside.example", "zoë@b.example"]
)
def test_an_address_that_is_none_is_refused_before_anybody_is_called(server, wrong):
    delivery = hand_over(to_email=wrong)
    assert (delivery.fate, server.commands) == ("refused", [])


def test_a_broken_subject_is_refused_before_anybody_is_called(server):
    delivery = hand_over(subject="Hold\r\nBcc: everybody@evil.example")
    assert (delivery.fate, server.commands) == ("refused", [])


def test_another_backend_of_the_settings_is_used_as_it_is(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert hand_over().fate == "sent"
    sent = memory.outbox[-1]
    assert (sent.to, sent.extra_headers) == ([ADDRESS], {"Message-ID": "<7f@holdgate>"})
