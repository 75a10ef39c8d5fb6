"""Hand one mail to the mail server, and say honestly what is known afterwards."""

import smtplib
import ssl
from dataclasses import dataclass, field
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage as MimeMessage
from email.policy import SMTP
from email.utils import localtime
from typing import Literal

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

Fate = Literal["sent", "try_again", "refused", "uncertain"]
SMTP_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
# Not every server on the way takes eight bits.
SEVEN_BITS = SMTP.clone(cte_type="7bit")


@dataclass(frozen=True)
class Delivery:
    """What became of it: `uncertain` when the connection was cut after the text was handed over."""

    fate: Fate
    detail: str
    recipients: dict[str, str] = field(default_factory=dict)


def deliver(*, subject: str, body: str, to_email: str, to_name: str, message_id: str) -> Delivery:
    """Send one mail as plain text. Never raises for what the mail server does."""
    if settings.EMAIL_BACKEND != SMTP_BACKEND:
        return _through_backend(subject, body, to_email, message_id)
    try:
        message = _compose(subject, body, to_email, to_name, message_id)
    except (ValueError, IndexError, MessageError) as problem:
        return Delivery("refused", f"Never left: it cannot be addressed to “{to_email}”. {problem}"[:500])
    try:
        server = _connect()
    except (OSError, smtplib.SMTPException) as problem:
        return Delivery("try_again", _text(problem))
    try:
        return _hand_over(server, message, to_email)
    finally:
        server.close()


def _compose(subject: str, body: str, to_email: str, to_name: str, message_id: str) -> MimeMessage:
    to_email.encode("ascii")
    message = MimeMessage(policy=SEVEN_BITS)
    message["Subject"], message["From"] = subject, settings.DEFAULT_FROM_EMAIL
    message["To"] = Address(to_name.replace("\r", " ").replace("\n", " "), addr_spec=to_email)
    message["Message-ID"], message["Date"] = message_id, localtime()
    message.set_content(body)
    return message


def _connect() -> smtplib.SMTP:
    place, wait = (settings.EMAIL_HOST, settings.EMAIL_PORT), settings.EMAIL_TIMEOUT
    if settings.EMAIL_USE_SSL:
        server: smtplib.SMTP = smtplib.SMTP_SSL(*place, timeout=wait, context=ssl.create_default_context())
    else:
        server = smtplib.SMTP(*place, timeout=wait)
    server.ehlo_or_helo_if_needed()
    if settings.EMAIL_USE_TLS:
        server.starttls(context=ssl.create_default_context())
    if settings.EMAIL_HOST_USER:
        server.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
    return server


def _hand_over(server: smtplib.SMTP, message: MimeMessage, to_email: str) -> Delivery:
    try:
        code, reply = server.mail(settings.DEFAULT_FROM_EMAIL.rpartition("<")[2].rstrip(">"))
        if code != 250:
            return _answered(code, reply)
        code, reply = server.rcpt(to_email)
        if code not in (250, 251):
            return _answered(code, reply, {to_email: f"{code} {reply.decode(errors='replace')}"})
        code, reply = server.docmd("DATA")
        if code != 354:
            return _answered(code, reply)
    except (OSError, smtplib.SMTPException) as problem:
        return Delivery("try_again", _text(problem))
    try:
        server.send(_dotted(message.as_bytes()))
        code, reply = server.getreply()
    except (OSError, smtplib.SMTPException) as problem:
        # The text is out and no answer came: it may have been delivered.
        return Delivery("uncertain", _text(problem))
    if code == 250:
        return Delivery("sent", reply.decode(errors="replace"), {to_email: f"{code}"})
    return _answered(code, reply)


def _dotted(text: bytes) -> bytes:
    """The DATA block as RFC 5321 4.5.2 wants it: CRLF lines, leading dots doubled, a lone dot at the end."""
    lines = text.replace(b"\r\n", b"\n").rstrip(b"\n").split(b"\n")
    return b"\r\n".join(b"." + line if line.startswith(b".") else line for line in lines) + b"\r\n.\r\n"


def _answered(code: int, reply: bytes, recipients: dict[str, str] | None = None) -> Delivery:
    """4xx is "not now" (greylisting), everything else a refusal."""
    fate: Fate = "try_again" if 400 <= code < 500 else "refused"
    return Delivery(fate, f"{code} {reply.decode(errors='replace')}", recipients or {})


def _through_backend(subject: str, body: str, to_email: str, message_id: str) -> Delivery:
    mail = EmailMessage(subject, body, to=[to_email], headers={"Message-ID": message_id}, connection=get_connection())
    mail.send()
    return Delivery("sent", "handed to the mail backend", {to_email: "250"})


def _text(problem: Exception) -> str:
    return f"{type(problem).__name__}: {problem}"[:500]
