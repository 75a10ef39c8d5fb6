"""A process stops at a named point of an approval, a push or a mail, and is killed there."""

import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from bench.chaos import mail
from bench.chaos.stage import ROOT, Found, Stage
from bench.chaos.stopping import AT

SETTINGS = {**mail.SETTINGS, "PUSH_LEASE_SECONDS": "3", "PUSH_DRAIN_SECONDS": "3"}


def run(stage: Stage) -> Found:
    from bench.chaos import promises

    points = list(AT) * stage.many(1, 5)
    broken: list[str] = []
    with mail.mail_server() as server:
        for point in points:
            problems = CHECKS[point.partition(",")[0]](stage, point, server)
            stage.say(f"{point}: {'; '.join(problems) or 'kept'}")
            broken += [f"{point}: {problem}" for problem in problems]
    promises.let_it_settle(stage)
    broken += promises.netsuite_agrees(stage) + promises.invariants_hold(stage)
    seen = f"{len(points) - len({each.partition(':')[0] for each in broken})} ended as promised"
    return Found(f"{len(points)} kills at {len(AT)} named points", seen, broken, {"points": list(AT)})


def stop_there(stage: Stage, point: str, pk: int) -> list[str]:
    """Start it, wait until it has stopped at the point, kill it."""
    command = [sys.executable, "-m", "bench.chaos.stopping", point, str(pk)]
    with subprocess.Popen(command, cwd=ROOT, env=stage.env, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        said = process.stdout.readline().strip()
        process.kill()
    return [] if said == "stopped" else [f"it did not stop there but said “{said}”"]


def differing(told: dict[str, tuple[Any, Any]]) -> list[str]:
    return [f"{name} is {found}, wanted {wanted}" for name, (found, wanted) in told.items() if found != wanted]


def _approval(stage: Stage, point: str, server: Any) -> list[str]:
    """Nothing of it or all of it, and a second click ends it well."""
    from bench.chaos.world import customers_who_owe, person, proposals_for
    from netsuite import outbox
    from netsuite.models import Push
    from workflows.actions import proposals
    from workflows.models import AutoDecision, OutboundEmail, ProposedAction

    [proposal] = proposals_for(customers_who_owe(1, stage.sandbox))
    problems = stop_there(stage, point, proposal.pk)
    mine = {"customer": proposal.customer}
    pushes = Push.objects.of_key(f"customer:{proposal.customer.netsuite_id}")
    rows = (pushes.count(), OutboundEmail.objects.filter(**mine).count(), AutoDecision.objects.filter(**mine).count())
    done = "committed" in point
    problems += differing({"pushes, mails and decisions": (rows, (1, 2, 1) if done else (0, 0, 0))})
    if not done:
        again = ProposedAction.objects.select_related("customer", "run").get(pk=proposal.pk)
        proposals.approve(proposal=again, version=again.version, by=person("mike"), reason="94 days late")
    outbox.drain()
    held = stage.sandbox.get("customer", proposal.customer.netsuite_id) or {}
    status = ProposedAction.objects.get(pk=proposal.pk).status
    told = {"pushes": (pushes.count(), 1), "NetSuite": (held["creditHoldOverride"]["id"], "ON")}
    return problems + differing({**told, "proposal": (status, "applied")})


def _push(stage: Stage, point: str, server: Any) -> list[str]:
    """Taken over after its lease; NetSuite was written to once."""
    from bench.chaos.world import customers_who_owe, person, proposals_for
    from netsuite import outbox
    from netsuite.models import Push
    from workflows.actions import proposals

    [proposal] = proposals_for(customers_who_owe(1, stage.sandbox))
    proposals.approve(proposal=proposal, version=proposal.version, by=person("mike"), reason="94 days late")
    push = Push.objects.of_key(f"customer:{proposal.customer.netsuite_id}").get()
    problems = stop_there(stage, point, push.pk)
    problems += differing({"status": (Push.objects.get(pk=push.pk).status, "sending")})

    def ended() -> bool:
        outbox.drain()
        return not Push.objects.open().exists()

    stage.wait_for(ended, "not taken over", 60)
    address = f"customer/{proposal.customer.netsuite_id}"
    lines = [line for line in stage.sandbox.requests() if line["method"] == "PATCH" and address in line["path"]]
    codes = list(push.attempts.values_list("error_code", flat=True).order_by("number"))
    told = {"writes": (len(lines), 1), "status": (Push.objects.get(pk=push.pk).status, "applied")}
    return problems + differing({**told, "first attempt": (codes[:1], ["lease_expired"])})


def _send(stage: Stage, point: str, server: Any) -> list[str]:
    """Nobody can know, so a person is asked; it never goes out by itself again."""
    from django.utils import timezone

    from workflows.actions import emails
    from workflows.models import OutboundEmail

    pk = mail.approved_mails(stage, 2)[0]
    OutboundEmail.objects.filter(status="approved").exclude(pk=pk).update(send_after=None)
    before = len(server.received)
    problems = stop_there(stage, point, pk)
    went_out = len(server.received) - before
    for later in (timedelta(0), timedelta(minutes=3), timedelta(days=1)):
        emails.send_due(now=timezone.now() + later)
    status = OutboundEmail.objects.get(pk=pk).status
    told = {"deliveries": (went_out, int("handed over" in point)), "status": (status, "uncertain")}
    return problems + differing({**told, "later": (len(server.received) - before, went_out)})


CHECKS: dict[str, Callable[[Stage, str, Any], list[str]]] = {"approve": _approval, "push": _push, "send": _send}
