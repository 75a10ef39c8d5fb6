"""The queue of mails to sort: oldest first, in handfuls, for a while."""

import time
from datetime import datetime

from disputes.actions.triage import triage_many
from disputes.models import InboundEmail
from workflows.access import Actor
from workflows.stages import WorkflowNotFound

HANDFUL = 50


def is_waiting() -> bool:
    return InboundEmail.objects.filter(status="received").exists()


def triage_waiting(*, by: Actor, now: datetime, for_seconds: float) -> int:
    """Sort what is received, oldest first, until nothing waits or the time is over; answers how many.

    While the contract is switched off mails stay received.
    """
    ends, count, last = time.monotonic() + for_seconds, 0, 0
    while time.monotonic() < ends:
        rows = InboundEmail.objects.filter(status="received", pk__gt=last).order_by("pk")
        batch = list(rows.select_related("customer").prefetch_related("attachments")[:HANDFUL])
        if not batch:
            return count
        try:
            triage_many(emails=batch, by=by, now=now)
        except WorkflowNotFound:
            return count
        count, last = count + len(batch), batch[-1].pk
    return count
