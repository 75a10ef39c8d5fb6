"""All that stands on a proposal's page, gathered before it is drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from customers.aging import open_invoices, open_orders, payment_behaviour, receivables_of, unapplied_credits
from customers.clock import business_today
from customers.models import Customer, Transaction
from customers.rules import Receivables, days_overdue, exposure, utilisation
from netsuite.errors import Refusal
from workflows import charts, contracts, reread, runner
from workflows.actions.proposals import REASON_FROM_RISK, REFUSED_RISK
from workflows.evidence import About, Why, Wording, about, wording_of
from workflows.models import ProposedAction
from workflows.progress import progress_of
from workflows.steps import Outcome
from workflows.wording import count, money

TARGET = timedelta(minutes=60)
DECISIONS = ("approve", "reject", "defer")
SOURCES = {
    "ar_aging_tick_threshold": "Aging tick",
    "manual": "By hand",
    "inbound_email_triage_classification": "Inbound mail",
    "ar_hold_review": "Hold review",
    "netsuite_drift": "Changed in NetSuite",
}


@dataclass(frozen=True)
class Figure:
    """One of the four numbers: its name, its value and a line below."""

    name: str
    value: str
    below: str = ""
    over: bool = False


@dataclass(frozen=True)
class InvoiceRow:
    row: Transaction
    late: int
    note: str


def day_of(proposal: ProposedAction) -> date:
    """Today while it waits, or the past day it was staged for; afterwards the business day of the decision."""
    if proposal.run is not None and "as_of" in proposal.run.inputs:
        return date.fromisoformat(proposal.run.inputs["as_of"])
    if proposal.decided_at is None:
        return business_today()
    return proposal.decided_at.astimezone(ZoneInfo(settings.TIME_ZONE_BUSINESS)).date()


def bring_up_to_date(proposal: ProposedAction) -> None:
    """Read the facts again before a person reads them; a change raises the version."""
    if proposal.status == "pending" and proposal.run_id and contracts.contract(proposal.workflow_type):
        reread.reread([proposal], business_today())


def page_of(proposal: ProposedAction, user: Any) -> dict[str, Any]:
    """The template's context. Facts are as of `day_of(proposal)`."""
    day = day_of(proposal)
    wording = wording_of(proposal.action_type)
    pending = proposal.status == "pending"
    return {
        "proposal": proposal,
        "pending": pending,
        "day": day,
        "title": heading(proposal, wording),
        "in_force": bool(wording and wording.in_force(proposal)),
        "undo": wording.undo if wording else "",
        "lift": wording.lift(proposal) if wording and not pending else None,
        "why": why(proposal, wording),
        "beyond": wording.beyond(proposal) if wording else (),
        "origin": SOURCES.get(proposal.run.source, proposal.run.source) if proposal.run else proposal.proposed_by,
        "waiting_over": pending and timezone.now() - proposal.proposed_at > TARGET,
        **labels(proposal, wording),
        "choices": choices(proposal) if pending else (),
        **evidence_of(proposal, day),
        **(foreseen(proposal, wording) if proposal.status in ("pending", "deferred") else {}),
        **({"progress": progress_of(proposal)} if proposal.decided_at and proposal.status != "rejected" else {}),
        **may(proposal, user),
        **neighbours(proposal, user),
    }


def heading(proposal: ProposedAction, wording: Wording | None) -> str:
    if wording:
        return wording.heading(proposal)
    handler, declared = contracts.handler(proposal.action_type), contracts.contract(proposal.workflow_type)
    name = handler.title if handler else declared.title if declared else proposal.get_action_type_title()
    return f"{name}: {proposal.customer}" if proposal.customer else name


def why(proposal: ProposedAction, wording: Wording | None) -> Sequence[Why]:
    return wording.why(proposal) if wording else ()


def labels(proposal: ProposedAction, wording: Wording | None) -> dict[str, str]:
    """What the two buttons say."""
    if wording:
        return {"approve_label": wording.approve_label, "reject_label": "Reject"}
    handler = contracts.handler(proposal.action_type)
    if handler:
        return {"approve_label": handler.approve_label, "reject_label": handler.reject_label}
    return {"approve_label": "Approve", "reject_label": "Reject"}


def choices(proposal: ProposedAction) -> Sequence[contracts.Choice]:
    """The ways to approve, where there are several."""
    handler = contracts.handler(proposal.action_type)
    return handler.choices(proposal) if handler else ()


def evidence_of(proposal: ProposedAction, day: date) -> dict[str, Any]:
    customer = proposal.customer
    if customer is None:
        return {}
    owed, known = receivables_of(customer, day), about(customer, day)
    orders = list(open_orders(customer))
    invoices = invoice_rows(customer, day, known)
    ages = charts.age_rows(owed.aging)
    return {
        "customer": customer,
        "figures": figures(customer, owed, orders, invoices),
        "ages": ages,
        "age_bar": charts.age_bar(ages),
        "aging": owed.aging,
        "pay": charts.days_to_pay(payment_behaviour(customer, today=day), terms_of(customer)),
        "invoices": invoices,
        "credits": list(unapplied_credits(customer, day)),
        "ar_balance": owed.ar_balance,
        "orders": orders,
        "orders_total": sum((order.total for order in orders), Decimal(0)),
        "about": known,
    }


def invoice_rows(customer: Customer, day: date, known: About) -> list[InvoiceRow]:
    return [
        InvoiceRow(invoice, days_overdue(invoice.due, day), known.invoice_notes.get(invoice.pk, ""))
        for invoice in open_invoices(customer, day)
    ]


def figures(
    customer: Customer, owed: Receivables, orders: Sequence[Transaction], invoices: Sequence[InvoiceRow]
) -> list[Figure]:
    """The four numbers, each with where it comes from."""
    total = sum((order.total for order in orders), Decimal(0))
    oldest = next((i.row.tranid for i in invoices if i.late), "")
    return [
        Figure("AR balance", money(owed.ar_balance), f"{money(owed.overdue_balance)} past due"),
        Figure("Days overdue", str(owed.days_overdue), f"oldest: {oldest}" if oldest else "nothing past due"),
        Figure("Open orders", money(total), count(len(orders), "order")),
        _limit(customer, exposure(owed.ar_balance, total)),
    ]


def _limit(customer: Customer, exposed: Decimal) -> Figure:
    kind, limit = customer.credit_limit_kind, customer.credit_limit
    if kind == Customer.LIMIT_UNLIMITED:
        return Figure("Limit used", "–", "unlimited credit")
    if kind != Customer.LIMIT_AMOUNT or limit is None:
        return Figure("Limit used", "–", "no credit limit set")
    used = utilisation("amount", limit, exposed)
    value = f"{used * 100:.1f} %" if used is not None else "–"
    if exposed > limit:
        return Figure("Limit used", value, f"{money(exposed - limit)} over limit", over=True)
    return Figure("Limit used", value, f"{money(limit - exposed)} left of {money(limit)}")


def terms_of(customer: Customer) -> int | None:
    """The days in terms such as `Net 30`."""
    digits = "".join(c for c in customer.terms if c.isdigit())
    return int(digits) if digits and len(digits) <= 3 else None


def foreseen(proposal: ProposedAction, wording: Wording | None) -> dict[str, Any]:
    """What approving would do, step by step, and the drafts as they would read."""
    handler = contracts.handler(proposal.action_type)
    if handler and not contracts.contract(proposal.workflow_type):
        return {"handler_effects": handler.effects(proposal), "effects": handler.effects(proposal)}
    if proposal.run is None or proposal.customer is None:
        return {}
    try:
        steps = runner.preview_of(proposal, business_today()).steps
    except Refusal as refusal:
        return {"steps": [], "drafts": [], "effects": [], "no_preview": refusal.detail}
    drafts = [step for step in steps if step.step.kind == "hitl_email_draft" and "body" in step.detail]
    drafts.sort(key=lambda step: step.detail["audience"])  # the customer's first
    said = wording.effects(proposal) if wording else ()
    first, *others = effects(steps, len(drafts)) or [""]
    return {"steps": steps, "drafts": drafts, "effects": [line for line in (first, *said, *others) if line]}


def effects(steps: Sequence[Outcome], drafts: int) -> list[str]:
    """The dialog's lines: what is written, here and in NetSuite, and that nothing is mailed."""
    written = [_effect(step) for step in steps if step.step.kind != "hitl_email_draft"]
    if not drafts:
        return written
    return [
        *written,
        f"{count(drafts, 'draft').capitalize()} {'waits' if drafts == 1 else 'wait'} for you. Nothing is mailed.",
    ]


def _effect(step: Outcome) -> str:
    """A push names the other system; what happens here speaks for itself."""
    if step.step.kind != "ns_push":
        return step.words
    return f"{step.step.title}: {step.words[:1].lower()}{step.words[1:]}"


def may(proposal: ProposedAction, user: Any) -> dict[str, Any]:
    """Whether this person may decide, and if not, why, in words."""
    high = proposal.risk_level >= REASON_FROM_RISK
    refused = ""
    if proposal.risk_level >= REFUSED_RISK:
        refused = "Risk 5 is decided only by a maintenance command."
    elif not user.has_perm("workflows.decide_high_risk" if high else "workflows.decide_proposedaction"):
        refused = "You may read this. An AR manager decides." if high else "You may read this. AR decides."
    own = proposal.proposed_by == user.get_username() and proposal.risk_level >= 3 and not settings.SOLO_OPERATOR
    blocked = "Blocked: you proposed this yourself; another person approves it." if own and not refused else ""
    return {"may_decide": not refused, "not_allowed": refused, "approve_blocked": blocked, "reason_needed": high}


def neighbours(proposal: ProposedAction, user: Any) -> dict[str, Any]:
    """The pending proposals before and after this one, in the order of the list: largest amount first."""
    waiting = ProposedAction.objects.awaiting_decision().visible_to(user).exclude(pk=proposal.pk)
    stake, pk = proposal.at_stake, proposal.pk
    after = waiting.filter(Q(at_stake__lt=stake) | Q(at_stake=stake, pk__gt=pk)).order_by("-at_stake", "pk")
    before = waiting.filter(Q(at_stake__gt=stake) | Q(at_stake=stake, pk__lt=pk)).order_by("at_stake", "-pk")
    return {"following": after.only("pk").first(), "previous": before.only("pk").first()}


def kept(data: Mapping[str, str]) -> dict[str, str]:
    """What the person had typed, for the page that comes back with a refusal; never the password."""
    return {name: data.get(name, "") for name in ("reason", "until", "choice")}
