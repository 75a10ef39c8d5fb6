"""`customer_invoice_dispute`: a dispute is recorded, an answer drafted, and what people decide is staged.

Risk 3, and yet the run itself does not stop at the gate: it sends nothing, writes nothing to NetSuite and holds
nobody. Each beat is gated by itself: the answer waits as a draft, routing to the rep and the review of the hold as
proposals. A gate before them would ask the same person twice, and would count the disputed amount meanwhile.
"""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from customers.models import Transaction
from disputes import checks, drafts, facts
from disputes.actions import disputes as actions
from disputes.models import Dispute
from disputes.models.inbound import SUB_REASONS
from disputes.proposing import ESCALATION, MISSING_REP, REVIEW, open_proposals
from disputes.records import Opening, create
from disputes.rules import THRESHOLDS, needs_review, set_apart_amount
from workflows.contracts import (
    Check,
    Contract,
    Facts,
    LocalWrite,
    MailDraft,
    Plan,
    Precondition,
    Query,
    Situation,
    Skip,
    StagedProposal,
    Stake,
    Step,
)
from workflows.wording import count, money

if TYPE_CHECKING:
    from workflows.models import OutboundEmail


def _existing(situation: Situation) -> Dispute | None:
    """The unsettled dispute that this mail (or reference) has opened about this invoice."""
    inputs = situation.facts.inputs
    rows = Dispute.objects.open().filter(reference=facts.reference_of(inputs), invoice_ref=facts.ref_of(inputs))
    return rows.select_related("customer", "invoice", "run", "email").first()


def _standing(situation: Situation) -> Dispute | None:
    """A dispute that an earlier run opened from the same mail: nothing is done twice."""
    found = _existing(situation)
    return found if found and (found.run is None or found.run.run_id != situation.run.run_id) else None


def _already(dispute: Dispute) -> Skip:
    return Skip(f"Dispute {dispute.pk} was opened from this already.")


def opening_of(situation: Situation) -> Opening:
    """What the mail says, with the inputs before it."""
    inputs, email = situation.facts.inputs, facts.mail_of(situation.facts.inputs)
    cited = situation.facts.context["invoice"]
    invoice = Transaction.objects.filter(pk=cited["id"]).first() if cited else None
    ref = facts.ref_of(inputs)
    return Opening(
        customer=situation.customer,
        reason_text=str(inputs["reason_text"]).replace("\x00", "").strip()[:10_000],
        reason=_known(inputs.get("reason") or (email and email.reason), dict(Dispute.REASONS)) or "other",
        sub_reason=_known(inputs.get("sub_reason") or (email and email.sub_reason), dict(SUB_REASONS)),
        invoice=invoice,
        invoice_ref=ref,
        amount=_claimed(inputs),
        source=str(inputs.get("source") or ("phone" if email and email.source == "phone" else "mail")),
        reference=facts.reference_of(inputs),
        email=email,
        run=situation.run if situation.run.pk else None,
    )


def _known(value: Any, words: Mapping[str, str]) -> str:
    return str(value) if value in words else ""


def _claimed(inputs: Mapping[str, Any]) -> Decimal | None:
    """The amount that a person gave; what a mail names may be anything and is set apart only by a person."""
    return Decimal(str(inputs["amount"])) if inputs.get("amount") not in (None, "") else None


def _record(situation: Situation) -> Plan:
    if standing := _standing(situation):
        return _already(standing)
    opening = opening_of(situation)
    apart = set_apart_amount(opening.amount, opening.invoice.unpaid if opening.invoice else None)
    words = f"Dispute of {opening.invoice_ref or situation.customer} recorded"
    return LocalWrite(
        f"{words}, {money(apart)} set apart." if apart else f"{words}. No amount is known to set apart.",
        lambda: _written(opening, situation),
    )


def _written(opening: Opening, situation: Situation) -> Mapping[str, Any]:
    dispute = create(opening, by=situation.by, numbers=situation.facts.thresholds)
    actions.ring_for_polish()
    return {"dispute": dispute.pk}


def _answer(situation: Situation) -> Plan:
    """To the customer's address on the record, in the language of the mail."""
    if standing := _standing(situation):
        return _already(standing)
    opening = opening_of(situation)
    dispute = _existing(situation) or Dispute(
        customer=opening.customer,
        invoice=opening.invoice,
        invoice_ref=opening.invoice_ref,
        reason=opening.reason,
        sub_reason=opening.sub_reason,
        email=opening.email,
        amount=set_apart_amount(opening.amount, opening.invoice.unpaid if opening.invoice else None),
    )
    language = drafts.language_of(opening.email, str(situation.facts.inputs.get("language") or ""))
    text = drafts.answer(drafts.case_of(dispute, situation.facts.context["payments"]), language)
    customer = situation.customer
    return MailDraft(
        kind=drafts.KIND,
        audience="customer",
        to_name=customer.contact_name or customer.name,
        to_email=customer.email,
        subject=text.subject,
        body=text.body,
        facts=text.facts,
        language=text.language,
    )


def _escalate(situation: Situation) -> Plan:
    if standing := _standing(situation):
        return _already(standing)
    rep, opening = situation.customer.sales_rep, opening_of(situation)
    reachable = rep if rep and not rep.is_inactive else None
    to = reachable.name if reachable else "the AR manager: the customer has no sales rep"
    return StagedProposal(
        words=f"Routing to {to} waits for a person.",
        action_type=ESCALATION,
        entity_type="dispute",
        entity_ref=_ref(situation),
        risk_level=2,
        rationale=f"{_what(opening)} Route to {to}.",
        current_state={"status": "open"},
        proposed_change={"status": "escalated", "owner": reachable.netsuite_id if reachable else None},
        at_stake=_at_stake(opening),
        evidence=_evidence(situation, opening),
        warnings=situation.run.warnings,
        assigned_to=reachable.pk if reachable else None,
    )


def _ask_for_rep(situation: Situation) -> Plan:
    """Clean-up: whose customer is it?"""
    customer = situation.customer
    if customer.sales_rep and not customer.sales_rep.is_inactive:
        return Skip(f"{customer.sales_rep} is the sales rep.")
    if open_proposals(MISSING_REP).filter(customer=customer).exists():
        return Skip("The sales rep is asked for already.")
    return StagedProposal(
        words=f"Somebody fills in the sales rep of {customer}.",
        action_type=MISSING_REP,
        entity_type="customer",
        entity_ref=f"customer:{customer.netsuite_id}",
        risk_level=2,
        rationale=f"{customer} has no active sales rep, so that its disputes wait with the AR manager.",
        current_state={"sales_rep": customer.sales_rep.netsuite_id if customer.sales_rep else None},
        proposed_change={"sales_rep": "as NetSuite has it"},
    )


def _review(situation: Situation) -> Plan:
    if standing := _standing(situation):
        return _already(standing)
    found, prior = situation.facts, situation.facts.context["prior_disputes"]
    if not needs_review(prior, found.thresholds):
        earlier = count(prior, "earlier dispute").capitalize() if prior else "No earlier dispute"
        return Skip(f"{earlier} unsettled: the friendly path, no review.")
    opening, customer = opening_of(situation), situation.customer
    return StagedProposal(
        words=f"A review of the hold waits: {count(prior, 'earlier dispute')} unsettled.",
        proposed_by=f"workflow:{facts.WORKFLOW}",
        action_type=REVIEW,
        entity_type="dispute",
        entity_ref=_ref(situation),
        risk_level=3,
        rationale=f"{_what(opening)} {count(prior, 'earlier dispute').capitalize()} of {customer} unsettled.",
        current_state={"entitystatus": customer.entitystatus, "prior_disputes": prior},
        proposed_change={"outcomes": ["keep_shipping", "hold", "lift"]},
        at_stake=customer.ar_balance,
        evidence={**_evidence(situation, opening), **facts.pattern(customer)},
    )


def _ref(situation: Situation) -> str:
    found = _existing(situation)
    return found.ref if found else "dispute:new"


def _what(opening: Opening) -> str:
    about = dict(SUB_REASONS).get(opening.sub_reason) or dict(Dispute.REASONS)[opening.reason]
    return f"{opening.customer} disputes {opening.invoice_ref or 'an invoice'}: {about.lower()}."


def _at_stake(opening: Opening) -> Decimal:
    unpaid = opening.invoice.unpaid if opening.invoice else None
    return set_apart_amount(opening.amount, unpaid) or Decimal(0)


def _evidence(situation: Situation, opening: Opening) -> dict[str, Any]:
    context = situation.facts.context
    return {
        "reason": opening.reason,
        "sub_reason": opening.sub_reason,
        "said": opening.reason_text[:1000],
        "invoice": context["invoice"],
        "payments": context["payments"],
        "prior_disputes": context["prior_disputes"],
    }


def _invoice_found(found: Facts) -> bool:
    return found.context["invoice"] is not None or not facts.ref_of(found.inputs)


def _stake(found: Facts) -> Stake:
    """The run is not gated; this is what a preview shows."""
    cited = found.context["invoice"]
    return Stake(
        rationale=str(found.inputs.get("reason_text", ""))[:200],
        at_stake=Decimal(cited["unpaid"]) if cited else Decimal(0),
        strong=False,
        current_state={"prior_disputes": found.context["prior_disputes"]},
        proposed_change={"dispute": "open"},
        evidence={"invoice": cited, "prior_disputes": found.context["prior_disputes"], "material": [cited]},
    )


def _narrative(situation: Situation) -> str:
    standing = _standing(situation)
    return f"Came again: dispute {standing.pk} stands." if standing else _what(opening_of(situation))


def mail_facts(email: "OutboundEmail") -> dict[str, str]:
    """What must be unchanged when the answer goes out: the dispute is unsettled, and the figures."""
    dispute = actions.dispute_of_run(email.run_id)
    if dispute is None:
        return {}
    figures = drafts.figures(drafts.case_of(dispute), email.language)
    known = {name: "–" for name, _value in drafts.FACTS if name in {fact["label"] for fact in email.facts}}
    return {"Dispute": "unsettled" if dispute.is_open else "settled", **known, **figures}


def mail_barred(email: "OutboundEmail") -> str:
    """An answer to a settled dispute must not go out."""
    dispute = actions.dispute_of_run(email.run_id)
    return "The dispute was settled since; this answer would be wrong." if dispute and not dispute.is_open else ""


def mail_sent(email: "OutboundEmail") -> None:
    """The customer has our answer: the clock of the first answer stops."""
    dispute = actions.dispute_of_run(email.run_id)
    if dispute and email.kind == drafts.KIND:
        actions.respond(dispute=dispute, by=f"mail:{email.pk}", at=email.sent_at)


DISPUTE = Contract(
    workflow_type=facts.WORKFLOW,
    title="Invoice dispute",
    category="Customer ops",
    risk_level=3,
    gated=False,
    expected_minutes=20,
    sources=("inbound_email_triage_classification", "manual", "thread"),
    required=("email_uuid", "reason_text"),
    optional=("customer_id", "invoice_ref", "reason", "sub_reason", "amount", "source", "language"),
    queries=(
        Query("invoice", ask=facts.invoice),
        Query("payments", facts.payments, ()),
        Query("prior_disputes", ask=facts.prior_disputes),
    ),
    preconditions=(
        Precondition(
            "customer_known",
            "block",
            lambda found: found.customer is not None,
            lambda _found: "Nobody knows whose mail this is: pick the customer first.",
        ),
        Precondition(
            "invoice_exists",
            "warn",
            _invoice_found,
            lambda found: (
                f"{found.customer or 'The sender'} has no invoice {facts.ref_of(found.inputs)}; the answer says so."
            ),
        ),
    ),
    stake=_stake,
    steps=(
        Step("record_dispute", "local_write", "Record the dispute", "at once", _record),
        Step("draft_response", "hitl_email_draft", "Draft the answer", "3 s", _answer),
        Step("escalate", "stage_proposed_action", "Route to the sales rep", "when approved", _escalate),
        Step("ask_for_rep", "stage_proposed_action", "Ask for a missing sales rep", "when done", _ask_for_rep),
        Step("ar_hold_decision", "stage_proposed_action", "Review the hold", "when decided", _review),
    ),
    checks=(
        Check("dispute_recorded", "The dispute is on record", timedelta(minutes=1), checks.dispute_recorded),
        Check("answer_drafted", "An answer was drafted", timedelta(minutes=1), checks.answer_drafted),
    ),
    tags="invoice_dispute,customer:{customer}",
    thresholds=dict(THRESHOLDS),
    placeholders=drafts.PLACEHOLDERS,
    narrative=_narrative,
    mail_facts=mail_facts,
    mail_barred=mail_barred,
    mail_sent=mail_sent,
)
