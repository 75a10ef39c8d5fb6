"""Three senders and a mail server that takes every fifth mail and then drops the line without an answer."""

import time
from collections import Counter
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from bench.chaos.stage import Found, Stage
from tests.flows.mail_server import Received, SmtpServer, free_port

PORT = free_port()
SETTINGS = {"EMAIL_URL": f"smtp://127.0.0.1:{PORT}"}
CUT_EVERY = 5
# Approved with a clock that was so much behind, so that nobody waits for the undo window.
WINDOW_OVER = timedelta(minutes=11)


def run(stage: Stage) -> Found:
    from bench.chaos import promises
    from workflows.models import OutboundEmail

    mails = stage.many(50, 1000)
    with mail_server() as server:
        ready = approved_mails(stage, mails)
        cut: list[str] = []
        server.cut_after_data(lambda received: _cuts(received, len(server.received), cut))
        stage.say(f"{mails} mails are due")
        _send_all(stage)
        time.sleep(2)
        later = _send_tomorrow()
    taken = Counter(str(one.message["Message-ID"]) for one in server.received)
    states = dict(OutboundEmail.objects.filter(pk__in=ready).values_list("message_id", "status"))
    twice = [identity for identity, times in taken.items() if times > 1]
    promises.let_it_settle(stage)
    broken = promises.invariants_hold(stage)
    if twice or set(taken) != set(states):
        broken.append(f"{len(twice)} mails arrived twice, {len(set(states) - set(taken))} did not arrive")
    odd = [identity for identity, state in states.items() if state != ("uncertain" if identity in cut else "sent")]
    if odd:
        broken.append(f"{len(odd)} mails are in the wrong state: {Counter(states[one] for one in odd)}")
    if len(cut) != mails // CUT_EVERY or later:
        broken.append(f"{len(cut)} cuts; a day later {later} more went out")
    counted = Counter(states.values())
    seen = f"{len(twice)} duplicates, {counted['sent']} sent, {counted['uncertain']} uncertain, {later} re-sent"
    figures = {"mails": mails, "cuts": len(cut), "duplicates": len(twice), **counted}
    return Found(f"{mails} mails, {len(cut)} cut after DATA", seen, broken, figures)


@contextmanager
def mail_server() -> Any:
    from aiosmtpd.controller import Controller

    handler = SmtpServer()
    controller = Controller(handler, hostname="127.0.0.1", port=PORT)
    controller.start()
    try:
        yield handler
    finally:
        controller.stop()


def approved_mails(stage: Stage, count: int) -> list[int]:
    """Mails of holds in force, released, their undo windows over: their ids."""
    import time_machine
    from django.utils import timezone

    from bench.chaos.world import customers_who_owe, person, proposals_for
    from workflows.actions import emails, proposals
    from workflows.models import OutboundEmail

    mike = person("mike")
    with time_machine.travel(timezone.now() - WINDOW_OVER):
        for proposal in proposals_for(customers_who_owe(count // 2, stage.sandbox)):
            proposals.approve(proposal=proposal, version=proposal.version, by=mike, reason="94 days late")
        drafts = OutboundEmail.objects.to_polish().select_related("customer__sales_rep", "run")
        for email in drafts:
            emails.approve(email=email, version=email.version, by=mike)
    return [email.pk for email in drafts]


def _cuts(received: Received, number: int, cut: list[str]) -> bool:
    if number % CUT_EVERY:
        return False
    cut.append(str(received.message["Message-ID"]))
    return True


def _send_all(stage: Stage) -> None:
    from bench.chaos.processes import draining
    from workflows.models import OutboundEmail

    with draining(stage, "mail", "mail", "mail"):
        open_ones = OutboundEmail.objects.filter(status__in=["approved", "sending"])
        stage.wait_for(lambda: not open_ones.exists(), "mails are still open")


def _send_tomorrow() -> int:
    """What goes out when the senders come by a day later."""
    from django.utils import timezone

    from workflows.actions import emails

    return emails.send_due(now=timezone.now() + timedelta(days=1))["sent"]
