"""Open, answer, route, change and settle disputes."""

import uuid
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from customers.clock import business_today
from customers.models import Customer, Employee, Transaction
from disputes import facts
from disputes.models import Dispute
from disputes.models.inbound import SUB_REASONS
from disputes.proposing import ESCALATION, open_proposals, propose_about
from disputes.records import AlreadyOpen, Opening, create, decide
from netsuite import bell
from netsuite.errors import Refusal
from netsuite.machine import LostRace, move
from workflows import runner
from workflows.access import Actor, label, require
from workflows.actions import emails, proposals
from workflows.models import ProposedAction
from workflows.wording import money

WITHDRAWN = "withdrawn"


def open_dispute(
    *,
    customer: Customer,
    reason_text: str,
    by: Actor,
    invoice_ref: str = "",
    reason: str = "other",
    sub_reason: str = "",
    amount: Decimal | None = None,
    set_apart_until: date | None = None,
    source: str = "phone",
) -> Dispute:
    """Only record that a customer contests an invoice; `take_up` also answers and routes it.

    `amount` (base currency) is set apart for 30 days by default; without one the whole open amount of a known
    invoice. Raises Refusal for an unknown reason and for an amount that is none or above what is open.
    """
    require(by, "disputes.add_dispute", "open disputes")
    invoice = facts.invoice_by_ref(customer, invoice_ref)
    check_opening(reason_text, reason, sub_reason, amount, invoice)
    opening = Opening(
        customer=customer,
        reason_text=reason_text.strip(),
        reason=reason,
        sub_reason=sub_reason,
        invoice=invoice,
        invoice_ref=invoice_ref,
        amount=amount,
        set_apart_until=set_apart_until,
        source=source,
    )
    with transaction.atomic():
        return create(opening, by=by, numbers=facts.numbers())


def take_up(
    *,
    customer: Customer,
    reason_text: str,
    by: Actor,
    invoice_ref: str = "",
    reason: str = "other",
    sub_reason: str = "",
    amount: Decimal | None = None,
    source: str = "phone",
    reference: str = "",
    language: str = "",
) -> Dispute:
    """Run the whole workflow for a dispute that came by phone, rep or API: record, draft, route, review.

    `reference` is the caller's own and stands for the mail: the same one about the same invoice answers the same
    dispute. Raises Refusal as `open_dispute` does, and WorkflowNotFound while the contract is switched off.
    """
    require(by, "disputes.add_dispute", "open disputes")
    check_opening(reason_text, reason, sub_reason, amount, facts.invoice_by_ref(customer, invoice_ref))
    if source not in dict(Dispute.SOURCES):
        raise Refusal("The source is mail, phone, rep or api.", code="invalid_source", status=400)
    inputs: dict[str, Any] = {
        "email_uuid": reference or f"{source}:{uuid.uuid4()}",
        "reason_text": reason_text.strip(),
        "customer_id": customer.netsuite_id,
        "invoice_ref": invoice_ref,
        "reason": reason,
        "sub_reason": sub_reason,
        "amount": str(amount) if amount is not None else "",
        "source": source,
        "language": language,
    }
    return opened_by(customer=customer, inputs=inputs, by=by, started_by="manual")


def opened_by(*, customer: Customer, inputs: dict[str, Any], by: Actor, started_by: str) -> Dispute:
    """Start the workflow with these inputs and answer its dispute: the earlier one when there is one."""
    mine = Dispute.objects.filter(reference=facts.reference_of(inputs), invoice_ref=facts.ref_of(inputs))
    if existing := mine.order_by("-pk").first():
        if existing.customer_id != customer.pk:
            raise Refusal("This reference belongs to another dispute.", code="reference_taken", status=409)
        return existing
    # Somebody may send the same at this moment: then theirs counts.
    with suppress(AlreadyOpen):
        runner.start(facts.WORKFLOW, customer=customer, inputs=inputs, by=by, source=started_by, today=business_today())
    return mine.select_related("customer").latest("pk")


def respond(*, dispute: Dispute, by: Actor, at: datetime | None = None) -> Dispute:
    """The customer has our answer. A second answer changes nothing, a routed dispute stays with the rep."""
    noted: dict[str, Any] = {"responded_at": at or timezone.now()}
    with transaction.atomic():
        row = Dispute.objects.select_for_update().get(pk=dispute.pk)
        if row.status == "open":
            move(row, "respond", by=label(by), reason="answered", **noted)
        elif row.responded_at is None:
            write(row, noted, by=by, reason="answered")
    return row


def escalate(*, dispute: Dispute, by: Actor, reason: str) -> ProposedAction | None:
    """Route it to the sales rep: at once by whoever decides proposals, else as a proposal.

    Answers the proposal that is left open, None when it is routed.
    """
    require(by, "disputes.add_dispute", "escalate disputes")
    _say_why(reason)
    if dispute.status not in ("open", "responding"):
        raise Refusal(f"This dispute is {dispute.get_status_display().lower()} already.", code="not_open", status=409)
    waiting = open_proposals(ESCALATION).filter(entity_ref=dispute.ref).select_related("customer", "run").first()
    may = isinstance(by, str) or by.has_perm("workflows.decide_proposedaction")
    with transaction.atomic():
        if waiting and may and not isinstance(by, str):
            proposals.approve(proposal=waiting, version=waiting.version, by=by, reason=reason.strip())
            return None
        if may:
            route(dispute, by=by, reason=reason.strip())
            return None
        return waiting or stage_escalation(dispute, by=by, reason=reason.strip())


def route(dispute: Dispute, *, by: Actor, reason: str) -> None:
    """Escalated: the customer's sales rep owns it; without one it stays with the AR manager."""
    rep = dispute.customer.sales_rep
    owner = rep if rep and not rep.is_inactive else None
    now = timezone.now()
    try:
        move(dispute, "escalate", by=label(by), reason=reason, escalated_at=now, owner=owner)
    except LostRace as lost:
        words = f"Dispute {dispute.pk} is {lost.extra.get('current_status', 'settled')} already."
        raise Refusal(words, code="not_open", status=409) from None
    decide("dispute_escalated", dispute, by=by, reason=reason, after={"owner": str(owner or "AR manager")})


def stage_escalation(dispute: Dispute, *, by: Actor, reason: str) -> ProposedAction:
    """A proposal to route it, for a person."""
    rep = dispute.customer.sales_rep
    return propose_about(
        dispute,
        action_type=ESCALATION,
        risk_level=2,
        rationale=reason,
        change={"status": "escalated", "owner": rep.netsuite_id if rep else None},
        by=by,
        assigned_to=rep,
    )


def resolve(*, dispute: Dispute, resolution: str, by: Actor, reason: str) -> Dispute:
    """Settle a dispute; from here on its amount counts again. What still waits about it is withdrawn."""
    require(by, "disputes.resolve_dispute", "resolve disputes")
    if resolution not in dict(Dispute.RESOLUTIONS):
        raise Refusal("Say how it ended: credit issued, upheld or withdrawn.", code="invalid_resolution", status=400)
    _say_why(reason)
    return settle(dispute, "resolve", resolution=resolution, by=by, reason=reason)


def withdraw(*, dispute: Dispute, by: Actor, reason: str) -> Dispute:
    """The customer takes it back, or the mail was none: its amount counts again."""
    require(by, "disputes.add_dispute", "withdraw disputes")
    _say_why(reason)
    return settle(dispute, "withdraw", resolution=WITHDRAWN, by=by, reason=reason)


def settle(dispute: Dispute, verb: str, *, resolution: str, by: Actor, reason: str) -> Dispute:
    """End it, and all that waits about it: proposals are superseded, unsent answers discarded."""
    with transaction.atomic():
        ended: dict[str, Any] = {"resolution": resolution, "resolved_at": timezone.now()}
        _refuse_while_credited(dispute)
        try:
            move(dispute, verb, by=label(by), reason=reason, **ended)
        except LostRace:
            raise Refusal("This dispute is resolved already.", code="already_resolved", status=409) from None
        decide("dispute_resolved", dispute, by=by, reason=reason, after={"resolution": resolution})
        for proposal in open_proposals().filter(entity_ref=dispute.ref).select_related("run", "customer"):
            proposals.supersede(proposal=proposal, by=label(by), reason=f"Dispute {dispute.pk} is settled.")
        if dispute.run:
            emails.withdraw(run=dispute.run, by=label(by), reason=f"Dispute {dispute.pk} was settled before.")
    return dispute


def _refuse_while_credited(dispute: Dispute) -> None:
    """A credit memo on its way settles the dispute by itself."""
    under_way = ProposedAction.objects.filter(entity_ref=dispute.ref, status="applying", entity_type="dispute")
    if under_way.exists():
        raise Refusal("A credit memo for it is on its way; wait for NetSuite.", code="credit_under_way", status=409)


def set_amount(
    *, dispute: Dispute, amount: Decimal | None, by: Actor, reason: str, until: date | None = None
) -> Dispute:
    """Set apart another part (base currency; None: nothing), and until when. Raises Refusal as opening does."""
    require(by, "disputes.add_dispute", "change disputes")
    _say_why(reason)
    check_amount(amount, dispute.invoice)
    if until is not None and until < business_today():
        raise Refusal("Pick today or a later day.", code="invalid_date", status=400)
    changes: dict[str, Any] = {"amount": amount, **({"set_apart_until": until} if until else {})}
    return change(dispute, "dispute_amount_set", changes, by=by, reason=reason)


def set_root_cause(*, dispute: Dispute, root_cause: str, by: Actor) -> Dispute:
    """Note what went wrong with us; also after it is settled."""
    require(by, "disputes.add_dispute", "change disputes")
    words = " ".join(root_cause.replace("\x00", "").split())[:200]
    return change(
        dispute, "dispute_root_cause", {"root_cause": words}, by=by, reason=words or "cleared", settled_too=True
    )


def set_owner(*, dispute: Dispute, owner: Employee | None, by: Actor, reason: str) -> Dispute:
    """Give it to another employee, or to nobody."""
    require(by, "disputes.add_dispute", "change disputes")
    _say_why(reason)
    if owner and owner.is_inactive:
        raise Refusal(f"{owner} has left.", code="inactive_owner", status=400)
    return change(dispute, "dispute_owner_set", {"owner": owner}, by=by, reason=reason)


def change(
    dispute: Dispute, decision: str, changes: Mapping[str, Any], *, by: Actor, reason: str, settled_too: bool = False
) -> Dispute:
    """Write these fields with history and decision. Raises Refusal for a settled dispute."""
    with transaction.atomic():
        row = Dispute.objects.select_for_update().get(pk=dispute.pk)
        if not (row.is_open or settled_too):
            raise Refusal("This dispute is resolved already.", code="already_resolved", status=409)
        before = {name: str(getattr(row, name) or "") for name in changes}
        write(row, changes, by=by, reason=reason)
        after = {name: str(value or "") for name, value in changes.items()}
        decide(decision, row, by=by, reason=reason, before=before, after=after)
    return row


def write(row: Dispute, changes: Mapping[str, Any], *, by: Actor, reason: str) -> None:
    """Save these fields with their history; the state is none of them."""
    for name, value in changes.items():
        setattr(row, name, value)
    row._change_reason = reason[:100]  # type: ignore[attr-defined]
    row._history_user = None if isinstance(by, str) else by  # type: ignore[attr-defined]
    row.save(update_fields=list(changes))


def check_opening(
    reason_text: str, reason: str, sub_reason: str, amount: Decimal | None, invoice: Transaction | None
) -> None:
    """Raises Refusal for what cannot be recorded."""
    if not reason_text.strip():
        raise Refusal("Write what the customer says.", code="reason_required", status=400)
    if reason not in dict(Dispute.REASONS):
        raise Refusal("The reason is pricing, qty, quality, delivery or other.", code="invalid_reason", status=400)
    if sub_reason and sub_reason not in dict(SUB_REASONS):
        raise Refusal("There is no such sub-reason.", code="invalid_reason", status=400)
    check_amount(amount, invoice)


def check_amount(amount: Decimal | None, invoice: Transaction | None) -> None:
    """More than nothing, and no more than is open. Base currency."""
    if amount is not None and amount <= 0:
        raise Refusal("A disputed amount is more than zero.", code="invalid_amount", status=400)
    if amount is not None and invoice and amount > invoice.unpaid:
        raise Refusal(f"Only {money(invoice.unpaid)} is open on {invoice.tranid}.", code="amount_too_large", status=400)


def _say_why(reason: str) -> None:
    if not reason.strip():
        raise Refusal("Say why: the reason goes into the audit.", code="reason_required", status=400)


def dispute_of_run(run_id: int | None) -> Dispute | None:
    """The dispute that a run recorded, by the run's primary key."""
    rows = Dispute.objects.select_related("customer__sales_rep", "invoice", "email", "run")
    return rows.filter(run_id=run_id).first() if run_id else None


def ring_for_polish() -> None:
    """Ask the worker to polish new answers."""
    bell.ring("disputes.tasks.polish_answers")
