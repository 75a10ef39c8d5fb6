"""Holds, pauses and the hold status over the API."""

from datetime import timedelta

import pytest

from holds.models import HoldBlock, ServiceHold
from netsuite.models import Push
from netsuite.values import HOLD_INTENT
from tests.factories.holds import held, owing, proposed
from workflows.actions import proposals

pytestmark = pytest.mark.django_db
HOLDS, PAUSES = "/api/v1/service-holds/", "/api/v1/pauses/"


@pytest.fixture(autouse=True)
def only_service_holds():
    """The order form's own rule holds nobody."""
    HoldBlock.objects.update(mode="off")


@pytest.fixture
def northside(frozen_today):
    return owing("Northside Grocers")


def status_of(client, customer):
    return client.get(f"/api/v1/customers/{customer.netsuite_id}/hold-status/").json()


def error_of(response):
    return response.status_code, response.json()["errors"][0]["code"]


def test_propose(api, clerk, northside):
    response = api(clerk).post(HOLDS, {"customer": northside.netsuite_id, "reason": "Cheque bounced"})
    answer, hold = response.json(), ServiceHold.objects.get()
    assert (response.status_code, answer["run_id"]) == (201, str(hold.run.run_id))
    assert (answer["proposal"]["status"], answer["proposal"]["proposed_by"]) == ("pending", "clerk")
    assert (hold.status, hold.origin, hold.reason) == ("proposed", "manual", "Cheque bounced")


def test_below_the_line_it_comes_with_a_warning(api, clerk, frozen_today):
    small = owing("Harbor Foods", days=10, amount="500.00")
    answer = api(clerk).post(HOLDS, {"customer": small.netsuite_id, "reason": "Bankrupt"}).json()
    assert answer["warnings"][0] == {
        "code": "reasonable_threshold",
        "detail": "Below the usual line of 60 days and $10,000: 10 days, $500.00.",
    }


def test_a_second_proposal_is_refused(api, clerk, northside):
    proposed(northside)
    response = api(clerk).post(HOLDS, {"customer": northside.netsuite_id, "reason": "Late"})
    assert error_of(response) == (409, "already_proposed")


def test_an_inactive_customer_is_refused_and_its_run_says_so(api, clerk, northside):
    northside.is_inactive = True
    northside.save()
    response = api(clerk).post(HOLDS, {"customer": northside.netsuite_id, "reason": "Late"})
    assert error_of(response) == (422, "precondition_failed")
    run = api(clerk).get(f"/api/v1/runs/{response.json()['errors'][0]['run_id']}/").json()
    assert run["status"] == "blocked"


def test_a_customer_that_does_not_exist(api, clerk):
    assert error_of(api(clerk).post(HOLDS, {"customer": "none", "reason": "Late"})) == (404, "not_found")


@pytest.mark.parametrize("body", [{"reason": "Late"}, {"customer": "1"}, {"customer": "1", "reason": ""}])
def test_both_fields_are_needed(api, clerk, body):
    assert api(clerk).post(HOLDS, body).status_code == 400


def test_the_list_by_status(api, mike, northside, frozen_today):
    hold = held(northside, mike)
    proposed(owing("Harbor Foods"))
    [row] = api(mike).get(f"{HOLDS}?status=active").json()["results"]
    assert (row["id"], row["ar_balance"], row["currency"]) == (hold.pk, "48210.40", "USD")
    assert (row["placed_by"], row["placed_at"]) == ("mike", "2026-03-16T14:00:00.000000Z")


def test_whoever_may_lifts_at_once(api, mike, northside):
    hold = held(northside, mike)
    answer = api(mike).post(f"{HOLDS}{hold.pk}/lift/", {"reason": "Paid"}).json()
    assert (answer["lifted"], answer["hold"]["status"], answer["proposal"]) == (True, "lifted", None)
    assert Push.objects.get(run_id=answer["run_id"]).body == {HOLD_INTENT: "AUTO"}


def test_others_stage_the_lift(api, mike, clerk, northside):
    hold = held(northside, mike)
    answer = api(clerk).post(f"{HOLDS}{hold.pk}/lift/", {"reason": "Paid"}).json()
    assert (answer["lifted"], answer["hold"]["status"]) == (False, "active")
    assert (answer["proposal"]["action_type"], answer["proposal"]["status"]) == (
        "workflow_service_hold_lift",
        "pending",
    )


def test_a_second_lift_is_told_so(api, mike, northside):
    hold = held(northside, mike)
    api(mike).post(f"{HOLDS}{hold.pk}/lift/", {"reason": "Paid"})
    assert error_of(api(mike).post(f"{HOLDS}{hold.pk}/lift/", {"reason": "Paid"})) == (409, "not_on_hold")


def test_not_on_hold(api, mike, northside):
    answer = status_of(api(mike), northside)
    assert (answer["on_hold"], answer["source"], answer["label"], answer["reason"]) == (False, "none", "Approved", "")
    assert (answer["overridable"], answer["block"], answer["tender"]) == (False, "order-form", "on_account")
    assert answer["evaluated_at"] == "2026-03-16T14:00:00.000000Z"


def test_a_proposed_hold_holds_nothing(api, mike, northside):
    proposed(northside)
    assert status_of(api(mike), northside)["on_hold"] is False


def test_on_hold_says_who_when_and_why(api, mike, northside):
    hold = held(northside, mike, reason="94 days late")
    answer = status_of(api(mike), northside)
    assert (answer["on_hold"], answer["source"], answer["overridable"]) == (True, "service_hold", False)
    assert answer["reason"] == "Held by mike on 16 Mar 2026, 10:00: 94 days late"
    inputs = {
        name: value for name, value in answer["inputs"].items() if name not in ("formula", "hold_field", "record")
    }
    assert inputs == {
        "entitystatus": "hold",
        "hold": hold.pk,
        "held_by": "mike",
        "held_at": "2026-03-16T14:00:00Z",
        "held_reason": "94 days late",
    }


def test_the_till_learns_only_that(api, mike, cashier, northside):
    held(northside, mike)
    answer = status_of(api(cashier), northside)
    assert (answer["on_hold"], answer["inputs"]) == (True, {"entitystatus": "hold"})
    assert "mike" not in answer["reason"]


def test_after_the_lift_nothing_holds(api, mike, northside):
    hold = held(northside, mike)
    api(mike).post(f"{HOLDS}{hold.pk}/lift/", {"reason": "Paid"})
    assert status_of(api(mike), northside)["source"] == "none"


def test_a_payment_plan(api, clerk, northside, frozen_today):
    parts = [{"due": str(frozen_today + timedelta(days=7 * n)), "amount": "100.00"} for n in (1, 2)]
    plan = {"customer": northside.netsuite_id, "kind": "payment_plan", "reason": "Agreed", "instalments": parts}
    answer = api(clerk).post(PAUSES, plan).json()
    assert (answer["instalments"], answer["currency"], answer["ends"]) == (parts, "USD", parts[1]["due"])


def test_a_grace_period_lasts_a_fortnight(api, clerk, northside):
    grace = {"customer": northside.netsuite_id, "kind": "grace_period", "reason": "New contact"}
    assert api(clerk).post(PAUSES, grace).json()["ends"] == "2026-03-30"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"kind": "payment_plan"}, "no_instalments"),
        ({"kind": "after_release"}, "invalid_choice"),
        ({"kind": "grace_period", "until": "2026-03-01"}, "invalid_date"),
        ({"kind": "grace_period", "instalments": []}, "invalid"),
        ({"kind": "payment_plan", "until": "2026-04-01"}, "invalid"),
    ],
)
def test_a_pause_without_sense(api, clerk, northside, change, code):
    body = {"customer": northside.netsuite_id, "reason": "Agreed", **change}
    assert error_of(api(clerk).post(PAUSES, body)) == (400, code)


def test_end_a_pause_once(api, clerk, northside):
    client = api(clerk)
    grace = client.post(PAUSES, {"customer": northside.netsuite_id, "kind": "grace_period", "reason": "New"}).json()
    ended = client.post(f"{PAUSES}{grace['id']}/end/", {"reason": "Paid"}).json()
    assert (ended["ended_by"], ended["end_reason"]) == ("clerk", "Paid")
    assert error_of(client.post(f"{PAUSES}{grace['id']}/end/", {"reason": "Paid"})) == (409, "already_ended")


def test_declined_holds_stay_on_the_list(api, mike, northside):
    proposal = proposed(northside)
    proposals.reject(proposal=proposal, version=1, by=mike, reason="Paid by wire")
    [row] = api(mike).get(f"{HOLDS}?customer={northside.netsuite_id}").json()["results"]
    assert (row["status"], row["end_reason"]) == ("declined", "Paid by wire")
