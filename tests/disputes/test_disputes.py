"""A dispute's life: answered, routed, changed, withdrawn; its clocks; what settling takes along."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from customers.clock import business_today
from customers.models import Customer
from disputes.actions import subjects
from disputes.actions.disputes import (
    escalate,
    respond,
    set_amount,
    set_owner,
    set_root_cause,
    withdraw,
)
from disputes.models import Dispute
from netsuite.errors import Refusal
from netsuite.machine import Transition
from tests.factories.customers import EmployeeFactory, InvoiceFactory
from tests.factories.disputes import answer_to, disputed, proposal_about
from tests.factories.holds import owing
from workflows.access import NotAllowed
from workflows.actions import emails
from workflows.models import AutoDecision, OutboundEmail, ProposedAction

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer(frozen_today: Any) -> Customer:
    return owing(amount="14820.00")


@pytest.fixture
def dispute(customer: Customer, clerk: Any) -> Dispute:
    return disputed(customer, clerk)


def verbs(dispute: Dispute) -> list[str]:
    return list(Transition.objects.for_row(dispute).values_list("verb", flat=True))


# --- clocks -------------------------------------------------------------------------------------------


def test_an_answer_and_a_settlement_are_promised(dispute):
    assert (dispute.respond_by.isoformat(), dispute.resolve_by.isoformat()) == (
        "2026-03-17T14:00:00+00:00",
        "2026-03-30T21:00:00+00:00",
    )


@pytest.mark.parametrize(("after", "late"), [("1 day", False), ("1 day 1 min", True)])
def test_unanswered_it_is_late(dispute, after, late):
    now = dispute.respond_by + (timedelta(minutes=1) if late else timedelta())
    assert Dispute.objects.overdue(now).exists() is dispute.is_overdue(now) is late


def test_answered_it_is_in_time_until_it_should_be_settled(dispute, mike):
    row = respond(dispute=dispute, by=mike)
    assert Dispute.objects.overdue(row.respond_by + timedelta(days=1)).exists() is False
    assert Dispute.objects.overdue(row.resolve_by + timedelta(minutes=1)).exists() is True


def test_settled_it_is_never_late(dispute, clerk):
    withdraw(dispute=dispute, by=clerk, reason="Found the boxes")
    assert Dispute.objects.overdue(dispute.resolve_by + timedelta(days=9)).exists() is False


# --- answering ----------------------------------------------------------------------------------------


def test_an_answer_stops_the_first_clock(dispute, mike):
    row = respond(dispute=dispute, by=mike)
    assert (row.status, row.responded_at, verbs(row)) == ("responding", timezone.now(), ["create", "respond"])


def test_a_second_answer_changes_nothing(dispute, mike):
    first = respond(dispute=dispute, by=mike)
    with time_machine.travel(timezone.now() + timedelta(hours=1), tick=False):
        assert respond(dispute=dispute, by=mike).responded_at == first.responded_at
    assert verbs(dispute) == ["create", "respond"]


def test_the_sent_mail_is_the_answer(dispute, mike, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    email = answer_to(dispute)
    emails.approve(email=email, version=1, by=mike)
    with time_machine.travel(timezone.now() + timedelta(minutes=3), tick=False):
        assert emails.send_due(now=timezone.now())["sent"] == 1
    row = Dispute.objects.get()
    assert (row.status, row.responded_at) == ("responding", OutboundEmail.objects.get().sent_at)


def test_a_paid_invoice_brings_the_answer_back(dispute, mike):
    email = answer_to(dispute)
    emails.approve(email=email, version=1, by=mike)
    dispute.customer.transactions.update(unpaid=0)
    assert emails.send_due(now=timezone.now() + timedelta(minutes=3))["came_back"] == 1
    assert "Open on it was $14,820.00, is $0.00" in OutboundEmail.objects.get().came_back


def test_an_answer_to_a_settled_dispute_never_goes_out(dispute, mike, clerk):
    emails.approve(email=answer_to(dispute), version=1, by=mike)
    withdraw(dispute=dispute, by=clerk, reason="Found the boxes")
    assert emails.send_due(now=timezone.now() + timedelta(minutes=3))["came_back"] == 1
    with pytest.raises(Refusal, match="settled since"):
        emails.approve(email=OutboundEmail.objects.get(), version=1, by=mike)


# --- routing ------------------------------------------------------------------------------------------


def test_who_decides_proposals_routes_at_once(dispute, mike):
    assert escalate(dispute=dispute, by=mike, reason="The rep knows them") is None
    row = Dispute.objects.get()
    assert (row.status, row.owner, row.escalated_at) == ("escalated", row.customer.sales_rep, timezone.now())
    assert proposal_about(row, "customer_escalation").status == "applied"


def test_others_leave_a_proposal(dispute, integrator):
    waiting = escalate(dispute=dispute, by=integrator, reason="Asks for a call")
    assert (waiting.action_type, waiting.status, Dispute.objects.get().status) == (
        "customer_escalation",
        "pending",
        "open",
    )
    assert ProposedAction.objects.count() == 1


def test_after_a_rejected_routing_they_propose_anew(dispute, mike, integrator):
    from workflows.actions import proposals

    first = proposal_about(dispute, "customer_escalation")
    proposals.reject(proposal=first, version=1, by=mike, reason="We settle it here")
    again = escalate(dispute=dispute, by=integrator, reason="Asks for the rep by name")
    assert (again != first, again.proposed_by, again.assigned_to) == (True, "integrator", dispute.owner)


def test_a_second_click_is_told_so(dispute, mike):
    escalate(dispute=dispute, by=mike, reason="The rep knows them")
    with pytest.raises(Refusal, match="escalated already") as refused:
        escalate(dispute=Dispute.objects.get(), by=mike, reason="Again")
    assert refused.value.status == 409


@pytest.mark.parametrize("role", ["rep", "committee", "owner", "cashier", "operator"])
def test_the_wrong_role_may_not_route(dispute, role, request):
    with pytest.raises(NotAllowed):
        escalate(dispute=dispute, by=request.getfixturevalue(role), reason="x")


def test_the_reps_own_queue(dispute, mike, rep, clerk):
    EmployeeFactory(user=rep)
    mine = owing("Mine", sales_rep=rep.employee)
    routed, _waiting = disputed(mine, clerk), disputed(mine, clerk)
    escalate(dispute=routed, by=mike, reason="Yours")
    assert list(Dispute.objects.in_queue_of(rep)) == [routed]
    assert Dispute.objects.visible_to(rep).count() == 2


# --- changing -----------------------------------------------------------------------------------------


def test_another_part_is_set_apart(dispute, clerk):
    until = business_today() + timedelta(days=5)
    set_amount(dispute=dispute, amount=Decimal("900.00"), until=until, by=clerk, reason="Two boxes only")
    row = Dispute.objects.get()
    assert (row.amount, row.set_apart_until) == (Decimal("900.00"), until)
    assert Dispute.objects.set_apart([row.customer_id], until + timedelta(days=1)) == {}


@pytest.mark.parametrize(("amount", "code"), [("0.00", "invalid_amount"), ("14820.01", "amount_too_large")])
def test_a_wrong_part_is_refused(dispute, clerk, amount, code):
    with pytest.raises(Refusal) as refused:
        set_amount(dispute=dispute, amount=Decimal(amount), by=clerk, reason="x")
    assert (refused.value.code, Dispute.objects.get().amount) == (code, Decimal("14820.00"))


def test_a_past_day_is_refused(dispute, clerk):
    with pytest.raises(Refusal, match="today or a later day"):
        set_amount(dispute=dispute, amount=None, until=business_today() - timedelta(days=1), by=clerk, reason="x")


def test_a_settled_one_is_not_changed(dispute, clerk):
    withdraw(dispute=dispute, by=clerk, reason="Found the boxes")
    with pytest.raises(Refusal, match="resolved already"):
        set_amount(dispute=dispute, amount=Decimal(1), by=clerk, reason="x")


def test_the_root_cause_may_come_later(dispute, clerk):
    withdraw(dispute=dispute, by=clerk, reason="Found the boxes")
    set_root_cause(dispute=dispute, root_cause="Price list\n not updated ", by=clerk)
    row = Dispute.objects.get()
    assert (row.root_cause, row.history.latest().root_cause) == ("Price list not updated", "Price list not updated")


def test_another_owner(dispute, clerk):
    other = EmployeeFactory()
    set_owner(dispute=dispute, owner=other, by=clerk, reason="Dana is away")
    decision = AutoDecision.objects.latest("pk")
    assert (Dispute.objects.get().owner, decision.decision_type, decision.reason) == (
        other,
        "dispute_owner_set",
        "Dana is away",
    )


def test_nobody_who_left(dispute, clerk):
    with pytest.raises(Refusal, match="has left"):
        set_owner(dispute=dispute, owner=EmployeeFactory(is_inactive=True), by=clerk, reason="x")


def test_another_reason_writes_the_answer_anew(dispute, clerk):
    subjects.set_reason(dispute=dispute, reason="other", sub_reason="tax", by=clerk)
    email = answer_to(dispute)
    assert ("exemption" in email.body, email.version, email.versions.count()) == (True, 2, 2)


def test_an_answer_that_somebody_polished_stays(dispute, clerk, mike):
    emails.edit(email=answer_to(dispute), version=1, subject="Yours", body="Our own words", by=mike)
    subjects.set_reason(dispute=dispute, reason="pricing", by=clerk)
    assert (answer_to(dispute).body, Dispute.objects.get().reason) == ("Our own words", "pricing")


def test_an_invoice_named_later(customer, clerk):
    dispute = disputed(customer, clerk, invoice_ref="INV-0")
    invoice = customer.transactions.invoices().first()
    subjects.set_invoice(dispute=dispute, invoice=invoice, by=clerk)
    row = Dispute.objects.get()
    assert (row.invoice, row.amount, row.invoice_ref) == (invoice, invoice.unpaid, "INV-0")
    assert f"Invoice {invoice.tranid}" in answer_to(dispute).body


def test_not_an_invoice_of_somebody_else(dispute, clerk):
    with pytest.raises(Refusal, match="not an invoice of"):
        subjects.set_invoice(dispute=dispute, invoice=InvoiceFactory(), by=clerk)


# --- settling -----------------------------------------------------------------------------------------


def test_withdrawn(dispute, clerk):
    withdraw(dispute=dispute, by=clerk, reason="Found the boxes")
    row = Dispute.objects.get()
    assert (row.status, row.resolution, verbs(row)) == ("resolved", "withdrawn", ["create", "withdraw"])
    assert Dispute.objects.set_apart([row.customer_id], business_today()) == {}


def test_settling_takes_along_what_waits(dispute, clerk):
    withdraw(dispute=dispute, by=clerk, reason="Found the boxes")
    assert proposal_about(dispute, "customer_escalation").status == "superseded"
    assert answer_to(dispute).status == "discarded"


def test_but_not_what_waits_about_another(dispute, clerk):
    other = disputed(dispute.customer, clerk, invoice_ref=InvoiceFactory(customer=dispute.customer).tranid)
    withdraw(dispute=dispute, by=clerk, reason="Found the boxes")
    assert proposal_about(other, "customer_escalation").status == "pending"
    assert answer_to(other).status == "pending_review"


def test_withdrawing_twice_is_told_so(dispute, clerk):
    stale = Dispute.objects.get()
    withdraw(dispute=dispute, by=clerk, reason="Found the boxes")
    with pytest.raises(Refusal, match="resolved already"):
        withdraw(dispute=stale, by=clerk, reason="Again")


@pytest.mark.parametrize("role", ["rep", "committee", "owner", "cashier", "operator"])
def test_the_wrong_role_may_not_withdraw(dispute, role, request):
    with pytest.raises(NotAllowed):
        withdraw(dispute=dispute, by=request.getfixturevalue(role), reason="x")


def test_an_invoice_deleted_in_netsuite_leaves_the_dispute(dispute):
    ref = dispute.invoice_ref
    dispute.invoice.delete()
    row = Dispute.objects.get()
    assert (row.invoice, row.invoice_ref) == (None, ref)
