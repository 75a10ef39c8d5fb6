"""Who there is: customers who owe, in both systems, proposals to hold them, and people with a token."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from knox.models import AuthToken

from customers.aging import refresh_summaries
from customers.clock import business_today
from customers.models import Customer, Transaction
from holds.actions.tick import aging_tick
from netsuite.sandbox.process import SandboxProcess
from tests.factories.customers import CustomerFactory, EmployeeFactory, InvoiceFactory
from workflows.models import ProposedAction


def person(name: str, group: str = "AR manager") -> Any:
    user, _ = get_user_model().objects.get_or_create(username=name, defaults={"is_staff": True})
    user.groups.add(Group.objects.get(name=group))
    return user


def token(user: Any) -> str:
    return str(AuthToken.objects.create(user, expiry=None)[1])


def customers_who_owe(count: int, sandbox: SandboxProcess) -> list[Customer]:
    """`count` customers with one invoice, 94 days overdue; NetSuite knows them, hold field AUTO."""
    rep, due = EmployeeFactory(), business_today() - timedelta(days=94)
    names = [f"Customer {number:04}" for number in range(count)]
    made = Customer.objects.bulk_create(
        [CustomerFactory.build(name=name, contact_name="Maria Lopez", sales_rep=rep) for name in names]
    )
    facts = {"issued": due - timedelta(days=30), "due": due, "total": Decimal("48210.40")}
    Transaction.objects.bulk_create([InvoiceFactory.build(customer=customer, **facts) for customer in made])
    refresh_summaries(today=business_today())
    for start in range(0, count, 200):
        sandbox.load(customers=[_record(customer) for customer in made[start : start + 200]])
    return made


def _record(customer: Customer) -> dict[str, Any]:
    names = {"companyname": customer.name, "email": customer.email, "creditholdoverride": "AUTO"}
    return {"id": int(customer.netsuite_id), **names}


def proposals_for(customers: list[Customer]) -> list[ProposedAction]:
    """One hold a customer, which waits for a decision. Raises AssertionError when the tick stages another number."""
    aging_tick(as_of=business_today())
    waiting = ProposedAction.objects.awaiting_decision().filter(customer__in=customers)
    found = list(waiting.select_related("customer", "run").order_by("pk"))
    assert len(found) == len(customers), (len(found), len(customers))
    return found
