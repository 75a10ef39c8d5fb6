"""Sort inbound mail: by the classifier in the background, and by people, whose word counts."""

import logging
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from customers.clock import business_today
from customers.models import Customer, Transaction
from disputes.actions import learning
from disputes.actions.intake import TRIAGE
from disputes.models import InboundEmail, InvoiceMatch
from disputes.models.inbound import CLASSES, REASONS, SUB_REASONS
from disputes.triage import rules
from disputes.triage.contract import OPEN, dispute_inputs, mail_of, standing_dispute
from disputes.triage.reading import find
from disputes.triage.rules import DISPUTE, DISPUTE_WORKFLOW, Findings
from netsuite.errors import Refusal
from netsuite.machine import LostRace, move
from workflows import audit, runner, stages
from workflows.access import Actor, label, require, require_person
from workflows.actions import proposals
from workflows.models import ProposedAction, WorkflowRun

log = logging.getLogger(__name__)

MAY = "disputes.triage_inboundemail"


class AlreadySorted(Refusal):
    code = "already_sorted"
    status = 409


def triage(*, email: InboundEmail, by: Actor, now: datetime) -> InboundEmail:
    """Sort one mail: log, route, draft. Worker and commands only: it loads the classifier.

    Sorting again is harmless: what a person decided, what a workflow has and what is put aside stays; the same
    findings write nothing. Raises WorkflowNotFound while the contract is switched off.
    """
    return triage_many(emails=[email], by=by, now=now)[0]


def triage_many(*, emails: Sequence[InboundEmail], by: Actor, now: datetime) -> list[InboundEmail]:
    """Like `triage`, reading all texts at once. A mail that fails goes to a person with the error."""
    require(by, MAY, "sort mail")
    stages.load(TRIAGE)
    waiting = [email for email in emails if email.status in OPEN and not email.decided_by]
    found = _find_each(waiting, label(by))
    return [_apply(email, found[email.pk], by, now) if email.pk in found else email for email in emails]


def _find_each(emails: Sequence[InboundEmail], by: str) -> dict[int, Findings]:
    """By key; when one of a handful cannot be read, the others still are, and that one goes to a person."""
    try:
        return dict(zip([email.pk for email in emails], find(emails), strict=True))
    except Exception as error:
        if len(emails) > 1:
            return {pk: found for email in emails for pk, found in _find_each([email], by).items()}
        log.exception("mail %s cannot be read", emails[0].pk)
        _give_up(emails[0], error, by)
        emails[0].refresh_from_db()
        return {}


def _apply(email: InboundEmail, found: Findings, by: Actor, now: datetime) -> InboundEmail:
    """Run the contract and move the mail, in one transaction."""
    if email.status != "received" and _is_the_same(email, found):
        return email
    try:
        with transaction.atomic():
            _run(email, found, label(by))
    except LostRace:
        pass
    except Exception as error:
        log.exception("triage of mail %s failed", email.pk)
        _give_up(email, error, label(by))
    return InboundEmail.objects.select_related("customer").get(pk=email.pk)


def _is_the_same(email: InboundEmail, found: Findings) -> bool:
    names = ("classification", "reason", "sub_reason", "invoice_refs", "po_refs", "model_version", "routed_to")
    same = all(getattr(email, name) == getattr(found, name) for name in names)
    return same and email.customer_id == found.customer and bool(email.unsure_reason) == (email.status == "unsure")


def _run(email: InboundEmail, found: Findings, by: str) -> None:
    customer = Customer.objects.filter(pk=found.customer).first() if found.customer else None
    inputs = {
        "email_uuid": str(email.email_uuid),
        "from_email": email.from_email,
        "to_address": email.to_address,
        "subject": email.subject,
        "body_text": email.fresh_text[:2000],
        "attachments": [file.name for file in email.attachments.all()],
        "thread": email.thread,
        "sender": {"known": email.sender_known, "verified": email.sender_verified, "facts": email.facts},
        "findings": asdict(found),
    }
    try:
        run = runner.start(TRIAGE, customer=customer, inputs=inputs, by=by, source=email.source, today=business_today())
    except runner.Blocked as blocked:
        _doubt(email, blocked.detail, by, "")
        return
    _settle(mail_of(run), found, run, by)


def _settle(email: InboundEmail, found: Findings, run: WorkflowRun, by: str) -> None:
    """The mail's own state follows from what the run did."""
    step = run.steps.get(step="route_to_workflow")
    why = rules.doubt(found, email.facts) or (f"The dispute could not be opened: {step.error}" if step.error else "")
    standing = standing_dispute(email, found) if found.is_dispute and not why and step.status == "skipped" else None
    if why:
        _doubt(email, why, by, str(run.run_id))
    elif found.is_dispute:
        earlier = standing.run.run_id if standing and standing.run else run.run_id
        _routed(email, step.detail.get("run_id") or str(earlier), by, step.words)
    else:
        move(email, "sort", by=by, reason=step.words[:200], run_id=str(run.run_id), unsure_reason="")


def _routed(email: InboundEmail, run_id: str, by: str, reason: str) -> None:
    """`run_id` is that of the dispute's workflow. As a field it is not `move`'s own argument of that name."""
    move(email, "route", by=by, reason=reason[:200], run_id=run_id, unsure_reason="")
    InboundEmail.objects.filter(pk=email.pk).update(run_id=run_id)
    email.run_id = run_id


def _doubt(email: InboundEmail, why: str, by: str, run_id: str) -> None:
    move(email, "doubt", by=by, reason=why[:200], run_id=run_id, unsure_reason=why[:250])


def _give_up(email: InboundEmail, error: Exception, by: str) -> None:
    """A mail that our own code cannot sort must not come round for ever: a person sorts it."""
    try:
        _doubt(InboundEmail.objects.get(pk=email.pk), f"The sorting failed ({type(error).__name__}).", by, "")
    except LostRace:
        log.warning("mail %s was sorted meanwhile", email.pk)


# --- people -------------------------------------------------------------------------------------------


def confirm(*, email: InboundEmail, by: Actor) -> InboundEmail:
    """A person agrees with what the classifier found; a dispute goes to its workflow now."""
    if not email.classification:
        raise Refusal("This mail is not sorted yet. Pick what it is.", code="not_sorted", status=409)
    return correct(
        email=email, classification=email.classification, reason=email.reason, sub_reason=email.sub_reason, by=by
    )


def correct(
    *,
    email: InboundEmail,
    classification: str,
    reason: str = "",
    sub_reason: str = "",
    invoice: Transaction | None = None,
    customer: Customer | None = None,
    by: Actor,
) -> InboundEmail:
    """A person says what the mail is, and of whom; the classifier learns from it.

    `customer` for a mail whose sender is not known; `invoice` picks another match, and its customer with it.
    Raises AlreadySorted when a workflow has it, and Refusal for a dispute without a customer.
    """
    person = require_person(by, MAY, "sort mail")
    wish = _checked(classification, reason, sub_reason)
    owner = customer or (invoice.customer if invoice else None) or email.customer
    if invoice and owner and invoice.customer_id != owner.pk:
        raise Refusal(f"{invoice.tranid} is not an invoice of {owner}.", code="invalid_invoice", status=400)
    if wish["classification"] == DISPUTE and owner is None:
        raise Refusal("Pick the customer: a dispute belongs to one.", code="customer_required", status=400)
    changed = (email.classification, email.reason) != (wish["classification"], wish["reason"])
    with transaction.atomic():
        _take(email, person.get_username())
        if changed or email.unsure_reason or email.quarantine_reason:
            # Corrections teach, and so does the answer to a doubt; the decision is recorded with it.
            learning.correct(email=email, by=by, **wish)
        else:
            _decide(email, "mail_confirmed", by, wish)
        wish |= {"customer": owner, "routed_to": _routed_to(wish), "decided_by": person.get_username()}
        _write_wish(email, wish, invoice)
        _follow(email, wish, by)
    return email


def _checked(classification: str, reason: str, sub_reason: str) -> dict[str, Any]:
    if classification not in dict(CLASSES):
        raise Refusal("Pick what the mail is.", code="invalid_classification", status=400)
    if classification != DISPUTE:
        return {"classification": classification, "reason": "", "sub_reason": ""}
    if reason not in dict(REASONS):
        raise Refusal("The reason is pricing, qty, quality, delivery or other.", code="invalid_reason", status=400)
    if sub_reason and (reason != "other" or sub_reason not in dict(SUB_REASONS)):
        raise Refusal("Only “other” has these sub-reasons.", code="invalid_reason", status=400)
    return {"classification": classification, "reason": reason, "sub_reason": sub_reason}


def _routed_to(wish: dict[str, Any]) -> str:
    return DISPUTE_WORKFLOW if wish["classification"] == DISPUTE else rules.MANUAL


def _take(email: InboundEmail, by: str) -> None:
    """Bring the row into the state from which people sort; whoever comes second is told."""
    email.refresh_from_db()
    if email.status == "routed":
        raise AlreadySorted(f"A dispute was opened from it{_by_whom(email)}. Take that back first.")
    if email.status == "sorted" and email.decided_by:
        raise AlreadySorted(f"{email.decided_by} sorted it already. Take that back first.")
    try:
        move(email, "reopen" if email.status in ("quarantined", "sorted") else "doubt", by=by, reason="sorted by hand")
    except LostRace:
        raise AlreadySorted("Somebody else sorted it at this moment.") from None


def _by_whom(email: InboundEmail) -> str:
    return f" by {email.decided_by}" if email.decided_by else ""


def _write_wish(email: InboundEmail, wish: dict[str, Any], invoice: Transaction | None) -> None:
    fields = {**wish, "unsure_reason": "", "quarantine_reason": "", "decided_at": timezone.now()}
    if email.customer_id is None and fields["customer"] is None:
        fields.pop("customer")
    InboundEmail.objects.filter(pk=email.pk).update(**fields)
    for name, value in fields.items():
        setattr(email, name, value)
    if invoice is not None:
        InvoiceMatch.objects.filter(email=email).exclude(invoice=invoice).update(chosen=False)
        InvoiceMatch.objects.update_or_create(
            email=email,
            invoice=invoice,
            defaults={"chosen": True},
            create_defaults={"chosen": True, "rank": 1, "why": "Picked by hand", "ref": invoice.tranid},
        )


def _follow(email: InboundEmail, wish: dict[str, Any], by: Actor) -> None:
    """What the decision brings about: the dispute's workflow, or nothing further."""
    if wish["classification"] != DISPUTE:
        move(email, "sort", by=label(by), reason="sorted by hand")
        return
    found = _as_decided(email)
    standing = standing_dispute(email, found)
    if standing is not None and standing.run is not None:
        started = str(standing.run.run_id)
    else:
        started = str(_start_dispute(email, found, by).run_id)
    _routed(email, started, label(by), "sorted by hand")


def _start_dispute(email: InboundEmail, found: Findings, by: Actor) -> WorkflowRun:
    return runner.start(
        DISPUTE_WORKFLOW,
        customer=email.customer,
        inputs=dispute_inputs(email, found),
        by=by,
        source="inbound_email_triage_classification",
        today=business_today(),
    )


def _as_decided(email: InboundEmail) -> Findings:
    """The row as findings, the chosen invoice first."""
    matches = InvoiceMatch.objects.filter(email=email, invoice__customer=email.customer).select_related("invoice")
    rows = matches.order_by("-chosen", "rank")
    return Findings(
        classification=email.classification,
        score=email.score or 1.0,
        reason=email.reason,
        sub_reason=email.sub_reason,
        language=email.language,
        invoice_refs=email.invoice_refs,
        po_refs=email.po_refs,
        matches=[{"invoice": m.invoice_id, "tranid": m.invoice.tranid, "why": m.why, "ref": m.ref} for m in rows],
        customer=email.customer_id,
        sender_known=True,
    )


def undo(*, email: InboundEmail, by: Actor) -> InboundEmail:
    """Take a mail back to sort it again; the classifier forgets the correction.

    A mail whose dispute is open stays: that is withdrawn on its own page. Raises AlreadySorted then.
    """
    person = require_person(by, MAY, "sort mail")
    with transaction.atomic():
        email.refresh_from_db()
        if email.status == "routed" and email.disputes.open().exists():
            raise AlreadySorted("Its dispute is open. Withdraw the dispute first.")
        try:
            why = "Taken back to sort again."
            move(email, "reopen", by=person.get_username(), reason="taken back", unsure_reason=why)
        except LostRace:
            raise AlreadySorted("There is nothing to take back.") from None
        _withdraw_proposals(email, person.get_username())
        InboundEmail.objects.filter(pk=email.pk).update(decided_by="", decided_at=None, quarantine_reason="")
        email.decided_by, email.decided_at, email.quarantine_reason = "", None, ""
        if learning.undo(email=email, by=by) is None:
            _decide(email, "mail_taken_back", by, {})
    return email


def _withdraw_proposals(email: InboundEmail, by: str) -> None:
    """Proposals of its run that nobody decided have lost their ground."""
    if not email.run_id:
        return
    for proposal in ProposedAction.objects.awaiting_decision().filter(run__run_id=email.run_id):
        proposals.supersede(proposal=proposal, by=by, reason="The mail was taken back.")


def _decide(email: InboundEmail, decision: str, by: Actor, wish: dict[str, Any]) -> None:
    audit.record(
        decision,
        by=by,
        reason=dict(CLASSES).get(wish.get("classification", ""), "taken back"),
        entity_ref=f"inbound_email:{email.pk}",
        customer=email.customer,
        evidence={"score": email.score, "model_version": email.model_version, "invoice_refs": email.invoice_refs},
        before={"classification": email.classification, "reason": email.reason, "sub_reason": email.sub_reason},
        after=wish,
    )
