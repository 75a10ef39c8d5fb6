"""`ar_hold_review`: keep shipping, hold or lift, with the pattern of disputes shown."""

from typing import Any

import pytest

from disputes.models import Dispute
from holds.hold_review import choices, why
from holds.models import ServiceHold
from netsuite.errors import Refusal
from tests.factories.disputes import disputed_again
from tests.factories.holds import held, owing, proposed
from workflows.actions import proposals
from workflows.models import AutoDecision, ProposedAction

pytestmark = pytest.mark.django_db
REVIEW, HOLD = "ar_hold_review", "workflow_service_hold_trigger"


def review(customer: Any, by: Any) -> ProposedAction:
    disputed_again(customer, by, 3)
    return latest()


def latest() -> ProposedAction:
    return ProposedAction.objects.select_related("customer", "run").filter(action_type=REVIEW).latest("pk")


def decide(proposal: ProposedAction, by: Any, choice: str, reason: str = "Third one this month") -> ProposedAction:
    return proposals.approve(proposal=proposal, version=proposal.version, by=by, reason=reason, choice=choice)


def test_keep_shipping_changes_nothing(clerk, mike):
    decided = decide(review(owing(), clerk), mike, "keep_shipping")
    assert (decided.status, decided.choice, ServiceHold.objects.count()) == ("applied", "keep_shipping", 0)
    assert AutoDecision.objects.get(decision_type=REVIEW).after["choice"] == "keep_shipping"


def test_hold_starts_the_hold_for_another_person(clerk, mike, committee):
    customer = owing()
    decide(review(customer, clerk), mike, "hold")
    hold = ProposedAction.objects.select_related("customer", "run").get(action_type=HOLD)
    assert (hold.status, hold.proposed_by, hold.customer) == ("pending", "mike", customer)
    assert hold.run.inputs["reason"] == "Repeated disputes: Third one this month"
    proposals.approve(proposal=hold, version=1, by=committee, reason="Agreed")
    customer.refresh_from_db()
    assert customer.entitystatus == "hold"


def test_a_hold_that_waits_already_is_enough(clerk, mike):
    customer = owing()
    proposal = review(customer, clerk)
    proposed(customer)
    decide(proposal, mike, "hold")
    assert ProposedAction.objects.filter(action_type=HOLD).count() == 1


def test_lift_ends_the_hold(clerk, mike):
    customer = owing()
    held(customer, mike)
    decide(review(customer, clerk), mike, "lift")
    customer.refresh_from_db()
    assert (customer.entitystatus, ServiceHold.objects.get().status) == ("", "lifted")


def test_lift_by_who_may_not_lift_waits_for_somebody(clerk, mike, committee):
    customer = owing()
    held(customer, mike)
    decide(review(customer, clerk), committee, "lift")
    customer.refresh_from_db()
    assert customer.entitystatus == "hold"
    assert ProposedAction.objects.get(action_type="workflow_service_hold_lift").status == "pending"


def test_there_is_nothing_to_lift_and_nothing_to_hold_twice(clerk, mike):
    customer = owing()
    proposal = review(customer, clerk)
    assert [one.name for one in choices(proposal)] == ["keep_shipping", "hold"]
    held(customer, mike)
    assert [one.name for one in choices(proposal)] == ["keep_shipping", "lift"]


@pytest.mark.parametrize("choice", ["", "lift", "nonsense"])
def test_one_of_the_offered_is_picked(clerk, mike, choice):
    with pytest.raises(Refusal, match="Pick what happens") as refused:
        decide(review(owing(), clerk), mike, choice)
    assert (refused.value.code, latest().status) == ("choice_required", "pending")


def test_other_proposals_offer_no_choice(clerk, mike):
    review(owing(), clerk)
    routing = ProposedAction.objects.select_related("customer", "run").filter(action_type="customer_escalation").first()
    with pytest.raises(Refusal, match="Pick what happens"):
        decide(routing, mike, "hold")


def test_one_answer_closes_the_customers_other_reviews(clerk, mike):
    customer, other = owing(), owing("Harbor Foods")
    disputed_again(customer, clerk, 4)
    elsewhere = review(other, clerk)
    mine = ProposedAction.objects.select_related("customer", "run").filter(action_type=REVIEW, customer=customer)
    decide(mine.first(), mike, "keep_shipping")
    assert sorted(mine.values_list("status", flat=True)) == ["applied", "superseded"]
    assert ProposedAction.objects.get(pk=elsewhere.pk).status == "pending"


def test_the_pattern_is_shown(clerk):
    proposal = review(owing(), clerk)
    rows = why(proposal)
    assert (rows[0].figure, len(rows)) == ("two disputes", 4)
    newest = Dispute.objects.latest("pk")
    assert rows[1].rule == f"Dispute {newest.pk}, {newest.invoice_ref}: quality"


@pytest.mark.parametrize("role", ["rep", "cashier", "integrator", "operator"])
def test_the_wrong_role_may_not_decide_it(clerk, role, request):
    with pytest.raises(Refusal, match="may not decide"):
        decide(review(owing(), clerk), request.getfixturevalue(role), "keep_shipping")


def test_the_console_asks_for_the_choice(client, clerk, mike):
    proposal = review(owing(), clerk)
    client.force_login(mike, backend="django.contrib.auth.backends.ModelBackend")
    page = f"/admin/workflows/proposedaction/{proposal.pk}"
    html = client.get(f"{page}/change/").content.decode()
    assert [name in html for name in ('value="keep_shipping"', 'value="hold"', 'value="lift"')] == [True, True, False]
    refused = client.post(f"{page}/approve/", {"version": 1, "reason": "x"})
    assert (refused.status_code, "Pick what happens" in refused.content.decode()) == (400, True)
    client.post(f"{page}/approve/", {"version": 1, "reason": "x", "choice": "keep_shipping"})
    assert latest().choice == "keep_shipping"


def test_the_api_takes_the_choice(api, clerk, mike):
    proposal = review(owing(), clerk)
    url = f"/api/v1/proposals/{proposal.pk}/"
    seen = [step["detail"].get("choice") for step in api(mike).get(url).json()["preview"]]
    assert seen[-2:] == ["keep_shipping", "hold"]
    answer = api(mike).post(f"{url}approve/", {"version": 1, "reason": "x", "choice": "keep_shipping"})
    assert (answer.status_code, answer.json()["choice"]) == (200, "keep_shipping")
