"""Inbound mail for tests, taken in by the real actions."""

from collections.abc import Sequence
from email.message import EmailMessage
from itertools import count
from typing import Any

from django.utils import timezone

from customers.models import Customer
from disputes.actions.intake import receive
from disputes.classifier import Classified, MailText
from disputes.intake import parse
from disputes.models import InboundEmail

_numbers = count(1)
WRONG_PRICE = "Invoice INV-20418 bills $18.50 a case, we agreed on $17.20. Please credit the difference."


def raw_mail(
    text: str = WRONG_PRICE,
    *,
    subject: str = "Wrong price on INV-20418",
    sender: str = "Maria Lopez <ap@northside.example>",
    message_id: str | None = None,
    headers: dict[str, str] | None = None,
    html: str = "",
) -> bytes:
    """A mail as bytes; every one has an id of its own unless given, "" leaves it out."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, "ar@holdgate.example", subject
    identity = f"<{next(_numbers)}@northside.example>" if message_id is None else message_id
    if identity:
        mail["Message-ID"] = identity
    for name, value in (headers or {}).items():
        mail[name] = value
    mail.set_content(text)
    if html:
        mail.add_alternative(html, subtype="html")
    return mail.as_bytes()


def take_in(raw: bytes, source: str = "imap", by: Any = "schedule:mailbox", **options: Any) -> InboundEmail:
    return receive(raw=raw, parsed=parse(raw), source=source, by=by, now=options.pop("now", timezone.now()))[0]


def arrived(customer: Customer | None = None, text: str = WRONG_PRICE, **fields: Any) -> InboundEmail:
    """A mail that came in and waits to be sorted, from the customer's address."""
    if customer is not None:
        fields.setdefault("sender", f"{customer.contact_name or 'Somebody'} <{customer.email}>")
    return take_in(raw_mail(text, **fields))


class Stub:
    """Stands in for the classifier: the answer is set by the test, the mails it saw are kept."""

    def __init__(self, **answer: Any) -> None:
        self.answer: dict[str, Any] = {
            "classification": "invoice_dispute",
            "score": 0.97,
            "reason": "pricing",
            **answer,
        }
        self.seen: list[MailText] = []

    def __call__(self, mails: Sequence[MailText], *, band: Any = None) -> list[Classified]:
        self.seen += mails
        given = {"scores": {self.answer["classification"]: self.answer["score"]}, "model_version": "stub"}
        if self.answer["classification"] != "invoice_dispute":
            given["reason"] = ""
        return [Classified(**{"language": "en", **self.answer, **given}) for _mail in mails]
