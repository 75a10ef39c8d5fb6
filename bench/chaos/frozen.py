"""Workers frozen in the middle of a call until another has taken over; then they thaw and must be refused."""

import os
import signal
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from bench.chaos.stage import Found, Stage, TooSlow

AT_ONCE = 5
LIFTED = 2
LATENCY: dict[str, Any] = {"latency": {"min": 0.2, "max": 0.6}}
SETTINGS = {"PUSH_LEASE_SECONDS": "3", "PUSH_DRAIN_SECONDS": "3"}
# Frozen inside a transaction: PostgreSQL ends that after 60 s (deploy/role.sql), SQLite's lock stays until the thaw.
TAKEN_OVER_SECONDS = {"postgresql": 120, "sqlite": 30}
REFUSED_SECONDS = 20


@dataclass
class Tally:
    """`late` and `refused` settlements, rounds that nobody could take over, and writes after the lease was lost."""

    late: int = 0
    refused: int = 0
    blocked: int = 0
    wrote: int = 0


def run(stage: Stage) -> Found:
    from bench.chaos import promises
    from bench.chaos.processes import draining
    from bench.chaos.world import customers_who_owe, person, proposals_for

    wanted, tally = stage.many(10, 100), Tally()
    proposals = proposals_for(customers_who_owe(wanted * 2, stage.sandbox))
    stage.sandbox.fault(**LATENCY)
    mike = person("mike")
    with draining(stage) as crew:
        for pid in crew.living:
            os.kill(pid, signal.SIGKILL)
        crew.living = []
        while tally.late < wanted and proposals:
            batch, proposals = proposals[:AT_ONCE], proposals[AT_ONCE:]
            _round(stage, crew, batch, mike, tally)
            stage.say(f"{tally.late} late, {tally.refused} refused, {tally.blocked} rounds held a lock")
    promises.let_it_settle(stage)
    broken = promises.broken(
        promises.every_push_ended, lambda: promises.netsuite_agrees(stage), lambda: promises.invariants_hold(stage)
    )
    if tally.late < wanted or tally.late != tally.refused:
        broken.append(f"{tally.late} late settlements of {wanted} wanted, {tally.refused} refused")
    if tally.wrote:
        broken.append(f"{tally.wrote} writes reached NetSuite after their worker had lost its lease")
    if tally.blocked and stage.postgres:
        broken.append(f"{tally.blocked} frozen workers kept their locks")
    seen = f"{tally.late} late, {tally.refused} refused, {tally.wrote} late writes in NetSuite"
    seen += f"; {tally.blocked} rounds waited for the thaw: frozen inside a transaction" * bool(tally.blocked)
    return Found(f"workers frozen past the lease with {tally.late} calls open", seen, broken, asdict(tally))


def _round(stage: Stage, crew: Any, batch: list[Any], mike: Any, tally: Tally) -> None:
    """One worker freezes in the middle of its calls, a second one takes over, the first one thaws."""
    from django.utils import timezone

    from netsuite.models import Push, PushAttempt
    from workflows.actions import proposals

    for proposal in batch:
        proposals.approve(proposal=proposal, version=proposal.version, by=mike, reason="94 days late")
    first, unfinished = crew.start("command"), PushAttempt.objects.filter(finished_at=None)
    stage.wait_for(lambda: unfinished.count() >= AT_ONCE - 1, "nobody calls", 60)
    time.sleep(stage.chance.uniform(0, 0.8))
    os.kill(first, signal.SIGSTOP)
    calls = list(unfinished.values_list("pk", "request_id"))
    second = crew.start("command")
    taken_over = _taken_over(stage, batch, mike)
    thawed = timezone.now().isoformat()
    os.kill(first, signal.SIGCONT)
    stage.wait_for(lambda: not Push.objects.open().exists(), "pushes are still open", 120)
    mine = PushAttempt.objects.filter(pk__in=[pk for pk, _ in calls])
    # Closed by who took over, and marked again by the late worker itself unless its connection had been ended.
    refused = mine.filter(error_code__in=["lease_lost", "lease_expired"])
    with suppress(TooSlow):
        stage.wait_for(lambda: refused.filter(error_code="lease_lost").count() == len(calls), "", REFUSED_SECONDS)
    for pid in (first, second):
        os.kill(pid, signal.SIGKILL)
    if taken_over:
        tally.late, tally.refused = tally.late + len(calls), tally.refused + refused.count()
        tally.wrote += _writes_since(stage, thawed, {str(request_id) for _, request_id in calls})
    tally.blocked += not taken_over


def _taken_over(stage: Stage, batch: list[Any], mike: Any) -> bool:
    """Two of the holds are lifted meanwhile, so that a late write would be seen; then everything is applied."""
    from django.db import OperationalError

    from holds.actions import holds
    from holds.models import ServiceHold
    from netsuite.models import Push

    try:
        for proposal in batch[:LIFTED]:
            holds.lift(hold=ServiceHold.objects.get(proposal=proposal), reason="Paid", by=mike)
        seconds = TAKEN_OVER_SECONDS[stage.database]
        stage.wait_for(lambda: not Push.objects.open().exists(), "not taken over", seconds)
    except (TooSlow, OperationalError):
        return False
    return True


def _writes_since(stage: Stage, moment: str, mine: set[str]) -> int:
    lines = [line for line in stage.sandbox.requests() if line["method"] == "PATCH" and line["request_id"] in mine]
    return sum(line["time"] > moment for line in lines)
