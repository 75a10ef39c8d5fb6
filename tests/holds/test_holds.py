"""Proposing a hold by hand, and lifting one."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from customers.clock import business_today
from customers.models import Customer, Employee
from holds import blocks, signals
from holds.actions import holds
from holds.models import Pause, ServiceHold
from holds.records import NotOnHold
from netsuite.errors import Refusal
from netsuite.models import Push
from tests.factories.holds import held, owing, pay, proposed
from workflows.access import NotAllowed
from workflows.actions import emails, proposals
from workflows.actions.switches import SwitchedOff, flip
from workflows.models import AutoDecision, OutboundEmail, ProposedAction, WorkflowDefinition
from workflows.runner import AlreadyProposed, Blocked

pytestmark = pytest.mark.django_db


@pytest.fixture
def hold(mike) -> ServiceHold:
    return held(owing(), mike)


def propose(customer: Customer, by: Any, reason: str = "Bounced cheque") -> ProposedAction:
    return holds.propose(customer=customer, reason=reason, by=by)


def lift(hold: ServiceHold, by: Any, reason: str = "Paid in full", **fields: Any) -> None:
    holds.lift(hold=hold, reason=reason, by=by, **fields)


def fresh(hold: ServiceHold) -> ServiceHold:
    return ServiceHold.objects.select_related("customer").get(pk=hold.pk)


# --- proposing by hand --------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["mike", "clerk", "rep", "committee", "integrator"])
def test_who_may_propose(role, request):
    proposal = propose(owing(), request.getfixturevalue(role))
    assert (proposal.status, proposal.proposed_by) == ("pending", role)


@pytest.mark.parametrize("role", ["owner", "cashier", "operator"])
def test_the_wrong_role_may_not_propose(role, request):
    with pytest.raises(NotAllowed):
        propose(owing(), request.getfixturevalue(role))
    assert ProposedAction.objects.count() == 0


def test_the_hold_beside_it_is_by_hand(clerk):
    propose(owing(), clerk)
    hold = ServiceHold.objects.get()
    assert (hold.origin, hold.status, hold.reason) == ("manual", "proposed", "Bounced cheque")


def test_a_customer_below_the_line_reaches_mike_with_a_warning(clerk):
    proposal = propose(owing(days=3, amount="500.00"), clerk)
    assert proposal.warnings[0]["code"] == "reasonable_threshold"


def test_proposing_needs_a_reason(clerk):
    with pytest.raises(Refusal, match="Say why"):
        propose(owing(), clerk, reason="  ")


def test_a_second_proposal_is_refused(clerk, rep):
    customer = owing()
    propose(customer, clerk)
    with pytest.raises(AlreadyProposed, match="already pending, from clerk"):
        propose(customer, rep)
    assert ServiceHold.objects.count() == 1


def test_a_customer_on_hold_cannot_be_proposed(hold, clerk):
    with pytest.raises(Refusal, match="Northside Grocers is on hold already") as refused:
        propose(fresh(hold).customer, clerk)
    assert refused.value.code == "already_on_hold"


def test_an_inactive_customer_cannot_be_proposed(clerk):
    with pytest.raises(Blocked):
        propose(owing(is_inactive=True), clerk)
    assert ServiceHold.objects.count() == 0


def test_a_declined_customer_can_be_proposed_again(clerk, mike):
    customer = owing()
    proposals.reject(proposal=propose(customer, clerk), version=1, by=mike, reason="Not now")
    assert propose(customer, clerk).status == "pending"


# --- lifting ------------------------------------------------------------------------------------------


def test_a_lift_clears_the_flag_at_once(hold, mike):
    lift(hold, mike)
    after = fresh(hold)
    assert (after.status, after.ended_by, after.customer.entitystatus) == ("lifted", "mike", "")


def test_a_lift_wants_auto_back_in_netsuite(hold, mike):
    lift(hold, mike)
    push = Push.objects.order_by("-generation").first()
    assert (push.body, push.status) == ({"credit_hold": "AUTO"}, "queued")


def test_a_lift_never_restores_off(mike):
    hold = held(owing(credit_hold_override="OFF"), mike)
    lift(hold, mike)
    assert Push.objects.order_by("-generation").first().body == {"credit_hold": "AUTO"}


def test_a_customer_held_in_netsuite_before_stays_held_there(mike):
    hold = held(owing(credit_hold_override="ON"), mike)
    lift(hold, mike)
    assert Push.objects.order_by("-generation").first().body == {"credit_hold": "ON"}


def test_the_push_that_had_not_left_is_replaced(hold, mike):
    lift(hold, mike)
    assert list(Push.objects.order_by("generation").values_list("status", flat=True)) == ["superseded", "queued"]


def test_a_lift_writes_the_news_to_the_customer(hold, mike):
    lift(hold, mike)
    draft = OutboundEmail.objects.get(kind="lift_notice")
    assert (draft.status, draft.to_email) == ("pending_review", hold.customer.email)


def test_a_lift_is_a_decision(hold, mike):
    lift(hold, mike)
    decision = AutoDecision.objects.get(decision_type="service_hold_lift")
    assert (decision.by, decision.reason, decision.after) == ("mike", "Paid in full", {"entitystatus": ""})


def test_a_lift_is_respected_for_a_week(hold, mike):
    lift(hold, mike)
    pause = Pause.objects.get()
    assert (pause.kind, pause.ends) == ("after_release", business_today() + timedelta(days=7))


def test_or_as_long_as_was_said(hold, mike):
    until = business_today() + timedelta(days=30)
    lift(hold, mike, respect_until=until)
    assert Pause.objects.get().ends == until


def test_a_second_click_is_told_so(hold, mike):
    lift(hold, mike)
    with pytest.raises(NotOnHold, match="is lifted, not in force"):
        lift(fresh(hold), mike)
    assert Push.objects.count() == 2


def test_so_is_a_stale_tab(hold, mike):
    stale = fresh(hold)
    lift(hold, mike)
    with pytest.raises(NotOnHold, match="Northside Grocers is not on hold"):
        lift(stale, mike)
    assert OutboundEmail.objects.filter(kind="lift_notice").count() == 1


def test_a_hold_not_in_force_cannot_be_lifted(mike):
    proposed(owing())
    with pytest.raises(NotOnHold, match="is proposed"):
        lift(ServiceHold.objects.get(), mike)


def test_lifting_needs_a_reason(hold, mike):
    with pytest.raises(Refusal, match="Say why"):
        lift(hold, mike, reason="")


@pytest.mark.parametrize("role", ["clerk", "rep", "committee", "integrator"])
def test_others_only_ask_for_it(hold, role, request):
    lift(hold, request.getfixturevalue(role))
    staged = ProposedAction.objects.get(action_type="workflow_service_hold_lift")
    assert (fresh(hold).status, staged.status, staged.proposed_by) == ("active", "pending", role)


@pytest.mark.parametrize("role", ["owner", "cashier", "operator"])
def test_the_wrong_role_may_not_even_ask(hold, role, request):
    with pytest.raises(NotAllowed):
        lift(hold, request.getfixturevalue(role))
    assert ProposedAction.objects.filter(status="pending").count() == 0


def test_what_they_asked_for_is_carried_out_when_mike_approves(hold, clerk, mike):
    lift(hold, clerk)
    staged = ProposedAction.objects.get(action_type="workflow_service_hold_lift")
    proposals.approve(proposal=staged, version=1, by=mike, reason="Checked")
    assert (fresh(hold).status, fresh(hold).customer.entitystatus) == ("lifted", "")


def test_and_the_hold_stays_when_he_says_no(hold, clerk, mike):
    lift(hold, clerk)
    staged = ProposedAction.objects.get(action_type="workflow_service_hold_lift")
    proposals.reject(proposal=staged, version=1, by=mike, reason="Cheque bounced")
    assert (fresh(hold).status, Push.objects.count()) == ("active", 1)


def test_a_lift_waits_while_applying_is_off(hold, mike):
    flip(name="proposed_apply", state="on", by=mike, reason="Month end")
    with pytest.raises(SwitchedOff):
        lift(hold, mike)
    assert fresh(hold).status == "active"


def test_a_payment_alone_lifts_nothing(hold):
    pay(hold.customer)
    assert (fresh(hold).status, fresh(hold).customer.entitystatus) == ("active", "hold")


# --- who hears of it, who sees it ---------------------------------------------------------------------


@pytest.fixture
def heard() -> Any:
    said: list[tuple[str, int]] = []

    def placed(hold: ServiceHold, **kwargs: Any) -> None:
        said.append(("placed", hold.pk))

    def lifted(hold: ServiceHold, **kwargs: Any) -> None:
        said.append(("lifted", hold.pk))

    signals.hold_placed.connect(placed)
    signals.hold_lifted.connect(lifted)
    yield said
    signals.hold_placed.disconnect(placed)
    signals.hold_lifted.disconnect(lifted)


def test_listeners_hear_of_hold_and_lift_after_commit(heard, mike, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        hold = held(owing(), mike)
        assert heard == []
    with django_capture_on_commit_callbacks(execute=True):
        lift(hold, mike)
    assert heard == [("placed", hold.pk), ("lifted", hold.pk)]


def test_a_broken_listener_undoes_nothing(mike, django_capture_on_commit_callbacks):
    def broken(**kwargs: Any) -> None:
        raise RuntimeError("orders are down")

    signals.hold_placed.connect(broken)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            hold = held(owing(), mike)
    finally:
        signals.hold_placed.disconnect(broken)
    assert fresh(hold).status == "active"


def test_the_order_form_learns_who_holds_and_why(hold):
    verdict = blocks.verdict(fresh(hold).customer, blocks.of_page("order"), now=timezone.now())
    assert (verdict.on_hold, verdict.note.by, verdict.note.why) == (True, "mike", "94 days late")


def test_and_nothing_of_the_others():
    verdict = blocks.verdict(owing(), blocks.of_page("order"), now=timezone.now())
    assert (verdict.source == "service_hold", verdict.note) == (False, None)


def test_sales_reps_see_the_holds_of_their_own_customers(hold, mike, rep):
    Employee.objects.filter(pk=hold.customer.sales_rep_id).update(user=rep)
    held(owing("Harbor Foods"), mike)
    assert list(ServiceHold.objects.visible_to(rep)) == [hold]


def test_lifting_withdraws_the_notices_that_were_not_sent(mike):
    hold = held(owing(), mike)
    holds.lift(hold=hold, reason="Paid", by=mike)
    kinds = OutboundEmail.objects.order_by("pk").values_list("kind", "status")
    assert list(kinds) == [
        ("rep_note", "discarded"),
        ("customer_notice", "discarded"),
        ("lift_notice", "pending_review"),
    ]


def test_news_of_a_lifted_hold_cannot_go_out_when_there_is_a_new_one(mike):
    customer = owing()
    holds.lift(hold=held(customer, mike), reason="Paid", by=mike)
    customer.refresh_from_db()
    held(customer, mike)
    news = OutboundEmail.objects.get(kind="lift_notice")
    with pytest.raises(Refusal, match="on hold again"):
        emails.approve(email=news, version=1, by=mike)


def test_the_first_hold_is_no_hold_before(mike):
    held(owing(), mike)
    assert "Held before: never." in OutboundEmail.objects.get(kind="rep_note").body


def test_the_second_hold_says_once(mike):
    customer = owing()
    holds.lift(hold=held(customer, mike), reason="Paid", by=mike)
    customer.refresh_from_db()
    again = held(customer, mike)
    assert "Held before: once." in OutboundEmail.objects.get(run=again.run, kind="rep_note").body


def test_the_console_sets_how_long_a_release_is_respected(mike):
    WorkflowDefinition.objects.filter(workflow_type="service_hold_lift").update(thresholds={"respect_days": 30})
    holds.lift(hold=held(owing(), mike), reason="Paid", by=mike)
    assert Pause.objects.get().ends == business_today() + timedelta(days=30)


def test_a_wish_to_lift_is_withdrawn_when_mike_lifts(mike, clerk):
    hold = held(owing(), mike)
    holds.lift(hold=hold, reason="Paid by phone", by=clerk)
    holds.lift(hold=ServiceHold.objects.get(), reason="Paid", by=mike)
    assert ProposedAction.objects.get(action_type="workflow_service_hold_lift").status == "superseded"
