"""Who there is: customers who owe, in both systems, proposals to hold them, and people with a token."""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import transaction
from knox.models import AuthToken

from customers.aging import refresh_summaries
from customers.clock import business_today
from customers.models import Customer
from holds.actions import holds
from netsuite.sandbox.process import SandboxProcess
from tests.factories.customers import EmployeeFactory
from tests.factories.holds import owing
from workflows.models import ProposedAction


def person(name: str, group: str = "AR manager") -> Any:
    user, _ = get_user_model().objects.get_or_create(username=name, defaults={"is_staff": True})
    user.groups.add(Group.objects.get(name=group))
    return user


def token(user: Any) -> str:
    return str(AuthToken.objects.create(user, expiry=None)[1])


def customers_who_owe(count: int, sandbox: SandboxProcess) -> list[Customer]:
    """`count` customers with one invoice, 94 days overdue; NetSuite knows them, hold field AUTO."""
    rep = EmployeeFactory()
    with transaction.atomic():
        made = [owing(f"Customer {number:04}", sales_rep=rep) for number in range(count)]
    refresh_summaries(today=business_today())
    for start in range(0, count, 200):
        sandbox.load(customers=[_record(customer) for customer in made[start : start + 200]])
    return made


def _record(customer: Customer) -> dict[str, Any]:
    names = {"companyname": customer.name, "email": customer.email, "creditholdoverride": "AUTO"}
    return {"id": int(customer.netsuite_id), **names}


def proposals_for(customers: list[Customer]) -> list[ProposedAction]:
    """One hold a customer, which waits for a decision."""
    with transaction.atomic():
        return [holds.propose(customer=each, reason="Aging tick", by="schedule:aging_tick") for each in customers]
