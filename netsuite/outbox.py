"""The queue of what other systems shall hold: put something in, drain it, retry what failed.

The table is the queue; the task runner only rings the bell, and a plain `manage.py ns_drain` does as well.
"""

import re
from collections.abc import Iterable
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.expressions import RawSQL

from netsuite import bell, channels, writing
from netsuite.claims import ON_OUTCOME, ON_OUTCOMES, notify
from netsuite.drain import drain
from netsuite.errors import Refusal
from netsuite.machine import LostRace, born, move
from netsuite.models import REPLACEABLE, Channel, Push, content_hash
from netsuite.transport import TRANSPORTS
from netsuite.values import comparable

__all__ = ["ON_OUTCOME", "ON_OUTCOMES", "TRANSPORTS", "drain", "enqueue", "retry", "ring"]

ENQUEUE_TRIES = 5
NEXT_GENERATION = f"SELECT COALESCE(MAX(generation), 0) + 1 FROM {Push._meta.db_table} WHERE key = %s"  # noqa: S608
_SAFE_NAME = re.compile(r"[A-Za-z0-9_-]+")


class PushNotFound(Refusal):
    code = "not_found"
    status = 404


def enqueue(
    *,
    key: str,
    record_type: str,
    record_id: str,
    body: dict[str, Any],
    by: str,
    operation: str = Push.Operation.PATCH,
    run_id: str = "",
    expected: dict[str, Any] | None = None,
    label: str = "",
    channel: str = "netsuite",
) -> Push:
    """Queue the desired `body` as the key's next generation, in the caller's transaction.

    Older generations that have not left are superseded with it. `expected` are the values believed to be
    there (None: any); another value found there ends as drift. Raises ValueError for a body that could
    never be read back, or for names that do not fit an address.
    """
    _check_content(record_type, record_id, operation, body)
    content = {"record_type": record_type, "record_id": str(record_id), "operation": operation, "body": body}
    push = Push(key=key, channel=channel, by=by, run_id=run_id, expected=expected, label=label[:200], **content)
    push.content_hash = content_hash(record_type, str(record_id), operation, body)
    with writing.in_transaction():
        _insert_next_generation(push)
        born(push, by=by, run_id=run_id)
        _supersede_older(push, by)
    ring()
    return push


def retry(
    *, push_ids: Iterable[int] = (), all_failed: bool = False, by: str, reason: str = "retried by hand"
) -> list[int]:
    """A person starts a new cycle of these pushes (or of every failed one) and ends a pause of their channel.

    `all_failed` ends every pause, also of a channel whose pushes were all put back.
    Returns the ids queued again. Raises PushNotFound, and LostRace for one that is not in trouble.
    """
    with transaction.atomic():
        pushes = list(Push.objects.failed().order_by("id")) if all_failed else _pushes(push_ids)
        for push in pushes:
            cycle: dict[str, Any] = {"cycle": push.cycle + 1, "cycle_by": by, "next_attempt_at": None}
            cycle |= {"attempts_in_cycle": 0, "poison_count": 0}
            move(push, "requeue", by=by, reason=reason, run_id=push.run_id, **cycle)
        paused = Channel.objects.exclude(paused_at=None).values_list("name", flat=True)
        for channel in paused if all_failed else {push.channel for push in pushes}:
            channels.resume(channel, by=by)
    ring()
    return [push.pk for push in pushes]


def ring() -> None:
    """Wake a worker for the queue."""
    bell.ring("netsuite.tasks.drain_now")


def _check_content(record_type: str, record_id: str, operation: str, body: dict[str, Any]) -> None:
    for name in (record_type, str(record_id)):
        if not _SAFE_NAME.fullmatch(name):
            raise ValueError(f"{name!r} does not fit an address: letters, digits, _ and - only")
    if operation not in Push.Operation.values:
        raise ValueError(f"unknown operation {operation!r}")
    if operation == Push.Operation.PATCH and not comparable(body):
        raise ValueError("a patch needs a value that can be read back")


def _insert_next_generation(push: Push) -> None:
    """Two writers of one key may pick the same number; the database lets one through, the other counts again."""
    for _ in range(ENQUEUE_TRIES):
        if writing.insert(push, skip_conflict=True, generation=RawSQL(NEXT_GENERATION, [push.key])):  # noqa: S611
            return
    raise LostRace(push, "The record is being changed by many at once; try again.")


def _supersede_older(push: Push, by: str) -> None:
    if push.generation == 1:
        return
    older = Push.objects.of_key(push.key).filter(status__in=REPLACEABLE, generation__lt=push.generation)
    for replaced in older:
        reason = f"replaced by generation {push.generation}"
        unsent = {"status__in": REPLACEABLE}
        try:
            move(replaced, "supersede", by=by, reason=reason, run_id=push.run_id, where=unsent)
        except LostRace:
            continue  # It left this moment; it gives way when it comes back.
        transaction.on_commit(partial(notify, replaced))


def _pushes(push_ids: Iterable[int]) -> list[Push]:
    wanted = sorted(set(push_ids))
    found = list(Push.objects.filter(pk__in=wanted).order_by("id"))
    missing = sorted(set(wanted) - {push.pk for push in found})
    if missing:
        raise PushNotFound(f"No push {', '.join(map(str, missing))}.")
    return found
