"""What the page of a dispute shows beside its row: mail, payments, other disputes, drafts, clocks, what happened."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, When
from django.urls import reverse
from django.utils import timezone

from customers.clock import business_today
from customers.models import Transaction
from disputes.facts import PAYMENTS_OF
from disputes.models import OPEN, Dispute
from disputes.models.inbound import SUB_REASONS
from disputes.proposing import CREDIT
from disputes.triage_page import pieces
from netsuite.machine import Transition
from workflows import contracts
from workflows.models import AutoDecision, OutboundEmail, ProposedAction
from workflows.wording import age, moment

PAYMENTS_SHOWN, OTHERS_SHOWN, EVENTS_SHOWN = 10, 8, 60
NEAR = timedelta(hours=4)
SAID = {
    "create": "Opened",
    "respond": "Answered",
    "escalate": "Routed",
    "resolve": "Resolved",
    "withdraw": "Withdrawn",
}
# Opening, routing and settling are told by the transitions, credits by their proposals.
DECIDED = {
    "dispute_amount_set": "Amount changed",
    "dispute_root_cause": "Root cause noted",
    "dispute_owner_set": "Owner changed",
    "dispute_reason_set": "Reason changed",
    "dispute_invoice_set": "Invoice changed",
}


@dataclass(frozen=True)
class Clock:
    """A promise: until when, whether it is kept, late or running, and how that is put."""

    name: str
    state: str
    words: str


@dataclass(frozen=True)
class Event:
    """One thing that happened; `address` is its page."""

    at: datetime
    sign: str
    tint: str
    what: str
    words: str
    by: str
    address: str = ""


def page_of(row: Dispute, user: Any) -> dict[str, Any]:
    answers, staged = _answers(row), _proposals(row)
    waiting = [one for one in staged if one.status in ("pending", "deferred")]
    return {
        "open_now": row.status in OPEN,
        "counts_again": row.set_apart_until is not None and row.set_apart_until < business_today(),
        "clocks": clocks(row, timezone.now()),
        "pieces": pieces(row.email) if row.email else [],
        "payments": payments(row),
        "payment_days": PAYMENTS_OF.days,
        "others": others(row),
        "answers": answers,
        "to_polish": next((one for one in answers if one.status == "pending_review"), None),
        "waiting": [(one, title_of(one)) for one in waiting],
        "credit": next((one for one in staged if one.action_type == CREDIT), None),
        "events": timeline(row, staged, answers),
        "may": _rights(row, user),
        "resolutions": Dispute.RESOLUTIONS,
        "reasons": Dispute.REASONS,
        "sub_reasons": SUB_REASONS,
        "rep": _rep(row),
        "invoices": _invoices(row),
        "today": business_today(),
    }


def _rights(row: Dispute, user: Any) -> dict[str, bool]:
    """Which buttons this person gets; the actions check again."""
    is_open = row.status in OPEN
    work = user.has_perm("disputes.add_dispute")
    return {
        "change": work and is_open,
        "note": work,
        "escalate": work and row.status in ("open", "responding"),
        "resolve": is_open and user.has_perm("disputes.resolve_dispute"),
        "credit": is_open and row.invoice_id is not None and user.has_perm("disputes.propose_credit"),
        "decide": user.has_perm("workflows.decide_proposedaction"),
    }


def _rep(row: Dispute) -> str:
    rep = row.customer.sales_rep
    return rep.name if rep and not rep.is_inactive else ""


def clocks(row: Dispute, now: datetime) -> list[Clock]:
    """The promised answer and the promised settlement."""
    return [
        _clock("Answer", row.respond_by, row.responded_at, now, over=row.resolved_at),
        _clock("Settlement", row.resolve_by, row.resolved_at, now, over=None),
    ]


def _clock(name: str, due: datetime | None, done: datetime | None, now: datetime, over: datetime | None) -> Clock:
    if due is None:
        return Clock(name, "none", "no time promised")
    if done is not None:
        late = f", {age(done - due)} late" if done > due else ", in time"
        return Clock(name, "late" if done > due else "kept", f"{moment(done)}{late}")
    if over is not None:
        return Clock(name, "none", "not needed any more")
    if due < now:
        return Clock(name, "late", f"{age(now - due)} late, was due {moment(due)}")
    state = "near" if due - now < NEAR else "running"
    return Clock(name, state, f"due {moment(due)}, in {age(due - now)}")


def payments(row: Dispute) -> list[Transaction]:
    """The customer's payments of the last 90 days, newest first."""
    paid = row.customer.transactions.filter(type=Transaction.PAYMENT, issued__gt=business_today() - PAYMENTS_OF)
    return list(paid.order_by("-issued", "-pk")[:PAYMENTS_SHOWN])


def others(row: Dispute) -> list[Dispute]:
    """The customer's other disputes: unsettled ones first, then the newest."""
    rows = Dispute.objects.filter(customer=row.customer_id).exclude(pk=row.pk)
    unsettled_first = Case(When(status__in=OPEN, then=0), default=1)
    return list(rows.order_by(unsettled_first, "-pk")[:OTHERS_SHOWN])


def _answers(row: Dispute) -> list[OutboundEmail]:
    return list(OutboundEmail.objects.filter(run=row.run_id).order_by("-pk")[:5]) if row.run_id else []


def _proposals(row: Dispute) -> list[ProposedAction]:
    rows = ProposedAction.objects.filter(entity_ref=row.ref).select_related("assigned_to", "decided_by", "customer")
    return list(rows.order_by("-pk")[:20])


def title_of(proposal: ProposedAction) -> str:
    declared = contracts.handler(proposal.action_type)
    return declared.title if declared else proposal.get_action_type_title()


def _invoices(row: Dispute) -> list[Transaction]:
    """What else it may be about: the customer's open invoices."""
    return list(row.customer.transactions.invoices().filter(unpaid__gt=0).order_by("-issued", "-pk")[:60])


def timeline(row: Dispute, staged: list[ProposedAction], answers: list[OutboundEmail]) -> list[Event]:
    """All that happened to it, newest first."""
    events = [_moved(one) for one in Transition.objects.for_row(row)]
    decisions = AutoDecision.objects.filter(entity_ref=row.ref, decision_type__in=DECIDED)
    events += [Event(d.at, "info", "slate", DECIDED[d.decision_type], d.reason, d.by) for d in decisions]
    for proposal in staged:
        events += _of_proposal(proposal)
    for mail in answers:
        events += _of_mail(mail)
    return sorted(events, key=lambda event: event.at, reverse=True)[:EVENTS_SHOWN]


def _moved(one: Transition) -> Event:
    settled = one.target == "resolved"
    sign, tint = ("check", "green") if settled else ("warning", "amber") if one.verb == "escalate" else ("mail", "blue")
    if one.verb == "create":
        sign, tint = "warning", "amber"
    words = "" if one.verb in ("create", "respond") else one.reason
    by = "" if one.by.startswith("mail:") else one.by
    return Event(one.at, sign, tint, SAID.get(one.verb, one.verb), words, by)


def _of_proposal(one: ProposedAction) -> list[Event]:
    address, title = reverse("admin:workflows_proposedaction_change", args=[one.pk]), title_of(one)
    staged = Event(one.proposed_at, "clock", "slate", f"{title}: proposed", one.rationale, one.proposed_by, address)
    if one.decided_at is None:
        return [staged]
    no = one.status == "rejected"
    by = one.decided_by.get_username() if one.decided_by else ""
    words = f"{title}: {one.get_status_display().lower()}"
    sign, tint = ("cross", "slate") if no else ("check", "green")
    return [staged, Event(one.decided_at, sign, tint, words, "", by, address)]


def _of_mail(mail: OutboundEmail) -> list[Event]:
    address = reverse("admin:workflows_outboundemail_change", args=[mail.pk])
    found = [Event(mail.created_at, "mail", "slate", "Answer drafted", mail.subject, "", address)]
    if mail.sent_at:
        found.append(Event(mail.sent_at, "mail", "green", "Answer sent", f"To {mail.to_email}", "", address))
    return found
