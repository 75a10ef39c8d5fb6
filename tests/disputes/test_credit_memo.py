"""Credit memos: proposed, approved by others, pushed, and what the mirror says then."""

from decimal import Decimal
from typing import Any

import pytest

from customers.models import Customer, Transaction
from disputes.actions import credit_memos
from disputes.actions.credit_memos import propose_credit
from disputes.actions.disputes import resolve, withdraw
from disputes.models import Dispute
from netsuite.errors import Refusal
from netsuite.models import Push
from tests.factories.customers import InvoiceFactory
from tests.factories.disputes import disputed, proposal_about
from tests.factories.holds import owing
from workflows.access import NotAllowed
from workflows.actions import proposals
from workflows.models import ProposedAction, WorkflowDefinition

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer(frozen_today: Any) -> Customer:
    return owing(amount="14820.00")


@pytest.fixture
def dispute(customer: Customer, clerk: Any) -> Dispute:
    return disputed(customer, clerk)


def credit(dispute: Dispute, by: Any, amount: str = "900.00") -> ProposedAction:
    propose_credit(dispute=dispute, amount=Decimal(amount), by=by, reason="Two boxes were wet")
    return proposal_about(dispute, "credit_memo")


def approve(proposal: ProposedAction, by: Any) -> ProposedAction:
    return proposals.approve(proposal=proposal, version=proposal.version, by=by, reason="Photos seen")


def netsuite_says(push: Push, status: str, memo_id: str = "70001") -> None:
    """The push as the queue leaves it, told to the listener."""
    evidence = {"read_back": {"id": memo_id}} if status == "applied" else None
    Push.objects.filter(pk=push.pk).update(
        status=status, evidence=evidence, applied_at="2026-03-16T15:00Z" if evidence else None, last_error_detail="No"
    )
    credit_memos.push_settled(Push.objects.get(pk=push.pk))


# --- proposing ----------------------------------------------------------------------------------------


def test_a_proposal_names_invoice_and_amount(dispute, clerk):
    proposal = credit(dispute, clerk)
    change = proposal.proposed_change_json
    assert (change["invoice"], change["amount"], change["currency"]) == (dispute.invoice.tranid, "900.00", "USD")
    assert (proposal.risk_level, proposal.at_stake, proposal.status) == (3, Decimal("900.00"), "pending")


@pytest.mark.parametrize("amount", ["14820.01", "0.00", "-1.00", "1.005"])
def test_a_wrong_amount_is_refused(dispute, clerk, amount):
    with pytest.raises(Refusal) as refused:
        credit(dispute, clerk, amount)
    assert (refused.value.status, Push.objects.count()) == (400, 0)


def test_all_that_is_open_may_be_credited(dispute, clerk):
    assert credit(dispute, clerk, "14820.00").at_stake == Decimal("14820.00")


def test_without_an_invoice_there_is_nothing_to_credit(customer, clerk):
    with pytest.raises(Refusal, match="No invoice is known"):
        credit(disputed(customer, clerk, invoice_ref="INV-0"), clerk)


def test_one_memo_a_dispute(dispute, clerk):
    first = credit(dispute, clerk)
    with pytest.raises(Refusal, match=f"Proposal {first.pk} for a credit memo is pending already") as refused:
        credit(dispute, clerk)
    assert refused.value.status == 409


def test_a_rejected_one_may_be_proposed_anew(dispute, clerk, mike):
    proposals.reject(proposal=credit(dispute, clerk), version=1, by=mike, reason="Too much")
    propose_credit(dispute=dispute, amount=Decimal(100), by=clerk, reason="One box")
    assert ProposedAction.objects.filter(action_type="credit_memo").count() == 2


def test_another_currency_than_the_customers_is_for_netsuite(customer, clerk):
    invoice = InvoiceFactory(customer=customer, currency="CAD")
    with pytest.raises(Refusal, match="Issue this credit memo in NetSuite"):
        credit(disputed(customer, clerk, invoice_ref=invoice.tranid), clerk)


@pytest.mark.parametrize("role", ["rep", "committee", "owner", "cashier", "integrator", "operator"])
def test_the_wrong_role_may_not_propose_one(dispute, role, request):
    with pytest.raises(NotAllowed):
        credit(dispute, request.getfixturevalue(role))


# --- deciding -----------------------------------------------------------------------------------------


def test_approved_it_is_pushed_and_waits_for_netsuite(dispute, clerk, mike):
    proposal = approve(credit(dispute, clerk), mike)
    push = Push.objects.get()
    assert (proposal.status, push.record_type, push.operation, push.key) == (
        "applying",
        "creditMemo",
        "upsert",
        dispute.ref,
    )
    assert push.record_id == proposal.proposed_change_json["external_id"]
    assert push.body["apply"]["items"] == [{"doc": {"id": dispute.invoice.netsuite_id}, "apply": True, "amount": 900.0}]
    assert Dispute.objects.get().status == "open"


def test_who_proposed_it_does_not_approve_it(dispute, mike):
    with pytest.raises(NotAllowed, match="proposed this yourself"):
        approve(credit(dispute, mike), mike)
    assert Push.objects.count() == 0


def test_what_was_paid_meanwhile_is_not_credited(dispute, clerk, mike):
    proposal = credit(dispute, clerk)
    Transaction.objects.filter(pk=dispute.invoice.pk).update(unpaid=Decimal("899.99"))
    with pytest.raises(Refusal, match=r"Only \$899.99 is open"):
        approve(proposal, mike)
    assert ProposedAction.objects.get(pk=proposal.pk).status == "pending"


def test_settled_meanwhile_it_is_superseded(dispute, clerk, mike):
    proposal = credit(dispute, clerk)
    withdraw(dispute=dispute, by=clerk, reason="Found the boxes")
    assert ProposedAction.objects.get(pk=proposal.pk).status == "superseded"


def test_above_the_limit_a_second_person_approves(dispute, clerk, mike, committee):
    first = approve(credit(dispute, clerk, "5000.01"), mike)
    second = proposal_about(dispute, "credit_memo_second_approval")
    assert (first.status, second.risk_level, Push.objects.count()) == ("applying", 4, 0)
    approve(second, committee)
    assert Push.objects.get().by == "committee"


def test_the_first_approver_is_not_the_second(dispute, clerk, mike):
    approve(credit(dispute, clerk, "6000.00"), mike)
    with pytest.raises(NotAllowed, match="proposed this yourself"):
        approve(proposal_about(dispute, "credit_memo_second_approval"), mike)


def test_nor_is_the_proposer(dispute, mike, committee, owner):
    approve(credit(dispute, mike, "6000.00"), committee)
    second = proposal_about(dispute, "credit_memo_second_approval")
    with pytest.raises(NotAllowed, match="a third person approves it"):
        approve(second, mike)
    approve(proposal_about(dispute, "credit_memo_second_approval"), owner)
    assert Push.objects.count() == 1


def test_the_clerk_has_no_say_above_the_limit(dispute, clerk, mike, committee):
    approve(credit(dispute, mike, "6000.00"), committee)
    with pytest.raises(NotAllowed, match="risk 4"):
        approve(proposal_about(dispute, "credit_memo_second_approval"), clerk)


def test_the_second_no_ends_it(dispute, clerk, mike, committee):
    first = approve(credit(dispute, clerk, "6000.00"), mike)
    second = proposal_about(dispute, "credit_memo_second_approval")
    proposals.reject(proposal=second, version=1, by=committee, reason="Not our fault")
    assert (ProposedAction.objects.get(pk=first.pk).status, Push.objects.count()) == ("superseded", 0)


def test_the_console_may_change_the_limit(dispute, clerk, mike):
    row = WorkflowDefinition.objects.filter(workflow_type="customer_invoice_dispute")
    row.update(thresholds={"second_approval_above": "100"})
    approve(credit(dispute, clerk), mike)
    assert Push.objects.count() == 0


def test_on_its_way_it_keeps_the_dispute_open(dispute, clerk, mike):
    approve(credit(dispute, clerk), mike)
    with pytest.raises(Refusal, match="on its way"):
        resolve(dispute=dispute, resolution="upheld", by=mike, reason="x")


# --- NetSuite answers ---------------------------------------------------------------------------------


def test_netsuite_has_it(dispute, clerk, mike):
    proposal = approve(credit(dispute, clerk), mike)
    netsuite_says(Push.objects.get(), "applied")
    row = Dispute.objects.select_related("invoice", "customer").get()
    assert (row.status, row.resolution) == ("resolved", "credit_issued")
    assert (row.invoice.unpaid, row.customer.ar_balance) == (Decimal("13920.00"), Decimal("13920.00"))
    memo = Transaction.objects.get(netsuite_id="70001")
    assert (memo.type, memo.total, memo.unpaid) == ("CustCred", Decimal("900.00"), Decimal("0.00"))
    assert ProposedAction.objects.get(pk=proposal.pk).status == "applied"


def test_all_of_it_closes_the_invoice(dispute, clerk, mike, committee, frozen_today):
    approve(credit(dispute, clerk, "14820.00"), mike)
    approve(proposal_about(dispute, "credit_memo_second_approval"), committee)
    netsuite_says(Push.objects.get(), "applied")
    invoice = Dispute.objects.get().invoice
    assert (invoice.unpaid, invoice.closed, invoice.status) == (Decimal("0.00"), frozen_today, "B")
    states = ProposedAction.objects.filter(action_type__startswith="credit_memo").values_list("status", flat=True)
    assert list(states) == ["applied", "applied"]


def test_told_twice_it_counts_once(dispute, clerk, mike):
    approve(credit(dispute, clerk), mike)
    netsuite_says(Push.objects.get(), "applied")
    netsuite_says(Push.objects.get(), "applied")
    assert Dispute.objects.get().invoice.unpaid == Decimal("13920.00")


def test_a_sync_that_was_faster_is_not_undone(dispute, clerk, mike):
    approve(credit(dispute, clerk), mike)
    Transaction.objects.create(
        netsuite_id="70001", type="CustCred", customer=dispute.customer, issued="2026-03-16", total=Decimal(900)
    )
    Transaction.objects.filter(pk=dispute.invoice.pk).update(unpaid=Decimal(13920), unpaid_foreign=Decimal(13920))
    netsuite_says(Push.objects.get(), "applied")
    assert Dispute.objects.get().invoice.unpaid == Decimal("13920.00")


def test_netsuite_refuses_it(dispute, clerk, mike):
    proposal = approve(credit(dispute, clerk), mike)
    netsuite_says(Push.objects.get(), "failed")
    assert (ProposedAction.objects.get(pk=proposal.pk).status, Dispute.objects.get().status) == ("failed", "open")


def test_pushed_again_it_gets_through(dispute, clerk, mike):
    proposal = approve(credit(dispute, clerk), mike)
    netsuite_says(Push.objects.get(), "failed")
    netsuite_says(Push.objects.get(), "applied")
    assert ProposedAction.objects.get(pk=proposal.pk).status == "applied"


def test_what_a_dead_worker_did_not_tell(dispute, clerk, mike):
    approve(credit(dispute, clerk), mike)
    Push.objects.update(status="applied", applied_at="2026-03-16T15:00Z", evidence={"read_back": {"id": "70001"}})
    assert (credit_memos.catch_up(), credit_memos.catch_up()) == (1, 0)
    assert Dispute.objects.get().resolution == "credit_issued"


def test_a_foreign_invoice_is_credited_in_its_currency(customer, clerk, mike):
    Customer.objects.filter(pk=customer.pk).update(currency="CAD")
    customer.refresh_from_db()
    fields = {"exchange_rate": Decimal("0.70"), "total_foreign": Decimal(1000), "unpaid_foreign": Decimal(1000)}
    invoice = InvoiceFactory(customer=customer, currency="CAD", total=Decimal(700), **fields)
    dispute = disputed(customer, clerk, invoice_ref=invoice.tranid)
    approve(credit(dispute, clerk, "70.00"), mike)
    push = Push.objects.get()
    assert (push.body["apply"]["items"][0]["amount"], push.body["exchangeRate"]) == (100.0, 0.7)
    netsuite_says(push, "applied")
    invoice.refresh_from_db()
    assert (invoice.unpaid_foreign, invoice.unpaid) == (Decimal("900.00"), Decimal("630.00"))
