"""What stands on a customer's page: figures, documents, pauses and disputes, health, and all that happened."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Model
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from customers.aging import open_orders, payment_behaviour, receivables_of, unapplied_credits
from customers.clock import business_today
from customers.health import customers_health
from customers.models import Customer
from customers.rules import Health, exposure
from disputes.models import Dispute
from holds.models import Pause, ServiceHold
from workflows import charts, contracts
from workflows.evidence import about
from workflows.models import AutoDecision, OutboundEmail, ProposedAction, ReflexionEntry
from workflows.proposal_page import figures, invoice_rows, terms_of

PARTS: list[Callable[[Customer, Any], "Part | None"]] = []
"""The app above appends in `ready()`: what it shows of a customer to this user, or None."""
PAGE = 20
LAST_PAGE = 50
FRICTION_DAYS = timedelta(days=60)
SIGNALS = {
    "order_velocity_decline": "Orders fewer than before",
    "order_recency_gap": "Longer without an order than usual",
    "dispute_frequency": "Credit memos in 30 days",
    "reflexion_friction": "Notes on friction in 60 days",
    "ar_aging_lagging": "Share past 60 days",
    "order_spread_narrowing": "Buys fewer items",
    "email_response_latency": "Answers mail slowly",
}
BANDS = {"green": ("check", "green", "Well"), "yellow": ("info", "amber", "Watch")}
BANDS |= {"orange": ("warning", "amber", "At risk"), "red": ("warning", "red", "Leaving")}
DECIDED = {
    "service_hold": ("bars", "red", "Put on hold"),
    "service_hold_declined": ("cross", "slate", "Hold rejected"),
    "service_hold_deferred": ("later", "slate", "Hold deferred"),
    "service_hold_lift": ("check", "green", "Hold lifted"),
    "pause_granted": ("clock", "blue", "Pause agreed"),
    "pause_ended": ("cross", "slate", "Pause ended"),
    "plan_broken": ("warning", "amber", "Payment plan broken"),
    "dispute_opened": ("warning", "amber", "Dispute opened"),
    "dispute_resolved": ("check", "green", "Dispute resolved"),
    "mail_approved": ("mail", "blue", "Mail released"),
    "mail_undone": ("turn", "slate", "Release of a mail undone"),
    "mail_discarded": ("cross", "slate", "Mail discarded"),
}


@dataclass(frozen=True)
class Part:
    """A card of another app: its template and, where it has one, that of its dialogs; both get `facts`."""

    template: str
    facts: dict[str, Any]
    dialogs: str = ""


def parts_of(customer: Customer, user: Any) -> list[Part]:
    return [found for part in PARTS if (found := part(customer, user)) is not None]


@dataclass(frozen=True)
class Event:
    """One line of the timeline."""

    at: datetime
    sign: str
    tint: str
    what: str
    detail: str
    by: str
    address: str = ""


def customer_page(customer: Customer, *, turn: int = 1) -> dict[str, Any]:
    """The template's context as of today; `turn` is the page of the timeline."""
    today = business_today()
    owed, known = receivables_of(customer, today), about(customer, today)
    orders, invoices = list(open_orders(customer)), invoice_rows(customer, today, known)
    ages = charts.age_rows(owed.aging)
    friction = ReflexionEntry.objects.counts([customer.pk], since=timezone.now() - FRICTION_DAYS)
    health = customers_health([customer], today=today, friction=friction, owed={customer.pk: owed})[customer.pk]
    return {
        "figures": figures(customer, owed, orders, invoices),
        "ages": ages,
        "age_bar": charts.age_bar(ages),
        "aging": owed.aging,
        "pay": charts.days_to_pay(payment_behaviour(customer, today=today), terms_of(customer)),
        "invoices": invoices,
        "credits": list(unapplied_credits(customer, today)),
        "ar_balance": owed.ar_balance,
        "overdue": owed.overdue_balance,
        "orders": orders,
        "orders_total": sum((order.total for order in orders), Decimal(0)),
        "exposure": exposure(owed.ar_balance, sum((order.total for order in orders), Decimal(0))),
        "about": known,
        "today": today,
        **_standing(customer),
        **_health(health),
        **timeline_page(customer, turn),
    }


def _standing(customer: Customer) -> dict[str, Any]:
    """What is in force now."""
    hold = ServiceHold.objects.open().filter(customer=customer).select_related("proposal").first()
    return {
        "hold": hold if hold and hold.status == "active" else None,
        "proposed": hold.proposal if hold and hold.status == "proposed" else None,
        "pauses": list(Pause.objects.running(business_today()).filter(customer=customer)),
        "reasons": Dispute.REASONS,
    }


def _health(health: Health) -> dict[str, Any]:
    signals = [(SIGNALS.get(one.name, one.name), one) for one in health.signals]
    return {"health": health, "health_mark": BANDS[health.band], "signals": signals}


def timeline_page(customer: Customer, turn: int) -> dict[str, Any]:
    """One page of what happened, newest first."""
    turn = min(max(turn, 1), LAST_PAGE)
    found = timeline(customer, upto=turn * PAGE + 1)
    shown = found[(turn - 1) * PAGE : turn * PAGE]
    more = len(found) > turn * PAGE and turn < LAST_PAGE
    return {"events": shown, "turn": turn, "older_turn": turn + 1 if more else 0, "newer_turn": turn - 1}


def timeline(customer: Customer, *, upto: int) -> list[Event]:
    """The newest `upto` events of all kinds."""
    decisions = AutoDecision.objects.filter(customer=customer).order_by("-at", "-pk")[:upto]
    staged = ProposedAction.objects.filter(customer=customer).order_by("-proposed_at", "-pk")[:upto]
    drafted = OutboundEmail.objects.filter(customer=customer).order_by("-created_at", "-pk")[:upto]
    sent = OutboundEmail.objects.filter(customer=customer, sent_at__isnull=False).order_by("-sent_at", "-pk")[:upto]
    notes = ReflexionEntry.objects.about(customer).order_by("-at", "-pk")[:upto]
    events = [
        *map(_decision, decisions),
        *(
            Event(p.proposed_at, "clock", "amber", f"{_title(p)} proposed", p.rationale, p.proposed_by, _of(p))
            for p in staged
        ),
        *(Event(e.created_at, "mail", "slate", "Mail drafted", e.subject, "", _of(e)) for e in drafted),
        *(Event(e.sent_at, "mail", "green", "Mail sent", e.subject, e.to_email, _of(e)) for e in sent if e.sent_at),
        *(Event(n.at, "info", "slate", "Note", n.narrative, "") for n in notes),
    ]
    return sorted(events, key=lambda event: event.at, reverse=True)[:upto]


def _title(proposal: ProposedAction) -> str:
    declared = contracts.contract(proposal.workflow_type)
    return declared.title if declared else proposal.get_action_type_title()


def _decision(decision: AutoDecision) -> Event:
    readable = decision.decision_type.replace("_", " ").capitalize()
    sign, tint, what = DECIDED.get(decision.decision_type, ("check", "slate", readable))
    kind = dict(Pause.KINDS).get(str(decision.after.get("kind", "")), "")
    what = f"{kind} {'ended' if 'ended' in what else 'agreed'}" if kind and what.startswith("Pause") else what
    return Event(decision.at, sign, tint, what, decision.reason, decision.by, _referred(decision))


ENTITIES: dict[str, type[Model]] = {"pause": Pause, "dispute": Dispute, "email": OutboundEmail}


def _referred(decision: AutoDecision) -> str:
    """The page of what was decided on."""
    kind, _, number = decision.entity_ref.partition(":")
    if kind in ENTITIES and number.isdigit():
        return _address(ENTITIES[kind], number)
    return _address(ProposedAction, decision.proposal_id) if decision.proposal_id else ""


def _of(row: Model) -> str:
    return _address(type(row), row.pk)


def _address(model: type[Model], pk: Any) -> str:
    try:
        return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[pk])
    except NoReverseMatch:
        return ""
