"""Deciding proposals: one wins, the others are told; nothing happens twice."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from customers.clock import business_today
from customers.models import Customer
from holds.actions import holds
from holds.models import ServiceHold
from netsuite.errors import Refusal
from netsuite.models import Push
from tests.factories.holds import owe, owing, pay, proposed
from workflows.access import NotAllowed
from workflows.actions import proposals
from workflows.actions.proposals import AlreadyDecided, StaleVersion
from workflows.actions.switches import SwitchedOff, flip
from workflows.models import AutoDecision, OutboundEmail, ProposedAction, ReflexionEntry, WorkflowRun
from workflows.reread import reread

pytestmark = pytest.mark.django_db

# Switches, savepoint, claim, facts, hold, flag, both drafts, push, the run with all rows that are only added, release.
# On PostgreSQL the added rows of all tables are one statement, and the twelve readings of the facts leave in one trip.
STATEMENTS_OF_AN_APPROVAL = {"sqlite": 31, "postgresql": 23}


@pytest.fixture
def proposal() -> ProposedAction:
    return proposed(owing())


def approve(proposal: ProposedAction, by: object, reason: str = "94 days late", version: int = 0) -> ProposedAction:
    return proposals.approve(proposal=proposal, version=version or proposal.version, by=by, reason=reason)


def test_approval_flags_the_customer_at_once(proposal, mike):
    approve(proposal, mike)
    proposal.customer.refresh_from_db()
    assert proposal.customer.entitystatus == "hold"


def test_approval_puts_the_hold_in_force(proposal, mike):
    approve(proposal, mike)
    hold = ServiceHold.objects.get()
    assert (hold.status, hold.placed_by) == ("active", "mike")


def test_approval_writes_two_drafts_that_wait(proposal, mike):
    approve(proposal, mike)
    drafts = OutboundEmail.objects.order_by("kind").values_list("kind", "status", "audience")
    assert list(drafts) == [
        ("customer_notice", "pending_review", "customer"),
        ("rep_note", "pending_review", "sales_rep"),
    ]


def test_approval_queues_one_push(proposal, mike):
    approve(proposal, mike)
    push = Push.objects.get()
    assert (push.key, push.body, push.status) == (
        f"customer:{proposal.customer.netsuite_id}",
        {"credit_hold": "ON"},
        "queued",
    )


def test_approval_is_one_decision_with_its_evidence(proposal, mike):
    approve(proposal, mike, "plan broken")
    decision = AutoDecision.objects.get()
    assert (decision.decision_type, decision.user, decision.reason) == ("service_hold", mike, "plan broken")
    assert decision.evidence["shown"] == proposal.evidence


def test_no_step_runs_before_approval(proposal):
    assert (OutboundEmail.objects.count(), Push.objects.count()) == (0, 0)
    assert proposal.customer.entitystatus == ""


def test_the_run_logs_its_steps(proposal, mike):
    approve(proposal, mike)
    steps = proposal.run.steps.values_list("step", "kind", "status")
    assert list(steps) == [
        ("flag_customer", "local_write", "ok"),
        ("notify_sales_rep", "hitl_email_draft", "ok"),
        ("draft_customer_notice", "hitl_email_draft", "ok"),
        ("ns_order_block", "ns_push", "waiting"),
    ]


def test_the_run_leaves_a_tagged_note(proposal, mike):
    approve(proposal, mike)
    assert ReflexionEntry.objects.get().tags == f"service_hold,customer:{proposal.customer.netsuite_id}"


def test_second_click_is_told_who_decided(proposal, mike, owner):
    approve(proposal, mike)
    with pytest.raises(AlreadyDecided, match="Already decided by mike at"):
        approve(ProposedAction.objects.get(), owner, version=1)
    assert Push.objects.count() == 1


def test_new_facts_raise_the_version_and_refuse_the_old_one(proposal, mike):
    owe(proposal.customer, days=5, amount="100.00")
    with pytest.raises(StaleVersion, match="version 1; version 2"):
        approve(proposal, mike, version=1)
    assert ProposedAction.objects.get().evidence["ar_balance"] == "48310.40"


def test_after_reading_the_new_version_it_can_be_approved(proposal, mike):
    owe(proposal.customer, days=5, amount="100.00")
    with pytest.raises(StaleVersion):
        approve(proposal, mike, version=1)
    fresh = ProposedAction.objects.get()
    approve(fresh, mike, version=2)
    assert fresh.status == "applying"


def test_a_new_day_is_no_new_version(proposal, mike, time_machine):
    time_machine.move_to(timezone.now() + timedelta(days=1))
    approve(proposal, mike, version=1)
    assert proposal.status == "applying"


@pytest.mark.parametrize("role", ["rep", "clerk", "cashier", "integrator", "operator"])
def test_the_wrong_role_may_not_approve_a_hold(proposal, role, request):
    with pytest.raises(NotAllowed):
        approve(proposal, request.getfixturevalue(role))
    assert ProposedAction.objects.get().status == "pending"


def test_a_part_of_the_system_may_not_approve(proposal):
    with pytest.raises(NotAllowed, match="Only a person"):
        approve(proposal, "schedule:anything")


def test_own_proposal_needs_another_person(mike):
    own = proposed(owing(), by=mike)
    with pytest.raises(NotAllowed, match="You proposed this yourself"):
        approve(own, mike)


def test_a_solo_operator_is_recorded(mike, settings):
    settings.SOLO_OPERATOR = True
    own = proposed(owing(), by=mike)
    approve(own, mike)
    assert AutoDecision.objects.get().solo is True


def test_a_hold_needs_a_reason(proposal, mike):
    with pytest.raises(Refusal, match="Say why"):
        approve(proposal, mike, reason=" ")


def test_risk_five_is_refused(proposal, mike):
    ProposedAction.objects.update(risk_level=5)
    with pytest.raises(NotAllowed, match="maintenance"):
        approve(ProposedAction.objects.get(), mike)


def test_rejection_declines_the_hold(proposal, mike):
    proposals.reject(proposal=proposal, version=1, by=mike, reason="Paid yesterday")
    assert ServiceHold.objects.get().status == "declined"
    assert WorkflowRun.objects.get().status == "declined"
    assert AutoDecision.objects.get().decision_type == "service_hold_declined"


def test_rejection_changes_nothing_at_the_customer(proposal, mike):
    proposals.reject(proposal=proposal, version=1, by=mike, reason="Paid yesterday")
    proposal.customer.refresh_from_db()
    assert (proposal.customer.entitystatus, Push.objects.count()) == ("", 0)


def test_a_deferred_proposal_comes_back_on_its_day(proposal, mike):
    today = business_today()
    proposals.defer(proposal=proposal, version=1, by=mike, reason="Promise", until=today + timedelta(days=3))
    assert proposals.bring_back_due(today=today + timedelta(days=2)) == 0
    assert proposals.bring_back_due(today=today + timedelta(days=3)) == 1
    assert ProposedAction.objects.get().status == "pending"


@pytest.mark.parametrize("days", [0, -1, 91])
def test_a_deferral_needs_a_day_ahead(proposal, mike, days):
    with pytest.raises(Refusal, match="Pick a date"):
        proposals.defer(
            proposal=proposal, version=1, by=mike, reason="x", until=business_today() + timedelta(days=days)
        )


def test_a_deferred_proposal_cannot_be_approved(proposal, mike):
    proposals.defer(proposal=proposal, version=1, by=mike, reason="x", until=business_today() + timedelta(days=3))
    with pytest.raises(AlreadyDecided, match="Already put off until"):
        approve(ProposedAction.objects.get(), mike, version=1)


def test_holds_are_never_decided_in_bulk(proposal, mike):
    with pytest.raises(NotAllowed, match="one by one"):
        proposals.approve_many(items=[(proposal.pk, 1)], by=mike, reason="all")


def test_at_most_twenty_at_once(mike):
    with pytest.raises(Refusal, match="At most 20"):
        proposals.approve_many(items=[(pk, 1) for pk in range(21)], by=mike, reason="all")


def test_high_risk_switch_refuses_the_approval(proposal, mike):
    flip(name="high_risk_ops", state="on", by=mike, reason="Audit week")
    with pytest.raises(SwitchedOff):
        approve(proposal, mike)
    assert ProposedAction.objects.get().status == "pending"


def test_an_armed_switch_only_logs(proposal, mike):
    switch = flip(name="high_risk_ops", state="armed", by=mike, reason="Trying it")
    approve(proposal, mike)
    assert list(switch.events.values_list("stopped", flat=True)) == [False]


def test_an_approval_waits_while_applying_is_off(proposal, mike):
    flip(name="proposed_apply", state="on", by=mike, reason="Month end")
    approve(proposal, mike)
    assert (proposal.status, Push.objects.count()) == ("approved", 0)


def test_and_is_carried_out_when_applying_is_on_again(proposal, mike):
    flip(name="proposed_apply", state="on", by=mike, reason="Month end")
    approve(proposal, mike)
    flip(name="proposed_apply", state="off", by=mike, reason="Done")
    assert proposals.apply_waiting() == 1
    assert ProposedAction.objects.get().status == "applying"


def test_what_is_not_true_any_more_is_withdrawn_and_holds_up_nobody(mike):
    paid, late = proposed(owing()), proposed(owing("Harbor Foods"))
    flip(name="proposed_apply", state="on", by=mike, reason="Month end")
    approve(paid, mike)
    approve(late, mike)
    pay(paid.customer)
    flip(name="proposed_apply", state="off", by=mike, reason="Done")
    assert proposals.apply_waiting() == 1
    assert list(ProposedAction.objects.order_by("pk").values_list("status", flat=True)) == ["superseded", "applying"]


def test_a_customer_gone_inactive_while_applying_was_off_holds_up_nobody(mike):
    gone, late = proposed(owing()), proposed(owing("Harbor Foods"))
    flip(name="proposed_apply", state="on", by=mike, reason="Month end")
    approve(gone, mike)
    approve(late, mike)
    Customer.objects.filter(pk=gone.customer_id).update(is_inactive=True)
    flip(name="proposed_apply", state="off", by=mike, reason="Done")
    assert proposals.apply_waiting() == 1
    assert ServiceHold.objects.get(proposal=gone).status == "declined"


def test_an_unknown_proposal_in_a_selection_refuses_them_all(mike):
    with pytest.raises(Refusal, match="no proposal 4711") as refused:
        proposals.approve_many(items=[(4711, 1)], by=mike, reason="all")
    assert refused.value.status == 404


def test_two_open_proposals_of_one_kind_are_impossible(proposal):
    copy = ProposedAction.objects.get()
    copy.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        copy.save(force_insert=True)


def test_a_decision_is_whole_or_absent(proposal, mike):
    with pytest.raises(IntegrityError), transaction.atomic():
        ProposedAction.objects.update(decided_by=mike)


def test_an_error_while_applying_leaves_nothing_behind(proposal, mike, monkeypatch):
    def break_down(*args: object, **kwargs: object) -> None:
        raise RuntimeError("disk full")

    monkeypatch.setattr("workflows.steps.enqueue", break_down)
    with pytest.raises(RuntimeError):
        approve(proposal, mike)
    proposal.customer.refresh_from_db()
    assert (ProposedAction.objects.get().status, proposal.customer.entitystatus) == ("pending", "")
    assert (OutboundEmail.objects.count(), AutoDecision.objects.count()) == (0, 0)


def test_a_paid_customer_is_noticed_before_approval(proposal, mike):
    pay(proposal.customer)
    with pytest.raises(StaleVersion):
        approve(proposal, mike, version=1)


def test_a_lift_by_a_clerk_waits_for_a_person(mike, clerk):
    proposal = proposed(owing())
    approve(proposal, mike)
    holds.lift(hold=ServiceHold.objects.get(), reason="Paid by phone", by=clerk)
    staged = ProposedAction.objects.get(action_type="workflow_service_hold_lift")
    assert (staged.status, staged.proposed_by) == ("pending", "clerk")
    assert ServiceHold.objects.get().status == "active"


@pytest.mark.both_databases
def test_an_approval_costs_a_fixed_number_of_statements(mike, django_assert_num_queries):
    small, large = proposed(owing()), proposed(owing("Harbor Foods"))
    for number in range(9):
        owe(large.customer, days=number, amount="100.00")
    reread([large], business_today())
    approve(proposed(owing("Warm-up Foods")), mike)
    for proposal in (small, large):
        fresh = ProposedAction.objects.select_related("customer", "run").get(pk=proposal.pk)
        with django_assert_num_queries(STATEMENTS_OF_AN_APPROVAL[connection.vendor]):
            approve(fresh, mike)
