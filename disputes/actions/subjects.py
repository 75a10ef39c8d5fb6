"""Change what a dispute is about; an answer that nobody has touched yet is written anew."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from customers.models import Transaction
from disputes import drafts, facts
from disputes.actions.disputes import change, dispute_of_run, ring_for_polish
from disputes.models import Dispute
from disputes.models.inbound import SUB_REASONS
from disputes.rules import set_apart_amount
from netsuite.errors import Refusal
from workflows.access import Actor, require
from workflows.actions.redrafts import redraft


def set_reason(*, dispute: Dispute, reason: str, sub_reason: str = "", by: Actor) -> Dispute:
    """Say what it is about; only “other” has sub-reasons."""
    require(by, "disputes.add_dispute", "change disputes")
    if reason not in dict(Dispute.REASONS):
        raise Refusal("The reason is pricing, qty, quality, delivery or other.", code="invalid_reason", status=400)
    if sub_reason and (reason != "other" or sub_reason not in dict(SUB_REASONS)):
        raise Refusal("Only “other” has these sub-reasons.", code="invalid_reason", status=400)
    wish = {"reason": reason, "sub_reason": sub_reason}
    return _rewrite(dispute, "dispute_reason_set", wish, by, f"about {sub_reason or reason}")


def set_invoice(*, dispute: Dispute, invoice: Transaction, by: Actor) -> Dispute:
    """Name the invoice; all that is open on it, or the amount known so far, is set apart."""
    require(by, "disputes.add_dispute", "change disputes")
    if invoice.customer_id != dispute.customer_id or invoice.type != Transaction.INVOICE:
        raise Refusal(f"{invoice} is not an invoice of {dispute.customer}.", code="invalid_invoice", status=400)
    known = dispute.amount if dispute.invoice_id is None else None
    amount = set_apart_amount(known, invoice.unpaid)
    wish = {"invoice": invoice, "amount": amount}
    return _rewrite(dispute, "dispute_invoice_set", wish, by, f"about {invoice.tranid}")


def _rewrite(dispute: Dispute, decision: str, changes: Mapping[str, Any], by: Actor, words: str) -> Dispute:
    with transaction.atomic():
        row = change(dispute, decision, changes, by=by, reason=words)
        if row.run_id:
            _draft_again(row)
    return row


def _draft_again(dispute: Dispute) -> None:
    email = dispute.run.emails.to_polish().filter(kind=drafts.KIND).first() if dispute.run else None
    fresh = dispute_of_run(dispute.run_id)
    if email is None or fresh is None:
        return
    paid = facts.payments([fresh.customer_id], drafts.business_day(fresh.opened_at)).get(fresh.customer_id, ())
    text = drafts.answer(drafts.case_of(fresh, paid), email.language)
    values = {"subject": text.subject, "body": text.body, "facts": text.facts, "language": text.language}
    if redraft(email=email, by="re-triage", **values):  # type: ignore[arg-type]
        ring_for_polish()
