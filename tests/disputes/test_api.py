"""Disputes over the API."""

import pytest

from disputes.models import Dispute
from tests.factories.holds import owing

pytestmark = pytest.mark.django_db
URL = "/api/v1/disputes/"


@pytest.fixture
def northside(frozen_today):
    return owing("Northside Grocers")


def test_open(api, clerk, northside):
    invoice = northside.transactions.get().tranid
    body = {"customer": northside.netsuite_id, "invoice_ref": invoice, "reason_text": "Short by two", "reason": "qty"}
    response = api(clerk).post(URL, body)
    answer = response.json()
    assert (response.status_code, answer["status"], answer["opened_by"]) == (201, "open", "clerk")
    assert (answer["amount"], answer["currency"], answer["set_apart_until"]) == ("48210.40", "USD", "2026-04-15")


def test_more_than_is_open_is_refused(api, clerk, northside):
    invoice = northside.transactions.get().tranid
    body = {"customer": northside.netsuite_id, "invoice_ref": invoice, "reason_text": "All", "amount": "50000.00"}
    response = api(clerk).post(URL, body)
    assert (response.status_code, response.json()["errors"][0]["code"]) == (400, "amount_too_large")


@pytest.mark.parametrize("amount", ["0", "-1", "1.005", "NaN", "1e30"])
def test_an_amount_that_is_none_is_refused(api, clerk, northside, amount):
    body = {"customer": northside.netsuite_id, "reason_text": "Price", "amount": amount}
    assert api(clerk).post(URL, body).status_code == 400
    assert Dispute.objects.count() == 0


def test_resolve_once(api, mike, northside):
    client = api(mike)
    dispute = client.post(URL, {"customer": northside.netsuite_id, "reason_text": "Price", "amount": "10"}).json()
    url, body = f"{URL}{dispute['id']}/resolve/", {"resolution": "upheld", "reason": "Signed price list"}
    assert client.post(url, body).json()["resolution"] == "upheld"
    again = client.post(url, body)
    assert (again.status_code, again.json()["errors"][0]["code"]) == (409, "already_resolved")
