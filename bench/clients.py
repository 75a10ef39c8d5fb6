"""Many clients at once, each a process with a connection of its own, as web workers are."""

import multiprocessing
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any

from django.db import connections

Work = Callable[[Any], object]
# A web process lives for hours: its first pieces of work, while statements are still planned, are not what it takes.
WARM_UP = 10


def p99(work: Work, portions: Sequence[Sequence[Any]]) -> float:
    """The 99th percentile of the seconds of one piece of work; each portion is a client's, done one after the other."""
    connections.close_all()
    context = multiprocessing.get_context("fork")
    start, answers = context.Barrier(len(portions)), context.SimpleQueue()
    clients = [context.Process(target=_client, args=(work, portion, start, answers)) for portion in portions]
    for client in clients:
        client.start()
    took = sorted(seconds for _client in clients for seconds in answers.get())
    for client in clients:
        client.join()
    return took[int(len(took) * 0.99)]


def _client(work: Work, portion: Sequence[Any], start: Any, answers: Any) -> None:
    for piece in portion[:WARM_UP]:
        work(piece)
    start.wait()
    took = []
    for piece in portion[WARM_UP:]:
        began = perf_counter()
        work(piece)
        took.append(perf_counter() - began)
    connections.close_all()
    answers.put(took)
