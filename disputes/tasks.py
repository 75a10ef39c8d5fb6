"""Background work of disputes: load, call the action, answer what it did."""

import logging

from django.conf import settings
from django.utils import timezone
from django_q.tasks import async_task

from disputes import polish
from disputes.actions import credit_memos, fetching, learning, sorting
from disputes.actions.triage import triage
from disputes.models import InboundEmail

log = logging.getLogger(__name__)


def polish_answers() -> int:
    return polish.polish_waiting()


def finish_credits() -> int:
    """Settle what a worker that died did not."""
    return credit_memos.catch_up()


def learn_waiting() -> bool:
    """Ring for a training when a correction waits or the version in use has no figures yet."""
    return learning.ring_when_needed()


def retrain() -> str:
    """Learn the corrections; answers the version. Takes up to a minute."""
    from disputes.classifier.training import train

    return train().version


def ring(task: str, *args: int) -> None:
    """Wake a worker; the schedule comes by anyway."""
    try:
        async_task(task, *args)
    except Exception:
        log.exception("the bell for %s did not ring", task)


def fetch_mail() -> dict[str, int]:
    """Read the mailbox, if one is set."""
    return fetching.fetch(by="schedule:mailbox", now=timezone.now()) if settings.IMAP_URL else {}


def triage_waiting() -> int:
    """Sort what came in; rings again for the rest, so that no run outlives the task runner's time limit."""
    count = sorting.triage_waiting(by="schedule:triage", now=timezone.now(), for_seconds=30)
    if sorting.is_waiting():
        ring("disputes.tasks.triage_waiting")
    return count


def triage_again(pk: int) -> str:
    """Sort one mail that a person wants to be read again; answers its state."""
    email = InboundEmail.objects.select_related("customer").prefetch_related("attachments").get(pk=pk)
    return triage(email=email, by="schedule:triage", now=timezone.now()).status
