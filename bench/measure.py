"""Timing side by side: A B A B …, medians, and the ratio of each pair."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter
from typing import Any

# Open invoices of each customer.
INVOICES = 10


@dataclass(frozen=True)
class Size:
    """How much is measured: `customers` with ten open invoices each, `rounds` times."""

    customers: int = 2000
    rounds: int = 5


@dataclass(frozen=True)
class Row:
    """One comparison: seconds of each side by round; the first side is ours.

    `at_most` is what is asked of the ratio ours / other, by other side: a rate of 0.5 of it is 2. `figures` are
    further numbers by what they are: statements, megabytes.
    """

    name: str
    seconds: Mapping[str, list[float]]
    at_most: Mapping[str, float] = field(default_factory=dict)
    figures: Mapping[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Medians with least and most, of each side's seconds and of each ratio."""
        ours, *others = self.seconds
        pairs = {
            other: [a / b for a, b in zip(self.seconds[ours], self.seconds[other], strict=True)] for other in others
        }
        return {
            "name": self.name,
            "rounds": len(self.seconds[ours]),
            "seconds": {side: _spread(times) for side, times in self.seconds.items()},
            "ratio": {other: _spread(ratios) | self._asked(other, ratios) for other, ratios in pairs.items()},
            "figures": dict(self.figures),
        }

    def _asked(self, other: str, ratios: list[float]) -> dict[str, Any]:
        if other not in self.at_most:
            return {}
        return {"at_most": self.at_most[other], "kept": median(ratios) <= self.at_most[other]}


def side_by_side(
    name: str,
    rounds: int,
    sides: Mapping[str, Callable[[], object]],
    reset: Callable[[], None] = lambda: None,
    at_most: Mapping[str, float] | None = None,
) -> Row:
    """Run every side once a round, in turn, `reset` (not timed) before each."""
    seconds: dict[str, list[float]] = {side: [] for side in sides}
    for _round in range(rounds):
        for side, work in sides.items():
            reset()
            started = perf_counter()
            work()
            seconds[side].append(perf_counter() - started)
    return Row(name, seconds, at_most or {})


def _spread(values: list[float]) -> dict[str, float]:
    return {"median": median(values), "min": min(values), "max": max(values)}
