"""Two hosts with web and worker each on one PostgreSQL; one loses its network and its power in the middle."""

import threading
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import Any

from bench.chaos.network import hosts, network
from bench.chaos.stage import Found, Stage, patiently

__all__ = ["network", "run"]
CLIENTS = 4
LATENCY: dict[str, Any] = {"latency": {"min": 0.05, "max": 0.2}}


@dataclass(frozen=True)
class Story:
    """Seconds since the host died, approvals by the status of their answer, requests that had to be sent again."""

    decided_after: float
    ended_after: float
    answers: dict[int, int]
    again: int


def run(stage: Stage) -> Found:
    from bench.chaos import promises
    from bench.chaos.world import customers_who_owe, proposals_for

    pushes, least_seconds = stage.many(60, 500), stage.many(100, 200)
    proposals = proposals_for(customers_who_owe(pushes, stage.sandbox))
    stage.sandbox.fault(**LATENCY)
    began = time.monotonic()
    with hosts(2, stage.sandbox.port) as (first, second), ExitStack() as stack:
        story = _lose(stage, first, second, proposals, stack)
        time.sleep(max(0, least_seconds - (time.monotonic() - began)))
    promises.let_it_settle(stage)
    fired, twice = promises.scheduled(), promises.schedules_fired_once()
    broken = _broken(stage, story, pushes) + twice
    if fired < least_seconds // 60:
        broken.append(f"schedules fired only {fired} times: nothing was shown")
    seen = f"all decided {story.decided_after:.0f} s and applied {story.ended_after:.0f} s later, "
    seen += f"{story.again} requests sent again" + (f", {fired} scheduled jobs, none twice" if not twice else "")
    figures = {**asdict(story), "scheduled": fired}
    return Found(f"one of two hosts killed during {pushes} approvals", seen, broken, figures)


def _lose(stage: Stage, first: Any, second: Any, proposals: list[Any], stack: ExitStack) -> Story:
    """The first host dies when half is decided; the second one does the rest, and goes on in `stack`."""
    from bench.chaos import promises
    from bench.chaos.clients import Client, approve_all
    from bench.chaos.processes import Web, Worker, running
    from bench.chaos.world import person, token

    people = [token(person(f"manager{number}")) for number in range(CLIENTS)]
    webs = [stack.enter_context(running(Web(stage, h.address, f"web-{h.name}", h.prefix))) for h in (first, second)]
    workers = [stack.enter_context(running(Worker(stage, f"worker-{h.name}", h.prefix))) for h in (first, second)]
    for web in webs:
        web.wait_until_up()
    stage.say(f"two hosts are up; {len(proposals)} approvals")
    urls, told = [web.url for web in webs], list[Any]()
    clients = [Client(urls if number % 2 else urls[::-1], each) for number, each in enumerate(people)]
    approving = threading.Thread(target=lambda: told.append(approve_all(clients, proposals)))
    approving.start()
    _half_decided(stage, len(proposals))
    first.pull_the_cable()
    webs[0].kill()
    workers[0].kill()
    died = time.monotonic()
    stage.say("one host is dead")
    approving.join()
    decided_after = time.monotonic() - died
    stage.wait_for(promises.nothing_on_its_way, "pushes are still open")
    ended_after = time.monotonic() - died
    stage.say(f"all decided {decided_after:.0f} s, all applied {ended_after:.0f} s later")
    again = sum(client.cut for client in clients)
    return Story(decided_after, ended_after, dict(told[0]) if told else {}, again)


def _broken(stage: Stage, story: Story, pushes: int) -> list[str]:
    from bench.chaos import promises

    broken = promises.broken(
        promises.every_push_ended,
        lambda: promises.netsuite_agrees(stage),
        lambda: promises.invariants_hold(stage),
    )
    if story.answers != {200: pushes}:
        broken.append(f"approvals were answered {story.answers}, wanted {pushes} times 200")
    return broken


def _half_decided(stage: Stage, pushes: int) -> None:
    from workflows.models import ProposedAction

    decided = ProposedAction.objects.exclude(status="pending")
    stage.wait_for(lambda: patiently(decided.count) >= pushes / 2, "nobody decides", 300)
