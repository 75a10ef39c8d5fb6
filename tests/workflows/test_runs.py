"""What the other system answers reaches step, run and proposal; checks come due."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from customers.models import Customer
from holds.models import ServiceHold
from netsuite import outbox
from netsuite.models import Push
from tests.factories.holds import held, owing
from tests.netsuite.conftest import FakeRemote, make_due, refused, server_error
from workflows import tasks
from workflows.actions import runs
from workflows.models import ProposedAction, VerifyResult, WorkflowRun, WorkflowStep

pytestmark = pytest.mark.django_db


@pytest.fixture
def netsuite(monkeypatch) -> FakeRemote:
    """Every customer stands at AUTO."""
    remote = FakeRemote()
    monkeypatch.setitem(outbox.TRANSPORTS, "netsuite", lambda: remote)
    return remote


@pytest.fixture
def hold(mike, netsuite) -> ServiceHold:
    hold = held(owing(), mike)
    netsuite.records[hold.customer.netsuite_id] = {"credit_hold": "AUTO"}
    return hold


def deliver() -> None:
    for push in Push.objects.open():
        make_due(push)
    outbox.drain(once=True)


def told(hold: ServiceHold) -> tuple[str, str, str]:
    """Step, run, proposal."""
    step = WorkflowStep.objects.get(run=hold.run, kind="ns_push")
    run, proposal = WorkflowRun.objects.get(pk=hold.run_id), ProposedAction.objects.get(pk=hold.proposal_id)
    return step.status, run.status, proposal.status


def test_before_netsuite_answers_everything_is_under_way(hold):
    assert told(hold) == ("waiting", "running", "applying")


def test_a_confirmed_push_completes_all(hold):
    deliver()
    assert told(hold) == ("ok", "completed", "applied")


def test_a_push_to_be_retried_changes_nothing(hold, netsuite):
    netsuite.fail_next("write", server_error())
    deliver()
    assert told(hold) == ("waiting", "running", "applying")


def test_a_refused_push_fails_all_with_netsuites_words(hold, netsuite):
    netsuite.fail_next("write", refused("Please enter value(s) for: Terms"))
    deliver()
    assert told(hold) == ("failed", "failed", "failed")
    assert WorkflowStep.objects.get(run=hold.run, kind="ns_push").error == "Please enter value(s) for: Terms"


def test_a_retry_by_hand_heals_all(hold, netsuite, mike):
    netsuite.fail_next("write", refused())
    deliver()
    outbox.retry(all_failed=True, by="mike")
    deliver()
    assert told(hold) == ("ok", "completed", "applied")


def test_an_outcome_told_twice_changes_nothing(hold):
    deliver()
    before = told(hold)
    runs.push_settled(Push.objects.get())
    assert told(hold) == before


def test_the_run_keeps_when_it_was_completed(hold):
    deliver()
    run = WorkflowRun.objects.get(pk=hold.run_id)
    assert (run.completed_at is not None, run.stages[4]["status"]) == (True, "ok")


def test_a_push_of_no_run_is_nobodys(netsuite):
    push = outbox.enqueue(
        key="customer:7", record_type="customer", record_id="7", body={"credit_hold": "ON"}, by="mike", run_id=""
    )
    runs.push_settled(push)
    assert WorkflowRun.objects.count() == 0


def test_an_outcome_that_a_dead_worker_did_not_tell_is_told_later(hold, monkeypatch):
    with monkeypatch.context() as worker:
        worker.setattr("netsuite.drain.notify_all", lambda pushes: None)
        deliver()
    assert told(hold) == ("waiting", "running", "applying")
    assert tasks.apply_waiting() == 1
    assert told(hold) == ("ok", "completed", "applied")
    assert Customer.objects.get(pk=hold.customer_id).credit_hold_override == "ON"


def test_and_only_once(hold, monkeypatch):
    with monkeypatch.context() as worker:
        worker.setattr("netsuite.drain.notify_all", lambda pushes: None)
        deliver()
    assert (runs.catch_up(), runs.catch_up()) == (1, 0)


def test_a_retry_that_healed_in_silence_is_told_too(hold, netsuite, monkeypatch):
    netsuite.fail_next("write", refused())
    deliver()
    outbox.retry(all_failed=True, by="mike")
    with monkeypatch.context() as worker:
        worker.setattr("netsuite.drain.notify_all", lambda pushes: None)
        deliver()
    runs.catch_up()
    assert told(hold) == ("ok", "completed", "applied")


def test_what_is_still_on_its_way_is_not_told(hold):
    assert runs.catch_up() == 0


# --- checks -------------------------------------------------------------------------------------------


def verify(after: timedelta = timedelta(hours=1)) -> dict[str, int]:
    return runs.verify_due(now=timezone.now() + after)


def result(name: str) -> VerifyResult:
    return VerifyResult.objects.get(check_name=name)


def test_a_check_waits_for_its_time(hold):
    assert verify(timedelta(seconds=30)) == {"passed": 0, "failed": 0}


def test_all_checks_pass_after_a_good_run(hold):
    deliver()
    assert verify() == {"passed": 3, "failed": 0}


def test_a_push_that_did_not_arrive_is_named(hold):
    assert verify() == {"passed": 2, "failed": 1}
    assert result("netsuite_holds").detail == f"Push {Push.objects.get().pk} is queued."


def test_a_failed_check_is_tried_again_until_it_passes(hold):
    verify()
    deliver()
    assert verify() == {"passed": 1, "failed": 0}
    assert verify() == {"passed": 0, "failed": 0}


def test_a_flag_that_somebody_took_off_is_noticed(hold):
    Customer.objects.update(entitystatus="")
    verify()
    assert result("customer_flagged").detail == "Northside Grocers is not flagged although the hold is in force."


def test_a_check_that_the_contract_dropped_is_named(hold):
    VerifyResult.objects.filter(check_name="drafts_written").update(check_name="old_check")
    verify()
    assert result("old_check").detail == "The contract no longer declares this check."


def test_a_task_runs_the_checks_due(hold, time_machine: Any):
    time_machine.move_to(timezone.now() + timedelta(minutes=2))
    assert tasks.verify_due() == {"passed": 2, "failed": 0}
