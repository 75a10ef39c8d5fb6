"""Propose and lift a hold from the console."""

import pytest

from holds.models import Pause, ServiceHold
from tests.factories.holds import held, owing, proposed
from tests.signed_in import signed_in
from workflows.models import ProposedAction

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer(frozen_today):
    return owing()


@pytest.fixture
def ask(customer):
    return f"/admin/service-holds/propose/{customer.netsuite_id}/"


@pytest.fixture
def hold(customer, mike):
    return held(customer, mike)


def lift(user, hold, **sent):
    return signed_in(user).post(f"/admin/service-holds/{hold.pk}/lift/", {"reason": "Paid", **sent})


def state(hold):
    return ServiceHold.objects.get(pk=hold.pk).status


def test_the_form_shows_the_figures(mike, ask):
    assert "94 days overdue, $48,210.40 open." in signed_in(mike).get(ask).content.decode()


def test_propose(clerk, ask):
    response = signed_in(clerk).post(ask, {"reason": "Moving out"})
    proposal = ProposedAction.objects.get()
    assert (response.url, proposal.proposed_by) == (
        f"/admin/workflows/proposedaction/{proposal.pk}/change/",
        "clerk",
    )


def test_propose_without_reason(clerk, ask):
    response = signed_in(clerk).post(ask, {"reason": "  "})
    assert (response.status_code, ProposedAction.objects.count()) == (400, 0)


def test_a_second_proposal_keeps_the_reason(clerk, customer, ask):
    proposed(customer)
    response = signed_in(clerk).post(ask, {"reason": "Moving out"})
    assert (response.status_code, response.context["form"]["reason"].value()) == (409, "Moving out")


def test_a_cashier_may_not_propose(cashier, ask):
    assert signed_in(cashier).post(ask, {"reason": "Moving out"}).status_code == 403


def test_a_rep_proposes_for_their_own_customers_only(rep, customer, ask):
    assert signed_in(rep).post(ask, {"reason": "Moving out"}).status_code == 404
    customer.sales_rep.user = rep
    customer.sales_rep.save()
    assert signed_in(rep).post(ask, {"reason": "Moving out"}).status_code == 302


def test_an_outsider_is_asked_to_sign_in(outsider, ask):
    assert signed_in(outsider).get(ask).status_code == 302


def test_lift_at_once(mike, hold):
    response = lift(mike, hold)
    assert (response.status_code, state(hold)) == (302, "lifted")


def test_a_clerk_asks_for_a_lift(clerk, hold):
    lift(clerk, hold)
    assert (state(hold), ProposedAction.objects.get(action_type="workflow_service_hold_lift").status) == (
        "active",
        "pending",
    )


def test_the_lift_is_respected_until_the_day_given(mike, hold):
    lift(mike, hold, respect_until="2026-04-01")
    assert Pause.objects.get().ends.isoformat() == "2026-04-01"


@pytest.mark.parametrize("day", ["2026-03-15", "2028-01-01", "tomorrow"])
def test_a_day_out_of_range_is_refused(mike, hold, day):
    response = lift(mike, hold, respect_until=day)
    assert (response.status_code, state(hold)) == (400, "active")


def test_lift_without_reason(mike, hold):
    assert (lift(mike, hold, reason="").status_code, state(hold)) == (400, "active")


def test_a_second_lift_is_refused(mike, hold):
    lift(mike, hold)
    assert lift(mike, hold).status_code == 409


def test_a_cashier_may_not_lift(cashier, hold):
    assert (lift(cashier, hold).status_code, state(hold)) == (403, "active")


def test_a_rep_finds_no_hold_of_others(rep, hold):
    assert lift(rep, hold).status_code == 404
