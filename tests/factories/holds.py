"""Holds and proposals for tests, made by the real actions."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from customers.aging import refresh_summaries
from customers.clock import business_today
from customers.models import Customer
from holds.actions import holds
from holds.models import ServiceHold
from tests.factories.customers import CustomerFactory, EmployeeFactory, InvoiceFactory
from workflows.actions import proposals
from workflows.models import OutboundEmail, ProposedAction


def owing(name: str = "Northside Grocers", *, days: int = 94, amount: str = "48210.40", **fields: Any) -> Customer:
    """A customer with a rep and one open invoice, `days` overdue today."""
    fields.setdefault("sales_rep", EmployeeFactory(first_name="Dana", last_name="Whitfield"))
    customer = CustomerFactory(name=name, contact_name="Maria Lopez", **fields)
    owe(customer, days=days, amount=amount)
    return customer


def owe(customer: Customer, *, days: int, amount: str) -> None:
    """One more open invoice; the summary follows."""
    today = business_today()
    due = today - timedelta(days=days)
    InvoiceFactory(customer=customer, issued=due - timedelta(days=30), due=due, total=Decimal(amount))
    refresh_summaries([customer.pk], today=today)
    customer.refresh_from_db()


def pay(customer: Customer, on: date | None = None) -> None:
    """Everything the customer owes is settled."""
    day = on or business_today()
    customer.transactions.invoices().filter(closed=None).update(closed=day, unpaid=0, unpaid_foreign=0, status="B")
    refresh_summaries([customer.pk], today=business_today())
    customer.refresh_from_db()


def proposed(customer: Customer, by: Any = "schedule:aging_tick") -> ProposedAction:
    """A hold waiting for a decision."""
    return holds.propose(customer=customer, reason="Aging tick", by=by)


def held(customer: Customer, mike: Any, reason: str = "94 days late") -> ServiceHold:
    """A hold in force, approved by mike."""
    proposal = proposed(customer)
    proposals.approve(proposal=proposal, version=proposal.version, by=mike, reason=reason)
    customer.refresh_from_db()
    return ServiceHold.objects.get(proposal=proposal)


def notice(hold: ServiceHold) -> OutboundEmail:
    """The customer's notice of a hold in force."""
    return OutboundEmail.objects.get(run=hold.run, kind="customer_notice")
