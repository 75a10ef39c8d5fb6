"""Whom a new alert is told, and that nobody is told twice. The mail server is one that collects."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import transaction

from anomalies import notices
from anomalies.actions import alerts
from anomalies.models import Alert, AlertNotice
from tests.conftest import user_in
from tests.factories.alerts import fired
from workflows.actions import switches

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(clerk, owner, rep, frozen_today) -> Alert:
    """An alert for finance and the AR clerk."""
    user_in("gone", "AR clerk", is_active=False)
    user_in("nowhere", "AR clerk")
    user = AlertNotice._meta.get_field("user").related_model
    user.objects.filter(username="nowhere").update(email="")
    return fired(frozen_today - timedelta(days=1))


@pytest.fixture
def now(told):
    return told.fired_at


def test_it_is_planned_for_the_people_of_the_roles(told):
    assert sorted(told.notices.values_list("user__username", flat=True)) == ["clerk", "owner"]
    assert mail.outbox == []


def test_an_alert_that_is_undone_tells_nobody(clerk, frozen_today):
    with transaction.atomic():
        fired(frozen_today - timedelta(days=1))
        transaction.set_rollback(True)
    assert (Alert.objects.count(), AlertNotice.objects.count()) == (0, 0)


def test_each_gets_one_mail_with_the_finding(told, now, settings):
    settings.PUBLIC_URL = "https://holdgate.example"
    assert notices.send_due(now=now) == {"sent": 2}
    first = mail.outbox[0]
    assert (first.to, first.subject) == (["clerk@holdgate.example"], "12 customers on hold, line 5")
    assert f"https://holdgate.example/admin/anomalies/alert/{told.pk}/change/" in first.body
    assert "judged for 15 Mar 2026" in first.body


def test_nobody_is_told_twice(told, now):
    assert [notices.send_due(now=now), notices.send_due(now=now)] == [{"sent": 2}, {}]
    notices.plan(told, now=now)
    assert (notices.send_due(now=now), len(mail.outbox)) == ({}, 2)


def test_several_alerts_make_one_mail(told, now, frozen_today):
    fired(frozen_today - timedelta(days=2), slug="old-receivables", metric="share_60_plus", value=1)
    assert notices.send_due(now=now) == {"sent": 2}
    assert {message.subject for message in mail.outbox} == {"Two new alerts"}


def test_what_was_resolved_before_is_not_told(told, now, mike):
    alerts.resolve(alert=told, by=mike, reason="Over.")
    assert (notices.send_due(now=now), mail.outbox) == ({}, [])
    assert {notice.error for notice in told.notices.all()} == {"Not sent: resolved before."}


def test_the_switch_stops_it_and_nothing_is_lost(told, now, mike):
    switches.flip(name="email_send", state="on", by=mike, reason="Test")
    assert (notices.send_due(now=now), mail.outbox) == ({}, [])
    switches.flip(name="email_send", state="off", by=mike, reason="Over")
    assert notices.send_due(now=now) == {"sent": 2}


def test_who_left_meanwhile_is_not_told(told, now, clerk):
    clerk.is_active = False
    clerk.save()
    assert notices.send_due(now=now) == {"failed": 1, "sent": 1}
    assert [message.to for message in mail.outbox] == [["owner@holdgate.example"]]
