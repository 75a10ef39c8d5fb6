"""Sorting inbound mail: what is logged, routed, answered; what goes to a person; what persons decide."""

from typing import Any

import pytest
from django.utils import timezone

from customers.models import Customer
from disputes import classifier
from disputes.actions import sorting, triage
from disputes.actions.intake import record_call
from disputes.actions.triage import AlreadySorted, confirm, correct, undo
from disputes.models import Correction, Dispute, InboundEmail, InvoiceMatch
from holds.models import ServiceHold
from netsuite.errors import Refusal
from netsuite.machine import Transition
from tests.factories.customers import CustomerFactory, EmployeeFactory, InvoiceFactory
from tests.factories.holds import held, owing
from tests.factories.mails import Stub, arrived, raw_mail, take_in
from workflows.access import NotAllowed
from workflows.models import (
    AutoDecision,
    OutboundEmail,
    ProposedAction,
    ReflexionEntry,
    WorkflowDefinition,
    WorkflowRun,
)
from workflows.stages import WorkflowNotFound

pytestmark = pytest.mark.django_db


@pytest.fixture
def sure(monkeypatch: pytest.MonkeyPatch) -> Stub:
    """The classifier says: a dispute about the price, for sure. Tests change `sure.answer`."""
    stub = Stub()
    monkeypatch.setattr(classifier, "classify_many", stub)
    return stub


@pytest.fixture
def northside() -> Customer:
    customer = CustomerFactory(name="Northside Grocers", email="ap@northside.example", contact_name="Maria Lopez")
    customer.sales_rep = EmployeeFactory()
    customer.save()
    InvoiceFactory(customer=customer, tranid="INV-20418")
    return customer


def sort(email: InboundEmail) -> InboundEmail:
    return triage.triage(email=email, by="schedule:triage", now=timezone.now())


def steps_of(email: InboundEmail) -> dict[str, tuple[str, str]]:
    run = WorkflowRun.objects.filter(workflow_type="inbound_email_triage").order_by("pk").last()
    assert run is not None
    return {step.step: (step.status, step.words) for step in run.steps.all()}


# --- log ----------------------------------------------------------------------------------------------


def test_what_was_found_stands_on_the_row(sure, northside):
    email = sort(arrived(northside, "Invoice INV-20418, PO 7741: $18.50 instead of $17.20."))
    assert (
        email.classification,
        email.score,
        email.reason,
        email.invoice_refs,
        email.po_refs,
        email.model_version,
    ) == (
        "invoice_dispute",
        0.97,
        "pricing",
        ["INV-20418"],
        ["7741"],
        "stub",
    )
    assert email.amounts == [{"amount": "18.50", "currency": "USD"}, {"amount": "17.20", "currency": "USD"}]
    assert [(m.invoice.tranid, m.rank, m.chosen) for m in email.matches.all()] == [("INV-20418", 1, True)]


def test_the_run_is_one_of_risk_two_without_a_gate(sure, northside):
    sort(arrived(northside))
    run = WorkflowRun.objects.get(workflow_type="inbound_email_triage")
    assert (run.status, run.source, ProposedAction.objects.filter(run=run).count()) == ("completed", "imap", 0)
    assert {stage["stage"]: stage["status"] for stage in run.stages}["human_gate"] == "not_needed"


def test_a_mail_is_no_friction_of_the_customer(sure, northside):
    sure.answer = {"classification": "remittance", "score": 0.99}
    sort(arrived(northside))
    assert ReflexionEntry.objects.count() == 0


def test_the_classifier_reads_what_is_new_only(sure, northside):
    sort(arrived(northside, "Still the wrong price.\n\nOn Mon, Mar 2, 2026 AR wrote:\n> You owe us 500.\n"))
    assert [mail.text for mail in sure.seen] == ["Still the wrong price."]


def test_an_answer_that_names_nothing_means_what_it_quotes(sure, northside):
    email = arrived(
        northside, "Still the wrong price.\n\nOn Mon, Mar 2, 2026 AR wrote:\n> Invoice INV-20418\n", subject="Re: x"
    )
    assert sort(email).invoice_refs == ["INV-20418"]


# --- route --------------------------------------------------------------------------------------------


def test_a_sure_dispute_goes_to_its_workflow(sure, northside):
    email = sort(arrived(northside))
    dispute = Dispute.objects.get()
    assert (email.status, email.routed_to, email.run_id) == (
        "routed",
        "customer_invoice_dispute",
        str(dispute.run.run_id),
    )
    assert (dispute.customer, dispute.invoice.tranid, dispute.reason, dispute.email) == (
        northside,
        "INV-20418",
        "pricing",
        email,
    )


def test_a_second_mail_about_the_same_invoice_opens_no_second_dispute(sure, northside):
    first = sort(arrived(northside))
    second = sort(arrived(northside, "Any news about INV-20418? The price is still wrong."))
    assert (second.status, second.run_id, Dispute.objects.count()) == ("routed", first.run_id, 1)


@pytest.mark.parametrize("kind", ["remittance", "order", "statement_request", "spam", "other", "quote_request"])
def test_anything_else_stays_with_people(sure, northside, kind):
    sure.answer = {"classification": kind, "score": 0.99}
    email = sort(arrived(northside))
    assert (email.status, email.routed_to, Dispute.objects.count()) == ("sorted", "manual", 0)


# --- what goes to a person ----------------------------------------------------------------------------


def test_an_unsure_answer_waits(sure, northside):
    sure.answer |= {"score": 0.55, "unsure": True, "unsure_reason": "A dispute by 0.55."}
    email = sort(arrived(northside))
    assert (email.status, email.unsure_reason, Dispute.objects.count()) == ("unsure", "A dispute by 0.55.", 0)


def test_a_dispute_of_nobody_known_waits(sure):
    email = sort(arrived(sender="x@nowhere.example"))
    assert (email.status, email.unsure_reason) == (
        "unsure",
        "It looks like a dispute; nobody knows whose mail this is.",
    )


def test_an_unknown_sender_who_cites_an_invoice_waits_with_its_customer(sure, northside):
    email = sort(arrived(sender="x@nowhere.example"))
    assert (email.status, email.customer, Dispute.objects.count()) == ("unsure", northside, 0)
    assert email.unsure_reason == "The sender is not known; INV-20418 belongs to the customer shown."


def test_a_dispute_from_a_mailing_list_waits(sure, northside):
    assert sort(arrived(northside, headers={"List-Id": "<x.example>"})).status == "unsure"


def test_a_refusing_workflow_leaves_the_mail_to_a_person(sure, northside):
    WorkflowDefinition.objects.filter(workflow_type="customer_invoice_dispute").update(enabled=False)
    email = sort(arrived(northside))
    assert (email.status, "could not be opened" in email.unsure_reason) == ("unsure", True)
    assert steps_of(email)["route_to_workflow"][0] == "failed"


def test_a_classifier_that_breaks_leaves_the_mail_to_a_person_and_the_others_to_itself(monkeypatch, northside):
    stub = Stub(classification="other", score=0.9)

    def breaks(mails: Any, *, band: Any = None) -> Any:
        if any("poison" in mail.text for mail in mails):
            raise RuntimeError("no such vector")
        return stub(mails, band=band)

    monkeypatch.setattr(classifier, "classify_many", breaks)
    for text in ("first", "poison", "last"):
        arrived(northside, text)
    sorting.triage_waiting(by="schedule:triage", now=timezone.now(), for_seconds=30)
    states = list(InboundEmail.objects.order_by("pk").values_list("status", "unsure_reason"))
    assert states == [("sorted", ""), ("unsure", "The sorting failed (RuntimeError)."), ("sorted", "")]


def test_the_sender_who_is_none_blocks_the_run(sure):
    email = InboundEmail.objects.create(source="imap", body_hash="0" * 64, subject="x")
    assert (sort(email).status, WorkflowRun.objects.get().status) == ("unsure", "blocked")


def test_an_unknown_sender_is_a_warning(sure):
    sort(arrived(sender="x@nowhere.example"))
    codes = [warning["code"] for warning in WorkflowRun.objects.get().warnings]
    assert codes == ["not_spam", "sender_verified"]


# --- answers ------------------------------------------------------------------------------------------


def test_a_request_gets_a_draft_to_the_address_on_the_record(sure, northside):
    sure.answer = {"classification": "statement_request", "score": 0.99}
    sort(arrived(northside, "Please send a statement to me@elsewhere.example", sender="Kim <kim@northside.example>"))
    draft = OutboundEmail.objects.get()
    assert (draft.to_email, draft.to_name, draft.status) == ("ap@northside.example", "Maria Lopez", "pending_review")
    assert "statement of your account" in draft.body


def test_in_the_language_of_the_mail(sure, northside):
    sure.answer = {"classification": "invoice_copy_request", "score": 0.99, "language": "de"}
    sort(arrived(northside, "Bitte Kopie der Rechnung INV-20418"))
    draft = OutboundEmail.objects.get()
    assert (draft.language, draft.body.startswith("Guten Tag Maria Lopez,"), "INV-20418" in draft.body) == (
        "de",
        True,
        True,
    )


@pytest.mark.parametrize("kind", ["spam", "remittance", "order", "other", "auto_reply"])
def test_where_no_answer_is_needed_none_is_drafted(sure, northside, kind):
    sure.answer = {"classification": kind, "score": 0.99}
    sort(arrived(northside))
    assert OutboundEmail.objects.count() == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto-Submitted": "auto-replied"},
        {"Auto-Submitted": "auto-generated"},
        {"List-Id": "<x.example>"},
        {"Precedence": "bulk"},
        {"Subject-Prefix": "x", "X-Autoreply": "yes"},
    ],
)
def test_machines_and_lists_get_no_answer(sure, northside, headers):
    sure.answer = {"classification": "statement_request", "score": 0.99}
    sort(arrived(northside, headers=headers))
    assert OutboundEmail.objects.count() == 0


def test_an_absence_note_is_known_by_its_headers(sure, northside):
    email = sort(arrived(northside, headers={"Auto-Submitted": "auto-replied"}))
    assert (email.classification, email.status, sure.seen) == ("auto_reply", "sorted", [])


def test_a_bounce_is_no_dispute(sure, northside):
    email = sort(arrived(sender="MAILER-DAEMON@mx.example", text="Invoice INV-20418 could not be delivered"))
    assert (email.classification, Dispute.objects.count()) == ("auto_reply", 0)


def test_a_stranger_gets_no_answer(sure):
    sure.answer = {"classification": "statement_request", "score": 0.99}
    sort(arrived(sender="x@nowhere.example"))
    assert OutboundEmail.objects.count() == 0


def test_texts_edited_in_the_console_count(sure, northside):
    text = {"subject": "Your statement", "body": "Hello {contact}"}
    WorkflowDefinition.objects.filter(workflow_type="inbound_email_triage").update(texts={"statement_request_en": text})
    sure.answer = {"classification": "statement_request", "score": 0.99}
    sort(arrived(northside))
    assert OutboundEmail.objects.get().body == "Hello Maria Lopez"


# --- again --------------------------------------------------------------------------------------------


def test_sorting_again_writes_nothing(sure, northside):
    sure.answer = {"classification": "statement_request", "score": 0.99}
    email = sort(arrived(northside))
    before = (WorkflowRun.objects.count(), OutboundEmail.objects.count(), Transition.objects.for_row(email).count())
    sort(email)
    assert before == (
        WorkflowRun.objects.count(),
        OutboundEmail.objects.count(),
        Transition.objects.for_row(email).count(),
    )


def test_sorting_again_with_another_answer_replaces_it(sure, northside):
    sure.answer = {"classification": "other", "score": 0.6}
    email = sort(arrived(northside))
    sure.answer = {"classification": "remittance", "score": 0.9}
    assert sort(email).classification == "remittance"


def test_a_second_answer_is_not_drafted(sure, northside):
    sure.answer = {"classification": "statement_request", "score": 0.99}
    email = sort(arrived(northside))
    sure.answer = {"classification": "invoice_copy_request", "score": 0.99}
    sort(email)
    assert OutboundEmail.objects.count() == 1


def test_what_a_workflow_has_is_left_alone(sure, northside):
    email = sort(arrived(northside))
    sure.answer = {"classification": "spam", "score": 0.99}
    assert (sort(email).classification, Dispute.objects.count()) == ("invoice_dispute", 1)


def test_what_is_put_aside_is_not_sorted(sure):
    email = take_in(b"Subject: x\r\n\r\nHello")
    assert (sort(email).status, sure.seen) == ("quarantined", [])


def test_two_workers_at_once_sort_it_once(sure, northside):
    email = arrived(northside)
    other = InboundEmail.objects.get(pk=email.pk)
    sort(email)
    assert (sort(other).status, Dispute.objects.count()) == ("routed", 1)


def test_switched_off_nothing_is_sorted_and_nothing_lost(sure, northside):
    WorkflowDefinition.objects.filter(workflow_type="inbound_email_triage").update(enabled=False)
    email = arrived(northside)
    with pytest.raises(WorkflowNotFound):
        sort(email)
    assert sorting.triage_waiting(by="schedule:triage", now=timezone.now(), for_seconds=5) == 0
    assert InboundEmail.objects.get().status == "received"


def test_a_call_is_sorted_like_a_mail(sure, northside, clerk):
    call = record_call(customer=northside, text="Price on INV-20418 is wrong", by=clerk, now=timezone.now())
    assert (sort(call).status, Dispute.objects.get().source) == ("routed", "phone")


# --- a hold is never released by a mail ---------------------------------------------------------------


def test_a_forged_mail_releases_no_hold(sure, mike):
    customer = owing("Northside Grocers", email="ap@northside.example")
    hold = held(customer, mike)
    decided = ProposedAction.objects.exclude(status="pending").count()
    raw = raw_mail(
        "Invoice INV-1 is wrong. Lift our hold at once.", headers={"Authentication-Results": "evil; dmarc=pass"}
    )
    email = sort(take_in(raw))
    customer.refresh_from_db()
    assert (email.sender_verified, customer.entitystatus) == (False, "hold")
    assert ServiceHold.objects.get(pk=hold.pk).status == "active"
    assert ProposedAction.objects.exclude(status="pending").count() == decided


# --- people -------------------------------------------------------------------------------------------


@pytest.fixture
def doubtful(sure, northside) -> InboundEmail:
    sure.answer |= {"score": 0.55, "unsure": True, "unsure_reason": "A dispute by 0.55."}
    return sort(arrived(northside))


def test_mike_confirms_and_the_dispute_opens(doubtful, mike):
    email = confirm(email=doubtful, by=mike)
    assert (email.status, email.decided_by, Dispute.objects.get().invoice.tranid) == ("routed", "mike", "INV-20418")


def test_mike_corrects_and_the_classifier_learns(doubtful, mike):
    email = correct(email=doubtful, classification="remittance", by=mike)
    assert (email.status, email.classification, email.reason, Dispute.objects.count()) == (
        "sorted",
        "remittance",
        "",
        0,
    )
    taught = Correction.objects.get()
    assert (taught.classification, taught.was_classification, taught.by) == ("remittance", "invoice_dispute", "mike")


def test_a_confirmed_doubt_teaches_too(doubtful, mike):
    confirm(email=doubtful, by=mike)
    assert Correction.objects.get().classification == "invoice_dispute"


def test_mike_picks_the_invoice(doubtful, mike, northside):
    other = InvoiceFactory(customer=northside, tranid="INV-20431")
    correct(email=doubtful, classification="invoice_dispute", reason="qty", invoice=other, by=mike)
    dispute = Dispute.objects.get()
    assert (dispute.invoice, dispute.reason) == (other, "qty")
    assert InvoiceMatch.objects.get(email=doubtful, chosen=True).why == "Picked by hand"


def test_mike_says_whose_mail_it_is(sure, mike, northside):
    email = sort(arrived(sender="x@nowhere.example", text="The price is wrong", subject="Hello"))
    with pytest.raises(Refusal, match="Pick the customer"):
        confirm(email=email, by=mike)
    correct(email=email, classification="invoice_dispute", reason="pricing", customer=northside, by=mike)
    assert Dispute.objects.get().customer == northside


def test_an_invoice_of_somebody_else_is_refused(doubtful, mike, northside):
    foreign = InvoiceFactory(customer=CustomerFactory())
    with pytest.raises(Refusal, match="is not an invoice of Northside Grocers"):
        correct(
            email=doubtful, classification="invoice_dispute", reason="qty", invoice=foreign, customer=northside, by=mike
        )


def test_what_a_person_decided_is_not_sorted_again(doubtful, mike, sure):
    email = correct(email=doubtful, classification="other", by=mike)
    sure.answer = {"classification": "spam", "score": 0.99}
    assert sort(email).classification == "other"


def test_the_second_click_is_told(doubtful, mike, clerk):
    other = InboundEmail.objects.get(pk=doubtful.pk)
    correct(email=doubtful, classification="other", by=mike)
    with pytest.raises(AlreadySorted, match="mike sorted it already"):
        correct(email=other, classification="spam", by=clerk)


def test_a_routed_one_is_not_corrected_behind_its_dispute(sure, northside, mike):
    email = sort(arrived(northside))
    with pytest.raises(AlreadySorted, match="A dispute was opened"):
        correct(email=email, classification="other", by=mike)


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"classification": "nonsense"}, "Pick what the mail is"),
        ({"classification": "invoice_dispute"}, "The reason is"),
        ({"classification": "invoice_dispute", "reason": "qty", "sub_reason": "tax"}, "Only “other”"),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused(doubtful, mike, wish, said):
    with pytest.raises(Refusal, match=said):
        correct(email=doubtful, by=mike, **wish)


def test_the_wrong_person_sorts_nothing(doubtful, rep, committee):
    for person in (rep, committee):
        with pytest.raises(NotAllowed):
            confirm(email=doubtful, by=person)
    with pytest.raises(NotAllowed, match="Only a person"):
        confirm(email=doubtful, by="schedule:triage")


def test_clerks_sort_too(doubtful, clerk):
    assert correct(email=doubtful, classification="other", by=clerk).decided_by == "clerk"


def test_taken_back_it_waits_again_and_is_unlearned(doubtful, mike):
    email = undo(email=correct(email=doubtful, classification="other", by=mike), by=mike)
    assert (email.status, email.decided_by, email.unsure_reason) == ("unsure", "", "Taken back to sort again.")
    assert Correction.objects.get().undone_at is not None


def test_with_an_open_dispute_it_is_not_taken_back(sure, northside, mike):
    email = sort(arrived(northside))
    with pytest.raises(AlreadySorted, match="Withdraw the dispute first"):
        undo(email=email, by=mike)


def test_nothing_to_take_back_is_told(doubtful, mike):
    with pytest.raises(AlreadySorted, match="nothing to take back"):
        undo(email=doubtful, by=mike)


def test_what_was_put_aside_a_person_may_sort(sure, mike, northside):
    email = take_in(raw_mail("Pay 1", message_id="<1@x>")), take_in(raw_mail("Pay 2", message_id="<1@x>"))
    sorted_one = correct(email=email[1], classification="spam", by=mike)
    assert (sorted_one.status, sorted_one.quarantine_reason) == ("sorted", "")


def test_each_decision_is_on_record(doubtful, mike):
    email = correct(email=doubtful, classification="other", by=mike)
    undo(email=email, by=mike)
    kinds = AutoDecision.objects.filter(entity_ref=f"inbound_email:{email.pk}").order_by("pk")
    assert list(kinds.values_list("decision_type", flat=True)) == ["mail_corrected", "mail_correction_undone"]
