"""Pauses: agreed by people, watched by the tick, ended once."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from customers.clock import business_today
from customers.models import Customer
from holds.actions import pauses
from holds.models import Pause
from netsuite.errors import Refusal
from tests.factories.customers import PaymentFactory
from tests.factories.holds import owing
from workflows.access import NotAllowed
from workflows.models import AutoDecision, ReflexionEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer() -> Customer:
    return owing()


def day(ahead: int) -> date:
    return business_today() + timedelta(days=ahead)


def agree(customer: Customer, by: Any, *parts: tuple[int, str], reason: str = "Agreed by phone") -> Pause:
    instalments = [(day(ahead), Decimal(amount)) for ahead, amount in parts]
    return pauses.agree_plan(customer=customer, instalments=instalments, reason=reason, by=by)


def later(time_machine: Any, days: int) -> None:
    time_machine.move_to(datetime.now(UTC) + timedelta(days=days))


def test_a_plan_runs_until_its_last_instalment(customer, mike):
    plan = agree(customer, mike, (7, "1000.00"), (21, "2000.00"))
    assert (plan.kind, plan.starts, plan.ends, plan.promised) == ("payment_plan", day(0), day(21), Decimal("3000.00"))


def test_a_plan_is_a_decision(customer, clerk):
    agree(customer, clerk, (7, "1000.00"))
    decision = AutoDecision.objects.get(decision_type="pause_granted")
    assert (decision.by, decision.customer, decision.reason) == ("clerk", customer, "Agreed by phone")


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([], "at least one instalment"),
        ([(-1, "100.00")], "lies in the past"),
        ([(7, "100.00"), (7, "50.00")], "same day"),
        ([(7, "0.00")], "more than zero"),
        ([(7, "-5.00")], "more than zero"),
        ([(400, "100.00")], "a year from now"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(customer, mike, parts, words):
    with pytest.raises(Refusal, match=words):
        agree(customer, mike, *parts)
    assert Pause.objects.count() == 0


def test_a_plan_needs_a_reason(customer, mike):
    with pytest.raises(Refusal, match="Say why"):
        agree(customer, mike, (7, "100.00"), reason=" ")


@pytest.mark.parametrize("role", ["rep", "committee", "owner", "cashier", "integrator", "operator"])
def test_the_wrong_role_may_not_agree_on_a_plan(customer, role, request):
    with pytest.raises(NotAllowed):
        agree(customer, request.getfixturevalue(role), (7, "100.00"))
    assert Pause.objects.count() == 0


def test_a_grace_period_is_two_weeks(customer, mike):
    assert pauses.grant_grace(customer=customer, reason="Migration", by=mike).ends == day(14)


def test_or_until_a_given_day(customer, mike):
    assert pauses.grant_grace(customer=customer, reason="Migration", by=mike, until=day(3)).ends == day(3)


def test_but_not_until_yesterday(customer, mike):
    with pytest.raises(Refusal, match="between today and a year"):
        pauses.grant_grace(customer=customer, reason="Migration", by=mike, until=day(-1))


@pytest.mark.parametrize(("ahead", "running"), [(-1, False), (0, True), (14, True), (15, False)])
def test_it_runs_from_its_first_to_its_last_day(customer, mike, ahead, running):
    pauses.grant_grace(customer=customer, reason="Migration", by=mike)
    assert Pause.objects.running(day(ahead)).exists() is running


# --- ending early -------------------------------------------------------------------------------------


def test_a_pause_can_be_ended_early(customer, mike, clerk):
    pause = pauses.grant_grace(customer=customer, reason="Migration", by=mike)
    pauses.end(pause=pause, reason="Paid", by=clerk)
    stored = Pause.objects.get()
    assert (stored.ended_by, stored.end_reason, stored.ended_at is not None) == ("clerk", "Paid", True)
    assert not Pause.objects.running(day(0)).exists()


def test_the_end_stands_in_history_and_audit(customer, mike):
    pause = pauses.grant_grace(customer=customer, reason="Migration", by=mike)
    pauses.end(pause=pause, reason="Paid", by=mike)
    assert pause.history.latest("history_id").end_reason == "Paid"
    assert AutoDecision.objects.get(decision_type="pause_ended").reason == "Paid"


def test_a_second_click_is_told_so(customer, mike):
    pause = pauses.grant_grace(customer=customer, reason="Migration", by=mike)
    pauses.end(pause=pause, reason="Paid", by=mike)
    with pytest.raises(Refusal, match="has ended already") as refused:
        pauses.end(pause=Pause.objects.get(), reason="Paid", by=mike)
    assert (refused.value.status, AutoDecision.objects.filter(decision_type="pause_ended").count()) == (409, 1)


def test_ending_needs_a_reason(customer, mike):
    pause = pauses.grant_grace(customer=customer, reason="Migration", by=mike)
    with pytest.raises(Refusal, match="Say why"):
        pauses.end(pause=pause, reason="", by=mike)


def test_the_wrong_role_may_not_end_it(customer, mike, rep):
    pause = pauses.grant_grace(customer=customer, reason="Migration", by=mike)
    with pytest.raises(NotAllowed):
        pauses.end(pause=pause, reason="Paid", by=rep)
    assert Pause.objects.running(day(0)).exists()


# --- plans that break ---------------------------------------------------------------------------------


def test_a_missed_instalment_breaks_the_plan(customer, mike, time_machine):
    plan = agree(customer, mike, (2, "1000.00"), (30, "1000.00"))
    due = plan.instalments.first().due
    later(time_machine, 3)
    assert pauses.break_broken_plans(today=day(0)) == 1
    assert Pause.objects.get().end_reason == f"Broken: the instalment of {due} was not paid."


def test_on_the_day_itself_it_still_runs(customer, mike, time_machine):
    agree(customer, mike, (2, "1000.00"), (30, "1000.00"))
    later(time_machine, 2)
    assert pauses.break_broken_plans(today=day(0)) == 0


def test_the_first_instalment_missed_is_named(customer, mike, time_machine):
    plan = agree(customer, mike, (1, "500.00"), (3, "500.00"), (30, "500.00"))
    PaymentFactory(customer=customer, issued=day(1), total=Decimal("500.00"))
    second = list(plan.instalments.all())[1].due
    later(time_machine, 4)
    pauses.break_broken_plans(today=day(0))
    assert str(second) in Pause.objects.get().end_reason


def test_payments_before_the_plan_do_not_count(customer, mike, time_machine):
    PaymentFactory(customer=customer, issued=day(-1), total=Decimal("1000.00"))
    agree(customer, mike, (2, "1000.00"))
    later(time_machine, 3)
    assert pauses.break_broken_plans(today=day(0)) == 1


def test_another_customers_payment_does_not_count(customer, mike, time_machine):
    agree(customer, mike, (2, "1000.00"))
    PaymentFactory(customer=owing("Harbor Foods"), issued=day(1), total=Decimal("1000.00"))
    later(time_machine, 3)
    assert pauses.break_broken_plans(today=day(0)) == 1


def test_a_plan_is_broken_once(customer, mike, time_machine):
    agree(customer, mike, (2, "1000.00"), (30, "1000.00"))
    later(time_machine, 3)
    assert (pauses.break_broken_plans(today=day(0)), pauses.break_broken_plans(today=day(0))) == (1, 0)


def test_a_plan_missed_on_its_last_day_is_still_noticed(customer, mike, time_machine):
    agree(customer, mike, (2, "1000.00"))
    later(time_machine, 5)
    assert pauses.break_broken_plans(today=day(0)) == 1


def test_a_broken_plan_leaves_a_note_and_a_decision(customer, mike, time_machine):
    agree(customer, mike, (2, "1000.00"))
    later(time_machine, 3)
    pauses.break_broken_plans(today=day(0))
    note = ReflexionEntry.objects.get()
    assert (note.tags, note.customer) == (f"payment_plan,broken,customer:{customer.netsuite_id}", customer)
    assert AutoDecision.objects.get(decision_type="plan_broken").by == "schedule:aging_tick"


def test_a_plan_paid_in_full_is_completed(customer, mike):
    plan = agree(customer, mike, (2, "1000.00"))
    PaymentFactory(customer=customer, issued=day(0), total=Decimal("1000.00"))
    assert pauses.state_of(plan, day(0)) == "completed"


def test_sales_reps_see_the_pauses_of_their_own_customers(customer, mike, rep):
    customer.sales_rep.user = rep
    customer.sales_rep.save()
    mine = pauses.grant_grace(customer=customer, reason="Migration", by=mike)
    pauses.grant_grace(customer=owing("Harbor Foods"), reason="Migration", by=mike)
    assert list(Pause.objects.visible_to(rep)) == [mine]
