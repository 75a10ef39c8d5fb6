"""Open and resolve disputes."""

from datetime import date, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from customers.clock import business_today
from customers.models import Customer
from disputes.models import Dispute
from netsuite.errors import Refusal
from netsuite.machine import LostRace, born, move
from workflows import audit
from workflows.access import Actor, label, require
from workflows.wording import money

SET_APART_FOR = timedelta(days=30)


def open_dispute(
    *,
    customer: Customer,
    reason_text: str,
    by: Actor,
    invoice_ref: str = "",
    reason: str = "other",
    amount: Decimal | None = None,
    set_apart_until: date | None = None,
) -> Dispute:
    """Record that a customer contests an invoice; `amount` (base currency) is set apart for 30 days by default.

    Without an amount the whole open amount of a known invoice is set apart. Raises Refusal for an
    unknown reason and for an amount that is none or above what is open on the invoice.
    """
    require(by, "disputes.add_dispute", "open disputes")
    if not reason_text.strip():
        raise Refusal("Write what the customer says.", code="reason_required", status=400)
    if reason not in dict(Dispute.REASONS):
        raise Refusal("The reason is pricing, qty, quality, delivery or other.", code="invalid_reason", status=400)
    if amount is not None and amount <= 0:
        raise Refusal("A disputed amount is more than zero.", code="invalid_amount", status=400)
    invoice = customer.transactions.invoices().filter(tranid=invoice_ref).first() if invoice_ref else None
    if amount is None and invoice:
        amount = invoice.unpaid or None
    if amount is not None and invoice and amount > invoice.unpaid:
        raise Refusal(f"Only {money(invoice.unpaid)} is open on {invoice.tranid}.", code="amount_too_large", status=400)
    with transaction.atomic():
        dispute = Dispute.objects.create(
            customer=customer,
            invoice=invoice,
            invoice_ref=invoice_ref,
            reason=reason,
            reason_text=reason_text,
            amount=amount,
            set_apart_until=set_apart_until or business_today() + SET_APART_FOR,
            owner=customer.sales_rep,
            opened_by=label(by),
        )
        born(dispute, by=label(by), reason=reason_text[:200])
        _decide("dispute_opened", dispute, by, reason_text)
    return dispute


def resolve(*, dispute: Dispute, resolution: str, by: Actor, reason: str) -> Dispute:
    """Settle a dispute; from here on its amount counts again."""
    require(by, "disputes.resolve_dispute", "resolve disputes")
    if resolution not in dict(Dispute.RESOLUTIONS):
        raise Refusal("Say how it ended: credit issued, upheld or withdrawn.", code="invalid_resolution", status=400)
    if not reason.strip():
        raise Refusal("Say why: the reason goes into the audit.", code="reason_required", status=400)
    with transaction.atomic():
        try:
            move(dispute, "resolve", by=label(by), reason=reason, resolution=resolution, resolved_at=timezone.now())
        except LostRace:
            raise Refusal("This dispute is resolved already.", code="already_resolved", status=409) from None
        _decide("dispute_resolved", dispute, by, reason, {"resolution": resolution})
    return dispute


def _decide(decision: str, dispute: Dispute, by: Actor, reason: str, after: dict[str, str] | None = None) -> None:
    audit.record(
        decision,
        by=by,
        reason=reason,
        entity_ref=f"dispute:{dispute.pk}",
        customer=dispute.customer,
        evidence={"invoice_ref": dispute.invoice_ref, "amount": dispute.amount},
        after=after,
    )
