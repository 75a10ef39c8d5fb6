"""A mail is taken in once: unique, whole, capped, and told whose it is."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from disputes.actions import intake
from disputes.actions.intake import receive, record_call
from disputes.intake import limits, parse
from disputes.intake.senders import sender_of
from disputes.models import Attachment, InboundEmail
from netsuite.errors import Refusal
from netsuite.machine import Transition
from tests.disputes.test_intake_parsing import many_parts, with_file
from tests.factories.customers import CustomerFactory, EmployeeFactory
from tests.factories.mails import arrived, raw_mail, take_in
from workflows.access import NotAllowed
from workflows.actions.switches import SwitchedOff, flip
from workflows.models import WorkflowDefinition

pytestmark = pytest.mark.django_db


def twice(first: bytes, second: bytes) -> list[tuple[int, bool]]:
    now = timezone.now()
    answers = [receive(raw=raw, parsed=parse(raw), source="imap", by="test", now=now) for raw in (first, second)]
    return [(email.pk, created) for email, created in answers]


# --- once ---------------------------------------------------------------------------------------------


def test_the_same_mail_is_the_same_row():
    raw = raw_mail(message_id="<1@x>")
    (first, created), (second, again) = twice(raw, raw)
    assert (first == second, created, again) == (True, True, False)


def test_another_layout_of_the_same_text_is_the_same_mail():
    (first, _), (second, again) = twice(
        raw_mail("One  two\nthree", message_id="<1@x>"), raw_mail("one two three", message_id="<1@x>")
    )
    assert (first == second, again) == (True, False)


def test_an_edited_copy_is_put_aside():
    original = take_in(raw_mail("Pay account 1", message_id="<1@x>"))
    edited = take_in(raw_mail("Pay account 2", message_id="<1@x>"))
    assert (edited.status, edited.message_id) == ("quarantined", "")
    assert edited.quarantine_reason == (
        f"An edited copy: mail {original.pk} came under the same message id with another text."
    )
    assert InboundEmail.objects.get(pk=original.pk).body_text.strip() == "Pay account 1"


def test_the_same_edited_copy_again_is_the_same_row():
    take_in(raw_mail("Pay account 1", message_id="<1@x>"))
    edited = raw_mail("Pay account 2", message_id="<1@x>")
    (first, created), (second, again) = twice(edited, edited)
    assert (first == second, created, again) == (True, True, False)


def test_without_an_id_the_content_tells():
    (first, _), (second, again) = twice(raw_mail("same", message_id=""), raw_mail("same", message_id=""))
    assert (first == second, again) == (True, False)
    assert take_in(raw_mail("other", message_id="")).pk != first


def test_another_file_is_another_mail():
    (first, _), (second, _) = twice(with_file("a.pdf", b"1"), with_file("a.pdf", b"2"))
    assert first != second


def test_the_database_keeps_ids_unique_too():
    take_in(raw_mail(message_id="<1@x>"))
    with pytest.raises(IntegrityError), transaction.atomic():
        InboundEmail.objects.create(source="imap", message_id="<1@x>", body_hash="0" * 64)


def test_whoever_loses_the_race_gets_the_winners_row(monkeypatch):
    raw = raw_mail(message_id="<1@x>")
    winner = take_in(raw)
    real, looks = intake._earlier, iter([None])
    monkeypatch.setattr(intake, "_earlier", lambda parsed: next(looks, winner) and real(parsed))
    assert receive(raw=raw, parsed=parse(raw), source="api", by="test", now=timezone.now()) == (winner, False)


# --- whole --------------------------------------------------------------------------------------------


def test_it_is_born_in_one_state_and_kept_as_it_came():
    raw = raw_mail()
    email = take_in(raw)
    assert (email.status, bytes(InboundEmail.objects.get().raw), email.raw_size) == ("received", raw, len(raw))
    assert [(t.verb, t.target) for t in Transition.objects.for_row(email)] == [("create", "received")]


def test_what_is_put_aside_is_kept_as_it_came_too():
    raw = many_parts(10_000)
    email = take_in(raw)
    assert (email.status, email.quarantine_reason, bytes(email.raw)) == ("quarantined", "More than 300 parts.", raw)


def test_of_a_very_large_mail_the_head_and_the_hash_are_kept(monkeypatch):
    monkeypatch.setattr(limits, "KEPT_RAW", 1_000)
    email = take_in(raw_mail("x " * 2_000))
    assert (len(bytes(email.raw)) < 1_000, email.raw_size > 4_000, len(email.raw_sha256)) == (True, True, 64)


def test_files_get_names_of_ours():
    email = take_in(with_file("../../boot.ini", b"%PDF", "application/pdf"))
    file = Attachment.objects.get(email=email)
    assert (file.name, file.given_name, bytes(file.content)) == ("attachment-1.pdf", "../../boot.ini", b"%PDF")


def test_the_new_part_is_kept_beside_the_whole():
    email = arrived(text="The price is wrong on it.\n\nOn Mon, Mar 2, 2026 at 10:11 AM AR wrote:\n> You owe us 500.")
    assert (email.fresh_text, "You owe us" in email.body_text) == ("The price is wrong on it.", True)


# --- conversations ------------------------------------------------------------------------------------


def test_an_answer_belongs_to_the_mail_it_answers():
    first = arrived(message_id="<1@x>", subject="Order")
    answer = arrived(message_id="<2@x>", subject="Something else", headers={"In-Reply-To": "<1@x>"})
    assert answer.thread == first.thread


def test_an_answer_that_comes_first_waits_for_its_mail():
    answer = arrived(message_id="<2@x>", subject="RE: Order", headers={"References": "<1@x>"})
    assert arrived(message_id="<1@x>", subject="Order").thread == answer.thread


def test_without_references_the_subject_tells():
    first, answer = arrived(subject="Invoice 20418"), arrived(subject="AW: RE: [extern] Invoice 20418")
    assert first.thread == answer.thread


def test_the_same_subject_of_somebody_else_is_another_conversation():
    assert arrived(subject="Invoice").thread != arrived(subject="Invoice", sender="x@other.example").thread


# --- floods -------------------------------------------------------------------------------------------


def cap(**numbers: int) -> None:
    WorkflowDefinition.objects.filter(workflow_type=intake.TRIAGE).update(thresholds=numbers)


def test_more_than_the_cap_of_one_sender_is_put_aside():
    cap(sender_cap=3)
    states = [arrived(text=f"Mail {number}").status for number in range(5)]
    assert states == ["received"] * 3 + ["quarantined"] * 2
    assert arrived(sender="x@other.example").status == "received"


def test_an_hour_later_the_sender_is_heard_again():
    cap(sender_cap=1)
    now = timezone.now()
    for number, hours in enumerate((0, 0, 2)):
        take_in(raw_mail(f"Mail {number}"), now=now + timedelta(hours=hours))
    assert list(InboundEmail.objects.order_by("pk").values_list("status", flat=True)) == [
        "received",
        "quarantined",
        "received",
    ]


def test_the_same_text_over_and_over_is_put_aside():
    cap(copies_cap=2)
    states = [arrived(text="Buy now").status for _ in range(4)]
    assert states == ["received", "received", "quarantined", "quarantined"]


def test_files_that_a_person_hands_over_are_not_capped():
    cap(sender_cap=1, copies_cap=1)
    assert {take_in(raw_mail("x"), source="file").status for _ in range(4)} == {"received"}


# --- rights and switches ------------------------------------------------------------------------------


def test_the_wrong_person_is_refused(rep):
    with pytest.raises(NotAllowed, match="hand in mail"):
        take_in(raw_mail(), source="api", by=rep)


def test_switched_off_nothing_is_taken_in(mike):
    flip(name="email_intake", state="on", by=mike, reason="Phishing")
    with pytest.raises(SwitchedOff):
        take_in(raw_mail())
    assert InboundEmail.objects.count() == 0


# --- whose mail is it ---------------------------------------------------------------------------------


def test_by_address_whatever_the_case():
    customer = CustomerFactory(email="AP@Northside.Example")
    found = sender_of("ap@NORTHSIDE.example")
    assert (found.customer, found.how, found.known) == (customer, "address", True)


def test_by_a_contact_on_the_record():
    customer = CustomerFactory(record={"custentity_ap_contact": "Kim <kim@accounting.example>; x@y.example"})
    assert sender_of("kim@accounting.example").customer == customer


def test_a_contact_must_be_the_whole_address():
    CustomerFactory(record={"contact": "notkim@accounting.example"})
    assert sender_of("kim@accounting.example").known is False


def test_by_domain():
    customer = CustomerFactory(email="ap@northside.example")
    found = sender_of("maria@northside.example")
    assert (found.customer, found.how) == (customer, "domain")


def test_a_free_mail_domain_says_nothing():
    CustomerFactory(email="grocer@gmail.com")
    assert sender_of("stranger@gmail.com").known is False


def test_a_domain_of_several_says_only_that_it_is_one_of_them():
    pair = [CustomerFactory(email=f"{name}@group.example") for name in "ab"]
    found = sender_of("c@group.example")
    assert (found.customer, found.known, set(found.among)) == (None, True, {each.pk for each in pair})


def test_an_inactive_twin_does_not_count():
    active = CustomerFactory(email="ap@northside.example")
    CustomerFactory(email="ap@northside.example", is_inactive=True)
    assert sender_of("ap@northside.example").customer == active


def test_a_domain_that_only_ends_alike_is_another():
    CustomerFactory(email="ap@notnorthside.example")
    assert sender_of("maria@northside.example").known is False


def test_colleagues_are_known_and_nobodys_customer():
    EmployeeFactory(email="dana@holdgate.example")
    found = sender_of("dana@holdgate.example")
    assert (found.known, found.customer) == (True, None)


@pytest.mark.parametrize("address", ["", "@", "nobody", "%@%", "_@_", "a@", "\x00@x.example"])
def test_what_is_no_address_is_nobodys(address):
    CustomerFactory(email="ap@northside.example")
    assert sender_of(address).known is False


# --- calls --------------------------------------------------------------------------------------------


def test_a_call_is_written_down_like_a_mail(clerk):
    customer = CustomerFactory(name="Northside Grocers")
    call = record_call(customer=customer, text="Price on 20418 is wrong", by=clerk, now=timezone.now())
    assert (call.source, call.status, call.subject) == ("phone", "received", "Phone call from Northside Grocers")


def test_two_calls_with_the_same_words_are_two(clerk):
    customer = CustomerFactory()
    calls = {record_call(customer=customer, text="Late again", by=clerk, now=timezone.now()).pk for _ in range(2)}
    assert len(calls) == 2


def test_a_call_without_words_is_refused(clerk):
    with pytest.raises(Refusal, match="Write what was said"):
        record_call(customer=CustomerFactory(), text="  ", by=clerk, now=timezone.now())


def test_a_call_by_the_wrong_person_is_refused(rep):
    with pytest.raises(NotAllowed):
        record_call(customer=CustomerFactory(), text="Hello", by=rep, now=timezone.now())
