"""A process is killed at a named point of an approval, a push or a mail: nothing half done, nothing twice.

`make chaos ONLY=barriers` does the same with processes started as in production.
"""

import os
import signal
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection
from django.utils import timezone

from bench.chaos.stopping import AT, WORK
from netsuite import outbox
from netsuite.models import Push
from tests.factories.holds import held, notice, owing, proposed
from workflows.actions import emails, proposals
from workflows.models import AutoDecision, OutboundEmail, ProposedAction

pytestmark = pytest.mark.django_db(transaction=True)
APPROVE, PUSH, SEND = ([point for point in AT if point.startswith(verb)] for verb in ("approve", "push", "send"))


def kill_at(point: str, pk: int) -> None:
    """A fork does the work, stops at the point and is killed there."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        _stop_at(point, pk, write)
    os.close(write)
    said = os.read(read, 20)
    os.close(read)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert said == b"stopped"


def _stop_at(point: str, pk: int, write: int) -> None:
    def stop(*args: Any, **kwargs: Any) -> None:
        os.write(write, b"stopped")
        signal.pause()

    try:
        # The connection belongs to the parent; closing it here would end it there.
        connection.connection = None
        with patch(AT[point], stop):
            WORK[point.partition(",")[0]](pk)
    finally:
        os._exit(1)


def rows_of(proposal: ProposedAction) -> tuple[int, int, int]:
    mine = {"customer": proposal.customer}
    return (
        Push.objects.count(),
        OutboundEmail.objects.filter(**mine).count(),
        AutoDecision.objects.filter(**mine).count(),
    )


@pytest.mark.parametrize("point", APPROVE)
def test_an_approval_is_all_there_or_not_at_all(point, mike):
    proposal = proposed(owing())
    kill_at(point, proposal.pk)
    committed = "committed" in point
    assert rows_of(proposal) == ((1, 2, 1) if committed else (0, 0, 0))
    assert ProposedAction.objects.get(pk=proposal.pk).status == ("applying" if committed else "pending")


def test_after_a_kill_the_second_click_approves(mike):
    proposal = proposed(owing())
    kill_at(APPROVE[0], proposal.pk)
    again = ProposedAction.objects.select_related("customer", "run").get(pk=proposal.pk)
    proposals.approve(proposal=again, version=again.version, by=mike, reason="94 days late")
    assert rows_of(proposal) == (1, 2, 1)


@pytest.mark.parametrize("point", PUSH)
def test_a_push_is_taken_over_and_written_once(point, sandbox, mike):
    customer = owing()
    record = {"id": int(customer.netsuite_id), "companyname": customer.name, "email": customer.email}
    sandbox.load(customers=[{**record, "creditholdoverride": "AUTO"}])
    held(customer, mike)
    push = Push.objects.get()
    kill_at(point, push.pk)
    Push.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    outbox.drain(once=True)
    writes = sum(line["method"] == "PATCH" for line in sandbox.requests())
    codes = list(push.attempts.order_by("number").values_list("error_code", flat=True))
    assert (writes, codes[0]) == (1, "lease_expired")
    outbox.drain()
    assert Push.objects.get().status == "applied"


@pytest.mark.parametrize("point", SEND)
def test_a_mail_goes_out_at_most_once_and_a_person_is_asked(point, smtp, mike, time_machine):
    email = notice(held(owing(), mike))
    emails.approve(email=email, version=1, by=mike)
    OutboundEmail.objects.filter(status="approved").update(send_after=timezone.now() - timedelta(minutes=1))
    kill_at(point, email.pk)
    for later in (timedelta(0), timedelta(minutes=3), timedelta(days=1)):
        emails.send_due(now=timezone.now() + later)
    went_out = int("handed over" in point)
    assert (len(smtp.received), OutboundEmail.objects.get(pk=email.pk).status) == (went_out, "uncertain")
