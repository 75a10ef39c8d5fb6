"""A person takes a mail back in the same moment in which the sender takes it up: exactly one of them wins."""

import time
from collections import Counter
from typing import Any

from bench.chaos.mail import SETTINGS, approved_mails, mail_server
from bench.chaos.stage import Found, Stage

__all__ = ["SETTINGS", "run"]
# After each race its loser gets a little more of a start, so that they stay close.
STEP, SPREAD = 0.002, 0.004


def run(stage: Stage) -> Found:
    from bench.chaos import promises
    from workflows.models import OutboundEmail

    races = stage.many(40, 1000)
    with mail_server() as server:
        ready = approved_mails(stage, races)
        # Held back, so that each race is about one mail.
        due = dict(OutboundEmail.objects.filter(pk__in=ready).values_list("pk", "send_after"))
        OutboundEmail.objects.filter(pk__in=ready).update(send_after=None)
        won: Counter[str] = Counter()
        lead = 0.0
        for number, pk in enumerate(ready):
            OutboundEmail.objects.filter(pk=pk).update(send_after=due[pk])
            winner = _race(stage, pk, server, lead)
            won[winner] += 1
            lead += STEP if winner == "person" else -STEP
            if (number + 1) % 200 == 0:
                stage.say(f"{number + 1} races: {dict(won)}")
    promises.let_it_settle(stage)
    broken = promises.invariants_hold(stage)
    odd = races - won["sender"] - won["person"]
    if odd:
        broken.append(f"of {races} races: {dict(won)}")
    if not won["sender"] or not won["person"]:
        broken.append("one side won every race: nothing was shown")
    seen = f"sender won {won['sender']}, person won {won['person']}, both or none {odd}"
    return Found(f"{races} races of undo against the sender", seen, broken, dict(won))


def _race(stage: Stage, pk: int, server: Any, lead: float) -> str:
    """Who won. The sender starts `lead` seconds before the person, or after where that is negative."""
    from django.utils import timezone

    from bench.chaos.world import person
    from tests.flows.crowd import crowd
    from workflows.actions import emails
    from workflows.models import OutboundEmail

    before, mike = len(server.received), person("mike")
    delays = [max(0, lead) + stage.chance.uniform(0, SPREAD), max(0, -lead) + stage.chance.uniform(0, SPREAD)]

    def click(number: int) -> str:
        time.sleep(delays[number])
        if number:
            return str(emails.send_due(now=timezone.now()))
        return emails.undo(email=OutboundEmail.objects.get(pk=pk), by=mike).status

    answers = crowd(2, click)
    went_out = len(server.received) - before
    state = OutboundEmail.objects.get(pk=pk).status
    if (went_out, state) == (1, "sent"):
        return "sender"
    if (went_out, state) == (0, "pending_review"):
        return "person"
    return f"{went_out} deliveries, {state}, {answers}"
