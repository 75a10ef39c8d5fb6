"""Workers frozen in the middle of a call until another has taken over; then they thaw and must be refused."""

import os
import signal
import time
from typing import Any

from bench.chaos.stage import Found, Stage, TooSlow

AT_ONCE = 5
LIFTED = 2
LATENCY: dict[str, Any] = {"latency": {"min": 0.2, "max": 0.6}}
SETTINGS = {"PUSH_LEASE_SECONDS": "3", "PUSH_DRAIN_SECONDS": "3"}
TAKEN_OVER_SECONDS, REFUSED_SECONDS = 40, 20


def run(stage: Stage) -> Found:
    from bench.chaos import promises
    from bench.chaos.processes import draining
    from bench.chaos.world import customers_who_owe, person, proposals_for

    wanted = stage.many(10, 100)
    proposals = proposals_for(customers_who_owe(wanted * 2, stage.sandbox))
    stage.sandbox.fault(**LATENCY)
    mike, late, refused, blocked, wrote = person("mike"), 0, 0, 0, 0
    with draining(stage) as crew:
        for pid in crew.living:
            os.kill(pid, signal.SIGKILL)
        while late < wanted and proposals:
            batch, proposals = proposals[:AT_ONCE], proposals[AT_ONCE:]
            counted = _round(stage, crew, batch, mike)
            late, refused = late + counted[0], refused + counted[1]
            blocked, wrote = blocked + counted[2], wrote + counted[3]
            stage.say(f"{late} late, {refused} refused, {blocked} rounds held a lock")
        crew.living = []
    promises.let_it_settle(stage)
    broken = promises.broken(
        promises.every_push_ended,
        lambda: promises.netsuite_agrees(stage),
        lambda: promises.no_errors_of_ours(stage, "drainers"),
        lambda: promises.invariants_hold(stage),
    )
    if late < wanted or late != refused:
        broken.append(f"{late} late settlements of {wanted} wanted, {refused} refused")
    if wrote:
        broken.append(f"{wrote} writes reached NetSuite after their worker had lost its lease")
    seen = f"{late} late, {refused} refused, {wrote} late writes in NetSuite"
    seen += f"; {blocked} rounds froze inside a transaction" * bool(blocked)
    figures = {"late": late, "refused": refused, "late_writes": wrote, "blocked": blocked}
    return Found(f"workers frozen past the lease with {late} calls open", seen, broken, figures)


def _round(stage: Stage, crew: Any, batch: list[Any], mike: Any) -> tuple[int, int, int, int]:
    """Late settlements, refused ones, whether the frozen worker held a lock, and late writes in NetSuite."""
    from django.utils import timezone

    from holds.actions import holds
    from holds.models import ServiceHold
    from netsuite.models import Push, PushAttempt
    from workflows.actions import proposals as deciding

    for proposal in batch:
        deciding.approve(proposal=proposal, version=proposal.version, by=mike, reason="94 days late")
    first = crew.start("command")
    unfinished = PushAttempt.objects.filter(finished_at=None)
    stage.wait_for(lambda: unfinished.count() >= AT_ONCE - 1, "nobody calls", 60)
    time.sleep(stage.chance.uniform(0, 0.8))
    os.kill(first, signal.SIGSTOP)
    open_calls = list(unfinished.values_list("pk", "request_id"))
    blocked = 0
    second = crew.start("command")
    try:
        for proposal in batch[:LIFTED]:
            holds.lift(hold=ServiceHold.objects.get(proposal=proposal), reason="Paid", by=mike)
        stage.wait_for(lambda: not Push.objects.open().exists(), "not taken over", TAKEN_OVER_SECONDS)
    except (TooSlow, Exception):
        blocked = 1
    thawed = timezone.now()
    os.kill(first, signal.SIGCONT)
    mine = PushAttempt.objects.filter(pk__in=[pk for pk, _ in open_calls])
    late = mine.exclude(outcome="late_refused") if blocked else mine
    try:
        if not blocked:
            stage.wait_for(lambda: not late.exclude(outcome="late_refused").exists(), "no refusal", REFUSED_SECONDS)
    except TooSlow:
        pass
    stage.wait_for(lambda: not Push.objects.open().exists(), "pushes are still open", 120)
    for pid in (first, second):
        os.kill(pid, signal.SIGKILL)
    if blocked:
        return 0, 0, 1, 0
    return len(open_calls), mine.filter(outcome="late_refused").count(), 0, _writes_since(stage, thawed, open_calls)


def _writes_since(stage: Stage, moment: Any, calls: list[tuple[int, Any]]) -> int:
    mine = {str(request_id) for _, request_id in calls}
    lines = [line for line in stage.sandbox.requests() if line["method"] == "PATCH" and line["request_id"] in mine]
    return sum(line["time"] > moment.isoformat() for line in lines)
