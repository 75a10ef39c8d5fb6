"""What the drafts of a hold say: values for their placeholders, and the facts they rest on."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from django.conf import settings

from customers.aging import receivables_of
from customers.clock import business_today
from customers.models import Customer
from disputes.models import Dispute
from holds.models import Pause
from workflows.contracts import MailDraft, Situation
from workflows.drafting import fill, one_line
from workflows.wording import count, day, money

if TYPE_CHECKING:
    from workflows.models import OutboundEmail


def notice(situation: Situation) -> MailDraft:
    """To the customer: the hold and the ways out of it."""
    customer = situation.customer
    return _draft(situation, "customer_notice", "customer", customer.contact_name or customer.name, customer.email)


def rep_note(situation: Situation) -> MailDraft:
    """To the sales rep: balance, days overdue, prior holds, the next call. No rep: it waits without recipient."""
    rep = situation.customer.sales_rep
    reachable = rep if rep and not rep.is_inactive else None
    return _draft(
        situation, "rep_note", "sales_rep", reachable.name if reachable else "", reachable.email if reachable else ""
    )


def lift_notice(situation: Situation) -> MailDraft:
    """To the customer: orders are possible again."""
    customer = situation.customer
    return _draft(situation, "lift_notice", "customer", customer.contact_name or customer.name, customer.email)


def _draft(situation: Situation, kind: str, audience: str, name: str, address: str) -> MailDraft:
    text, values = situation.texts[kind], _values(situation)
    return MailDraft(
        kind=kind,
        audience="sales_rep" if audience == "sales_rep" else "customer",
        to_name=name,
        to_email=address,
        subject=one_line(fill(text["subject"], values)),
        body=fill(text["body"], values),
        facts=[{"label": label, "value": value} for label, value in _figures_of(situation).items()],
    )


def _figures_of(situation: Situation) -> dict[str, str]:
    context = situation.facts.context
    return _in_words(
        Decimal(context["owed"]["ar_balance"]),
        Decimal(context["owed"]["overdue_balance"]),
        Decimal(context["set_apart"]),
        Decimal(context["open_sos"]["total"]),
    )


def _in_words(ar_balance: Decimal, overdue: Decimal, set_apart: Decimal, orders: Decimal) -> dict[str, str]:
    return {
        "AR balance": money(ar_balance),
        "Past due": money(overdue),
        "Under dispute": money(set_apart),
        "Open orders": money(orders),
    }


def _values(situation: Situation) -> dict[str, str]:
    customer, today = situation.customer, situation.facts.today
    owed, orders = situation.facts.context["owed"], situation.facts.context["open_sos"]
    oldest = situation.facts.beside["oldest_invoice"]
    set_apart = Decimal(situation.facts.context["set_apart"])
    overdue = Decimal(owed["overdue_balance"])
    held = situation.facts.context["prior_holds"]
    return {
        "customer": str(customer),
        "contact": customer.contact_name or "customer",
        "today": day(today),
        "oldest_invoice": oldest["tranid"] if oldest else "",
        "oldest_amount": money(oldest["unpaid"]) if oldest else "",
        "oldest_due": day(oldest["due"]) if oldest else "",
        "days_overdue": str(owed["days_overdue"]),
        "ar_balance": money(owed["ar_balance"]),
        "overdue": money(overdue),
        "set_apart": money(set_apart) if set_apart else "",
        "to_pay": money(max(overdue - set_apart, Decimal(0))),
        "open_orders": f"{count(orders['count'], 'open order')} ({money(orders['total'])})" if orders["count"] else "",
        "rep": customer.sales_rep.name if customer.sales_rep else "",
        "prior_holds": {0: "never", 1: "once", 2: "twice"}.get(held, f"{held} times"),
        "next_call": next_call(situation.facts.context),
        "reason": situation.reason or str(situation.facts.inputs.get("reason", "")),
        "company": settings.COMPANY_NAME,
        "company_phone": settings.COMPANY_PHONE,
    }


def next_call(context: Mapping[str, object]) -> str:
    """What the rep should ask for, by how the customer settled earlier holds."""
    outcomes = context.get("hold_outcomes") or []
    assert isinstance(outcomes, Sequence)
    if outcomes:
        last = outcomes[0]
        return f"today; the last hold ended after {last['days']} days: {last['how']}"
    return "today; ask for a payment date or a plan, and whether an invoice is disputed"


PLACEHOLDERS = frozenset(
    {
        *("customer", "contact", "today", "oldest_invoice", "oldest_amount", "oldest_due", "days_overdue"),
        *("ar_balance", "overdue", "set_apart", "to_pay", "open_orders", "rep", "prior_holds", "next_call"),
        *("reason", "company", "company_phone"),
    }
)


def figures(customer: Customer) -> dict[str, str]:
    """The figures a mail about this customer rests on, as of today, in words."""
    today = business_today()
    owed = receivables_of(customer, today)
    apart = Dispute.objects.set_apart([customer.pk], today).get(customer.pk, Decimal(0))
    return _in_words(owed.ar_balance, owed.overdue_balance, apart, customer.open_orders_total)


def hold_is_over(email: "OutboundEmail") -> str:
    """News of a hold must not go out once it is lifted."""
    held = Customer.objects.filter(pk=email.customer_id).on_hold().exists()
    return "" if held else "The hold was lifted since; this mail would be wrong."


def hold_is_back(email: "OutboundEmail") -> str:
    """News of a lifted hold must not go out once there is a new one."""
    held = Customer.objects.filter(pk=email.customer_id).on_hold().exists()
    return "The customer is on hold again; this mail would be wrong." if held else ""


def mail_facts(email: "OutboundEmail") -> dict[str, str]:
    """What must be unchanged when a mail of a hold goes out: the hold itself and the figures."""
    customer = Customer.objects.get(pk=email.customer_id)
    plan = Pause.objects.plans().running(business_today()).filter(customer=customer).order_by("ends").last()
    return {
        "Hold": "in force" if customer.entitystatus == Customer.HOLD else "lifted",
        **figures(customer),
        "Payment plan": f"until {day(plan.ends)}" if plan else "none",
    }


def lift_facts(email: "OutboundEmail") -> dict[str, str]:
    """What must be unchanged when the news of a lifted hold goes out."""
    customer = Customer.objects.get(pk=email.customer_id)
    return {"Hold": "in force" if customer.entitystatus == Customer.HOLD else "lifted"}
