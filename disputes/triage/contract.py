"""`inbound_email_triage`: risk 2, no gate. Logs what a mail is, routes a dispute, drafts an answer to a request."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings

from customers.models import Customer
from disputes.actions.intake import TRIAGE
from disputes.models import Dispute, InboundEmail, InvoiceMatch
from disputes.triage import rules, texts
from disputes.triage.rules import Findings
from netsuite.machine import LostRace
from workflows.contracts import (
    Check,
    Contract,
    Dispatch,
    Facts,
    LocalWrite,
    MailDraft,
    Plan,
    Precondition,
    Query,
    Situation,
    Skip,
    Stake,
    Step,
)
from workflows.drafting import fill, one_line
from workflows.models import OutboundEmail, WorkflowRun
from workflows.wording import listing

REPLY = "triage_reply"
THREAD_SHOWN = 5
# Not sorted by a person, and not with a workflow yet.
OPEN = ("received", "unsure", "sorted")


def mail_of(run: WorkflowRun) -> InboundEmail:
    """The run's mail, read once. Raises InboundEmail.DoesNotExist: a triage without its mail is an error of ours."""
    if "_mail" not in vars(run):
        rows = InboundEmail.objects.select_related("customer")
        vars(run)["_mail"] = rows.get(email_uuid=run.inputs["email_uuid"])
    mail: InboundEmail = vars(run)["_mail"]
    return mail


def findings_of(inputs: Mapping[str, Any]) -> Findings:
    return Findings(**inputs["findings"])


def _sender(inputs: Mapping[str, Any], customer: Customer | None, today: date) -> dict[str, Any]:
    """As the intake found it: `known`, `verified`, and the facts of the headers."""
    return dict(inputs.get("sender") or {"known": False, "verified": False, "facts": {}})


def _thread(inputs: Mapping[str, Any], customer: Customer | None, today: date) -> list[dict[str, Any]]:
    """The newest five other mails of the conversation."""
    if not inputs.get("thread"):
        return []
    rows = InboundEmail.objects.filter(thread=inputs["thread"]).exclude(email_uuid=inputs["email_uuid"])
    named = rows.values_list("email_uuid", "classification", "subject")[:THREAD_SHOWN]
    return [{"email_uuid": str(uuid), "classification": kind, "subject": line[:200]} for uuid, kind, line in named]


def _log(situation: Situation) -> Plan:
    found, mail = findings_of(situation.facts.inputs), mail_of(situation.run)
    title = dict(InboundEmail._meta.get_field("classification").flatchoices)[found.classification]
    cited = f", cites {listing(found.invoice_refs[:5])}" if found.invoice_refs else ""
    return LocalWrite(f"{title}, {found.score:.2f}{cited}.", lambda: _write(mail, found, situation))


def _write(mail: InboundEmail, found: Findings, situation: Situation) -> Mapping[str, Any]:
    """On the row, if it still stands where it was read."""
    fields: dict[str, Any] = {
        name: getattr(found, name)
        for name in (
            *("classification", "score", "scores", "reason", "sub_reason", "reason_score", "reason_scores", "words"),
            *("model_version", "features", "invoice_refs", "po_refs", "amounts", "routed_to"),
        )
    }
    fields |= {"customer_id": found.customer, "language": found.language[:2], "run_id": str(situation.run.run_id)}
    seen = {"status": mail.status, "decided_by": mail.decided_by, "run_id": mail.run_id}
    standing = InboundEmail.objects.filter(pk=mail.pk, **seen)
    if mail.status not in OPEN or not standing.update(**fields):
        raise LostRace(InboundEmail.objects.get(pk=mail.pk), "The mail was sorted by somebody else at this moment.")
    for name, value in fields.items():
        setattr(mail, name, value)
    if mail.status != "received":
        InvoiceMatch.objects.filter(email=mail).delete()
    InvoiceMatch.objects.bulk_create(
        InvoiceMatch(
            email=mail,
            invoice_id=each["invoice"],
            rank=rank,
            why=each["why"],
            ref=each["ref"][:128],
            chosen=rank == 1 and found.is_dispute,
        )
        for rank, each in enumerate(found.matches, start=1)
    )
    return {"email": mail.pk, "matches": len(found.matches)}


def dispute_inputs(mail: InboundEmail, found: Findings) -> dict[str, Any]:
    """What the dispute's workflow is started with."""
    return {
        "email_uuid": str(mail.email_uuid),
        "reason_text": (mail.fresh_text or mail.body_text or mail.subject or "No text.")[:10_000],
        "customer_id": mail.customer.netsuite_id if mail.customer else "",
        "invoice_ref": found.invoice_ref[:128],
        "reason": found.reason,
        "sub_reason": found.sub_reason,
        "source": "phone" if mail.source == "phone" else "mail",
        "language": found.language[:2],
    }


def _route(situation: Situation) -> Plan:
    found, mail = findings_of(situation.facts.inputs), mail_of(situation.run)
    if not found.is_dispute:
        return Skip("No workflow for this kind: it stays with people.")
    if why := rules.doubt(found, mail.facts):
        return Skip(f"A person sorts it first. {why}")
    if standing := standing_dispute(mail, found):
        return Skip(f"{standing.ref} about {standing.invoice_ref} is open already; this mail belongs to it.")
    return Dispatch("The dispute's workflow takes it over.", rules.DISPUTE_WORKFLOW, dispute_inputs(mail, found))


def standing_dispute(mail: InboundEmail, found: Findings) -> Dispute | None:
    """An unsettled dispute of the same customer about the same invoice: a second mail opens no second one."""
    if not found.matches or found.customer is None:
        return None
    rows = Dispute.objects.open().filter(customer=found.customer, invoice=found.matches[0]["invoice"])
    return rows.select_related("run").order_by("pk").first()


def _reply(situation: Situation) -> Plan:
    found, mail = findings_of(situation.facts.inputs), mail_of(situation.run)
    if found.is_dispute:
        return Skip("The dispute's workflow drafts the answer.")
    if not rules.is_answered(found, mail.facts):
        return Skip("No answer is needed.")
    if situation.facts.customer is None:
        return Skip("Nobody knows whose mail this is, so no answer is drafted.")
    earlier = OutboundEmail.objects.filter(kind=REPLY, run__inputs__email_uuid=str(mail.email_uuid))
    if earlier.exclude(status="discarded").exists():
        return Skip("An answer is drafted already.")
    return _draft(situation, mail, found)


def _draft(situation: Situation, mail: InboundEmail, found: Findings) -> MailDraft:
    """To the address on the record, whatever the mail says."""
    customer = situation.customer
    text = situation.texts[texts.name_of(found.classification, found.language)]
    values = {
        "contact": customer.contact_name or customer.name,
        "customer": customer.name,
        "subject": mail.subject,
        "refs": listing([*found.invoice_refs, *found.po_refs][:5]),
        "company": settings.COMPANY_NAME,
        "company_phone": settings.COMPANY_PHONE,
    }
    return MailDraft(
        kind=REPLY,
        audience="customer",
        to_name=values["contact"],
        to_email=customer.email,
        subject=one_line(fill(text["subject"], values)),
        body=fill(text["body"], values),
        language=found.language if found.language in texts.LANGUAGES else "en",
    )


def _stake(found: Facts) -> Stake:
    """The run has no gate; this is what a preview shows."""
    made = findings_of(found.inputs)
    return Stake(
        rationale=f"{made.classification}, {made.score:.2f}",
        at_stake=Decimal(0),
        strong=False,
        current_state={},
        proposed_change={"classification": made.classification, "routed_to": made.routed_to},
        evidence={"material": [made.classification, made.reason, made.invoice_refs]},
    )


def _is_logged(run: WorkflowRun) -> str:
    mail = InboundEmail.objects.filter(email_uuid=run.inputs["email_uuid"]).first()
    return "" if mail and mail.classification else "The mail has no classification."


TRIAGE_CONTRACT = Contract(
    workflow_type=TRIAGE,
    title="Inbound mail",
    category="Customer ops",
    risk_level=2,
    # Nothing leaves the house by it, whatever level is set in the console.
    gated=False,
    expected_minutes=1,
    sources=("imap", "api", "file", "phone", "manual"),
    required=("email_uuid",),
    optional=("from_email", "to_address", "subject", "body_text", "attachments", "thread", "sender", "findings"),
    queries=(Query("sender", ask=_sender), Query("thread", ask=_thread)),
    preconditions=(
        Precondition(
            "valid_from",
            "block",
            lambda found: "@" in str(found.inputs.get("from_email", "")) or found.customer is not None,
            lambda _found: "The mail names no sender.",
        ),
        Precondition(
            "not_spam",
            "warn",
            lambda found: bool(found.context["sender"]["known"]),
            lambda found: f"Neither {found.inputs.get('from_email') or 'the sender'} nor its domain is known.",
        ),
        Precondition(
            "sender_verified",
            "warn",
            lambda found: bool(found.context["sender"]["verified"]),
            lambda _found: "Nothing proves that the mail comes from the address it names.",
        ),
    ),
    stake=_stake,
    steps=(
        Step("log", "local_write", "Log what it is", "at once", _log),
        Step("route_to_workflow", "dispatch_workflow", "Hand a dispute on", "at once", _route),
        Step("draft_response", "hitl_email_draft", "Draft an answer", "at once", _reply),
    ),
    checks=(Check("mail_logged", "The mail has a classification", timedelta(minutes=1), _is_logged),),
    thresholds={
        "unsure_from": "0.40",
        "unsure_to": "0.75",
        "unsure_kind": "0.00",
        "sender_cap": 120,
        "copies_cap": 5,
    },
    texts=texts.TEXTS,
    placeholders=texts.PLACEHOLDERS,
    # A mail is no friction in itself; the dispute that comes of it leaves the note.
    narrative=None,
)
