"""What must always be true of machines and pushes, and the list that upper apps add to.

Each check answers in words what is broken, nothing when all is well. Numbers are those of docs/reliability.md.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Count, F, OuterRef, Q, Subquery, Window
from django.db.models.functions import Lag
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from netsuite.machine import Transition, all_machines, machine_name, states_of
from netsuite.models import Push, PushAttempt, content_hash

WRITES = {"PATCH", "PUT", "POST", "DELETE"}
MACHINES_TALLIED = ("push", "outboundemail", "licensechange")


@dataclass(frozen=True)
class Evidence:
    """What lies outside the database: the sandbox's request log, one dict a line, where it was given."""

    requests: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class Invariant:
    number: int
    title: str
    broken: Callable[[Evidence], Iterable[str]]


INVARIANTS: list[Invariant] = []


def invariant(number: int, title: str) -> Callable[[Callable[[Evidence], Iterable[str]]], Any]:
    """Add a check to the list; several checks may share a number."""

    def add(check: Callable[[Evidence], Iterable[str]]) -> Callable[[Evidence], Iterable[str]]:
        INVARIANTS.append(Invariant(number, title, check))
        return check

    return add


@invariant(3, "Only allowed transitions; the state is that of the last one")
def transitions_follow_the_machine(evidence: Evidence) -> Iterable[str]:
    for model in all_machines():
        yield from _state_differs(model)
        yield from _not_allowed(model)
    yield from _broken_chain()


def _state_differs(model: type[models.Model]) -> Iterable[str]:
    mine = Transition.objects.filter(machine=machine_name(model), row_id=OuterRef("pk")).order_by("-id")
    rows = model._base_manager.annotate(last=Subquery(mine.values("target")[:1]))
    for pk, status, last in rows.exclude(status=F("last")).values_list("pk", "status", "last")[:50]:
        yield f"{machine_name(model)} {pk} is {status}, its last transition says {last}."
    for pk in rows.filter(last=None).values_list("pk", flat=True)[:50]:
        yield f"{machine_name(model)} {pk} has no transitions."


def _not_allowed(model: type[models.Model]) -> Iterable[str]:
    seen = Transition.objects.filter(machine=machine_name(model)).exclude(verb="create").order_by()
    for verb, source, target in seen.values_list("verb", "source", "target").distinct():
        declared = getattr(getattr(model, verb, None), "_django_fsm", None)
        if declared is None or not declared.has_transition(source) or declared.next_state(source) != target:
            yield f"{machine_name(model)}: {verb} from {source} to {target} is not a transition."


def _broken_chain() -> Iterable[str]:
    before = Window(Lag("target"), partition_by=[F("machine"), F("row_id")], order_by="id")
    linked = Transition.objects.annotate(before=before).filter(~Q(source=F("before")), before__isnull=False)
    for row in linked[:50]:
        yield f"{row.machine} {row.row_id}: {row.verb} starts from {row.source}, the row was {row.before}."


@invariant(5, "Every write in NetSuite has an attempt that was committed before it")
def requests_have_attempts(evidence: Evidence) -> Iterable[str]:
    writes = [line for line in evidence.requests if _is_record_write(line)]
    attempts = {str(a.request_id): a for a in PushAttempt.objects.filter(request_id__in=_ids(writes))}
    for line in writes:
        attempt = attempts.get(str(line.get("request_id") or ""))
        if attempt is None:
            yield f"{line['method']} {line['path']} at {line['time']} belongs to no attempt."
        elif attempt.started_at > (parse_datetime(line["time"]) or timezone.now()):
            yield f"Attempt {attempt} was committed after its request {line['path']}."


def _is_record_write(line: Mapping[str, Any]) -> bool:
    return line.get("method") in WRITES and "/record/v1/" in line.get("path", "")


def _ids(lines: Iterable[Mapping[str, Any]]) -> list[str]:
    return [str(line["request_id"]) for line in lines if _is_uuid(line.get("request_id"))]


def _is_uuid(text: Any) -> bool:
    return isinstance(text, str) and len(text) == 36


@invariant(6, "Applied only with evidence: a 2xx and the value read back")
def applied_has_evidence(evidence: Evidence) -> Iterable[str]:
    for push in Push.objects.filter(status="applied").iterator():
        proof = push.evidence or {}
        if not proof.get("read_back") or not 200 <= int(proof.get("http_status") or 0) < 300:
            yield f"Push {push.pk} is applied without proof."


@invariant(2, "What was pushed is what was queued")
def pushed_content_is_unchanged(evidence: Evidence) -> Iterable[str]:
    for push in Push.objects.iterator():
        if content_hash(push.record_type, push.record_id, push.operation, push.body) != push.content_hash:
            yield f"Push {push.pk} was changed after it was queued."


@invariant(7, "One live lease per key; applied generations never fall")
def one_lease_and_rising_generations(evidence: Evidence) -> Iterable[str]:
    live = Push.objects.filter(status="sending").order_by().values("key").annotate(n=Count("pk")).filter(n__gt=1)
    for row in live:
        yield f"{row['key']} has {row['n']} pushes in flight."
    before = Window(Lag("generation"), partition_by=[F("key")], order_by=["applied_at", "pk"])
    applied = Push.objects.filter(status="applied").annotate(before=before)
    for push in applied.filter(generation__lt=F("before"))[:50]:
        yield f"{push.key}: generation {push.generation} was applied after {push.before}."


@invariant(8, "At most three automatic attempts a cycle; a cycle by hand names a user")
def attempts_keep_to_the_cycle(evidence: Evidence) -> Iterable[str]:
    limit = len(settings.PUSH_BACKOFF_SECONDS)
    writes = PushAttempt.objects.filter(kind="write").exclude(outcome__in=["throttled", "auth", "late_refused"])
    counted = writes.order_by().values("push", "cycle").annotate(n=Count("pk")).filter(n__gt=limit)
    for row in counted:
        yield f"Push {row['push']} made {row['n']} attempts in cycle {row['cycle']}."
    for attempt in PushAttempt.objects.filter(by="")[:50]:
        yield f"Attempt {attempt} names nobody."


@invariant(21, "Nothing waits past its time unnoticed")
def pushes_do_not_linger(evidence: Evidence) -> Iterable[str]:
    now = timezone.now()
    for push in Push.objects.filter(status="sending", lease_until__lt=now - 2 * _lease())[:50]:
        yield f"Push {push.pk} has been in flight since {_since(push.lease_until)}; its worker is gone."
    for push in Push.objects.waiting_to_go(now - 4 * _drain()).filter(created_at__lt=now - 4 * _drain())[:50]:
        yield f"Push {push.pk} was due at {_since(push.next_attempt_at or push.created_at)}; nothing drains."


def _lease() -> timedelta:
    return timedelta(seconds=settings.PUSH_LEASE_SECONDS)


def _drain() -> timedelta:
    return timedelta(seconds=settings.PUSH_DRAIN_SECONDS)


def _since(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else "an unknown time"


@invariant(22, "Created = done + failed + waiting + cancelled")
def nothing_vanished(evidence: Evidence) -> Iterable[str]:
    for model in all_machines():
        name = machine_name(model)
        if name not in MACHINES_TALLIED:
            continue
        created = Transition.objects.filter(machine=name, verb="create").count()
        known = list(states_of(model))
        present = model._base_manager.filter(status__in=known).count()
        if created != present:
            yield f"{created} of {name} were created, {present} are there."


@invariant(13, "Every change names who made it")
def transitions_name_an_actor(evidence: Evidence) -> Iterable[str]:
    for row in Transition.objects.filter(by="")[:50]:
        yield f"{row.machine} {row.row_id}: {row.verb} names nobody."
