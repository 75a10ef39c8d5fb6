"""Both sides over the same customers: ours in this process, the peer in its own, each on its own database."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter

from django.db import connection

from bench.measure import Row, Size
from bench.peer.process import TEMPLATE, Peer
from bench.population import CROSSING_EVERY, populate
from customers.clock import business_today
from customers.models import Customer

DATABASE = "peer"
LIMIT = 10_000
Side = Callable[[], float]


@contextmanager
def peer_beside(size: Size) -> Iterator[Peer]:
    """`size.customers` on both sides, numbered from 1, with a credit limit each."""
    today = business_today()
    populate(size.customers, today)
    Customer.objects.update(credit_limit=LIMIT, credit_limit_kind=Customer.LIMIT_AMOUNT)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {DATABASE} TEMPLATE {TEMPLATE}")
    peer = Peer(os.environ["DATABASE_URL"], DATABASE, size.customers, today)
    try:
        yield peer
    finally:
        peer.end()
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")


def crossing(size: Size) -> range:
    """The numbers of the customers that cross."""
    return range(CROSSING_EVERY, size.customers + 1, CROSSING_EVERY)


def analyze(peer: Peer) -> None:
    """The planner of either side knows its tables."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    peer.ask("analyze")


def side_by_side(
    name: str,
    rounds: int,
    sides: Mapping[str, Side],
    at_most: Mapping[str, float],
    reset: Callable[[], None] = lambda: None,
) -> Row:
    """Every side once a round, in turn, `reset` before; each says itself how many seconds it took."""
    seconds: dict[str, list[float]] = {side: [] for side in sides}
    for _round in range(rounds):
        reset()
        for side, work in sides.items():
            seconds[side].append(work())
    return Row(name, seconds, at_most)


def timed(work: Callable[[], object]) -> float:
    started = perf_counter()
    work()
    return perf_counter() - started
