"""Who holds which push: claim under a lease, the attempt row before the call, and the settlement after it.

Leases use the database's clock, so a worker with a wrong clock cannot steal or keep a row.
"""

import logging
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import DateTimeField, Exists, ExpressionWrapper, OuterRef
from django.db.models.functions import Now
from django.utils import timezone

from netsuite.backoff import retry_delay
from netsuite.machine import LostRace, move
from netsuite.models import Channel, Push, PushAttempt, PushStatus

log = logging.getLogger(__name__)

POISON_LIMIT = 3
# A claim that keeps losing races gives the slot back; the next drain finds the row again.
CLAIM_TRIES = 20

ON_OUTCOME: list[Callable[[Push], None]] = []
"""Upper apps append here in `ready()`; called after commit with the settled push."""


def claim(channel: str, *, slots: int, by: str, due_at: datetime | None = None) -> Push | None:
    """The next due push under a fresh lease, or None: nothing due, channel shut, or all slots in use.

    `due_at` is the moment for which "due" is judged (default: now).
    """
    for _ in range(CLAIM_TRIES):
        try:
            with transaction.atomic(durable=True):
                found = _claim_one(channel, slots, by, due_at or timezone.now())
        except (LostRace, IntegrityError):
            continue
        if found is None or found.status == PushStatus.SENDING:
            return found
        notify(found)
    return None


def open_attempt(push: Push, kind: str, by: str) -> PushAttempt:
    """Commit the row that says a remote call is about to happen; its `request_id` travels with the call."""
    first_of_cycle = push.attempts_in_cycle <= 1
    channel = Channel.named(push.channel)
    with transaction.atomic(durable=True):
        return PushAttempt.objects.create(
            push=push,
            number=push.attempts.count() + 1,
            cycle=push.cycle,
            kind=kind,
            by=push.cycle_by if push.cycle_by and first_of_cycle else by,
            lease_token=_token(push),
            evidence={"would_be_blocked": channel.closed_reason} if channel.armed else None,
        )


def still_held(push: Push, **changes: Any) -> bool:
    """Is the lease ours and alive by the database's clock? Writes `changes` (and sets them) only then."""
    held = Push.objects.filter(
        pk=push.pk, status=PushStatus.SENDING, lease_token=push.lease_token, lease_until__gt=Now()
    )
    if not held.update(lease_token=push.lease_token, **changes):
        return False
    for name, value in changes.items():
        setattr(push, name, value)
    return True


def settle(
    push: Push,
    attempt: PushAttempt,
    verb: str,
    outcome: str,
    *,
    reason: str = "",
    facts: dict[str, Any],
    **changes: Any,
) -> bool:
    """Close the attempt and move the push in one transaction; False when the lease was lost meanwhile.

    A push that is not applied gives way to a newer generation of its key.
    """
    with transaction.atomic(durable=True):
        if verb != "confirm" and Push.objects.newer_than(push).exists():
            verb, changes = "supersede", {}
        held = {"lease_token": attempt.lease_token}
        free = {"lease_token": None, "lease_until": None}
        try:
            move(push, verb, by=attempt.by, reason=reason, run_id=push.run_id, where=held, **free, **changes)
        except LostRace:
            close_late(attempt, f"came back with {outcome}", facts)
            return False
        close_attempt(attempt, outcome, **facts)
    notify(push)
    return True


def close_attempt(attempt: PushAttempt, outcome: str, **facts: Any) -> None:
    """Finish the attempt's row; what was noted at its start stays in the evidence."""
    evidence = {**(attempt.evidence or {}), **(facts.pop("evidence", None) or {})} or None
    changes = {**facts, "outcome": outcome, "evidence": evidence, "finished_at": timezone.now()}
    PushAttempt.objects.filter(pk=attempt.pk).update(**changes)
    for name, value in changes.items():
        setattr(attempt, name, value)


def close_late(attempt: PushAttempt, what: str, facts: dict[str, Any] | None = None) -> None:
    """The lease was lost: another worker decides. Only this attempt's own row says what happened here."""
    detail = f"The lease had run out or was taken over; this worker {what}."
    evidence = {"late": facts} if facts else None
    outcome = PushAttempt.Outcome.LATE_REFUSED
    close_attempt(attempt, outcome, error_code="lease_lost", error_detail=detail, evidence=evidence)
    log.warning("push %s attempt %s: %s", attempt.push_id, attempt.number, detail)


def reschedule(push: Push) -> tuple[str, dict[str, Any]]:
    """The verb and changes after a failed attempt: the next one of this cycle, or the drainer's next cycle."""
    schedule = settings.PUSH_BACKOFF_SECONDS
    if push.attempts_in_cycle >= len(schedule):
        return "wait", {"next_attempt_at": timezone.now() + timedelta(seconds=settings.PUSH_DRAIN_SECONDS)}
    delay = timedelta(seconds=retry_delay(push.attempts_in_cycle, schedule))
    return "postpone", {"next_attempt_at": timezone.now() + delay}


def notify(push: Push) -> None:
    """Tell the upper apps how it went; their failure is theirs, the queue goes on."""
    for listener in ON_OUTCOME:
        try:
            listener(push)
        except Exception:
            log.exception("listener %s failed for push %s", listener, push.pk)


def _claim_one(channel: str, slots: int, by: str, now: datetime) -> Push | None:
    """One step under the channel's lock: a claimed push, one that left the queue instead, or None."""
    Channel.named(channel)
    if not Channel.objects.select_for_update().get(name=channel).lets_through(now):
        return None
    sending = Push.objects.filter(channel=channel, status=PushStatus.SENDING)
    if sending.filter(lease_until__gt=Now()).count() >= slots:
        return None
    abandoned = sending.filter(lease_until__lte=Now()).order_by("lease_until").first()
    if abandoned:
        return _take_over(abandoned, by)
    in_flight = Push.objects.filter(key=OuterRef("key"), status=PushStatus.SENDING)
    push = Push.objects.waiting_to_go(now).filter(~Exists(in_flight), channel=channel).first()
    return _begin(push, by) if push else None


def _begin(push: Push, by: str) -> Push:
    if Push.objects.newer_than(push).exists():
        move(push, "supersede", by=by, reason="a newer generation exists", run_id=push.run_id)
        return push
    new_cycle = push.status == PushStatus.WAITING
    changes: dict[str, Any] = {"attempts_in_cycle": 1 if new_cycle else push.attempts_in_cycle + 1}
    if new_cycle:
        changes |= {"cycle": push.cycle + 1, "cycle_by": ""}
    move(push, "claim", by=by, run_id=push.run_id, **_lease(), **changes)
    return push


def _take_over(push: Push, by: str) -> Push:
    """The worker of this push died or froze: count it, and go on only if the row is not what killed it."""
    held = {"lease_token": push.lease_token, "lease_until__lte": Now()}
    deaths = push.poison_count + 1
    verb, changes, reason = "take_over", {**_lease(), "attempts_in_cycle": push.attempts_in_cycle + 1}, "lease ran out"
    if Push.objects.newer_than(push).exists():
        verb, changes, reason = "supersede", _no_lease(), "a newer generation exists"
    elif deaths >= POISON_LIMIT:
        reason = f"The worker died {deaths} times while sending this push."
        verb, changes = "fail", {**_no_lease(), "last_error_code": "poison", "last_error_detail": reason}
    elif push.attempts_in_cycle >= len(settings.PUSH_BACKOFF_SECONDS):
        verb, changes = reschedule(push)
        changes |= _no_lease()
    unfinished = push.attempts.filter(finished_at=None)
    move(push, verb, by=by, reason=reason, run_id=push.run_id, where=held, poison_count=deaths, **changes)
    for attempt in unfinished:
        outcome = PushAttempt.Outcome.UNCERTAIN
        close_attempt(attempt, outcome, error_code="lease_expired", error_detail="The worker did not come back.")
    return push


def _token(push: Push) -> uuid.UUID:
    if push.lease_token is None:
        raise ValueError(f"push {push.pk} is not claimed")
    return push.lease_token


def _lease() -> dict[str, Any]:
    until = ExpressionWrapper(Now() + timedelta(seconds=settings.PUSH_LEASE_SECONDS), output_field=DateTimeField())
    return {"lease_token": uuid.uuid4(), "lease_until": until}


def _no_lease() -> dict[str, Any]:
    return {"lease_token": None, "lease_until": None}
