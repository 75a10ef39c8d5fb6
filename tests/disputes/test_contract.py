"""The workflow `customer_invoice_dispute`: what a run records, drafts and stages."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from customers.clock import business_today
from customers.models import Customer
from disputes.actions.disputes import resolve, take_up
from disputes.models import Dispute
from netsuite.errors import Refusal
from tests.factories.customers import InvoiceFactory, PaymentFactory
from tests.factories.disputes import answer_to, disputed, disputed_again, mail_from, proposal_about
from tests.factories.holds import owing
from workflows import runner
from workflows.models import OutboundEmail, ProposedAction, ReflexionEntry, WorkflowDefinition, WorkflowRun

pytestmark = pytest.mark.django_db
WORKFLOW = "customer_invoice_dispute"


@pytest.fixture
def customer() -> Customer:
    return owing(amount="14820.00")


def steps(run: WorkflowRun) -> dict[str, str]:
    return dict(run.steps.values_list("step", "status"))


def by_mail(customer: Customer, email: Any, **inputs: Any) -> WorkflowRun:
    given = {"email_uuid": str(email.email_uuid), "reason_text": "The price is wrong", "invoice_ref": "", **inputs}
    return runner.start(
        WORKFLOW,
        customer=customer,
        inputs=given,
        by="schedule:triage",
        source="inbound_email_triage_classification",
        today=business_today(),
    )


def test_a_run_records_drafts_and_stages(customer, clerk):
    dispute = disputed(customer, clerk)
    assert steps(dispute.run) == {
        "record_dispute": "ok",
        "draft_response": "ok",
        "escalate": "ok",
        "ask_for_rep": "skipped",
        "ar_hold_decision": "skipped",
    }
    assert (dispute.run.status, dispute.status, dispute.amount) == ("completed", "open", Decimal("14820.00"))


def test_it_waits_at_no_gate_and_sends_nothing(customer, clerk):
    dispute = disputed(customer, clerk)
    assert [p.action_type for p in ProposedAction.objects.all()] == ["customer_escalation"]
    assert answer_to(dispute).status == "pending_review"
    gate = next(stage for stage in dispute.run.stages if stage["stage"] == "human_gate")
    assert gate["status"] == "not_needed"


def test_the_definition_says_so(db):
    definition = WorkflowDefinition.objects.get(workflow_type=WORKFLOW)
    assert (definition.risk_level, definition.contract["gate"]) == (3, False)
    assert definition.contract["preconditions"][1] == {"code": "invoice_exists", "severity": "warn"}


def test_the_run_knows_invoice_payments_and_prior_disputes(customer, clerk):
    paid = PaymentFactory(customer=customer, issued=business_today(), total=Decimal("500.00"))
    PaymentFactory(customer=customer, issued=date(2020, 1, 1))
    disputed_again(customer, clerk, 1)
    dispute = disputed(customer, clerk, invoice_ref=customer.transactions.invoices().last().tranid)
    context = dispute.run.context
    assert context["invoice"]["tranid"] == dispute.invoice.tranid
    assert [one["tranid"] for one in context["payments"]] == [paid.tranid]
    assert context["prior_disputes"] == 1


def test_an_invoice_nobody_has_is_a_warning_and_the_answer_says_so(customer, clerk):
    dispute = disputed(customer, clerk, invoice_ref="INV-0")
    assert [w["code"] for w in dispute.run.warnings] == ["invoice_exists"]
    assert "We found no matching invoice for “INV-0”" in answer_to(dispute).body
    assert proposal_about(dispute, "customer_escalation").warnings[0]["code"] == "invoice_exists"


def test_no_reference_at_all_is_no_warning(customer, clerk):
    dispute = disputed(customer, clerk, invoice_ref="")
    assert (dispute.run.warnings, dispute.invoice) == ([], None)


def test_a_po_number_finds_the_invoice(customer, clerk):
    invoice = InvoiceFactory(customer=customer, po_number="PO-2026-4711")
    assert disputed(customer, clerk, invoice_ref="4711").invoice == invoice


@pytest.mark.parametrize("ref", ["%", "____", "711"])
def test_wildcards_and_short_numbers_find_none(customer, clerk, ref):
    InvoiceFactory(customer=customer, po_number="PO-2026-4711")
    assert disputed(customer, clerk, invoice_ref=ref).invoice is None


def test_two_invoices_of_one_po_are_not_guessed(customer, clerk):
    InvoiceFactory.create_batch(2, customer=customer, po_number="PO-4711")
    assert disputed(customer, clerk, invoice_ref="PO-4711").invoice is None


def test_the_note_is_tagged(customer, clerk):
    disputed(customer, clerk)
    note = ReflexionEntry.objects.get()
    assert note.tags == f"invoice_dispute,customer:{customer.netsuite_id}"
    assert note.narrative.startswith("Northside Grocers disputes INV")


def test_an_unknown_customer_is_blocked(clerk):
    mail = mail_from(None)
    with pytest.raises(runner.Blocked, match="pick the customer first"):
        by_mail(None, mail, invoice_ref="INV1")  # type: ignore[arg-type]
    assert (Dispute.objects.count(), OutboundEmail.objects.count()) == (0, 0)


def test_a_preview_writes_nothing(customer, clerk):
    inputs = {"email_uuid": "x", "reason_text": "Wrong price", "invoice_ref": ""}
    seen = runner.preview(WORKFLOW, customer=customer, inputs=inputs, by=clerk, today=business_today())
    assert {step.status for step in seen.steps} == {"dry_run"}
    draft = next(step for step in seen.steps if step.step.name == "draft_response")
    assert draft.detail["body"].startswith("Dear Maria Lopez,")
    rows = (Dispute, WorkflowRun, ProposedAction, OutboundEmail)
    assert [model.objects.count() for model in rows] == [0, 0, 0, 0]


# --- by mail ------------------------------------------------------------------------------------------


def test_a_mail_opens_one_with_its_reason(customer):
    mail = mail_from(customer, reason="other", sub_reason="duplicate")
    invoice = customer.transactions.get()
    by_mail(customer, mail, invoice_ref=invoice.tranid)
    dispute = Dispute.objects.get()
    assert (dispute.email, dispute.source, dispute.reason, dispute.sub_reason) == (mail, "mail", "other", "duplicate")
    assert (dispute.invoice, dispute.reference) == (invoice, str(mail.email_uuid))


def test_a_mail_opens_it_once(customer):
    mail = mail_from(customer)
    by_mail(customer, mail)
    again = by_mail(customer, mail)
    assert set(steps(again).values()) == {"skipped"}
    assert [model.objects.count() for model in (Dispute, OutboundEmail, ProposedAction)] == [1, 1, 1]
    assert ReflexionEntry.objects.latest("pk").narrative == f"Came again: dispute {Dispute.objects.get().pk} stands."


def test_taken_back_and_sorted_again_it_opens_anew(customer, mike):
    mail = mail_from(customer)
    by_mail(customer, mail)
    resolve(dispute=Dispute.objects.get(), resolution="withdrawn", by=mike, reason="No dispute")
    by_mail(customer, mail)
    assert sorted(Dispute.objects.values_list("status", flat=True)) == ["open", "resolved"]


def test_two_invoices_of_one_mail_are_two_disputes(customer):
    mail = mail_from(customer)
    for invoice in (customer.transactions.get(), InvoiceFactory(customer=customer)):
        by_mail(customer, mail, invoice_ref=invoice.tranid)
    assert Dispute.objects.count() == 2


@pytest.mark.parametrize(
    ("language", "greeting"), [("de", "Guten Tag"), ("fr", "Bonjour"), ("es", "Hola"), ("en", "Dear"), ("it", "Dear")]
)
def test_the_answer_speaks_the_mails_language(customer, language, greeting):
    by_mail(customer, mail_from(customer, language=language))
    assert OutboundEmail.objects.get().body.startswith(greeting)


def test_it_goes_to_the_record_whatever_the_mail_says(customer):
    mail = mail_from(customer, from_email="thief@elsewhere.example", body_text="Answer to thief@elsewhere.example")
    by_mail(customer, mail, reason_text="Send it to thief@elsewhere.example, {company_phone} %s")
    email = OutboundEmail.objects.get()
    assert (email.to_email, "thief" in email.body) == (customer.email, False)


# --- by phone, rep, API -------------------------------------------------------------------------------


def test_a_reference_of_ones_own_opens_it_once(customer, clerk):
    first, second = (disputed(customer, clerk, reference="call-4711") for _ in range(2))
    assert (first, Dispute.objects.count()) == (second, 1)


def test_a_reference_belongs_to_one_customer(customer, clerk):
    disputed(customer, clerk, reference="call-4711", invoice_ref="")
    with pytest.raises(Refusal, match="another dispute"):
        disputed(owing("Harbor Foods"), clerk, reference="call-4711", invoice_ref="")


def test_without_one_each_call_opens_its_own(customer, clerk):
    assert disputed(customer, clerk) != disputed(customer, clerk)


@pytest.mark.parametrize("role", ["rep", "committee", "owner", "cashier", "operator"])
def test_the_wrong_role_may_not(customer, role, request):
    with pytest.raises(Refusal, match="may not open disputes"):
        take_up(customer=customer, reason_text="x", by=request.getfixturevalue(role))
    assert WorkflowRun.objects.count() == 0


# --- the three beats ----------------------------------------------------------------------------------


def test_the_escalation_is_for_the_rep(customer, clerk):
    proposal = proposal_about(disputed(customer, clerk), "customer_escalation")
    assert (proposal.assigned_to, proposal.risk_level) == (customer.sales_rep, 2)
    assert proposal.rationale.endswith("quality. Route to Dana Whitfield.")


def test_without_a_rep_it_is_mikes_and_the_record_is_to_be_filled(clerk):
    customer = owing("Orphan", sales_rep=None)
    disputed_again(customer, clerk, 2)
    tasks = ProposedAction.objects.filter(action_type="sales_rep_missing")
    routings = ProposedAction.objects.filter(action_type="customer_escalation")
    assert [task.customer for task in tasks] == [customer]
    assert [routing.assigned_to for routing in routings] == [None, None]


@pytest.mark.parametrize(("prior", "reviews"), [(0, 0), (1, 0), (2, 1), (3, 2)])
def test_a_review_from_two_earlier_ones_on(customer, clerk, prior, reviews):
    disputed_again(customer, clerk, prior + 1)
    assert ProposedAction.objects.filter(action_type="ar_hold_review").count() == reviews


def test_settled_ones_do_not_count(customer, clerk, mike):
    first, _second = disputed_again(customer, clerk, 2)
    resolve(dispute=first, resolution="upheld", by=mike, reason="Signed delivery note")
    disputed_again(customer, clerk, 1)
    assert ProposedAction.objects.filter(action_type="ar_hold_review").count() == 0


def test_the_review_shows_the_pattern(customer, clerk):
    *_, third = disputed_again(customer, clerk, 3)
    proposal = proposal_about(third, "ar_hold_review")
    assert proposal.evidence["by_reason"] == {"quality": 3}
    assert proposal.evidence["disputes"][0]["id"] == third.pk
    assert proposal.risk_level == 3


def test_the_console_may_change_the_line(customer, clerk):
    WorkflowDefinition.objects.filter(workflow_type=WORKFLOW).update(thresholds={"review_from_prior": 1})
    disputed_again(customer, clerk, 2)
    assert ProposedAction.objects.filter(action_type="ar_hold_review").count() == 1
