"""The audit chain: each decision's hash is bound to all before it, so a later change shows.

Decisions are written in the transaction of what they decide; sealing follows after commit, so that two approvals
never wait for each other.
"""

import time
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet, Subquery
from django.utils import timezone

from customers.models import Customer
from netsuite import writing
from netsuite.questions import Question, ask
from workflows.access import Actor, label
from workflows.fingerprint import fingerprint
from workflows.models import AuditSeal, AutoDecision, ProposedAction, WorkflowRun

GENESIS = "0" * 64
# How many decisions are looked through right after a commit; what is left further behind is the schedule's.
RECENT = 500
# A process that decides many times a second seals once for all of them; the schedule seals what comes last.
PAUSE_SECONDS = 1.0
UNSEALED_LIMIT = timedelta(minutes=5)
SEALED_FIELDS = (
    *("id", "decision_type", "customer_id", "proposal_id", "run_id", "entity_ref", "by", "user_id", "at"),
    *("reason", "evidence", "before", "after", "version_seen", "solo"),
)


class _Pause:
    """Ends on the machine's monotonic clock; each process has its own."""

    ends = float("-inf")


def forget_pause() -> None:
    """The next decision is sealed right after its commit, however short ago the last was."""
    _Pause.ends = float("-inf")


@dataclass(frozen=True)
class Head:
    """The end of the chain: keep it elsewhere, and any rewriting before it can be proven."""

    seq: int
    hash: str


def record(
    decision_type: str,
    *,
    by: Actor,
    reason: str,
    entity_ref: str,
    customer: Customer | None = None,
    proposal: ProposedAction | None = None,
    run: WorkflowRun | None = None,
    evidence: Any = None,
    before: Any = None,
    after: Any = None,
    solo: bool = False,
) -> None:
    """Write one decision; call it inside the transaction of the change. Sealed after commit."""
    decision = AutoDecision(
        decision_type=decision_type,
        customer=customer,
        proposal=proposal,
        run=run,
        entity_ref=entity_ref,
        by=label(by),
        user=None if isinstance(by, str) else by,
        reason=reason,
        evidence=evidence or {},
        before=before or {},
        after=after or {},
        version_seen=proposal.version if proposal else None,
        solo=solo,
    )
    decision.content_hash = fingerprint([decision.reason, decision.evidence, decision.before, decision.after])
    writing.add([decision])
    transaction.on_commit(seal_recent)


def content(decision: AutoDecision) -> str:
    """The hash over every field of a stored decision."""
    values = {name: getattr(decision, name) for name in SEALED_FIELDS}
    values["at"] = decision.at.isoformat()
    return fingerprint(values)


def head() -> Head:
    last = _last_seal().first()
    return Head(last.seq, last.hash) if last else Head(0, GENESIS)


def seal() -> int:
    """Append all unsealed decisions to the chain; two sealers at once: one wins, the other leaves it to it."""
    return _append(head(), AutoDecision.objects.unsealed().order_by("pk")[:1000])


def seal_recent() -> int:
    """`seal` right after a commit: only the latest decisions are looked through, in one trip.

    At most once in PAUSE_SECONDS a process; what is decided in between is sealed with the next, or on schedule.
    """
    if time.monotonic() < _Pause.ends:
        return 0
    _Pause.ends = time.monotonic() + PAUSE_SECONDS
    last, found = ask([Question(_last_seal), Question(_recent_unsealed)])
    return _append(Head(last[0].seq, last[0].hash) if last else Head(0, GENESIS), found)


def _last_seal(_keys: Sequence[int] = ()) -> QuerySet[AuditSeal]:
    return AuditSeal.objects.order_by("-seq")[:1]


def _recent_unsealed(_keys: Sequence[int]) -> QuerySet[AutoDecision]:
    newest = AutoDecision.objects.order_by("-pk").values("pk")[:1]
    return AutoDecision.objects.unsealed().filter(pk__gt=Subquery(newest) - RECENT).order_by("pk")


def _append(end: Head, decisions: Iterable[AutoDecision]) -> int:
    seals = []
    for decision in decisions:
        link = fingerprint([end.hash, end.seq + 1, content(decision)])
        seals.append(AuditSeal(seq=end.seq + 1, decision=decision, prev_hash=end.hash, hash=link))
        end = Head(end.seq + 1, link)
    try:
        with transaction.atomic() if connection.in_atomic_block else nullcontext():
            writing.add(seals)
        return len(seals)
    except IntegrityError:
        return 0


def verify(since: Head | None = None) -> list[str]:
    """Recompute the chain; answers what is broken, in words. `since` is an exported head to hold it against."""
    problems: list[str] = []
    expected = Head(0, GENESIS)
    for link in AuditSeal.objects.select_related("decision").order_by("seq").iterator(chunk_size=2000):
        if link.seq != expected.seq + 1 or link.prev_hash != expected.hash:
            problems.append(f"Link {link.seq} does not follow link {expected.seq}: one is missing or was moved.")
        if fingerprint([link.prev_hash, link.seq, content(link.decision)]) != link.hash:
            problems.append(f"Decision {link.decision_id} was changed after it was sealed (link {link.seq}).")
        if since and link.seq == since.seq and link.hash != since.hash:
            problems.append(f"Link {link.seq} is not the exported head: the chain was rewritten.")
        expected = Head(link.seq, link.hash)
    if since and since.seq > expected.seq:
        problems.append(f"The chain ends at link {expected.seq}, before the exported head {since.seq}.")
    late = AutoDecision.objects.unsealed().filter(at__lt=timezone.now() - UNSEALED_LIMIT)
    problems += [f"Decision {pk} was never sealed." for pk in late.values_list("pk", flat=True)]
    return problems
