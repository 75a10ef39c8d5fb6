"""Credit memos: proposed, approved by somebody else, pushed to NetSuite, and what follows when it has them."""

import hashlib
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction

from customers.clock import business_today
from customers.credits import credit_applied
from customers.models import Transaction
from disputes import facts
from disputes.actions.disputes import settle
from disputes.models import Dispute
from disputes.proposing import CREDIT, SECOND_APPROVAL, dispute_of, propose_about
from disputes.rules import in_invoice_currency, needs_second_approval
from netsuite import outbox
from netsuite.errors import Refusal
from netsuite.machine import LostRace, move
from netsuite.models import Push
from workflows import audit
from workflows.access import Actor, NotAllowed, label, require
from workflows.contracts import ActionHandler
from workflows.models import ProposedAction
from workflows.wording import money

RECORD = "creditMemo"
LIVE = ("pending", "deferred", "approved", "applying", "applied")


def propose_credit(*, dispute: Dispute, amount: Decimal, by: Actor, reason: str) -> ProposedAction:
    """Propose a credit memo over `amount` (base currency) for the disputed invoice; another person approves it.

    Raises Refusal: no reason, no invoice, settled, more than is open, or one is proposed or issued already.
    """
    require(by, "disputes.propose_credit", "propose credit memos")
    if not reason.strip():
        raise Refusal("Say why: the reason goes to whoever decides.", code="reason_required", status=400)
    with transaction.atomic():
        row = Dispute.objects.select_for_update().select_related(None).get(pk=dispute.pk)
        invoice = _creditable(row, amount)
        _refuse_second(row)
        second = needs_second_approval(amount, facts.numbers())
        proposal = propose_about(
            row,
            action_type=CREDIT,
            risk_level=3,
            rationale=reason.strip(),
            current={"invoice": invoice.tranid, "open": str(invoice.unpaid), "status": row.status},
            change=_change(row, invoice, amount),
            evidence={"second_approval": second, "reason": row.reason, "said": row.reason_text[:1000]},
            by=by,
            at_stake=amount,
        )
        audit.record(
            "credit_memo_proposed",
            by=by,
            reason=reason,
            entity_ref=row.ref,
            customer=row.customer,
            after=proposal.proposed_change_json,
        )
    return proposal


def _creditable(dispute: Dispute, amount: Decimal) -> Transaction:
    """The invoice, when that much may be credited on it."""
    if not dispute.is_open:
        raise Refusal("This dispute is resolved already.", code="already_resolved", status=409)
    invoice = dispute.invoice
    if invoice is None:
        raise Refusal("No invoice is known for this dispute: set it first.", code="no_invoice", status=422)
    if invoice.currency and dispute.customer.currency not in ("", invoice.currency):
        words = f"{invoice.tranid} is in {invoice.currency}, the customer's currency is {dispute.customer.currency}."
        raise Refusal(f"{words} Issue this credit memo in NetSuite.", code="other_currency", status=422)
    if amount <= 0 or amount != amount.quantize(Decimal("0.01")):
        raise Refusal("Write an amount above zero, with at most two decimals.", code="invalid_amount", status=400)
    if amount > invoice.unpaid:
        raise Refusal(f"Only {money(invoice.unpaid)} is open on {invoice.tranid}.", code="amount_too_large", status=400)
    return invoice


def _refuse_second(dispute: Dispute) -> None:
    """One memo a dispute: a second one could credit the same twice."""
    earlier = ProposedAction.objects.filter(entity_ref=dispute.ref, action_type=CREDIT, status__in=LIVE).first()
    if earlier:
        words = f"Proposal {earlier.pk} for a credit memo is {earlier.get_status_display().lower()} already."
        raise Refusal(words, code="already_proposed", status=409, proposal=earlier.pk)


def _change(dispute: Dispute, invoice: Transaction, amount: Decimal) -> dict[str, Any]:
    foreign = in_invoice_currency(amount, invoice.unpaid, invoice.unpaid_foreign, invoice.exchange_rate)
    return {
        "dispute": dispute.pk,
        "invoice": invoice.tranid,
        "invoice_netsuite_id": invoice.netsuite_id,
        "amount": str(amount),
        "currency": settings.BASE_CURRENCY,
        "amount_in_invoice_currency": str(foreign),
        "invoice_currency": invoice.currency or settings.BASE_CURRENCY,
        "external_id": external_id(dispute, invoice),
    }


def external_id(dispute: Dispute, invoice: Transaction) -> str:
    """The same for every try at this dispute: NetSuite can never hold two memos of one dispute."""
    origin = f"{invoice.netsuite_id}|{dispute.opened_at.isoformat()}"
    return f"holdgate-dispute-{dispute.pk}-{hashlib.sha256(origin.encode()).hexdigest()[:8]}"


# --- decisions ------------------------------------------------------------------------------------


def _words(proposal: ProposedAction) -> Sequence[str]:
    change = proposal.proposed_change_json
    amount = money(change["amount"], change["currency"])
    lines = [
        f"NetSuite gets a credit memo of {amount} on {change['invoice']}.",
        f"Once NetSuite has it, dispute {change['dispute']} is resolved: credit issued.",
    ]
    if proposal.action_type == CREDIT and proposal.evidence.get("second_approval"):
        lines.insert(0, "Above the limit: a second person approves it after you.")
    return lines


def _approved(proposal: ProposedAction, by: str, reason: str) -> None:
    """First approval: above the limit it asks for the second one, else it is pushed."""
    dispute, amount = dispute_of(proposal), Decimal(proposal.proposed_change_json["amount"])
    _creditable(dispute, amount)
    if not needs_second_approval(amount, facts.numbers()):
        _push(proposal, dispute, by)
        return
    propose_about(
        dispute,
        action_type=SECOND_APPROVAL,
        risk_level=4,
        rationale=f"{proposal.rationale} First approved by {by}: {reason or 'no reason given'}",
        current=proposal.current_state_json,
        change=proposal.proposed_change_json,
        evidence={"first": proposal.pk, "proposed_by": proposal.proposed_by, "approved_by": by},
        by=by,
        at_stake=amount,
    )


def _approved_again(proposal: ProposedAction, by: str, reason: str) -> None:
    """Second approval, by neither the proposer nor the first approver."""
    if by == proposal.evidence.get("proposed_by") and not settings.SOLO_OPERATOR:
        raise NotAllowed("You proposed this credit; a third person approves it.", code="own_proposal")
    dispute = dispute_of(proposal)
    _creditable(dispute, Decimal(proposal.proposed_change_json["amount"]))
    _push(proposal, dispute, by)


def _declined_again(proposal: ProposedAction, by: str, reason: str) -> None:
    """The second approver says no: the first approval comes to nothing."""
    first = ProposedAction.objects.filter(pk=proposal.evidence.get("first"), status="applying").first()
    if first:
        move(first, "supersede", by=by, reason=f"Declined by {by}: {reason}"[:500])


def _push(proposal: ProposedAction, dispute: Dispute, by: str) -> Push:
    change, invoice = proposal.proposed_change_json, dispute.invoice
    assert invoice is not None
    return outbox.enqueue(
        key=dispute.ref,
        record_type=RECORD,
        record_id=change["external_id"],
        operation=Push.Operation.UPSERT,
        body=body_of(dispute, invoice, Decimal(change["amount_in_invoice_currency"])),
        by=by,
        label=f"Credit memo for {invoice.tranid}",
    )


def body_of(dispute: Dispute, invoice: Transaction, amount: Decimal) -> dict[str, Any]:
    """The memo as NetSuite's REST record API takes it: one line, applied to the invoice, in its currency."""
    line = {"quantity": 1, "rate": float(amount), "amount": float(amount)}
    item = {"item": {"id": settings.NETSUITE_CREDIT_ITEM}} if settings.NETSUITE_CREDIT_ITEM else {}
    rate = {"exchangeRate": float(invoice.exchange_rate)} if invoice.exchange_rate != 1 else {}
    return {
        "entity": {"id": dispute.customer.netsuite_id},
        **rate,
        "memo": f"Dispute {dispute.pk}, {invoice.tranid}: {dispute.get_reason_display()}, {amount}",
        "item": {"items": [{**item, **line}]},
        "apply": {"items": [{"doc": {"id": invoice.netsuite_id}, "apply": True, "amount": float(amount)}]},
    }


# --- outcomes -------------------------------------------------------------------------------------


def push_settled(push: Push) -> None:
    """NetSuite has the memo, or refused it; harmless when repeated."""
    if push.record_type != RECORD or not push.key.startswith("dispute:"):
        return
    with transaction.atomic():
        for proposal in _under_way(push):
            if push.status == "applied":
                _confirm(proposal, push)
            elif push.status == "failed" and proposal.status == "applying":
                move(proposal, "fail", by=f"push:{push.pk}", reason=push.last_error_detail[:500])
        if push.status == "applied":
            _issued(push)


def catch_up() -> int:
    """Tell again what a worker did not live to tell; answers how many memos that were."""
    pending = ProposedAction.objects.filter(
        action_type__in=[CREDIT, SECOND_APPROVAL], status__in=["applying", "failed"]
    )
    pushes = Push.objects.filter(record_type=RECORD, status="applied", key__in=pending.values("entity_ref"))
    for push in pushes:
        push_settled(push)
    return len(pushes)


def _under_way(push: Push) -> list[ProposedAction]:
    mine = ProposedAction.objects.filter(entity_ref=push.key, action_type__in=[CREDIT, SECOND_APPROVAL])
    return list(mine.filter(status__in=["applying", "failed"]).order_by("pk"))


def _confirm(proposal: ProposedAction, push: Push) -> None:
    by = f"push:{push.pk}"
    try:
        if proposal.status == "failed":
            move(proposal, "start_applying", by=by, reason="pushed again")
        move(proposal, "confirm", by=by)
    except LostRace:
        return


def _issued(push: Push) -> None:
    """The mirror knows the memo at once; the dispute is settled by it."""
    dispute = Dispute.objects.select_related("customer", "invoice", "run").get(pk=push.key.removeprefix("dispute:"))
    amount = Decimal(str(push.body["apply"]["items"][0]["amount"]))
    if dispute.invoice:
        memo_id = str(((push.evidence or {}).get("read_back") or {}).get("id") or "")
        credit_applied(
            invoice=dispute.invoice,
            netsuite_id=memo_id,
            amount_foreign=amount,
            memo=str(push.body["memo"]),
            today=business_today(),
        )
    if dispute.is_open:
        currency = dispute.invoice.currency if dispute.invoice else ""
        reason = f"Credit memo of {money(amount, currency)} is in NetSuite."
        settle(dispute, "resolve", resolution="credit_issued", by=label(push.by), reason=reason)


CREDIT_MEMO = ActionHandler(
    action_type=CREDIT,
    title="Credit memo",
    effects=_words,
    approve=_approved,
    approve_label="Approve credit",
    reject_label="No credit",
    waits=True,
)
SECOND = ActionHandler(
    action_type=SECOND_APPROVAL,
    title="Credit memo, second approval",
    effects=_words,
    approve=_approved_again,
    reject=_declined_again,
    approve_label="Approve credit",
    reject_label="No credit",
    waits=True,
)
