"""Tick, re-tick, credit check and decision, ours beside Tryton's, in turn, on two databases of one server.

The work is each side's own: what Tryton does at that moment, and what we do. It is not the same work. A tick of ours
writes a proposal with its evidence, a hold, a run, history and transitions for a customer; Tryton writes a dunning for
each of its ten invoices. A decision of ours writes decision, flag, hold, two drafts, a push, audit and history;
Tryton sets state and date of ten dunnings.
"""

import os
from collections.abc import Callable, Sequence
from functools import partial
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.models import Group, User
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from bench.bare import clear
from bench.measure import Row, Size
from bench.peer.process import Peer
from bench.population import CROSSING_EVERY, INVOICES, populate
from customers.clock import business_today
from customers.models import Customer
from holds import blocks
from holds.actions.tick import HEARTBEAT, aging_tick
from workflows import audit
from workflows.actions import proposals
from workflows.models import Heartbeat, ProposedAction

DATABASE = "peer"
CHECKS = 200
DECISIONS = 20
LIMIT = 10_000
REASON = "94 days late, no answer"
STAGED = ("service_holds_history", "service_holds", "proposed_actions", "workflow_run_log", "state_transitions")
TICK, RETICK, CHECK, DECISION = 1 / 60, 1 / 500, 1 / 50, 1 / 3
Side = Callable[[], float]


def measure(size: Size) -> list[Row]:
    """Four comparisons. Raises AssertionError where the two sides do not find the same customers."""
    today = business_today()
    populate(size.customers, today)
    Customer.objects.update(credit_limit=LIMIT, credit_limit_kind=Customer.LIMIT_AMOUNT)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {DATABASE}")
    server = urlsplit(os.environ["DATABASE_URL"])._replace(path="/").geturl()
    peer = Peer(server, DATABASE, size.customers, today)
    try:
        return Comparison(peer, size).rows()
    finally:
        peer.end()
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")


class Comparison:
    def __init__(self, peer: Peer, size: Size) -> None:
        self.peer, self.size, self.today = peer, size, business_today()
        self.crossing = range(CROSSING_EVERY, size.customers + 1, CROSSING_EVERY)

    def rows(self) -> list[Row]:
        """In this order: each goes on with what the one before left."""
        return [self._tick(), self._retick(), self._check(), *self._decisions()]

    def _tick(self) -> Row:
        sides = {"tick": self._our_tick, "Tryton": lambda: self._their_seconds("tick", today=self.today.isoformat())}
        for work in sides.values():
            work()
        row = self._row("tick", sides, {"Tryton": TICK}, before=self._forget)
        staged, dunnings = ProposedAction.objects.awaiting_decision().count(), self.peer.ask("dunnings")["drafts"]
        assert staged * INVOICES == dunnings == len(self.crossing) * INVOICES, (staged, dunnings)
        return Row(row.name, row.seconds, row.at_most, {"proposals": staged, "dunnings": dunnings})

    def _our_tick(self) -> float:
        return _timed(lambda: aging_tick(as_of=self.today))

    def _forget(self) -> None:
        clear(STAGED)
        Heartbeat.objects.filter(name=HEARTBEAT).delete()
        self.peer.ask("forget")

    def _retick(self) -> Row:
        """Nothing new; Tryton's dunnings are drafts, which it passes over more quickly than those on their way."""
        self._analyze()
        sides = {"re-tick": self._our_tick, "Tryton": lambda: self._their_seconds("tick", today=self.today.isoformat())}
        return self._row("tick again, nothing new", sides, {"Tryton": RETICK})

    def _check(self) -> Row:
        """One customer's order against its limit, seconds each; a tenth of them is refused by both sides."""
        self._analyze()
        numbers = list(range(1, min(CHECKS, self.size.customers) + 1))

        def ours() -> float:
            refused: list[bool] = []
            took = _timed(lambda: refused.extend(_is_stopped(number) for number in numbers))
            assert sum(refused) == len(numbers) // CROSSING_EVERY, sum(refused)
            return took / len(numbers)

        def theirs(together: bool) -> float:
            answer = self.peer.ask("check", customers=numbers, together=together)
            assert answer["refused"] == len(numbers) // CROSSING_EVERY, answer
            return float(answer["seconds"]) / len(numbers)

        one, many = "Tryton, all in one transaction", "Tryton, a transaction each"
        sides = {"hold check": ours, one: lambda: theirs(True), many: lambda: theirs(False)}
        for work in sides.values():
            work()
        return self._row("credit check of one customer", sides, {one: CHECK, many: CHECK})

    def _decisions(self) -> list[Row]:
        """Seconds a decision: the action alone, and asked for from outside, as a person's program does it."""
        self._analyze()
        each = min(DECISIONS, (len(self.crossing) - 3) // (3 * self.size.rounds))
        mike, theirs = _mike(), iter(self.crossing)

        def ours(count: int, decide: Callable[[ProposedAction], object]) -> float:
            pending = ProposedAction.objects.awaiting_decision().select_related("customer", "run").order_by("pk")
            shown = list(pending[:count])
            return _timed(lambda: _decide_all(shown, decide)) / count

        def peer(count: int, verb: str, **how: bool) -> float:
            customers = [next(theirs) for _number in range(count)]
            answer = self.peer.ask(verb, customers=customers, **how)
            assert answer["lines"] == count * INVOICES, answer
            return float(answer["seconds"]) / count

        approve, post = _approval(mike), _post(mike)
        wizard, letter = "Tryton, wizard", "Tryton, wizard and letter"
        alone = {"approve": lambda n: ours(n, approve), "Tryton, process": lambda n: peer(n, "process")}
        asked = {
            "approve over the API": lambda n: ours(n, post),
            wizard: lambda n: peer(n, "wizard", letter=False),
            letter: lambda n: peer(n, "wizard", letter=True),
        }
        for work in (*alone.values(), *asked.values()):
            work(1)
        return [
            self._row("decision, the action alone", _each(alone, each), {"Tryton, process": DECISION}),
            self._row("decision, as a program asks for it", _each(asked, each), {wizard: DECISION, letter: DECISION}),
        ]

    def _row(
        self, name: str, sides: dict[str, Side], asked: dict[str, float], before: Callable[[], None] = lambda: None
    ) -> Row:
        """Every side once a round, in turn; each takes its own time."""
        seconds: dict[str, list[float]] = {side: [] for side in sides}
        for _round in range(self.size.rounds):
            before()
            for side, work in sides.items():
                seconds[side].append(work())
        return Row(name, seconds, asked)

    def _analyze(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        self.peer.ask("analyze")

    def _their_seconds(self, verb: str, **what: Any) -> float:
        return float(self.peer.ask(verb, **what)["seconds"])


def _each(sides: dict[str, Callable[[int], float]], count: int) -> dict[str, Side]:
    return {side: partial(work, count) for side, work in sides.items()}


def _timed(work: Callable[[], object]) -> float:
    started = perf_counter()
    work()
    return perf_counter() - started


def _is_stopped(number: int) -> bool:
    customer = Customer.objects.get(netsuite_id=str(number))
    return blocks.verdict(customer, blocks.of_page("order"), now=timezone.now()).on_hold


def _mike() -> User:
    mike, _ = User.objects.get_or_create(username="bench-mike")
    mike.groups.add(Group.objects.get(name="AR manager"))
    return User.objects.get(pk=mike.pk)


def _decide_all(shown: Sequence[ProposedAction], decide: Callable[[ProposedAction], object]) -> None:
    for proposal in shown:
        decide(proposal)
    audit.seal()


def _approval(mike: User) -> Callable[[ProposedAction], object]:
    return lambda shown: proposals.approve(proposal=shown, version=shown.version, by=mike, reason=REASON)


def _post(mike: User) -> Callable[[ProposedAction], object]:
    client = APIClient()
    client.force_authenticate(mike, token=object())  # type: ignore[arg-type]  # any: it counts as signed in just now

    def post(shown: ProposedAction) -> None:
        given = {"version": shown.version, "reason": REASON}
        answer = client.post(f"/api/v1/proposals/{shown.pk}/approve/", given, format="json")
        assert answer.status_code == 200, answer.content

    return post
