"""Web, worker and drain processes die while holds are approved, and NetSuite fails one call in five."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from bench.chaos.stage import Found, Stage

Harm = Callable[[Stage, threading.Event], None]
CLIENTS = 3
FAULTS: dict[str, Any] = {
    "latency": {"min": 0.02, "max": 0.15},
    "server_error": {"rate": 0.08},
    "apply_then_hang": {"rate": 0.04, "seconds": 4},
    "drop_connection": {"rate": 0.05, "when": "after", "methods": ["PATCH"]},
    "throttle": {"rate": 0.03, "retry_after": 0.2},
}


@dataclass(frozen=True)
class Story:
    """What happened: approvals by the status of their answer, kills by service, requests that had to be sent again."""

    answers: dict[int, int]
    killed: dict[str, int]
    again: int


def run(stage: Stage, beside: Harm | None = None) -> Found:
    """`beside` does harm of its own until the event is set."""
    from bench.chaos import promises
    from bench.chaos.world import customers_who_owe, proposals_for

    kills, pushes = stage.many(20, 200), stage.many(80, 1000)
    proposals = proposals_for(customers_who_owe(pushes, stage.sandbox))
    stage.sandbox.seed(7)
    stage.sandbox.fault(**FAULTS)
    stage.say(f"{pushes} approvals, {kills} kills")
    story = _approve_while_dying(stage, proposals, kills, beside or (lambda *_: None))
    promises.let_it_settle(stage)
    broken = _broken(stage, story, pushes, own_errors=not beside)
    cut, by_kind = promises.attempts_cut(), ", ".join(f"{name} {count}" for name, count in story.killed.items())
    return Found(
        f"{sum(story.killed.values())} kills ({by_kind}) during {pushes} pushes",
        f"{pushes} applied, {cut} cut in a call and finished, {story.again} requests sent again",
        broken,
        {"kills": story.killed, "pushes": pushes, "attempts_cut": cut, "requests_again": story.again},
    )


def _approve_while_dying(stage: Stage, proposals: list[Any], kills: int, beside: Harm) -> Story:
    from bench.chaos import promises
    from bench.chaos.clients import Client, approve_all
    from bench.chaos.processes import Web, Worker, draining, running
    from bench.chaos.world import person, token

    people = [token(person(f"manager{number}")) for number in range(CLIENTS)]
    over, told = threading.Event(), list[Any]()
    with running(Web(stage)) as web, running(Worker(stage)) as worker, draining(stage) as crew:
        web.wait_until_up()
        clients = [Client([web.url], each) for each in people]
        approving = threading.Thread(target=lambda: told.append(approve_all(clients, proposals)))
        harm = threading.Thread(target=beside, args=(stage, over))
        approving.start()
        harm.start()
        killed = _kill(stage, kills, {"web": web, "worker": worker, "drain": crew}, approving)
        approving.join()
        over.set()
        harm.join()
        web.revive()
        worker.revive()
        stage.say(f"killed {killed}; waiting for the rest")
        stage.wait_for(promises.nothing_on_its_way, "pushes are still open")
    return Story(dict(told[0]) if told else {}, killed, sum(client.cut for client in clients))


def _broken(stage: Stage, story: Story, pushes: int, *, own_errors: bool) -> list[str]:
    """Without harm beside the kills, our own code has no error to write down either."""
    from bench.chaos import promises
    from netsuite.models import Push

    broken = promises.broken(
        promises.every_push_ended,
        lambda: promises.netsuite_agrees(stage),
        lambda: promises.no_errors_of_ours(stage, *(["drainers"] if own_errors else [])),
        lambda: promises.invariants_hold(stage),
    )
    if story.answers != {200: pushes}:
        broken.append(f"approvals were answered {story.answers}, wanted {pushes} times 200")
    if Push.objects.count() != pushes:
        broken.append(f"{Push.objects.count()} pushes of {pushes} approvals")
    return broken


def _far_enough(share: float) -> bool:
    """So much of all approvals and deliveries is done: the kills are spread over the whole work."""
    from netsuite.models import Push
    from workflows.models import ProposedAction

    decided = ProposedAction.objects.exclude(status="pending").count()
    return decided + Push.objects.filter(status="applied").count() >= share * 1.9 * ProposedAction.objects.count()


def _kill(stage: Stage, kills: int, victims: dict[str, Any], approving: threading.Thread) -> dict[str, int]:
    """Half of the kills hit the drainers, because they are in the middle of calls; the others web and worker."""
    from bench.chaos.stage import patiently
    from netsuite.models import Push

    killed = dict.fromkeys(victims, 0)
    for number in range(kills):
        stage.wait_for(partial(_far_enough, number / kills), "nobody works", 300)
        time.sleep(stage.chance.uniform(0, 0.5))
        if not approving.is_alive() and not patiently(Push.objects.open().exists):
            stage.say("all is done before the last kill")
            break
        name = stage.chance.choices(list(victims), weights=[3, 2, 5])[0]
        victims[name].kill_one(stage.chance)
        killed[name] += 1
        for service in (victims["web"], victims["worker"]):
            service.revive()
        if (number + 1) % 20 == 0:
            stage.say(f"{number + 1} kills, {patiently(Push.objects.filter(status='applied').count)} applied")
    return killed
