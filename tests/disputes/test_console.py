"""Disputes in the console."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from disputes.actions import open_dispute
from disputes.models import Dispute
from tests.factories.customers import CustomerFactory, EmployeeFactory
from tests.factories.holds import owing

LIST = "admin:disputes_dispute_changelist"
OPEN = "admin:disputes_dispute_open"


def signed_in(client: Client, user: Any) -> Client:
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def page(dispute: Dispute, verb: str = "change") -> str:
    return reverse(f"admin:disputes_dispute_{verb}", args=[dispute.pk])


def by_phone(customer: str, **changed: str) -> dict[str, str]:
    return {
        "customer": customer,
        "reason": "delivery",
        "reason_text": "12 cases missing",
        "amount": "100.00",
        **changed,
    }


@pytest.fixture
def dispute(mike: Any) -> Dispute:
    return open_dispute(customer=owing(), reason_text="Short delivery", by=mike)


@pytest.mark.parametrize("wanted", ["number", "entity", "name"])
def test_open_by_phone_finds_the_customer(client: Client, clerk: Any, wanted: str) -> None:
    customer = owing("Northside Grocers")
    given = {"number": customer.netsuite_id, "entity": customer.entity_id, "name": "northside grocers"}[wanted]
    answer = signed_in(client, clerk).post(reverse(OPEN), by_phone(given))
    made = Dispute.objects.get()
    assert (made.customer, made.reason, str(made.amount), made.opened_by) == (customer, "delivery", "100.00", "clerk")
    assert answer.url == page(made)


def test_an_unknown_customer_keeps_what_was_typed(client: Client, clerk: Any) -> None:
    answer = signed_in(client, clerk).post(reverse(OPEN), by_phone("Nowhere Ltd"))
    html = answer.content.decode()
    assert (answer.status_code, Dispute.objects.count()) == (400, 0)
    assert "No customer “Nowhere Ltd”." in html
    assert "12 cases missing" in html


def test_two_of_a_name_ask_for_the_number(client: Client, clerk: Any) -> None:
    CustomerFactory(name="Twin")
    CustomerFactory(name="Twin")
    answer = signed_in(client, clerk).post(reverse(OPEN), by_phone("Twin"))
    assert (answer.status_code, answer.context["refusal"].code) == (400, "customer_not_found")


def test_an_unknown_invoice_is_refused(client: Client, clerk: Any) -> None:
    customer = owing()
    answer = signed_in(client, clerk).post(reverse(OPEN), by_phone(customer.netsuite_id, invoice_ref="INV-0"))
    assert (answer.status_code, Dispute.objects.count()) == (400, 0)


def test_more_than_is_open_is_refused(client: Client, clerk: Any) -> None:
    customer = owing(amount="50.00")
    ref = customer.transactions.get().tranid
    answer = signed_in(client, clerk).post(
        reverse(OPEN), by_phone(customer.netsuite_id, invoice_ref=ref, amount="50.01")
    )
    assert (answer.status_code, answer.context["refusal"].code) == (400, "amount_too_large")


@pytest.mark.parametrize("amount", ["-1", "0", "many", "NaN"])
def test_a_wrong_amount_is_refused(client: Client, clerk: Any, amount: str) -> None:
    answer = signed_in(client, clerk).post(reverse(OPEN), by_phone(owing().netsuite_id, amount=amount))
    assert (answer.status_code, Dispute.objects.count()) == (400, 0)


def test_a_rep_may_not_open_one(client: Client, rep: Any) -> None:
    customer = owing(sales_rep=EmployeeFactory(user=rep))
    answer = signed_in(client, rep).post(reverse(OPEN), by_phone(customer.netsuite_id))
    assert (answer.status_code, Dispute.objects.count()) == (403, 0)


def test_resolve(client: Client, mike: Any, dispute: Dispute) -> None:
    signed_in(client, mike).post(page(dispute, "resolve"), {"resolution": "upheld", "reason": "Delivered in full"})
    settled = Dispute.objects.get()
    assert (settled.status, settled.resolution) == ("resolved", "upheld")


def test_a_second_resolve_is_refused(client: Client, mike: Any, dispute: Dispute) -> None:
    wish = {"resolution": "upheld", "reason": "Delivered in full"}
    signed_in(client, mike).post(page(dispute, "resolve"), wish)
    answer = client.post(page(dispute, "resolve"), {**wish, "resolution": "withdrawn"})
    assert (answer.status_code, Dispute.objects.get().resolution) == (409, "upheld")


@pytest.mark.parametrize("wish", [{"resolution": "upheld"}, {"reason": "x"}, {"resolution": "lost", "reason": "x"}])
def test_resolve_says_what_is_missing(client: Client, mike: Any, dispute: Dispute, wish: dict[str, str]) -> None:
    answer = signed_in(client, mike).post(page(dispute, "resolve"), wish)
    assert (answer.status_code, Dispute.objects.get().status) == (400, "open")


def test_a_clerk_may_not_resolve(client: Client, clerk: Any, dispute: Dispute) -> None:
    answer = signed_in(client, clerk).post(page(dispute, "resolve"), {"resolution": "upheld", "reason": "x"})
    assert (answer.status_code, Dispute.objects.get().status) == (403, "open")


def test_a_rep_sees_the_disputes_of_their_own_customers_only(client: Client, rep: Any, mike: Any) -> None:
    mine = open_dispute(customer=owing("Mine", sales_rep=EmployeeFactory(user=rep)), reason_text="a", by=mike)
    other = open_dispute(customer=owing("Other"), reason_text="b", by=mike)
    rows = signed_in(client, rep).get(reverse(LIST)).context["cl"].result_list
    assert [row.pk for row in rows] == [mine.pk]
    assert client.get(page(other)).status_code == 404


def test_unsettled_ones_come_first(client: Client, mike: Any, dispute: Dispute) -> None:
    later = open_dispute(customer=owing("Later"), reason_text="b", by=mike)
    signed_in(client, mike).post(page(later, "resolve"), {"resolution": "upheld", "reason": "x"})
    assert [row.pk for row in client.get(reverse(LIST)).context["cl"].result_list] == [dispute.pk, later.pk]
    unsettled = client.get(reverse(LIST), {"status": "unsettled"}).context["cl"].result_list
    assert [row.pk for row in unsettled] == [dispute.pk]
