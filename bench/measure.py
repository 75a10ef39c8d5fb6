"""Timing side by side: A B A B …, medians, and the ratio of each pair."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any


@dataclass(frozen=True)
class Row:
    """One comparison: seconds of each side by round; the first side is ours."""

    name: str
    seconds: Mapping[str, list[float]]

    def as_dict(self) -> dict[str, Any]:
        ours, *others = self.seconds
        pairs = {
            other: [a / b for a, b in zip(self.seconds[ours], self.seconds[other], strict=True)] for other in others
        }
        return {
            "name": self.name,
            "rounds": len(self.seconds[ours]),
            "median_seconds": {side: median(times) for side, times in self.seconds.items()},
            "ratio": {f"{ours}/{other}": median(ratios) for other, ratios in pairs.items()},
            "ratio_min_max": {f"{ours}/{other}": [min(r), max(r)] for other, r in pairs.items()},
        }


def side_by_side(name: str, rounds: int, sides: Mapping[str, Callable[[], None]], reset: Callable[[], None]) -> Row:
    """Run every side once a round, in turn, `reset` (not timed) before each."""
    seconds: dict[str, list[float]] = {side: [] for side in sides}
    for _round in range(rounds):
        for side, work in sides.items():
            reset()
            started = perf_counter()
            work()
            seconds[side].append(perf_counter() - started)
    return Row(name, seconds)
