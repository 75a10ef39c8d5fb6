"""The queue against a remote that takes 3–8 s a push, with 5 and with 15 slots.

`ideal` is computed: the sum of all durations over the slots, as if no slot ever waited, not even at the end. `batch
barrier` is computed too: as many pushes as slots at a time, each batch as long as its slowest, with no cost of its
own. The real queue runs once a size at 3–8 s, because a round takes minutes, and in all rounds five times faster, where
whatever the queue itself costs weighs five times as much.
"""

import time
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from django.db import transaction

from bench.measure import Row, Size
from netsuite import drain as draining
from netsuite import outbox
from netsuite.deadline import Deadline
from netsuite.models import Push
from netsuite.transport import FAMILIES, Answer, Family
from netsuite.values import comparable

SLOTS = (5, 15)
SECONDS = (3.0, 8.0)
FASTER = 5
# At the end the slots run dry one after the other: with fewer pushes a slot that is what would be measured.
EACH_SLOT = 40
AT_MOST = {"ideal": 1 / 0.95}
FAMILY = "bench"


class Remote:
    """Keeps what is written; read, write and read-back of a push take together as long as its body says."""

    proves_writes = False

    def __init__(self, slots: int) -> None:
        self.slots = slots

    def wanted(self, body: Mapping[str, Any]) -> dict[str, Any]:
        return comparable(body)

    def read(self, push: Push, request_id: str, deadline: Deadline) -> Answer:
        time.sleep(push.body["seconds"] / 3)
        return Answer(_held.get(push.record_id, {}), 200)

    def write(self, push: Push, request_id: str, deadline: Deadline) -> Answer:
        time.sleep(push.body["seconds"] / 3)
        _held[push.record_id] = comparable(push.body)
        return Answer({}, 204)


_held: dict[str, dict[str, Any]] = {}


def measure(size: Size) -> list[Row]:
    """One row a number of slots and a pace."""
    FAMILIES[FAMILY] = Family(lambda: [str(slots) for slots in SLOTS], lambda slots: Remote(int(slots)))
    try:
        full = [_rounds(slots, 1, 1) for slots in SLOTS]
        return full + [_rounds(slots, FASTER, size.rounds) for slots in SLOTS]
    finally:
        del FAMILIES[FAMILY]


def _rounds(slots: int, faster: int, rounds: int) -> Row:
    sides: dict[str, list[float]] = {"drain": [], "ideal": [], "batch barrier": []}
    for number in range(rounds):
        random = Random(1000 * slots + number)  # noqa: S311 the same durations in every run
        durations = [random.uniform(*SECONDS) / faster for _ in range(slots * EACH_SLOT)]
        _queue(durations, f"{slots}-{faster}-{number}", slots)
        sides["drain"].append(_drain(slots, len(durations)))
        sides["ideal"].append(sum(durations) / slots)
        sides["batch barrier"].append(sum(max(durations[n : n + slots]) for n in range(0, len(durations), slots)))
    pace = f"{SECONDS[0] / faster:g}–{SECONDS[1] / faster:g} s"
    figures = {
        "pushes": float(slots * EACH_SLOT),
        "percent of the ideal rate": 100 * sum(sides["ideal"]) / sum(sides["drain"]),
        "percent, batch barrier": 100 * sum(sides["ideal"]) / sum(sides["batch barrier"]),
    }
    return Row(f"drain, {slots} slots, {pace}", sides, AT_MOST if faster == 1 else {}, figures)


def _queue(durations: Sequence[float], label: str, slots: int) -> None:
    with transaction.atomic():
        for number, seconds in enumerate(durations):
            name = f"{label}-{number}"
            outbox.enqueue(
                key=f"bench:{name}", record_type="customer", record_id=name, body={"seconds": seconds}, by="bench",
                channel=f"{FAMILY}:{slots}",
            )  # fmt: skip


def _drain(slots: int, pushes: int) -> float:
    started = time.perf_counter()
    reached = draining.drain(by="bench", channel=f"{FAMILY}:{slots}")
    seconds = time.perf_counter() - started
    assert reached == {"applied": pushes}, reached
    return seconds
