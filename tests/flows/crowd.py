"""Many people at the same moment: threads that start together, each with its own connection."""

import threading
from collections.abc import Callable
from typing import Any

from django.db import connections


def crowd(count: int, work: Callable[[int], Any]) -> list[Any]:
    """What `work(number)` answered or raised, in the order of the numbers."""
    start, answers = threading.Barrier(count), [None] * count

    def run(number: int) -> None:
        try:
            start.wait()
            answers[number] = work(number)
        except Exception as problem:
            answers[number] = problem
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[number]) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers
