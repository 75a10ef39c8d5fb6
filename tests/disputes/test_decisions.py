"""Deciding what a dispute staged: routing to the rep, and the clean-up task for a missing one."""

from typing import Any

import pytest

from customers.models import Customer
from disputes.actions.disputes import withdraw
from disputes.models import Dispute
from netsuite.errors import Refusal
from tests.factories.customers import EmployeeFactory
from tests.factories.disputes import disputed, proposal_about
from tests.factories.holds import owing
from workflows.actions import proposals
from workflows.models import AutoDecision, ProposedAction

pytestmark = pytest.mark.django_db


def approve(proposal: ProposedAction, by: Any, reason: str = "Dana knows them") -> ProposedAction:
    return proposals.approve(proposal=proposal, version=proposal.version, by=by, reason=reason)


@pytest.fixture
def orphan(db: None) -> Customer:
    return owing("Orphan", sales_rep=None)


def task() -> ProposedAction:
    return ProposedAction.objects.select_related("customer", "run").get(action_type="sales_rep_missing")


def test_approved_the_rep_has_it(clerk, mike):
    dispute = disputed(owing(), clerk)
    approve(proposal_about(dispute, "customer_escalation"), mike)
    row = Dispute.objects.get()
    assert (row.status, row.owner) == ("escalated", row.customer.sales_rep)
    decision = AutoDecision.objects.get(decision_type="dispute_escalated")
    assert (decision.by, decision.reason) == ("mike", "Dana knows them")


def test_rejected_it_stays(clerk, mike):
    dispute = disputed(owing(), clerk)
    proposal = proposal_about(dispute, "customer_escalation")
    proposals.reject(proposal=proposal, version=1, by=mike, reason="We settle it here")
    assert Dispute.objects.get().status == "open"


def test_the_second_of_two_is_told_who(clerk, mike, committee):
    stale = proposal_about(disputed(owing(), clerk), "customer_escalation")
    approve(proposal_about(Dispute.objects.get(), "customer_escalation"), mike)
    with pytest.raises(proposals.AlreadyDecided, match="Already decided by mike"):
        approve(stale, committee)


def test_a_settled_dispute_is_not_routed(clerk, mike):
    dispute = disputed(owing(), clerk)
    stale = proposal_about(dispute, "customer_escalation")
    withdraw(dispute=dispute, by=clerk, reason="Found the boxes")
    with pytest.raises(proposals.AlreadyDecided):
        approve(stale, mike)


@pytest.mark.parametrize("role", ["rep", "cashier", "integrator", "operator"])
def test_the_wrong_role_may_not(clerk, role, request):
    proposal = proposal_about(disputed(owing(), clerk), "customer_escalation")
    with pytest.raises(Refusal, match="may not decide"):
        approve(proposal, request.getfixturevalue(role))


def test_without_a_rep_it_stays_with_mike(orphan, clerk, mike):
    dispute = disputed(orphan, clerk)
    approve(proposal_about(dispute, "customer_escalation"), mike)
    row = Dispute.objects.get()
    assert (row.status, row.owner) == ("escalated", None)


def test_the_task_is_not_done_before_the_rep_stands_there(orphan, clerk, mike):
    disputed(orphan, clerk)
    with pytest.raises(Refusal, match="still has no active sales rep"):
        approve(task(), mike)
    assert task().status == "pending"


def test_once_filled_in_the_rep_gets_what_waits(orphan, clerk, mike):
    dispute = disputed(orphan, clerk)
    orphan.sales_rep = EmployeeFactory()
    orphan.save()
    approve(task(), mike)
    assert Dispute.objects.get().owner == orphan.sales_rep
    assert proposal_about(dispute, "customer_escalation").assigned_to == orphan.sales_rep
