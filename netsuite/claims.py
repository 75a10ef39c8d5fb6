"""Who holds which push: claim under a lease, the attempt row before the call, and the settlement after it.

Leases use the database's clock, so a worker with a wrong clock cannot steal or keep a row.
"""

import logging
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from operator import attrgetter
from time import monotonic
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import BooleanField, Case, DateTimeField, Exists, ExpressionWrapper, F, OuterRef, When
from django.db.models.functions import Now
from django.utils import timezone

from netsuite.backoff import retry_delay
from netsuite.machine import LostRace, move, move_many
from netsuite.models import Channel, Push, PushAttempt, PushStatus

log = logging.getLogger(__name__)

POISON_LIMIT = 3
UNPROVEN = ("", PushAttempt.Outcome.UNCERTAIN, PushAttempt.Outcome.CRASHED)
# A claim that keeps losing races gives the slot back; the next drain finds the row again.
CLAIM_TRIES = 20

ON_OUTCOME: list[Callable[[Push], None]] = []
"""Upper apps append here in `ready()`; called after commit with the settled push."""

ON_OUTCOMES: list[Callable[[Sequence[Push]], None]] = []
"""The same, for who prefers pushes that were settled at about the same moment together."""


@dataclass(frozen=True)
class Errand:
    """A claimed push with the attempt that is committed already, and its channel as it was then."""

    push: Push
    attempt: PushAttempt
    channel: Channel
    claimed_at: float = field(default_factory=monotonic)


def claim(channel: str, *, slots: int, by: str, due_at: datetime | None = None, at_most: int = 1) -> list[Errand]:
    """The next due pushes under fresh leases; none: nothing due, channel shut, or all slots in use.

    Committed with them are the attempts that say that remote calls are about to happen; their `request_id` travels
    with the calls. Many in one transaction, because claims of a channel wait for each other. `due_at` is the moment
    for which "due" is judged (default: now).
    """
    for _ in range(CLAIM_TRIES):
        try:
            with transaction.atomic(durable=True):
                row = _locked(channel)
                found = _claim_some(row, slots, by, due_at or timezone.now(), at_most)
                begun = [push for push in found if push.status == PushStatus.SENDING]
                errands = _errands(begun, by, row) if begun else []
        except (LostRace, IntegrityError):
            continue
        if errands or not found:
            return errands
        notify_all(found)
    return []


def _errands(pushes: Sequence[Push], by: str, channel: Channel) -> list[Errand]:
    earlier = _earlier(pushes)
    attempts = PushAttempt.objects.bulk_create([_attempt(push, *earlier[push.pk], by, channel) for push in pushes])
    return [Errand(push, attempt, channel) for push, attempt in zip(pushes, attempts, strict=True)]


def open_attempt(push: Push, by: str) -> PushAttempt:
    """One more attempt of the same claim: the write after a read-back that found nothing."""
    with transaction.atomic(durable=True):
        made = push.attempts.count()
        attempt = _attempt(push, made + 1, PushAttempt.Kind.WRITE, by, Channel.named(push.channel))
        attempt.save(force_insert=True)
    return attempt


def _earlier(pushes: Sequence[Push]) -> dict[int, tuple[int, str]]:
    """Of each push the number of its next attempt, and its kind: after an unproven write it reads first."""
    made: dict[int, int] = Counter()
    last: dict[int, str] = {}
    rows = PushAttempt.objects.filter(push__in=pushes).order_by("number")
    for pk, kind, outcome in rows.values_list("push", "kind", "outcome"):
        made[pk] += 1
        if kind == PushAttempt.Kind.WRITE:
            last[pk] = outcome
    verify, write = PushAttempt.Kind.VERIFY, PushAttempt.Kind.WRITE
    return {push.pk: (made[push.pk] + 1, verify if last.get(push.pk) in UNPROVEN else write) for push in pushes}


def _attempt(push: Push, number: int, kind: str, by: str, channel: Channel) -> PushAttempt:
    by_hand = push.cycle_by and push.attempts_in_cycle <= 1
    return PushAttempt(
        push=push,
        number=number,
        cycle=push.cycle,
        kind=kind,
        by=push.cycle_by if by_hand else by,
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
    tell: Callable[[Push], None],
    **changes: Any,
) -> bool:
    """Close the attempt and move the push in one transaction; False when the lease was lost meanwhile.

    A push that is not applied gives way to a newer generation of its key. `tell` is called with it in the end.
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
    tell(push)
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
    notify_all([push])


def notify_all(pushes: Sequence[Push]) -> None:
    """Tell the upper apps how it went; their failure is theirs, the queue goes on."""
    if not pushes:
        return
    singly = [partial(listener, push) for push in pushes for listener in ON_OUTCOME]
    for call in [*singly, *(partial(listener, pushes) for listener in ON_OUTCOMES)]:
        try:
            call()
        except Exception:
            log.exception("listener %s failed", call)


def _locked(channel: str) -> Channel:
    found = Channel.objects.select_for_update().filter(name=channel).first()
    if found is None:
        Channel.named(channel)
        found = Channel.objects.select_for_update().get(name=channel)
    return found


def _claim_some(row: Channel, slots: int, by: str, now: datetime, at_most: int) -> list[Push]:
    """One step under the channel's lock: claimed pushes, or one that left the queue instead."""
    if not row.lets_through(now):
        return []
    channel = row.name
    alive = Case(When(lease_until__gt=Now(), then=True), default=False, output_field=BooleanField())
    sending = Push.objects.filter(channel=channel, status=PushStatus.SENDING).order_by("lease_until")
    leases: list[tuple[int, bool]] = list(sending.annotate(alive=alive).values_list("pk", "alive"))
    free = slots - sum(alive for _, alive in leases)
    if free < 1:
        return []
    abandoned = next((pk for pk, alive in leases if not alive), None)
    if abandoned:
        return [_take_over(Push.objects.get(pk=abandoned), by)]
    in_flight = Push.objects.filter(key=OuterRef("key"), status=PushStatus.SENDING)
    newer = Push.objects.filter(key=OuterRef("key"), generation__gt=OuterRef("generation"))
    due = Push.objects.waiting_to_go(now).filter(~Exists(in_flight), channel=channel).annotate(old=Exists(newer))
    return _begin(list(due[: min(at_most, free)]), by)


def _begin(due: Sequence[Any], by: str) -> list[Push]:
    """`due` are pushes that know whether they are `old`: a newer generation of their key exists."""
    old = next((push for push in due if push.old), None)
    if old:
        move(old, "supersede", by=by, reason="a newer generation exists", run_id=old.run_id)
        return [old]
    begun: list[Any] = []
    for status, group in groupby(due, attrgetter("status")):
        changes: dict[str, Any] = {"attempts_in_cycle": F("attempts_in_cycle") + 1}
        if status == PushStatus.WAITING:
            changes = {"attempts_in_cycle": 1, "cycle": F("cycle") + 1, "cycle_by": ""}
        begun += move_many(list(group), "claim", by=by, **_lease(), **changes)
    return begun


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
