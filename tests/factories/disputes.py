"""Disputes for tests, made by the real workflow."""

from typing import Any

from customers.models import Customer
from disputes.actions.disputes import take_up
from disputes.models import Dispute, InboundEmail
from netsuite.machine import born
from tests.factories.customers import InvoiceFactory
from workflows.models import OutboundEmail, ProposedAction


def disputed(customer: Customer, by: Any, **fields: Any) -> Dispute:
    """A dispute taken up by phone, by default about the customer's newest invoice."""
    newest = customer.transactions.invoices().first()
    fields = {"invoice_ref": newest.tranid if newest else "", "reason_text": "Three boxes were wet", **fields}
    dispute = take_up(customer=customer, by=by, **{"reason": "quality", **fields})
    return Dispute.objects.select_related("customer", "invoice", "run").get(pk=dispute.pk)


def disputed_again(customer: Customer, by: Any, times: int) -> list[Dispute]:
    """So many disputes, each about an invoice of its own."""
    return [disputed(customer, by, invoice_ref=InvoiceFactory(customer=customer).tranid) for _ in range(times)]


def answer_to(dispute: Dispute) -> OutboundEmail:
    return OutboundEmail.objects.select_related("customer").get(run=dispute.run, kind="dispute_response")


def proposal_about(dispute: Dispute, action_type: str) -> ProposedAction:
    rows = ProposedAction.objects.select_related("customer", "run", "decided_by")
    return rows.get(entity_ref=dispute.ref, action_type=action_type)


def mail_from(customer: Customer | None, **fields: Any) -> InboundEmail:
    """A dispute that came by mail, sorted already."""
    sender = customer.email if customer else "somebody@elsewhere.example"
    known = {"source": "imap", "from_email": sender, "customer": customer, "subject": "Your invoice"}
    sorted_as = {"classification": "invoice_dispute", "reason": "pricing", "language": "en"}
    mail = InboundEmail.objects.create(**{**known, **sorted_as, "body_hash": "x", "message_id": "<1@x>", **fields})
    born(mail, by="imap")
    return mail
