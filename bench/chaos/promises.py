"""What must be true when the dust has settled."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from itertools import pairwise

from django.core.management import call_command
from django_q.models import Schedule, Task

from bench.chaos.stage import ROOT, Stage
from customers.models import Customer
from netsuite import outbox
from netsuite.models import Push, PushAttempt
from workflows import audit, tasks
from workflows.models import WorkflowStep


def nothing_on_its_way() -> bool:
    """No push is open; what killed its workers three times is tried again by a person."""
    if Push.objects.open().exists():
        return False
    return not outbox.retry(all_failed=True, by="mike", reason="looked at it")


def let_it_settle(stage: Stage) -> None:
    """What a killed process did not live to tell is told by the schedules."""
    stage.sandbox.clear_faults()
    outbox.drain()
    stage.wait_for(nothing_on_its_way, "pushes are still open")
    call_command("sync_netsuite", stdout=StringIO(), stderr=StringIO())
    tasks.apply_waiting()
    audit.seal()


def every_push_ended() -> list[str]:
    ends = Counter(Push.objects.values_list("status", flat=True))
    odd = {status: count for status, count in ends.items() if status not in ("applied", "superseded")}
    waiting = WorkflowStep.objects.filter(status="waiting").count()
    return [f"pushes that did not end: {odd}"] * bool(odd) + [f"{waiting} steps still wait"] * bool(waiting)


def netsuite_agrees(stage: Stage) -> list[str]:
    """Of every customer NetSuite holds the newest wish."""
    broken = []
    for customer in Customer.objects.all():
        newest = Push.objects.of_key(f"customer:{customer.netsuite_id}").order_by("-generation").first()
        wanted = newest.body["credit_hold"] if newest else "AUTO"
        found = (stage.sandbox.get("customer", customer.netsuite_id) or {}).get("creditHoldOverride", {}).get("id")
        if found != wanted:
            broken.append(f"{customer}: NetSuite holds {found}, wanted is {wanted}")
    return broken


def invariants_hold(stage: Stage) -> list[str]:
    """`manage.py verify_invariants` against the sandbox's request log."""
    audit.seal()
    order = ["verify_invariants", "--sandbox-log", str(stage.sandbox.log_path), "--json"]
    command = [sys.executable, "manage.py", *order]
    ran = subprocess.run(command, cwd=ROOT, env=stage.env, capture_output=True, text=True, check=False)  # noqa: S603
    if not ran.stdout.strip():
        return [f"verify_invariants did not answer: {ran.stderr[-500:]}"]
    broken = json.loads(ran.stdout.splitlines()[-1])["broken"]
    return [f"invariant {one['invariant']}: {one['problem']}" for one in broken]


def no_errors_of_ours(stage: Stage, *names: str) -> list[str]:
    logs = [stage.folder / f"{name}.log" for name in names]
    return [f"unexpected error in {log.name}" for log in logs if log.exists() and "unexpected error" in log.read_text()]


def schedules_fired_once() -> list[str]:
    """No recurring job was started twice for one moment: its starts are at least half a period apart."""
    broken = []
    for job in Schedule.objects.filter(schedule_type=Schedule.MINUTES):
        starts = sorted(Task.objects.filter(func=job.func, group=job.name).values_list("started", flat=True))
        shortest = timedelta(minutes=job.minutes or 1) / 2
        close = sum(later - earlier < shortest for earlier, later in pairwise(starts))
        broken += [f"“{job.name}” was started twice at once, {close} times"] * bool(close)
    return broken


def scheduled() -> int:
    """Recurring jobs that ran."""
    return Task.objects.exclude(group=None).exclude(group="").count()


def broken(*checks: Callable[[], list[str]]) -> list[str]:
    return [problem for check in checks for problem in check()]


def attempts_cut() -> int:
    """Attempts whose worker died or froze in the middle."""
    return PushAttempt.objects.filter(error_code__in=["lease_expired", "lease_lost"]).count()
