"""Inbound mail for tests, as the triage leaves it for a person."""

from itertools import count
from typing import Any

from customers.models import Customer
from disputes.models import InboundEmail, InvoiceMatch

_numbers = count(1)
TEXT = "Two of the six pallets did not arrive. We can only pay for the four."
SCORES = {"invoice_dispute": 0.58, "delivery_question": 0.29, "invoice_copy_request": 0.06, "other": 0.05, "spam": 0.02}
REASONS = {"qty": 0.81, "delivery": 0.13, "pricing": 0.04, "quality": 0.01, "other": 0.01}


def doubted(customer: Customer | None, **fields: Any) -> InboundEmail:
    """A mail that looks like a dispute about quantity; matched with the customer's newest invoice."""
    number = next(_numbers)
    at = TEXT.index("did not arrive")
    email = InboundEmail.objects.create(
        **{
            "status": "unsure",
            "source": "imap",
            "message_id": f"<doubted-{number}@x.example>",
            "body_hash": f"doubted-{number}",
            "from_name": "Lena Brooks",
            "from_email": customer.email if customer else "somebody@elsewhere.example",
            "subject": "Pallets missing",
            "body_text": TEXT,
            "fresh_text": TEXT,
            "language": "en",
            "sender_known": customer is not None,
            "customer": customer,
            "classification": "invoice_dispute",
            "score": 0.58,
            "scores": SCORES,
            "reason": "qty",
            "reason_score": 0.81,
            "reason_scores": REASONS,
            "words": [[at, at + 3, 0.7], [at + 4, at + 7, 0.5], [at + 8, at + 14, 1.0]],
            "unsure_reason": "A dispute with score 0.58: a person looks between 0.40 and 0.75.",
            **fields,
        }
    )
    invoice = customer.transactions.invoices().first() if customer else None
    if invoice:
        InvoiceMatch.objects.create(
            email=email, invoice=invoice, rank=1, why="Invoice number", ref=invoice.tranid, chosen=True
        )
    return email
