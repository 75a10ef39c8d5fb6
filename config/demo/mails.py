"""Mail that came to the demo: what customers write about invoices of theirs. The worker sorts it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from email.message import EmailMessage

from config.demo.clock import business_moment, clock_at
from customers.models import Customer, Transaction
from disputes.actions.intake import receive
from disputes.intake.parsing import parse

BY = "command:demo_data"
TO = "ar@keystone-wholesale.example"


@dataclass(frozen=True)
class Letter:
    """`sender` is a customer's place in the list of those with open invoices; `{ref}` its oldest open invoice."""

    clock: str
    sender: int
    subject: str
    text: str


LETTERS = (
    Letter(
        "08:21",
        0,
        "Re: Invoice {ref}",
        "Hi,\n\nwe counted the delivery twice. Two of the six pallets on {ref} never "
        "arrived, the driver noted it on the slip. We can only pay for the four we got. Please send a corrected "
        "invoice or a credit for the rest.\n\nAlso, when is the next delivery?\n\nThanks",
    ),
    Letter(
        "08:14",
        1,
        "Price on {ref}",
        "Good morning,\n\nthe unit price on {ref} is not the one of your offer. We "
        "agreed on the old price until the end of the year. Could you look into it and issue a credit?\n\nRegards",
    ),
    Letter("08:05", 2, "Remittance advice", "Please find our payment for {ref}, sent by ACH this morning.\n"),
    Letter(
        "07:58",
        3,
        "Copy of {ref} please",
        "Hello, our bookkeeper cannot find {ref}. Could you send a copy as PDF? We will pay it with this week's run.",
    ),
    Letter(
        "07:44",
        4,
        "{ref}",
        "Half of the cartons were wet and the labels came off. We cannot sell these. Photos "
        "are on the way. We are holding payment of {ref} until this is settled.",
    ),
    Letter("07:31", 5, "Statement", "Could you please send a statement of our account as of the end of October?"),
    Letter(
        "07:12",
        6,
        "Question about the last order",
        "Hello, we ordered on Monday and heard nothing since. The invoice is here already. Is the truck coming at all?",
    ),
    Letter("06:58", 7, "Out of office: your reminder", "I am out of the office until Thursday and will answer then."),
    Letter(
        "06:40",
        0,
        "Order for Friday",
        "Please send the same as last week, plus 10 sacks of flour. Delivery on Friday morning.",
    ),
)


def bring(today: date) -> int:
    """Take in the mail of `today`; answers how many letters came."""
    senders = list(_senders())
    letters = [letter for letter in LETTERS if letter.sender < len(senders)]
    for number, letter in enumerate(reversed(letters)):
        customer, ref = senders[letter.sender]
        moment = business_moment(today, 1, letter.clock)
        with clock_at(moment):
            raw = _message(letter, customer, ref, number).as_bytes()
            receive(raw=raw, parsed=parse(raw), source="imap", by=BY, now=moment)
    return len(letters)


def _senders() -> Iterator[tuple[Customer, str]]:
    """Customers with an address and an open invoice, those who owe most first, and that invoice's number."""
    for customer in Customer.objects.active().exclude(email="").order_by("-ar_balance", "pk")[12:60]:
        invoice = customer.transactions.filter(type=Transaction.INVOICE, unpaid__gt=0).order_by("due", "pk").first()
        if invoice:
            yield customer, invoice.tranid


def _message(letter: Letter, customer: Customer, ref: str, number: int) -> EmailMessage:
    message = EmailMessage()
    message["From"] = f"{customer.contact_name or customer.name} <{customer.email}>"
    message["To"] = TO
    message["Subject"] = letter.subject.format(ref=ref)
    message["Message-ID"] = f"<demo-{number}-{customer.netsuite_id}@{customer.email.rpartition('@')[2]}>"
    message.set_content(letter.text.format(ref=ref))
    return message
