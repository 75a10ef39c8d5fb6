"""NetSuite changed by hand: a person is asked, nothing is overwritten silently."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from customers.models import Customer
from holds import tasks
from holds.actions import drift, holds
from holds.models import ServiceHold
from netsuite import outbox
from netsuite.models import Push
from tests.factories.holds import held, owing
from tests.netsuite.conftest import FakeRemote, make_due
from workflows.access import NotAllowed
from workflows.actions import proposals
from workflows.models import ProposedAction, WorkflowRun

pytestmark = pytest.mark.django_db


@pytest.fixture
def netsuite(monkeypatch) -> FakeRemote:
    remote = FakeRemote()
    monkeypatch.setitem(outbox.TRANSPORTS, "netsuite", lambda: remote)
    return remote


@pytest.fixture
def customer(netsuite) -> Customer:
    customer = owing()
    netsuite.records[customer.netsuite_id] = {"credit_hold": "AUTO"}
    return customer


@pytest.fixture
def hold(customer, mike) -> ServiceHold:
    """In force here and confirmed by NetSuite."""
    hold = held(customer, mike)
    deliver()
    return hold


def deliver() -> None:
    for push in Push.objects.open():
        make_due(push)
    outbox.drain(once=True)


def changed_by_hand(netsuite: FakeRemote, customer: Customer, value: str) -> None:
    """Somebody changes the field in NetSuite, and the next sync reads it."""
    netsuite.records[customer.netsuite_id]["credit_hold"] = value
    seen = timezone.now() + timedelta(minutes=1)
    Customer.objects.filter(pk=customer.pk).update(credit_hold_override=value, synced_at=seen)


def asked() -> ProposedAction:
    return ProposedAction.objects.get(action_type="netsuite_drift")


def answer(verb: str, by: Any) -> None:
    decide = proposals.approve if verb == "approve" else proposals.reject
    decide(proposal=asked(), version=1, by=by, reason="Talked to the branch")


# --- noticed by the sync ------------------------------------------------------------------------------


def test_nothing_differs_after_a_confirmed_hold(hold):
    assert (drift.check_drift(), Customer.objects.get().credit_hold_override) == (0, "ON")


def test_a_value_changed_by_hand_opens_one_question(hold, netsuite):
    changed_by_hand(netsuite, hold.customer, "OFF")
    assert (drift.check_drift(), drift.check_drift()) == (1, 0)
    proposal = asked()
    assert (proposal.risk_level, proposal.current_state_json, proposal.proposed_change_json) == (
        4,
        {"credit_hold": "OFF"},
        {"credit_hold": "ON"},
    )


def test_a_clerk_may_not_lift_a_hold_by_keeping_netsuites_value(hold, netsuite, clerk):
    changed_by_hand(netsuite, hold.customer, "AUTO")
    drift.check_drift()
    with pytest.raises(NotAllowed):
        proposals.reject(proposal=asked(), version=1, by=clerk, reason="NetSuite is right")
    hold.customer.refresh_from_db()
    assert hold.customer.entitystatus == "hold"


def test_the_question_says_what_happened(hold, netsuite):
    changed_by_hand(netsuite, hold.customer, "AUTO")
    tasks.check_drift()
    assert asked().rationale == "NetSuite says AUTO, approved is ON. Somebody changed it in NetSuite."


def test_nothing_is_written_before_somebody_answers(hold, netsuite):
    changed_by_hand(netsuite, hold.customer, "OFF")
    drift.check_drift()
    deliver()
    assert netsuite.records[hold.customer.netsuite_id] == {"credit_hold": "OFF"}


def test_a_mirror_older_than_our_write_proves_nothing(hold):
    Customer.objects.update(credit_hold_override="AUTO", synced_at=timezone.now() - timedelta(hours=1))
    assert drift.check_drift() == 0


def test_while_a_push_is_on_its_way_nothing_is_asked(hold, netsuite, mike):
    holds.lift(hold=hold, reason="Paid", by=mike)
    changed_by_hand(netsuite, hold.customer, "OFF")
    assert drift.check_drift() == 0


def test_customers_whom_we_never_held_are_not_ours_to_ask_about(netsuite):
    Customer.objects.filter(pk=owing("Harbor Foods").pk).update(credit_hold_override="ON", synced_at=timezone.now())
    assert drift.check_drift() == 0


def test_an_outcome_told_late_does_not_undo_a_newer_one(hold, mike):
    holds.lift(hold=hold, reason="Paid", by=mike)
    deliver()
    drift.push_settled(Push.objects.get(generation=1))
    assert Customer.objects.get().credit_hold_override == "AUTO"


# --- the two answers ----------------------------------------------------------------------------------


def test_approving_writes_the_approved_value_again(hold, netsuite, mike):
    changed_by_hand(netsuite, hold.customer, "OFF")
    drift.check_drift()
    answer("approve", mike)
    deliver()
    assert (netsuite.records[hold.customer.netsuite_id], asked().status) == ({"credit_hold": "ON"}, "applied")


def test_unless_it_changed_once_more_meanwhile(hold, netsuite, mike):
    changed_by_hand(netsuite, hold.customer, "OFF")
    drift.check_drift()
    answer("approve", mike)
    netsuite.records[hold.customer.netsuite_id]["credit_hold"] = "AUTO"
    deliver()
    assert netsuite.records[hold.customer.netsuite_id] == {"credit_hold": "AUTO"}
    assert ProposedAction.objects.filter(action_type="netsuite_drift", status="pending").count() == 1


def test_rejecting_keeps_netsuites_value_and_lifts_the_hold(hold, netsuite, mike):
    changed_by_hand(netsuite, hold.customer, "AUTO")
    drift.check_drift()
    answer("reject", mike)
    deliver()
    assert (ServiceHold.objects.get().status, Customer.objects.get().entitystatus) == ("lifted", "")
    assert netsuite.records[hold.customer.netsuite_id] == {"credit_hold": "AUTO"}


def test_after_rejecting_nothing_differs_any_more(hold, netsuite, mike):
    changed_by_hand(netsuite, hold.customer, "AUTO")
    drift.check_drift()
    answer("reject", mike)
    deliver()
    assert drift.check_drift() == 0


def test_a_hold_put_back_by_hand_after_a_lift_can_stay_in_netsuite(hold, netsuite, mike):
    holds.lift(hold=hold, reason="Paid", by=mike)
    deliver()
    changed_by_hand(netsuite, hold.customer, "ON")
    drift.check_drift()
    answer("reject", mike)
    deliver()
    assert (netsuite.records[hold.customer.netsuite_id], Customer.objects.get().entitystatus) == (
        {"credit_hold": "ON"},
        "",
    )


@pytest.mark.parametrize("role", ["rep", "cashier", "integrator", "operator"])
@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_the_wrong_role_may_not_answer(hold, netsuite, role, verb, request):
    changed_by_hand(netsuite, hold.customer, "OFF")
    drift.check_drift()
    with pytest.raises(NotAllowed):
        answer(verb, request.getfixturevalue(role))
    assert asked().status == "pending"


def test_a_second_answer_is_told_so(hold, netsuite, mike, owner):
    changed_by_hand(netsuite, hold.customer, "OFF")
    drift.check_drift()
    answer("approve", mike)
    with pytest.raises(proposals.AlreadyDecided, match="by mike"):
        answer("reject", owner)
    assert ServiceHold.objects.get().status == "active"


# --- noticed by the push ------------------------------------------------------------------------------


@pytest.fixture
def surprised(customer, mike, netsuite) -> ServiceHold:
    """The hold was approved on AUTO; before its push left, somebody set OFF."""
    hold = held(customer, mike)
    netsuite.records[customer.netsuite_id]["credit_hold"] = "OFF"
    deliver()
    return hold


def test_a_push_that_finds_a_strange_value_asks(surprised, netsuite):
    assert (asked().current_state_json, Push.objects.get().status) == ({"credit_hold": "OFF"}, "failed")
    assert netsuite.records[surprised.customer.netsuite_id] == {"credit_hold": "OFF"}


def test_the_hold_itself_is_in_force_here(surprised):
    assert (ServiceHold.objects.get().status, Customer.objects.get().entitystatus) == ("active", "hold")


def test_approving_completes_the_hold(surprised, netsuite, mike):
    answer("approve", mike)
    deliver()
    assert netsuite.records[surprised.customer.netsuite_id] == {"credit_hold": "ON"}
    assert (WorkflowRun.objects.get(pk=surprised.run_id).status, surprised.run.proposals.get().status) == (
        "completed",
        "applied",
    )


def test_rejecting_lifts_it(surprised, netsuite, mike):
    answer("reject", mike)
    deliver()
    assert (ServiceHold.objects.get().status, Customer.objects.get().entitystatus) == ("lifted", "")
    assert netsuite.records[surprised.customer.netsuite_id] == {"credit_hold": "OFF"}


# --- what a lift restores -----------------------------------------------------------------------------


@pytest.mark.parametrize(("before", "restored"), [("AUTO", "AUTO"), ("OFF", "AUTO")])
def test_the_value_netsuite_really_had_is_remembered(mike, netsuite, before, restored):
    customer = owing(credit_hold_override="")
    netsuite.records[customer.netsuite_id] = {"credit_hold": before}
    hold = held(customer, mike)
    deliver()
    assert ServiceHold.objects.get(pk=hold.pk).prior_value == restored


def test_a_lift_gives_back_what_was_there(hold, netsuite, mike):
    holds.lift(hold=hold, reason="Paid", by=mike)
    deliver()
    assert (netsuite.records[hold.customer.netsuite_id], Customer.objects.get().credit_hold_override) == (
        {"credit_hold": "AUTO"},
        "AUTO",
    )
