"""The list of customers in the console."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.models import Customer
from tests.factories.customers import CustomerFactory, EmployeeFactory

LIST = "admin:customers_customer_changelist"


@pytest.fixture
def as_mike(client: Client, mike: Any) -> Client:
    client.force_login(mike, backend="django.contrib.auth.backends.ModelBackend")
    return client


def found(client: Client, **asked: str) -> list[str]:
    return [row.name for row in client.get(reverse(LIST), asked).context["cl"].result_list]


@pytest.mark.parametrize("words", ["northside", "C42", "maria@north", "555 0187", "42", "grocers north"])
def test_search_by_name_number_mail_and_phone(as_mike: Client, words: str) -> None:
    CustomerFactory(
        name="Northside Grocers", netsuite_id="42", entity_id="C42", email="maria@north.example", phone="+1 555 0187"
    )
    CustomerFactory(name="Harborline", netsuite_id="77", entity_id="C77", phone="+1 555 9999")
    assert found(as_mike, q=words) == ["Northside Grocers"]


def test_filters(as_mike: Client) -> None:
    rep = EmployeeFactory()
    CustomerFactory(name="A", region="East", tier="A", entitystatus=Customer.HOLD, sales_rep=rep)
    CustomerFactory(name="B", region="West", tier="B", on_credit_hold=True)
    CustomerFactory(name="C", region="West", tier="A")
    assert found(as_mike, region="West") == ["B", "C"]
    assert found(as_mike, tier="A") == ["A", "C"]
    assert found(as_mike, hold="hold") == ["A"]
    assert found(as_mike, hold="netsuite") == ["B"]
    assert found(as_mike, hold="none") == ["B", "C"]
    assert found(as_mike, rep=str(rep.pk)) == ["A"]
    assert found(as_mike, region="West", tier="A") == ["C"]


def test_the_largest_balance_first_on_demand(as_mike: Client) -> None:
    CustomerFactory(name="Small", ar_balance=Decimal("1.00"))
    CustomerFactory(name="Zebra", ar_balance=Decimal("900.00"))
    assert found(as_mike) == ["Small", "Zebra"]
    assert found(as_mike, o="-5") == ["Zebra", "Small"]


def test_a_rep_sees_their_own_customers_only(client: Client, rep: Any) -> None:
    CustomerFactory(name="Mine", sales_rep=EmployeeFactory(user=rep))
    other = CustomerFactory(name="Not mine")
    client.force_login(rep, backend="django.contrib.auth.backends.ModelBackend")
    assert found(client) == ["Mine"]
    assert client.get(reverse("admin:customers_customer_change", args=[other.pk])).status_code == 404


def test_a_rep_is_not_offered_other_reps_regions(client: Client, rep: Any) -> None:
    CustomerFactory(sales_rep=EmployeeFactory(user=rep), region="East")
    CustomerFactory(region="Secret")
    client.force_login(rep, backend="django.contrib.auth.backends.ModelBackend")
    assert "Secret" not in client.get(reverse(LIST)).content.decode()


def test_nobody_edits_a_customer_by_form(client: Client, db: None) -> None:
    boss, customer = get_user_model().objects.create_superuser("boss", password="x"), CustomerFactory(name="A")
    client.force_login(boss, backend="django.contrib.auth.backends.ModelBackend")
    page = reverse("admin:customers_customer_change", args=[customer.pk])
    assert client.post(page, {"name": "B"}).status_code == 403
    assert client.get(reverse("admin:customers_customer_add")).status_code == 403
    assert client.post(reverse("admin:customers_customer_delete", args=[customer.pk])).status_code == 403
    assert Customer.objects.get().name == "A"


def test_a_stranger_is_sent_to_the_sign_in(client: Client, outsider: Any) -> None:
    client.force_login(outsider, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(reverse(LIST)).status_code == 302


def test_the_list_costs_the_same_at_one_and_at_three_rows(as_mike: Client) -> None:
    counts = []
    for names in (["A"], ["B", "C"]):
        for name in names:
            CustomerFactory(name=name, sales_rep=EmployeeFactory(), region="East", tier="A")
        as_mike.get(reverse(LIST))
        with CaptureQueriesContext(connection) as queries:
            as_mike.get(reverse(LIST))
        counts.append(len(queries))
    assert counts[0] == counts[1]
