"""Mail from the release to the customer's mailbox, against a real SMTP server and its bad days."""

import threading
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from netsuite.machine import Transition
from tests.factories.holds import held, notice, owing
from tests.flows.crowd import crowd
from workflows import tasks
from workflows.actions import emails
from workflows.models import OutboundEmail

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mail(mike: Any) -> OutboundEmail:
    """The notice to Maria Lopez, polished and released by mike."""
    email = notice(held(owing(), mike))
    body = "Dear Maria,\n\nÜberfällig: 3 invoices.\n.\nThe line above is a lone dot."
    emails.edit(email=email, version=1, subject="Northside: orders on hold – please call", body=body, by=mike)
    return emails.approve(email=email, version=2, by=mike)


@pytest.fixture(autouse=True)
def after_the_window(mail: OutboundEmail, time_machine: Any) -> None:
    time_machine.move_to(mail.send_after)


def fresh(email: OutboundEmail) -> OutboundEmail:
    return OutboundEmail.objects.get(pk=email.pk)


def send() -> dict[str, int]:
    return {outcome: count for outcome, count in tasks.send_due().items() if count}


def test_the_customer_receives_exactly_what_was_released(smtp, mail):
    assert send() == {"sent": 1}
    (received,) = smtp.received
    message = received.message
    assert received.recipients == (mail.customer.email,)
    assert (message["Subject"], message["Message-ID"]) == ("Northside: orders on hold – please call", mail.message_id)
    assert message.get_content().replace("\r\n", "\n").strip() == mail.body


def test_it_arrives_once_however_often_the_sender_comes_by(smtp, mail):
    assert [send(), send(), send()] == [{"sent": 1}, {}, {}]
    assert len(smtp.received) == 1


def test_six_senders_at_once_deliver_it_once(smtp, mail):
    rounds = crowd(6, lambda number: send())
    assert (Counter(str(one) for one in rounds), len(smtp.received)) == ({"{}": 5, "{'sent': 1}": 1}, 1)


def test_greylisted_first_then_taken_under_the_same_id(smtp, mail, time_machine):
    smtp.turn_away("451 4.7.1 Greylisted, try again later")
    assert send() == {"waiting": 1}
    assert (fresh(mail).status, fresh(mail).error) == ("approved", "451 4.7.1 Greylisted, try again later")
    smtp.welcome()
    time_machine.move_to(timezone.now() + timedelta(minutes=5))
    assert send() == {"sent": 1}
    assert [one.message["Message-ID"] for one in smtp.received] == [mail.message_id]


def test_greylisted_for_more_than_a_day_it_comes_back(smtp, mail, time_machine):
    smtp.turn_away()
    outcomes: Counter[str] = Counter()
    for _ in range(26):
        outcomes.update(send())
        time_machine.move_to(timezone.now() + timedelta(hours=1))
    assert (outcomes, smtp.received) == ({"waiting": 24, "failed": 1}, [])
    assert "Greylisted" in fresh(mail).came_back


def test_a_server_that_is_down_is_asked_again(smtp, mail, settings, time_machine):
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    assert send() == {"waiting": 1}
    settings.EMAIL_PORT = port
    time_machine.move_to(timezone.now() + timedelta(minutes=5))
    assert (send(), len(smtp.received)) == ({"sent": 1}, 1)


def test_a_refused_recipient_brings_it_back_with_the_servers_words(smtp, mail):
    smtp.reject(mail.customer.email, "550 5.1.1 No such user here")
    assert send() == {"failed": 1}
    back = fresh(mail)
    assert (back.status, back.came_back) == (
        "pending_review",
        "Not sent. The mail server said: “550 5.1.1 No such user here”",
    )
    assert back.attempt_rows.get().recipients == {mail.customer.email: "550 5.1.1 No such user here"}


def test_cut_after_the_text_it_goes_to_a_person_and_not_out_again(smtp, mail, time_machine):
    smtp.cut_after_data()
    assert send() == {"uncertain": 1}
    smtp.welcome()
    for _ in range(30):
        time_machine.move_to(timezone.now() + timedelta(hours=1))
        assert send() == {}
    assert (len(smtp.received), fresh(mail).status) == (1, "uncertain")


def test_a_person_sends_it_again_as_another_mail(smtp, mail, mike, time_machine):
    smtp.cut_after_data()
    send()
    smtp.welcome()
    again = emails.reopen(email=fresh(mail), by=mike, reason="Maria did not get it")
    emails.approve(email=again, version=2, by=mike)
    time_machine.move_to(again.send_after)
    assert send() == {"sent": 1}
    assert len({one.message["Message-ID"] for one in smtp.received}) == len(smtp.received) == 2


def test_a_bad_address_does_not_keep_the_others(smtp, mail, mike, time_machine):
    other = notice(held(owing("Harbor Foods", email="a@b.example; c@d.example"), mike))
    emails.approve(email=other, version=1, by=mike)
    third = notice(held(owing("Third Foods"), mike))
    emails.approve(email=third, version=1, by=mike)
    time_machine.move_to(third.send_after)
    assert send() == {"sent": 2, "failed": 1}
    assert "cannot be addressed" in fresh(other).came_back


def test_undo_against_the_sender_has_one_winner(smtp, mail, mike):
    """Whoever is first: either it went out, or it is back. Never both."""
    gate = threading.Barrier(2)

    def click(number: int) -> str:
        gate.wait()
        if number:
            return str(send())
        return emails.undo(email=fresh(mail), by=mike).status

    answers = crowd(2, click)
    went_out, back = len(smtp.received), fresh(mail).status == "pending_review"
    assert (went_out, back) in {(1, False), (0, True)}
    verbs = set(Transition.objects.for_row(mail).values_list("verb", flat=True)) - {"create", "approve"}
    assert verbs == ({"undo"} if back else {"start_sending", "confirm"}), answers
