"""Two hosts with web and worker each on one PostgreSQL; one loses its network and its power in the middle."""

import threading
import time
from contextlib import ExitStack
from typing import Any

from bench.chaos.network import hosts, network
from bench.chaos.stage import Found, Stage, patiently

__all__ = ["network", "run"]
CLIENTS = 4
LATENCY: dict[str, Any] = {"latency": {"min": 0.05, "max": 0.2}}


def run(stage: Stage) -> Found:
    from django_q.models import Task

    from bench.chaos import promises
    from bench.chaos.clients import Client, approve_all
    from bench.chaos.processes import Web, Worker, running
    from bench.chaos.world import customers_who_owe, person, proposals_for, token

    pushes, least_seconds = stage.many(60, 500), stage.many(100, 200)
    proposals = proposals_for(customers_who_owe(pushes, stage.sandbox))
    people = [token(person(f"manager{number}")) for number in range(CLIENTS)]
    stage.sandbox.fault(**LATENCY)
    began, told = time.monotonic(), list[Any]()
    with ExitStack() as stack:
        first, second = stack.enter_context(hosts(2, stage.sandbox.port))
        webs = [stack.enter_context(running(Web(stage, h.address, f"web-{h.name}", h.prefix))) for h in (first, second)]
        workers = [stack.enter_context(running(Worker(stage, f"worker-{h.name}", h.prefix))) for h in (first, second)]
        for web in webs:
            web.wait_until_up()
        stage.say(f"two hosts are up; {pushes} approvals")
        urls = [web.url for web in webs]
        clients = [Client(urls if number % 2 else urls[::-1], each) for number, each in enumerate(people)]
        approving = threading.Thread(target=lambda: told.append(approve_all(clients, proposals)))
        approving.start()
        _half_decided(stage, pushes)
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
        time.sleep(max(0, least_seconds - (time.monotonic() - began)))
    promises.let_it_settle(stage)
    broken = promises.broken(
        promises.every_push_ended,
        lambda: promises.netsuite_agrees(stage),
        promises.schedules_fired_once,
        lambda: promises.invariants_hold(stage),
    )
    answers = dict(told[0]) if told else {}
    if answers != {200: pushes}:
        broken.append(f"approvals were answered {answers}, wanted {pushes} times 200")
    fired = Task.objects.exclude(group=None).exclude(group="").count()
    again = sum(client.cut for client in clients)
    if fired < least_seconds // 60:
        broken.append(f"schedules fired only {fired} times: nothing was shown")
    seen = f"all decided {decided_after:.0f} s and applied {ended_after:.0f} s later, {again} requests sent again"
    seen += f", {fired} scheduled jobs, none twice" if not promises.schedules_fired_once() else ""
    figures = {"decided_after": decided_after, "applied_after": ended_after, "again": again, "scheduled": fired}
    return Found(f"one of two hosts killed during {pushes} approvals", seen, broken, figures)


def _half_decided(stage: Stage, pushes: int) -> None:
    from workflows.models import ProposedAction

    decided = ProposedAction.objects.exclude(status="pending")
    stage.wait_for(lambda: patiently(decided.count) >= pushes / 2, "nobody decides", 300)
