"""What must happen when something breaks, row by row of the reliability page, where no other file shows it.

Shown elsewhere:
  killed before or after the call, frozen past its lease, poison row, time-out, 429, 401, 500s, permanent 4xx,
    malformed answers, slow loris: tests/netsuite/test_client.py, test_delivery.py, test_outbox_flow.py
  q2 cluster frozen: tests/flows/test_worker.py
  many workers killed while NetSuite fails: tests/flows/test_chaos.py
  two approvers at the same moment: tests/flows/test_approvals.py
  SMTP down, greylisted, cut, recipient refused: tests/flows/test_mail.py
  drift and its two answers, unit by unit: tests/holds/test_drift.py
  four days down: tests/holds/test_tasks.py
Here: the clock, hold then lift, drift with a real account, stale tab and back button, select-all, the switches,
a full disk, a lost database, four days of unsent mail.
"""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import OperationalError
from django.utils import timezone
from django.utils.module_loading import autodiscover_modules

from customers.models import Customer
from holds import tasks as hold_tasks
from holds.actions import holds
from holds.models import ServiceHold
from netsuite import bell, outbox
from netsuite import tasks as push_tasks
from netsuite.invariants import INVARIANTS, Evidence
from netsuite.models import Push, PushAttempt
from netsuite.sandbox.process import SandboxProcess
from tests.factories.holds import held, notice, owe, owing, pay, proposed
from workflows import tasks
from workflows.access import NotAllowed
from workflows.actions import emails, proposals
from workflows.actions.emails import StaleText
from workflows.actions.proposals import AlreadyDecided, StaleVersion
from workflows.actions.switches import flip
from workflows.models import AutoDecision, OutboundEmail, ProposedAction

pytestmark = pytest.mark.django_db(transaction=True)

autodiscover_modules("invariants")


@pytest.fixture
def customer(sandbox: SandboxProcess) -> Customer:
    """Northside Grocers, known to NetSuite, hold field AUTO."""
    customer = owing()
    set_by_hand(sandbox, customer, "AUTO")
    return customer


def set_by_hand(sandbox: SandboxProcess, customer: Customer, value: str) -> None:
    record = {"id": int(customer.netsuite_id), "companyname": customer.name, "email": customer.email}
    sandbox.load(customers=[{**record, "creditholdoverride": value}])


def hold_field(sandbox: SandboxProcess, customer: Customer) -> str:
    record = sandbox.get("customer", customer.netsuite_id)
    assert record is not None
    return record["creditHoldOverride"]["id"]


def writes(sandbox: SandboxProcess) -> int:
    return sum(line["method"] == "PATCH" for line in sandbox.requests())


def sync() -> None:
    call_command("sync_netsuite", verbosity=0)


# --- hold then lift before the first push left --------------------------------------------------------


def test_a_lift_before_the_hold_left_sends_nothing_but_the_last_wish(sandbox, customer, mike):
    holds.lift(hold=held(customer, mike), reason="Paid by phone", by=mike)
    outbox.drain()
    assert list(Push.objects.order_by("generation").values_list("status", flat=True)) == ["superseded", "applied"]
    assert (hold_field(sandbox, customer), writes(sandbox)) == ("AUTO", 0)


def test_hold_lift_and_hold_again_ends_with_the_last_one(sandbox, customer, mike):
    holds.lift(hold=held(customer, mike), reason="Paid by phone", by=mike)
    held(Customer.objects.get(), mike, "Cheque bounced")
    outbox.drain()
    assert list(Push.objects.order_by("generation").values_list("status", flat=True)) == [
        "superseded",
        "superseded",
        "applied",
    ]
    assert (hold_field(sandbox, customer), writes(sandbox)) == ("ON", 1)


def test_the_replaced_holds_proposal_is_closed(customer, mike):
    hold = held(customer, mike)
    holds.lift(hold=hold, reason="Paid by phone", by=mike)
    outbox.drain()
    assert ProposedAction.objects.get(pk=hold.proposal_id).status == "superseded"


# --- NetSuite changed by hand -------------------------------------------------------------------------


@pytest.fixture
def drifted(sandbox: SandboxProcess, customer: Customer, mike: Any) -> ProposedAction:
    """Held and confirmed; then somebody sets OFF in NetSuite, and the next sync sees it."""
    held(customer, mike)
    outbox.drain()
    set_by_hand(sandbox, customer, "OFF")
    with time_machine.travel(timezone.now() + timedelta(seconds=5)):
        sync()
    assert hold_tasks.check_drift() == 1
    return ProposedAction.objects.get(action_type="netsuite_drift")


def test_a_change_by_hand_is_asked_about_and_left_alone(sandbox, customer, drifted):
    outbox.drain()
    assert (hold_field(sandbox, customer), drifted.current_state_json) == ("OFF", {"credit_hold": "OFF"})


def test_approving_it_sets_the_approved_value_again(sandbox, customer, drifted, mike):
    proposals.approve(proposal=drifted, version=1, by=mike, reason="Set by mistake")
    outbox.drain()
    assert (hold_field(sandbox, customer), Customer.objects.get().credit_hold_override) == ("ON", "ON")


def test_rejecting_it_keeps_netsuites_value_and_ends_the_hold(sandbox, customer, drifted, mike):
    proposals.reject(proposal=drifted, version=1, by=mike, reason="The branch knows")
    outbox.drain()
    assert (hold_field(sandbox, customer), ServiceHold.objects.get().status) == ("OFF", "lifted")
    assert hold_tasks.check_drift() == 0


def test_a_push_that_meets_the_change_stops_and_asks(sandbox, customer, mike):
    hold = held(customer, mike)
    set_by_hand(sandbox, customer, "OFF")
    outbox.drain()
    assert (hold_field(sandbox, customer), writes(sandbox)) == ("OFF", 0)
    assert Push.objects.get().last_error_code == "drift"
    assert ProposedAction.objects.get(pk=hold.proposal_id).status == "failed"
    assert ProposedAction.objects.get(action_type="netsuite_drift").status == "pending"


# --- two approvers, double click, back button, stale tab ----------------------------------------------


def test_a_stale_tab_learns_that_the_facts_moved(customer, mike):
    proposal = proposed(customer)
    tab = ProposedAction.objects.get(pk=proposal.pk)
    owe(customer, days=3, amount="500.00")
    with pytest.raises(StaleVersion, match="version 1; version 2 has newer facts") as told:
        proposals.approve(proposal=tab, version=1, by=mike, reason="Late")
    assert (told.value.status, told.value.extra["version"]) == (409, 2)
    assert not Push.objects.exists()


def test_a_stale_tab_never_holds_who_paid(customer, mike):
    tab = proposed(customer)
    pay(customer)
    with pytest.raises(StaleVersion):
        proposals.approve(proposal=tab, version=1, by=mike, reason="Late")
    assert Customer.objects.get().entitystatus == ""


@pytest.mark.parametrize("second", [proposals.approve, proposals.reject])
def test_the_back_button_after_a_decision_changes_nothing(customer, mike, owner, second):
    proposal = proposed(customer)
    tab = ProposedAction.objects.get(pk=proposal.pk)
    proposals.approve(proposal=proposal, version=1, by=mike, reason="Late")
    with pytest.raises(AlreadyDecided, match="Already decided by mike at"):
        second(proposal=tab, version=1, by=owner, reason="Late")
    assert (AutoDecision.objects.count(), ServiceHold.objects.get().status) == (1, "active")


def test_two_who_polish_the_same_mail(customer, mike):
    email = notice(held(customer, mike))
    tab = OutboundEmail.objects.get(pk=email.pk)
    emails.edit(email=email, version=1, subject=email.subject, body="First", by=mike)
    with pytest.raises(StaleText):
        emails.approve(email=tab, version=1, by=mike)
    assert OutboundEmail.objects.get(pk=email.pk).status == "pending_review"


# --- select-all ---------------------------------------------------------------------------------------


def test_select_all_never_holds_anybody(customer, mike):
    items = [(proposed(one).pk, 1) for one in (customer, owing("Harbor Foods"))]
    with pytest.raises(NotAllowed, match="one by one"):
        proposals.approve_many(items=items, by=mike, reason="all")
    assert (ProposedAction.objects.filter(status="pending").count(), Push.objects.count()) == (2, 0)


def test_one_hold_among_harmless_ones_refuses_the_whole_selection(customer, mike):
    harmless = ProposedAction.objects.create(
        action_type="cleanup", entity_type="note", entity_ref="1", risk_level=2, rationale="x", proposed_by="schedule:x"
    )
    with pytest.raises(NotAllowed):
        proposals.approve_many(items=[(harmless.pk, 1), (proposed(customer).pk, 1)], by=mike, reason="all")
    assert ProposedAction.objects.get(pk=harmless.pk).status == "pending"


# --- switches -----------------------------------------------------------------------------------------


def test_the_write_switch_keeps_pushes_and_lets_them_go_later(sandbox, customer, mike):
    held(customer, mike)
    flip(name="ns_writes", state="on", by=mike, reason="Month end")
    push_tasks.drain_now()
    assert (hold_field(sandbox, customer), Push.objects.get().attempts.count()) == ("AUTO", 0)
    flip(name="ns_writes", state="off", by=mike, reason="Done")
    push_tasks.drain_now()
    assert hold_field(sandbox, customer) == "ON"


def test_while_netsuite_is_shut_the_hold_is_in_force_here(customer, mike):
    flip(name="ns_writes", state="on", by=mike, reason="Month end")
    held(customer, mike)
    outbox.drain()
    assert Customer.objects.get().entitystatus == "hold"


# --- a bell that does not ring, a disk that is full, a database that went away --------------------------


def test_without_the_bell_the_schedule_still_delivers(sandbox, customer, mike, monkeypatch):
    def silent(*args: object, **kwargs: object) -> None:
        raise OperationalError("the queue's table is locked")

    monkeypatch.setattr(bell, "async_task", silent)
    held(customer, mike)
    push_tasks.drain_now()
    assert hold_field(sandbox, customer) == "ON"


def test_with_a_full_disk_netsuite_is_not_called(sandbox, customer, mike, monkeypatch):
    def full(*args: object, **kwargs: object) -> None:
        raise OperationalError("database or disk is full")

    held(customer, mike)
    with monkeypatch.context() as disk:
        disk.setattr(PushAttempt.objects, "bulk_create", full)
        with pytest.raises(OperationalError):
            outbox.drain(once=True)
    assert (hold_field(sandbox, customer), writes(sandbox)) == ("AUTO", 0)


def test_an_approval_cut_by_the_database_leaves_nothing_half_done(customer, mike, monkeypatch):
    def gone(*args: object, **kwargs: object) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    proposal = proposed(customer)
    with monkeypatch.context() as database:
        database.setattr("netsuite.writing._write", gone)
        with pytest.raises(OperationalError):
            proposals.approve(proposal=proposal, version=1, by=mike, reason="Late")
    assert (Push.objects.count(), OutboundEmail.objects.count(), AutoDecision.objects.count()) == (0, 0, 0)
    fresh = ProposedAction.objects.get()
    proposals.approve(proposal=fresh, version=1, by=mike, reason="Late")
    assert fresh.status == "applying"


# --- clocks -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hours", [-26, 26])
def test_a_worker_with_a_wrong_clock_keeps_the_order(sandbox, customer, mike, hours):
    hold = held(customer, mike)
    with time_machine.travel(timezone.now() + timedelta(hours=hours)):
        holds.lift(hold=hold, reason="Paid", by=mike)
    outbox.drain()
    assert (hold_field(sandbox, customer), Push.objects.latest("generation").status) == ("AUTO", "applied")


def test_a_host_with_a_slow_clock_still_writes_the_last_history(customer, mike):
    email = notice(held(customer, mike))
    with time_machine.travel(timezone.now() - timedelta(minutes=11)):
        emails.approve(email=email, version=1, by=mike)
    [check] = [each for each in INVARIANTS if each.number == 20]
    assert list(check.broken(Evidence())) == []


def test_four_days_of_unsent_mail_are_asked_about_not_flooded(customer, smtp, mike):
    email = notice(held(customer, mike))
    emails.approve(email=email, version=1, by=mike)
    pay(customer)
    with time_machine.travel(timezone.now() + timedelta(days=4)):
        assert tasks.send_due()["came_back"] == 1
        assert tasks.send_due() == {"sent": 0, "came_back": 0, "waiting": 0, "failed": 0, "uncertain": 0}
    assert smtp.received == []
