"""The aging tick: proposes a hold for everybody who crosses and whom nothing excuses, once."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.aging import refresh_summaries
from customers.clock import business_today
from customers.models import Customer
from disputes.actions import open_dispute, resolve
from holds.actions import holds, pauses
from holds.actions.tick import aging_tick
from holds.models import Pause, ServiceHold
from netsuite.errors import Refusal
from netsuite.machine import Transition
from tests.factories.customers import CreditFactory, InvoiceFactory, PaymentFactory
from tests.factories.holds import held, owe, owing, pay, proposed
from workflows.access import NotAllowed
from workflows.actions import proposals
from workflows.models import Heartbeat, ProposedAction, WorkflowDefinition, WorkflowRun
from workflows.runner import WorkflowNotFound

pytestmark = pytest.mark.django_db


def tick(as_of: date | None = None, by: Any = "schedule:aging_tick") -> dict[str, Any]:
    return aging_tick(as_of=as_of or business_today(), by=by).as_dict()


def reject(mike: Any) -> None:
    """Mike declines the only proposal there is."""
    proposal = ProposedAction.objects.get(status="pending")
    proposals.reject(proposal=proposal, version=proposal.version, by=mike, reason="Promised by phone")


def due_in(days: int) -> date:
    return business_today() + timedelta(days=days)


# --- who is proposed ----------------------------------------------------------------------------------


def test_a_customer_above_the_line_is_proposed():
    customer = owing()
    assert tick()["staged"] == 1
    proposal = ProposedAction.objects.get()
    assert (proposal.customer, proposal.status, proposal.proposed_by) == (customer, "pending", "schedule:aging_tick")


def test_the_hold_beside_it_is_automatic():
    owing()
    tick()
    hold = ServiceHold.objects.get()
    assert (hold.origin, hold.status, hold.ar_balance, hold.days_overdue) == (
        "automatic",
        "proposed",
        Decimal("48210.40"),
        94,
    )


def test_both_thresholds_are_inclusive():
    owing("On the line", days=60, amount="10000.00")
    owing("A day short", days=59, amount="10000.00")
    owing("A cent short", days=60, amount="9999.99")
    assert (tick()["crossing"], ProposedAction.objects.get().customer.name) == (1, "On the line")


def test_an_inactive_customer_is_left_out():
    owing(is_inactive=True)
    answer = tick()
    assert (answer["customers"], answer["crossing"]) == (0, 0)


def test_an_unapplied_credit_lowers_the_balance():
    customer = owing(amount="10500.00")
    CreditFactory(customer=customer, total=Decimal("600.00"), issued=business_today())
    refresh_summaries(today=business_today())
    assert tick()["crossing"] == 0


def test_the_line_of_the_console_counts():
    owing(days=50, amount="8000.00")
    WorkflowDefinition.objects.filter(workflow_type="service_hold_trigger").update(
        thresholds={"days": 45, "amount": "5000"}
    )
    assert tick()["staged"] == 1


def test_the_stronger_recommendation_is_marked():
    owing("Strong", days=91, amount="25000.01")
    owing("Plain", days=90, amount="25000.01")
    tick()
    marked = ProposedAction.objects.order_by("customer__name").values_list("customer__name", "strong")
    assert list(marked) == [("Plain", False), ("Strong", True)]


def test_a_second_tick_of_the_day_stages_nothing_new():
    owing()
    owing("Harbor Foods")
    assert tick()["staged"] == 2
    answer = tick()
    assert (answer["staged"], answer["skipped"], ProposedAction.objects.count()) == (0, {"open_proposal": 2}, 2)


def test_nor_does_it_raise_versions():
    owing()
    tick()
    tick()
    assert ProposedAction.objects.get().version == 1


# --- who is excused -----------------------------------------------------------------------------------


def test_a_customer_on_hold_is_skipped(mike):
    held(owing(), mike)
    assert tick()["skipped"] == {"on_hold": 1}


def test_a_proposal_made_by_hand_is_enough(clerk):
    proposed(owing(), by=clerk)
    assert tick()["skipped"] == {"open_proposal": 1}


def test_a_deferred_proposal_is_still_open(mike):
    owing()
    tick()
    proposal = ProposedAction.objects.get()
    proposals.defer(proposal=proposal, version=1, by=mike, reason="Promise", until=due_in(5))
    assert tick()["skipped"] == {"open_proposal": 1}


def test_a_kept_plan_is_respected(mike):
    customer = owing()
    pauses.agree_plan(customer=customer, instalments=[(due_in(9), Decimal(1000))], reason="Agreed", by=mike)
    assert tick()["skipped"] == {"payment_plan": 1}


def test_a_broken_plan_is_ended_and_excuses_nobody(mike, time_machine):
    customer = owing()
    pauses.agree_plan(
        customer=customer, instalments=[(due_in(2), Decimal(1000)), (due_in(30), Decimal(1000))], reason="Ok", by=mike
    )
    time_machine.move_to(datetime.now(UTC) + timedelta(days=3))
    answer = tick()
    assert (answer["staged"], answer["skipped"]) == (1, {})
    assert Pause.objects.get().end_reason.startswith("Broken: the instalment of ")


def test_a_paid_instalment_keeps_the_plan(mike, time_machine):
    customer = owing()
    pauses.agree_plan(
        customer=customer, instalments=[(due_in(2), Decimal(1000)), (due_in(30), Decimal(1000))], reason="Ok", by=mike
    )
    PaymentFactory(customer=customer, issued=due_in(1), total=Decimal(1000))
    time_machine.move_to(datetime.now(UTC) + timedelta(days=3))
    assert tick()["skipped"] == {"payment_plan": 1}


def test_a_grace_period_is_respected_to_its_last_day(mike, time_machine):
    pauses.grant_grace(customer=owing(), reason="Migration", by=mike)
    start = datetime.now(UTC)
    time_machine.move_to(start + timedelta(days=14))
    assert tick()["skipped"] == {"grace_period": 1}
    time_machine.move_to(start + timedelta(days=15))
    assert tick()["staged"] == 1


def test_a_lifted_hold_is_respected_for_a_week(mike, time_machine):
    holds.lift(hold=held(owing(), mike), reason="Promise", by=mike)
    start = datetime.now(UTC)
    time_machine.move_to(start + timedelta(days=7))
    assert tick()["skipped"] == {"after_release": 1}
    time_machine.move_to(start + timedelta(days=8))
    assert tick()["staged"] == 1


def test_a_dispute_that_takes_it_below_the_line_is_respected(mike):
    customer = owing(amount="12000.00")
    dispute = open_dispute(customer=customer, reason_text="Wrong price", by=mike, amount=Decimal("2500.00"))
    assert tick()["skipped"] == {"disputed": 1}
    resolve(dispute=dispute, resolution="upheld", by=mike, reason="Price was agreed")
    assert tick()["staged"] == 1


def test_a_small_dispute_does_not_excuse(mike):
    customer = owing(amount="12000.00")
    open_dispute(customer=customer, reason_text="One box broken", by=mike, amount=Decimal("100.00"))
    assert tick()["staged"] == 1


def test_a_declined_customer_has_peace_for_a_week(mike, time_machine):
    owing()
    tick()
    reject(mike)
    start = datetime.now(UTC)
    time_machine.move_to(start + timedelta(days=6))
    assert tick()["skipped"] == {"declined_recently": 1}
    time_machine.move_to(start + timedelta(days=7))
    assert tick()["staged"] == 1


def test_the_week_counts_business_days_not_those_of_greenwich(mike, time_machine):
    time_machine.move_to(datetime(2026, 3, 17, 1, 30, tzinfo=UTC))  # Monday 21:30 in New York
    owing()
    tick()
    reject(mike)
    time_machine.move_to(datetime(2026, 3, 23, 14, 0, tzinfo=UTC))
    assert tick()["staged"] == 1


# --- proposals that wait ------------------------------------------------------------------------------


def test_a_paid_customers_proposal_is_withdrawn():
    customer = owing()
    tick()
    pay(customer)
    assert tick()["withdrawn"] == 1
    proposal = ProposedAction.objects.get()
    assert (proposal.status, proposal.decided_by) == ("superseded", None)
    assert Transition.objects.for_row(proposal).last().reason == "Paid or below the line: no longer crosses."


def test_with_it_go_hold_and_run():
    customer = owing()
    tick()
    pay(customer)
    tick()
    assert (ServiceHold.objects.get().status, WorkflowRun.objects.get().status) == ("declined", "superseded")


def test_a_withdrawn_customer_who_crosses_again_is_proposed_again():
    customer = owing()
    tick()
    pay(customer)
    tick()
    owe(customer, days=70, amount="20000.00")
    assert tick()["staged"] == 1


def test_an_inactive_customers_proposal_is_withdrawn():
    owing()
    tick()
    Customer.objects.update(is_inactive=True)
    assert (tick()["withdrawn"], ProposedAction.objects.get().status) == (1, "superseded")


def test_a_proposal_by_hand_is_never_withdrawn(mike):
    customer = owing()
    proposed(customer, by=mike)
    pay(customer)
    assert (tick()["withdrawn"], ProposedAction.objects.get().status) == (0, "pending")


def test_but_its_figures_follow(mike):
    customer = owing()
    proposed(customer, by=mike)
    pay(customer)
    tick()
    proposal = ProposedAction.objects.get()
    assert (proposal.version, proposal.evidence["ar_balance"]) == (2, "0.00")


def test_a_growing_balance_raises_the_version():
    customer = owing()
    tick()
    owe(customer, days=5, amount="100.00")
    tick()
    proposal = ProposedAction.objects.get()
    assert (proposal.version, proposal.evidence["ar_balance"]) == (2, "48310.40")


# --- which day ----------------------------------------------------------------------------------------


def test_a_past_day_is_judged_by_its_own_figures():
    customer = owing(days=94)
    assert tick(due_in(-35))["crossing"] == 0
    assert tick(due_in(-34))["staged"] == 1
    assert ProposedAction.objects.get(customer=customer).evidence["days_overdue"] == 60


def test_what_was_settled_since_still_counts_on_a_past_day():
    customer = owing(days=94)
    pay(customer)
    assert tick(due_in(-1))["staged"] == 1


def test_a_past_day_withdraws_nothing():
    customer = owing()
    tick()
    pay(customer)
    assert tick(due_in(-1))["withdrawn"] == 0


def test_a_proposal_of_a_past_day_says_so():
    owing()
    tick(due_in(-1))
    assert "past_day" in {warning["code"] for warning in ProposedAction.objects.get().warnings}


def test_a_day_that_has_not_come_is_refused():
    owing(days=50)
    with pytest.raises(Refusal, match="has not come"):
        tick(due_in(30))
    assert (ProposedAction.objects.count(), Heartbeat.objects.filter(name="aging_tick").count()) == (0, 0)


def test_invoices_issued_over_night_count_today(time_machine):
    customer = owing(amount="9000.00", days=59)
    InvoiceFactory(customer=customer, issued=due_in(1), due=due_in(31), total=Decimal("1000.00"))
    tick()
    time_machine.move_to(datetime.now(UTC) + timedelta(days=1))
    assert tick()["staged"] == 1


# --- who and when -------------------------------------------------------------------------------------


def test_a_clerk_may_run_it(clerk):
    owing()
    assert tick(by=clerk)["staged"] == 1
    assert ProposedAction.objects.get().proposed_by == "clerk"


@pytest.mark.parametrize("role", ["owner", "cashier", "operator"])
def test_the_wrong_role_may_not(role, request):
    owing()
    with pytest.raises(NotAllowed):
        tick(by=request.getfixturevalue(role))
    assert ProposedAction.objects.count() == 0


def test_a_contract_switched_off_proposes_nothing():
    owing()
    WorkflowDefinition.objects.filter(workflow_type="service_hold_trigger").update(enabled=False)
    with pytest.raises(WorkflowNotFound):
        tick()


def test_it_leaves_a_sign_of_life():
    owing()
    answer = tick()
    assert answer.items() <= Heartbeat.objects.get(name="aging_tick").detail.items()


# --- how much it costs --------------------------------------------------------------------------------


def queries_of_a_tick() -> int:
    with CaptureQueriesContext(connection) as seen:
        tick()
    return len(seen)


def test_thirty_crossing_customers_cost_as_many_statements_as_one():
    owing()
    tick()
    owing("One more")
    one = queries_of_a_tick()
    for number in range(30):
        owing(f"Customer {number}")
    assert queries_of_a_tick() == one
    assert ProposedAction.objects.count() == 32


def test_looking_after_thirty_open_proposals_costs_as_much_as_after_one():
    owing()
    tick()
    one = queries_of_a_tick()
    for number in range(29):
        owing(f"Customer {number}")
    tick()
    assert queries_of_a_tick() == one


# --- the command --------------------------------------------------------------------------------------


def run_command(*arguments: str) -> str:
    out = StringIO()
    call_command("aging_tick", *arguments, stdout=out)
    return out.getvalue().splitlines()[-1]


def test_the_command_answers_as_json(mike):
    owing()
    held(owing("Harbor Foods"), mike)
    owing("Small Foods", amount="12.00")
    today = business_today().isoformat()
    assert json.loads(run_command("--json")) == {
        "as_of": today,
        "customers": 3,
        "crossing": 2,
        "staged": 1,
        "withdrawn": 0,
        "skipped": {"on_hold": 1},
    }


def test_the_command_says_it_in_words():
    owing()
    assert run_command().endswith(": 1 customers, 1 cross the line, 1 proposed, 0 withdrawn, skipped: none.")


def test_the_command_takes_a_past_day():
    owing(days=94)
    assert json.loads(run_command("--as-of", due_in(-35).isoformat(), "--json"))["crossing"] == 0


@pytest.mark.parametrize("day", ["16.03.2026", "tomorrow", "2026-02-30"])
def test_the_command_refuses_what_is_no_day(day):
    with pytest.raises(CommandError, match="YYYY-MM-DD"):
        run_command("--as-of", day)


def test_the_command_refuses_a_day_to_come():
    with pytest.raises(CommandError, match="has not come"):
        run_command("--as-of", due_in(1).isoformat())


def test_a_proposal_is_read_again_only_when_its_figures_were_written():
    customer = owing()
    aging_tick(as_of=business_today())
    with CaptureQueriesContext(connection) as nothing_new:
        aging_tick(as_of=business_today())
    refresh_summaries([customer.pk], today=business_today())
    with CaptureQueriesContext(connection) as written:
        aging_tick(as_of=business_today())
    with CaptureQueriesContext(connection) as read:
        aging_tick(as_of=business_today())
    assert (len(nothing_new) < len(written), len(read)) == (True, len(nothing_new))
