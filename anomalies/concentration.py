"""Which segment a wave comes from: its share beside the share of the customer base, and how unlikely that is."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, lgamma

# A segment is named when chance would show one like it in fewer than one of twenty such comparisons.
SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Segment:
    """One region, tier, rep or payment method among the affected customers.

    `chance` is the hypergeometric probability of at least `hit` of `size` customers among `drawn` of `base`,
    times the number of segments compared (Bonferroni), at most 1.
    """

    dimension: str
    value: str
    hit: int
    drawn: int
    size: int
    base: int
    chance: float

    @property
    def share(self) -> float:
        return self.hit / self.drawn

    @property
    def expected(self) -> float:
        return self.size / self.base

    @property
    def stands_out(self) -> bool:
        return self.chance < SIGNIFICANT and self.share > self.expected


def segments(dimension: str, hit: Mapping[str, int], base: Mapping[str, int]) -> list[Segment]:
    """Segments of one dimension, the least likely first. `hit` and `base` count customers by value."""
    drawn, everybody = sum(hit.values()), sum(base.values())
    if not drawn or not everybody:
        return []
    compared = len(base)
    found = [
        Segment(
            dimension,
            value,
            count,
            drawn,
            base.get(value, count),
            everybody,
            min(1.0, at_least(count, drawn, base.get(value, count), everybody) * compared),
        )
        for value, count in hit.items()
    ]
    return sorted(found, key=lambda each: (each.chance, -each.hit, each.value))


def at_least(hit: int, drawn: int, size: int, base: int) -> float:
    """P(X ≥ hit) of the hypergeometric distribution: `drawn` of `base` without putting back, `size` of them marked."""
    most = min(drawn, size)
    return min(
        1.0,
        sum(exp(_log_chance(each, drawn, size, base)) for each in range(max(hit, _least(drawn, size, base)), most + 1)),
    )


def _least(drawn: int, size: int, base: int) -> int:
    return max(0, drawn - (base - size))


def _log_chance(hit: int, drawn: int, size: int, base: int) -> float:
    return _log_choose(size, hit) + _log_choose(base - size, drawn - hit) - _log_choose(base, drawn)


def _log_choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
