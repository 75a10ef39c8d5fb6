"""Proposals, runs and switches over the API: what is shown, and deciding once."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from rest_framework.test import APIClient

from tests.conftest import NOW, PASSWORD
from tests.factories.holds import held, owe, owing, proposed
from workflows.actions import proposals
from workflows.models import ProposedAction

pytestmark = pytest.mark.django_db
URL = "/api/v1/proposals/"


@pytest.fixture
def northside(frozen_today):
    return owing("Northside Grocers")


@pytest.fixture
def proposal(northside):
    return proposed(northside)


@pytest.fixture
def approve(proposal):
    """Post the decision; the version that was read by default."""

    def post(client, verb="approve", **body):
        return client.post(f"{URL}{proposal.pk}/{verb}/", {"version": proposal.version, "reason": "late", **body})

    return post


def error_of(response):
    return response.status_code, response.json()["errors"][0]


def test_a_proposal_shows_what_is_decided(api, mike, northside, proposal):
    shown = api(mike).get(f"{URL}{proposal.pk}/").json()
    assert shown["customer"] == {"netsuite_id": northside.netsuite_id, "name": "Northside Grocers"}
    assert (shown["at_stake"], shown["currency"]) == ("48210.40", "USD")
    assert (shown["current_state"]["credit_hold"], shown["proposed_change"]["credit_hold"]) == ("AUTO", "ON")
    assert (shown["run_id"], shown["proposed_at"]) == (str(proposal.run.run_id), "2026-03-16T14:00:00.000000Z")
    assert (shown["decided_by"], shown["decided_at"]) == (None, None)


def test_its_preview_names_every_step_and_writes_nothing(api, mike, proposal):
    preview = api(mike).get(f"{URL}{proposal.pk}/").json()["preview"]
    assert [step["step"] for step in preview] == [
        *("flag_customer", "notify_sales_rep", "draft_customer_notice", "ns_order_block"),
    ]
    assert preview[3]["words"] == "Hold field AUTO → ON, then read back as proof."
    assert proposal.run.steps.count() == 0


def test_a_list_has_no_preview(api, mike, proposal):
    [row] = api(mike).get(URL).json()["results"]
    assert "preview" not in row


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status=pending", 1),
        ("status=approved", 0),
        ("action_type=workflow_service_hold_trigger", 1),
        ("action_type=netsuite_drift", 0),
        ("customer={}", 1),
        ("customer=none", 0),
    ],
)
def test_filters(api, mike, northside, proposal, query, found):
    response = api(mike).get(f"{URL}?{query.format(northside.netsuite_id)}")
    assert len(response.json()["results"]) == found


def test_pages_follow_each_other(api, mike, frozen_today):
    made = [proposed(owing(name)).pk for name in ("Northside", "Harbor", "Lakeside")]
    first = api(mike).get(f"{URL}?page_size=2").json()
    second = api(mike).get(first["next"]).json()
    assert [row["id"] for row in first["results"] + second["results"]] == made[::-1]
    assert (first["previous"], second["next"]) == (None, None)


def test_approve(api, mike, northside, approve):
    response = approve(api(mike))
    northside.refresh_from_db()
    answer = response.json()
    assert (response.status_code, answer["status"], answer["decided_by"]) == (200, "applying", "mike")
    assert (answer["decided_at"], answer["preview"]) == ("2026-03-16T14:00:00.000000Z", None)
    assert northside.entitystatus == "hold"


def test_the_second_to_decide_is_told_who_was_first_and_when(api, mike, committee, approve):
    approve(api(mike))
    status, error = error_of(approve(api(committee)))
    assert (status, error["code"]) == (409, "already_decided")
    assert (error["decided_by"], error["decided_at"]) == ("mike", "2026-03-16T14:00:00.000000Z")


def test_a_version_that_was_overtaken_is_refused(api, mike, northside, approve):
    owe(northside, days=10, amount="500.00")
    status, error = error_of(approve(api(mike)))
    assert (status, error["code"], error["version"]) == (409, "stale_version", 2)


def test_reject_needs_a_reason(api, mike, approve):
    assert error_of(approve(api(mike), "reject", reason=" "))[1]["code"] == "reason_required"


def test_reject(api, mike, northside, approve):
    assert approve(api(mike), "reject").json()["status"] == "rejected"
    assert northside.holds.get().status == "declined"


def test_defer(api, mike, frozen_today, approve):
    until = (frozen_today + timedelta(days=7)).isoformat()
    answer = approve(api(mike), "defer", until=until).json()
    assert (answer["status"], answer["deferred_until"]) == ("deferred", until)


def test_defer_into_the_past_is_refused(api, mike, frozen_today, approve):
    assert error_of(approve(api(mike), "defer", until=frozen_today.isoformat()))[1]["code"] == "invalid_date"


def test_who_proposed_it_does_not_approve_it(api, mike, northside):
    mine = proposed(northside, by=mike)
    response = api(mike).post(f"{URL}{mine.pk}/approve/", {"version": 1, "reason": "late"})
    assert (error_of(response)[0], error_of(response)[1]["code"]) == (403, "own_proposal")


@pytest.fixture
def session(mike, frozen_today):
    """Mike's browser, an hour after he signed in."""
    client = APIClient()
    client.force_login(mike)
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        yield client


def test_an_old_session_gives_its_password_again(proposal, session, approve):
    assert error_of(approve(session))[0] == 403
    assert ProposedAction.objects.get(pk=proposal.pk).status == "pending"


def test_a_wrong_password_decides_nothing(proposal, session, approve):
    assert error_of(approve(session, password="wrong"))[0] == 403
    assert ProposedAction.objects.get(pk=proposal.pk).status == "pending"


def test_the_right_password_decides(session, approve):
    assert approve(session, password=PASSWORD).json()["status"] == "applying"


def test_a_token_needs_no_password(api, mike, approve):
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        assert approve(api(mike)).status_code == 200


def test_a_run_shows_how_far_it_came(api, mike, northside):
    run = held(northside, mike).run
    shown = api(mike).get(f"/api/v1/runs/{run.run_id}/").json()
    assert (shown["status"], shown["contract"]["workflow_type"]) == ("running", "service_hold_trigger")
    assert [(step["step"], step["status"]) for step in shown["steps"]] == [
        ("flag_customer", "ok"),
        ("notify_sales_rep", "ok"),
        ("draft_customer_notice", "ok"),
        ("ns_order_block", "waiting"),
    ]
    assert {result["status"] for result in shown["verify_results"]} == {"pending"}
    assert shown["inputs"]["customer_id"] == northside.netsuite_id


def test_a_run_that_does_not_exist_is_404(api, mike):
    assert api(mike).get("/api/v1/runs/not-a-run/").status_code == 404


def test_flip_a_switch(api, mike, frozen_today):
    flipped = api(mike).post("/api/v1/kill-switches/email_send/flip/", {"state": "on", "reason": "Wrong template"})
    assert (flipped.json()["state"], flipped.json()["changed_by"]) == ("on", "mike")
    assert flipped.json()["expires_at"] == "2026-03-17T14:00:00.000000Z"


def test_a_switch_is_off_when_its_time_is_over(api, mike, frozen_today):
    api(mike).post("/api/v1/kill-switches/email_send/flip/", {"state": "on", "reason": "Wrong template"})
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        states = {row["name"]: row["state"] for row in api(mike).get("/api/v1/kill-switches/").json()["results"]}
    assert states == dict.fromkeys(
        ("ns_writes", "proposed_apply", "email_send", "email_intake", "high_risk_ops"), "off"
    )


def test_a_switch_nobody_knows_is_404(api, mike):
    response = api(mike).post("/api/v1/kill-switches/coffee/flip/", {"state": "on", "reason": "Test"})
    assert response.status_code == 404


def test_the_api_and_the_action_agree_on_deciding(api, mike, committee, proposal, approve):
    proposals.reject(proposal=proposal, version=proposal.version, by=committee, reason="Paid by wire")
    assert error_of(approve(api(mike)))[1]["status_now"] == "rejected"
