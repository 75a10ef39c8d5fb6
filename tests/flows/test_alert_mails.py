"""Alert mails against a real SMTP server and its bad days; several senders at once."""

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest

from anomalies import notices
from anomalies.models import Alert, AlertNotice
from tests.factories.alerts import fired
from tests.flows.crowd import crowd

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def alert(clerk: Any, owner: Any) -> Alert:
    return fired(date(2026, 3, 15))


def send(alert: Alert, hours: int = 0) -> dict[str, int]:
    return notices.send_due(now=alert.fired_at + timedelta(hours=hours))


def test_each_person_receives_the_finding_once(smtp, alert):
    assert [send(alert), send(alert)] == [{"sent": 2}, {}]
    assert sorted(one.recipients[0] for one in smtp.received) == ["clerk@holdgate.example", "owner@holdgate.example"]
    assert {one.message["Subject"] for one in smtp.received} == {"12 customers on hold, line 5"}


def test_six_senders_at_once_tell_nobody_twice(smtp, alert):
    rounds = crowd(6, lambda number: send(alert))
    sent = sum((Counter(one) for one in rounds), Counter())
    assert (sent, len(smtp.received)) == (Counter(sent=2), 2)


def test_greylisted_it_is_sent_later(smtp, alert):
    smtp.turn_away("451 4.7.1 Greylisted")
    assert send(alert) == {"waiting": 2}
    smtp.welcome()
    assert send(alert, 1) == {"sent": 2}
    assert AlertNotice.objects.filter(sent_at=None).count() == 0


def test_greylisted_for_a_day_it_is_given_up(smtp, alert):
    smtp.turn_away("451 4.7.1 Greylisted")
    assert send(alert, 25) == {"failed": 2}
    smtp.welcome()
    assert (send(alert, 26), smtp.received) == ({}, [])


def test_one_refused_recipient_does_not_keep_the_other(smtp, alert):
    smtp.reject("clerk@holdgate.example")
    assert send(alert) == {"failed": 1, "sent": 1}
    assert [one.recipients for one in smtp.received] == [("owner@holdgate.example",)]


def test_cut_after_the_text_nobody_sends_it_again(smtp, alert):
    smtp.cut_after_data()
    assert send(alert) == {"uncertain": 2}
    smtp.welcome()
    assert (send(alert, 2), len(smtp.received)) == ({}, 2)
    said = AlertNotice.objects.first()
    assert said is not None
    assert said.error.startswith("Nobody knows whether it arrived")
