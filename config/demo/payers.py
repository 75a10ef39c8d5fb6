"""How customers pay: days after the due date, for one invoice. Negative is early."""

from collections.abc import Callable
from datetime import date
from random import Random

WINTER = (11, 12, 1, 2, 3)
# Later than this nobody pays by themselves: who crosses the line of 60 days is told in `stories`.
LATEST = 52

Payer = Callable[[Random, date], int]


def prompt(rng: Random, due: date) -> int:
    return round(rng.triangular(-9, 6, 0))


def slow(rng: Random, due: date) -> int:
    return round(rng.triangular(8, 46, 20))


def seasonal(rng: Random, due: date) -> int:
    """Late while the season rests."""
    return round(rng.triangular(18, LATEST, 34) if due.month in WINTER else rng.triangular(-4, 14, 3))


def disputing(rng: Random, due: date) -> int:
    """Pays, but one invoice in five only after an argument."""
    return round(rng.triangular(24, LATEST, 38)) if rng.random() < 0.2 else prompt(rng, due)


def failing(rng: Random, due: date) -> int:
    """Never again; small customers only, so that it stays below the line."""
    return 10_000


PAYERS: dict[str, Payer] = {
    "prompt": prompt,
    "slow": slow,
    "seasonal": seasonal,
    "disputing": disputing,
    "failing": failing,
}
