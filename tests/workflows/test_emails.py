"""Mails from draft to sent: released by a person, at most once by themselves, doubt goes to a person."""

from collections import deque
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from customers.clock import business_today
from customers.models import Customer, Employee
from disputes.actions import open_dispute
from holds.actions import holds, pauses
from netsuite.errors import Refusal
from netsuite.machine import Transition
from tests.factories.holds import held, notice, owing, pay
from workflows.access import NotAllowed
from workflows.actions import emails
from workflows.actions.emails import NoRecipient, StaleText, TooLate
from workflows.actions.switches import flip
from workflows.models import AutoDecision, OutboundEmail
from workflows.post import Delivery

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)


class PostOffice:
    """Stands between us and the mail server: remembers what it was handed, answers as told."""

    def __init__(self) -> None:
        self.handed_over: list[dict[str, str]] = []
        self.answers: deque[Any] = deque()

    def answer_next(self, *answers: Any) -> None:
        """A Delivery, or something to call in the middle of the handing-over."""
        self.answers.extend(answers)

    def deliver(self, **mail: str) -> Delivery:
        self.handed_over.append(mail)
        answer = self.answers.popleft() if self.answers else None
        if callable(answer):
            answer = answer()
        return answer or Delivery("sent", "2.0.0 queued as 1A2B", {mail["to_email"]: "250"})


@pytest.fixture
def post(monkeypatch) -> PostOffice:
    office = PostOffice()
    monkeypatch.setattr(emails, "deliver", office.deliver)
    return office


@pytest.fixture
def mail(mike) -> OutboundEmail:
    """The notice to Maria Lopez of Northside Grocers; risk 4."""
    return notice(held(owing(), mike))


@pytest.fixture
def rep_note(mail) -> OutboundEmail:
    return OutboundEmail.objects.get(run=mail.run, kind="rep_note")


def fresh(email: OutboundEmail) -> OutboundEmail:
    return OutboundEmail.objects.get(pk=email.pk)


def release(email: OutboundEmail, by: Any, version: int = 0) -> OutboundEmail:
    return emails.approve(email=email, version=version or email.version, by=by)


def polish(email: OutboundEmail, by: Any, body: str = "Dear Maria, please call me.", **fields: Any) -> OutboundEmail:
    given = {"version": email.version, "subject": email.subject, **fields}
    return emails.edit(email=email, body=body, by=by, **given)


def send(after: timedelta = timedelta(minutes=11)) -> dict[str, int]:
    """The sender's next round, so long after now; only what happened."""
    tally = emails.send_due(now=timezone.now() + after)
    return {outcome: count for outcome, count in tally.items() if count}


def try_again() -> Delivery:
    return Delivery("try_again", "451 4.7.1 Greylisted, try again later")


# --- polishing ----------------------------------------------------------------------------------------


def test_a_polished_text_is_a_new_version(mail, mike):
    polish(mail, mike)
    assert (fresh(mail).version, fresh(mail).body) == (2, "Dear Maria, please call me.")


def test_every_text_is_kept(mail, mike):
    first = mail.body
    polish(mail, mike, "Second")
    polish(mail, mike, "Third")
    texts = mail.versions.values_list("version", "body", "by")
    assert list(texts) == [(1, first, "draft"), (2, "Second", "mike"), (3, "Third", "mike")]


def test_an_unchanged_text_is_no_new_version(mail, mike):
    polish(mail, mike, mail.body)
    assert (fresh(mail).version, mail.versions.count()) == (1, 1)


def test_two_who_polish_at_once_do_not_overwrite_each_other(mail, mike):
    polish(mail, mike, "Mike's text")
    with pytest.raises(StaleText, match="showed version 1; version 2") as told:
        polish(mail, mike, "The text of a stale tab", version=1)
    assert (told.value.status, fresh(mail).body) == (409, "Mike's text")


@pytest.mark.parametrize("empty", [{"subject": " "}, {"body": " \n"}])
def test_a_mail_needs_a_subject_and_a_text(mail, mike, empty):
    with pytest.raises(Refusal, match="needs a subject and a text"):
        polish(mail, mike, **empty)


def test_a_subject_cannot_smuggle_a_header(mail, mike):
    polish(mail, mike, subject="Orders on hold\r\nBcc: everybody@evil.example")
    assert fresh(mail).subject == "Orders on hold Bcc: everybody@evil.example"


def test_a_text_keeps_its_lines_and_loses_its_nul(mail, mike):
    polish(mail, mike, "Dear Maria,\r\n\r\nplease\x00 call.")
    assert fresh(mail).body == "Dear Maria,\n\nplease call."


def test_a_released_mail_cannot_be_polished(mail, mike):
    release(mail, mike)
    with pytest.raises(TooLate, match="approved, waiting to send"):
        polish(mail, mike)


@pytest.mark.parametrize("role", ["rep", "clerk", "committee", "owner", "cashier", "integrator", "operator"])
def test_the_wrong_role_may_not_polish(mail, role, request):
    with pytest.raises(NotAllowed):
        polish(mail, request.getfixturevalue(role))
    assert fresh(mail).version == 1


# --- releasing and taking back ------------------------------------------------------------------------


def test_a_released_mail_waits_ten_minutes_at_risk_four(mail, mike):
    release(mail, mike)
    assert (mail.risk_level, mail.send_after - mail.approved_at) == (4, timedelta(minutes=10))


def test_and_two_minutes_below(mail, mike):
    OutboundEmail.objects.update(risk_level=3)
    email = release(fresh(mail), mike)
    assert email.send_after - email.approved_at == timedelta(seconds=120)


def test_nothing_leaves_inside_the_window(mail, mike, post):
    release(mail, mike)
    assert emails.send_due(now=mail.send_after - SECOND)["sent"] == 0
    assert post.handed_over == []


def test_it_leaves_when_the_window_is_over(mail, mike, post):
    release(mail, mike)
    assert emails.send_due(now=mail.send_after)["sent"] == 1
    assert (post.handed_over[0]["to_email"], post.handed_over[0]["subject"]) == (mail.customer.email, mail.subject)


def test_a_release_is_a_decision(mail, mike):
    release(mail, mike)
    decision = AutoDecision.objects.get(decision_type="mail_approved")
    assert (decision.by, decision.after) == ("mike", {"to": mail.customer.email, "hash": mail.approved_hash})


def test_the_version_that_was_read_is_released_or_none(mail, mike):
    polish(mail, mike)
    with pytest.raises(StaleText):
        release(fresh(mail), mike, version=1)
    assert fresh(mail).status == "pending_review"


def test_a_second_click_is_told_so(mail, mike):
    release(mail, mike)
    with pytest.raises(TooLate, match="approved, waiting to send"):
        release(fresh(mail), mike)
    assert AutoDecision.objects.filter(decision_type="mail_approved").count() == 1


@pytest.mark.parametrize("role", ["rep", "clerk", "committee", "owner", "cashier", "integrator", "operator"])
def test_the_wrong_role_may_not_release(mail, role, request):
    with pytest.raises(NotAllowed):
        release(mail, request.getfixturevalue(role))
    assert fresh(mail).status == "pending_review"


def test_a_part_of_the_system_may_not_release(mail):
    with pytest.raises(NotAllowed, match="Only a person"):
        release(mail, "schedule:mail")


def test_undo_takes_it_back_before_it_leaves(mail, mike, post):
    release(mail, mike)
    emails.undo(email=mail, by=mike)
    assert send() == {}
    assert (fresh(mail).status, fresh(mail).approved_by, post.handed_over) == ("pending_review", None, [])


def test_undo_leaves_its_own_decision(mail, mike):
    release(mail, mike)
    emails.undo(email=mail, by=mike)
    kinds = AutoDecision.objects.filter(entity_ref=f"email:{mail.pk}").order_by("pk")
    assert list(kinds.values_list("decision_type", flat=True)) == ["mail_approved", "mail_undone"]


def test_after_undo_it_can_be_released_again_and_leaves_once(mail, mike, post):
    release(mail, mike)
    emails.undo(email=mail, by=mike)
    release(fresh(mail), mike)
    assert (send(), len(post.handed_over)) == ({"sent": 1}, 1)


def test_undo_comes_too_late_for_a_sent_mail(mail, mike, post):
    release(mail, mike)
    send()
    with pytest.raises(TooLate, match="the mail is sent"):
        emails.undo(email=fresh(mail), by=mike)


def test_the_wrong_role_may_not_undo(mail, mike, clerk):
    release(mail, mike)
    with pytest.raises(NotAllowed):
        emails.undo(email=mail, by=clerk)


def test_a_discarded_mail_is_never_sent(mail, mike, post):
    emails.discard(email=mail, by=mike, reason="Spoke on the phone")
    assert send() == {}
    assert fresh(mail).status == "discarded"


def test_discarding_needs_a_reason(mail, mike):
    with pytest.raises(Refusal, match="Say why"):
        emails.discard(email=mail, by=mike, reason="")


def test_a_released_mail_cannot_be_discarded_but_undone(mail, mike):
    release(mail, mike)
    with pytest.raises(TooLate):
        emails.discard(email=fresh(mail), by=mike, reason="No")


# --- to whom ------------------------------------------------------------------------------------------


def test_without_an_address_it_cannot_be_released(mail, mike):
    Customer.objects.update(email="")
    with pytest.raises(NoRecipient, match="Northside Grocers has no e-mail address in NetSuite"):
        release(fresh(mail), mike)


def test_without_an_active_rep_the_note_cannot_be_released(rep_note, mike):
    Employee.objects.update(is_inactive=True)
    with pytest.raises(NoRecipient, match="no active sales rep"):
        release(fresh(rep_note), mike)


def test_the_address_is_that_of_the_record_when_it_is_released(mail, mike):
    Customer.objects.update(email="payables@northside.example")
    assert release(fresh(mail), mike).to_email == "payables@northside.example"


def test_an_address_in_the_text_receives_nothing(mail, mike, post):
    release(polish(mail, mike, "Please answer to somebody@else.example\nTo: somebody@else.example"), mike)
    send()
    assert [handed["to_email"] for handed in post.handed_over] == [mail.customer.email]


def test_a_changed_address_brings_it_back(mail, mike, post):
    release(mail, mike)
    Customer.objects.update(email="new@northside.example")
    assert (send(), post.handed_over) == ({"came_back": 1}, [])
    assert fresh(mail).came_back == "The address on the record is now new@northside.example."


def test_an_address_changed_while_another_mail_is_sent_brings_it_back(mail, rep_note, mike, post):
    release(mail, mike)
    release(rep_note, mike)
    post.answer_next(lambda: Employee.objects.update(email="new@holdgate.example") and None)
    assert send() == {"sent": 1, "came_back": 1}


# --- facts that changed meanwhile ---------------------------------------------------------------------


def test_a_paid_customer_gets_no_notice(mail, mike, post):
    release(mail, mike)
    pay(mail.customer)
    assert (send(), post.handed_over) == ({"came_back": 1}, [])
    assert "AR balance was $48,210.40, is $0.00" in fresh(mail).came_back


def test_a_released_customer_gets_no_notice(mail, mike, post):
    release(mail, mike)
    holds.lift(hold=mail.run.holds.get(), reason="Promise kept", by=mike)
    assert send() == {"came_back": 1}
    assert fresh(mail).came_back == "The hold was lifted since; this mail would be wrong."


def test_a_disputed_invoice_brings_the_notice_back(mail, mike, post):
    release(mail, mike)
    open_dispute(customer=mail.customer, reason_text="Wrong price", by=mike, amount=Decimal("4200"))
    assert send() == {"came_back": 1}
    assert "Under dispute was $0.00, is $4,200.00" in fresh(mail).came_back


def test_a_payment_plan_brings_the_notice_back(mail, mike, post):
    release(mail, mike)
    due = business_today() + timedelta(days=9)
    pauses.agree_plan(customer=mail.customer, instalments=[(due, Decimal("48210.40"))], reason="Promised", by=mike)
    assert (send(), post.handed_over) == ({"came_back": 1}, [])
    assert "Payment plan was none, is until " in fresh(mail).came_back


def test_what_came_back_can_be_polished_and_sent(mail, mike, post):
    release(mail, mike)
    pay(mail.customer)
    send()
    release(polish(fresh(mail), mike), mike)
    assert (send(), fresh(mail).came_back) == ({"sent": 1}, "")


def test_a_text_changed_behind_our_back_is_not_sent(mail, mike, post):
    release(mail, mike)
    OutboundEmail.objects.update(body="You owe us a million")
    assert (send(), post.handed_over) == ({"came_back": 1}, [])
    assert fresh(mail).came_back == "The text is not the one that was approved."


def test_the_news_of_a_lift_does_not_rest_on_the_balance(mail, mike, post):
    run = holds.lift(hold=mail.run.holds.get(), reason="Promise", by=mike)
    release(run.emails.get(), mike)
    pay(mail.customer)
    assert send() == {"sent": 1}


# --- handing over -------------------------------------------------------------------------------------


def test_a_sent_mail_says_when_and_what(mail, mike, post):
    release(mail, mike)
    send()
    sent = fresh(mail)
    assert (sent.status, sent.sent_hash, sent.error) == ("sent", sent.approved_hash, "")
    assert sent.sent_at is not None


def test_the_attempt_is_there_before_the_server_is_called(mail, mike, post):
    seen: list[str] = []
    post.answer_next(lambda: seen.extend(mail.attempt_rows.values_list("outcome", flat=True)))
    release(mail, mike)
    send()
    assert (seen, mail.attempt_rows.get().outcome) == ([""], "sent")


def test_the_result_is_kept_for_each_recipient(mail, mike, post):
    address = mail.customer.email
    post.answer_next(Delivery("refused", "550 5.1.1 No such user", {address: "550 5.1.1 No such user"}))
    release(mail, mike)
    send()
    attempt = mail.attempt_rows.get()
    assert (attempt.recipient, attempt.recipients) == (address, {address: "550 5.1.1 No such user"})


def test_a_second_round_sends_nothing_again(mail, mike, post):
    release(mail, mike)
    assert (send(), send(), len(post.handed_over)) == ({"sent": 1}, {}, 1)


def test_two_senders_at_once_send_it_once(mail, mike, post):
    rounds: list[dict[str, int]] = []
    post.answer_next(lambda: rounds.append(send()))
    release(mail, mike)
    assert (send(), rounds, len(post.handed_over)) == ({"sent": 1}, [{}], 1)


def test_a_greylisted_mail_is_tried_again_under_the_same_id(mail, mike, post):
    post.answer_next(try_again())
    release(mail, mike)
    assert send() == {"waiting": 1}
    assert send(timedelta(minutes=12)) == {}
    assert send(timedelta(minutes=17)) == {"sent": 1}
    first, second = post.handed_over
    assert first["message_id"] == second["message_id"] == mail.message_id


def test_a_waiting_mail_can_still_be_undone(mail, mike, post):
    post.answer_next(try_again())
    release(mail, mike)
    send()
    emails.undo(email=fresh(mail), by=mike)
    assert (send(timedelta(hours=1)), fresh(mail).status) == ({}, "pending_review")


def test_a_waiting_mail_is_checked_again_before_the_next_try(mail, mike, post):
    post.answer_next(try_again())
    release(mail, mike)
    send()
    pay(mail.customer)
    assert (send(timedelta(hours=1)), len(post.handed_over)) == ({"came_back": 1}, 1)


def test_for_a_day_it_is_tried_then_it_comes_back(mail, mike, post):
    post.answer_next(try_again(), try_again())
    release(mail, mike)
    assert send(timedelta(hours=23)) == {"waiting": 1}
    assert send(timedelta(hours=25)) == {"failed": 1}
    assert (fresh(mail).status, fresh(mail).approved_by) == ("pending_review", None)


def test_a_refused_mail_comes_back_with_the_servers_words(mail, mike, post):
    post.answer_next(Delivery("refused", "550 5.1.1 No such user"))
    release(mail, mike)
    assert send() == {"failed": 1}
    assert fresh(mail).came_back == "Not sent. The mail server said: “550 5.1.1 No such user”"
    steps = Transition.objects.for_row(mail).values_list("verb", flat=True)
    assert list(steps) == ["create", "approve", "start_sending", "fail", "reopen"]


def test_cut_after_the_text_is_uncertain_and_never_sent_again(mail, mike, post):
    post.answer_next(Delivery("uncertain", "SMTPServerDisconnected: Connection unexpectedly closed"))
    release(mail, mike)
    assert send() == {"uncertain": 1}
    assert (send(timedelta(hours=30)), len(post.handed_over)) == ({}, 1)
    assert (fresh(mail).status, fresh(mail).error) == (
        "uncertain",
        "SMTPServerDisconnected: Connection unexpectedly closed",
    )


def test_a_sender_that_died_leaves_it_uncertain(mail, mike, post):
    def die() -> None:
        raise SystemExit("killed")

    post.answer_next(die)
    release(mail, mike)
    with pytest.raises(SystemExit):
        send()
    assert fresh(mail).status == "sending"
    assert (send(timedelta(minutes=15)), len(post.handed_over)) == ({"uncertain": 1}, 1)
    assert "may or may not have gone out" in fresh(mail).error


def test_a_sender_that_thaws_late_does_not_decide_any_more(mail, mike, post):
    post.answer_next(lambda: send(timedelta(minutes=15)) and None)
    release(mail, mike)
    assert send() == {}
    assert (fresh(mail).status, mail.attempt_rows.get().outcome) == ("uncertain", "late_refused")
    assert mail.attempt_rows.get().detail == "2.0.0 queued as 1A2B"


def test_an_uncertain_mail_is_sent_again_only_by_a_person_and_under_a_new_id(mail, mike, post):
    post.answer_next(Delivery("uncertain", "cut"))
    release(mail, mike)
    send()
    first = mail.message_id
    release(emails.reopen(email=fresh(mail), by=mike, reason="Maria did not get it"), mike)
    assert send() == {"sent": 1}
    assert [handed["message_id"] == first for handed in post.handed_over] == [True, False]


def test_the_new_id_stands_in_the_history(mail, mike, post):
    post.answer_next(Delivery("uncertain", "cut"))
    release(mail, mike)
    send()
    email = emails.reopen(email=fresh(mail), by=mike, reason="Maria did not get it")
    assert OutboundEmail.history.filter(id=mail.pk).latest("history_id").message_id == email.message_id


def test_the_reopened_mail_says_what_went_wrong(mail, mike, post):
    post.answer_next(Delivery("uncertain", "cut after DATA"))
    release(mail, mike)
    send()
    assert emails.reopen(email=fresh(mail), by=mike).came_back == "cut after DATA"


def test_a_person_finds_out_that_it_arrived(mail, mike, post):
    post.answer_next(Delivery("uncertain", "cut"))
    release(mail, mike)
    send()
    emails.declare_sent(email=fresh(mail), by=mike, reason="Maria answered it")
    assert fresh(mail).status == "sent"
    assert AutoDecision.objects.get(decision_type="mail_declared_sent").reason == "Maria answered it"


@pytest.mark.parametrize("settle", [emails.reopen, emails.declare_sent])
def test_the_wrong_role_may_not_settle_a_doubt(mail, mike, clerk, post, settle):
    post.answer_next(Delivery("uncertain", "cut"))
    release(mail, mike)
    send()
    with pytest.raises(NotAllowed):
        settle(email=fresh(mail), by=clerk, reason="I think so")


def test_a_second_click_on_a_settled_doubt_is_told_so(mail, mike, post):
    post.answer_next(Delivery("uncertain", "cut"))
    release(mail, mike)
    send()
    emails.declare_sent(email=fresh(mail), by=mike, reason="Maria answered it")
    with pytest.raises(TooLate, match="The mail is sent"):
        emails.reopen(email=fresh(mail), by=mike)


# --- the switch ---------------------------------------------------------------------------------------


def test_mails_wait_while_sending_is_off(mail, mike, post):
    release(mail, mike)
    flip(name="email_send", state="on", by=mike, reason="Wrong template")
    assert (send(), fresh(mail).status) == ({}, "approved")


def test_and_leave_when_it_is_on_again(mail, mike, post):
    release(mail, mike)
    flip(name="email_send", state="on", by=mike, reason="Wrong template")
    send()
    flip(name="email_send", state="off", by=mike, reason="Fixed")
    assert send() == {"sent": 1}


def test_an_armed_switch_lets_them_leave_and_logs(mail, mike, post):
    release(mail, mike)
    switch = flip(name="email_send", state="armed", by=mike, reason="Trying it")
    assert send() == {"sent": 1}
    assert list(switch.events.values_list("what", "stopped")) == [(f"send mail {mail.pk}", False)]


def test_sales_reps_see_the_mails_of_their_own_customers(mail, rep, mike):
    Employee.objects.filter(pk=mail.customer.sales_rep_id).update(user=rep)
    other = held(owing("Harbor Foods"), mike)
    mine = OutboundEmail.objects.visible_to(rep)
    assert (mine.count(), mine.filter(customer=other.customer).count()) == (2, 0)


def test_the_same_text_saved_twice_is_one_version(mail, mike):
    emails.edit(email=mail, version=1, subject=mail.subject, body="Hello Maria", by=mike)
    emails.edit(email=fresh(mail), version=1, subject=mail.subject, body="Hello Maria", by=mike)
    assert fresh(mail).version == 2
