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


# --- the whole workflow -------------------------------------------------------------------------------


def opened(api, user, customer, **more):
    body = {"customer": customer.netsuite_id, "reason_text": "Three boxes were wet", "reason": "quality", **more}
    return api(user).post(URL, body)


def test_opening_answers_routes_and_promises(api, clerk, northside):
    answer = opened(api, clerk, northside, invoice_ref=northside.transactions.get().tranid).json()
    assert (answer["source"], answer["respond_by"], answer["overdue"]) == ("api", "2026-03-17T14:00:00.000000Z", False)
    run = api(clerk).get(f"/api/v1/runs/{answer['run_id']}/").json()
    assert [step["status"] for step in run["steps"]] == ["ok", "ok", "ok", "skipped", "skipped"]
    assert api(clerk).get("/api/v1/emails/").json()["results"][0]["status"] == "pending_review"


def test_a_reference_of_ones_own_opens_it_once(api, integrator, northside):
    first, second = (opened(api, integrator, northside, reference="crm-77").json()["id"] for _ in range(2))
    assert first == second


@pytest.mark.parametrize("more", [{"source": "dream"}, {"sub_reason": "mood"}, {"status": "resolved"}, {"owner": "1"}])
def test_what_is_not_to_be_said_is_refused(api, clerk, northside, more):
    assert opened(api, clerk, northside, **more).status_code == 400
    assert Dispute.objects.count() == 0


def test_a_nul_character_is_refused(api, clerk, northside):
    assert opened(api, clerk, northside, invoice_ref="INV\x00").status_code == 400


def test_escalate(api, mike, integrator, northside):
    dispute = opened(api, mike, northside).json()["id"]
    asked = api(integrator).post(f"{URL}{dispute}/escalate/", {"reason": "Asks for the rep"})
    assert (asked.status_code, asked.json()["status"]) == (202, "open")
    routed = api(mike).post(f"{URL}{dispute}/escalate/", {"reason": "Dana knows them"})
    assert (routed.status_code, routed.json()["status"]) == (200, "escalated")
    assert api(mike).post(f"{URL}{dispute}/escalate/", {"reason": "Again"}).status_code == 409


def test_withdraw(api, clerk, northside):
    dispute = opened(api, clerk, northside).json()["id"]
    answer = api(clerk).post(f"{URL}{dispute}/withdraw/", {"reason": "Found the boxes"})
    assert (answer.json()["status"], answer.json()["resolution"]) == ("resolved", "withdrawn")
    assert api(clerk).post(f"{URL}{dispute}/withdraw/", {"reason": "Again"}).status_code == 409


def test_credit_memo(api, clerk, mike, northside):
    dispute = opened(api, clerk, northside, invoice_ref=northside.transactions.get().tranid).json()["id"]
    url, body = f"{URL}{dispute}/credit-memo/", {"amount": "900.00", "reason": "Photos seen"}
    answer = api(clerk).post(url, body)
    proposal = answer.json()
    assert (answer.status_code, proposal["action_type"], proposal["proposed_change"]["amount"]) == (
        201,
        "credit_memo",
        "900.00",
    )
    assert api(clerk).post(url, body).json()["errors"][0]["code"] == "already_proposed"
    decided = api(mike).post(f"/api/v1/proposals/{proposal['id']}/approve/", {"version": 1, "reason": "Agreed"})
    assert decided.json()["status"] == "applying"
    assert api(mike).post(url, {"amount": "48210.41", "reason": "x"}).status_code in (400, 409)


@pytest.mark.parametrize("amount", ["0", "-1", "1.005", "NaN", "1e30", "48210.41"])
def test_a_wrong_credit_is_refused(api, clerk, northside, amount):
    dispute = opened(api, clerk, northside, invoice_ref=northside.transactions.get().tranid).json()["id"]
    answer = api(clerk).post(f"{URL}{dispute}/credit-memo/", {"amount": amount, "reason": "x"})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("reason=quality", [True, False]),
        ("reason=pricing", [False, True]),
        ("amount_min=1000", [True, False]),
        ("amount_max=1000", [False, True]),
        ("overdue=true", [True, False]),
        ("overdue=false", [False, True]),
        ("open=false", [False, False]),
        ("opened_before=2026-03-16T00:00:00Z", [False, False]),
        ("source=phone", [False, False]),
    ],
)
def test_filters(api, clerk, northside, query, found):
    large = opened(api, clerk, northside, invoice_ref=northside.transactions.get().tranid).json()["id"]
    small = opened(api, clerk, northside, reason="pricing", amount="10.00").json()["id"]
    Dispute.objects.filter(pk=large).update(respond_by="2026-03-16T13:00Z")
    answer = api(clerk).get(f"{URL}?{query}").json()["results"]
    assert [pk in [row["id"] for row in answer] for pk in (large, small)] == found


@pytest.mark.parametrize("query", ["amount_min=1e400", "amount_min=NaN", "opened_after=never", "overdue=perhaps"])
def test_a_filter_that_makes_no_sense_is_refused(api, clerk, query):
    assert api(clerk).get(f"{URL}?{query}").status_code == 400


def test_a_rep_finds_their_own_queue(api, mike, clerk, rep, northside):
    northside.sales_rep.user = rep
    northside.sales_rep.save()
    mine = opened(api, clerk, northside).json()["id"]
    opened(api, clerk, owing("Harbor Foods"))
    api(mike).post(f"{URL}{mine}/escalate/", {"reason": "Yours"})
    rows = api(rep).get(f"{URL}?status=escalated").json()["results"]
    assert [row["id"] for row in rows] == [mine]
    assert [row["id"] for row in api(rep).get(URL).json()["results"]] == [mine]
