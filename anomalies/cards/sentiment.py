"""Performing, stable, or needs attention: pure; no query, no clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from anomalies.cards.base import State
from anomalies.rules import Point, baseline, before

SIGMA_DAYS, ENOUGH_DAYS = 30, 20
Basis = Literal["value", "change", "sigma"]


@dataclass(frozen=True)
class Band:
    """The limits of one metric, see CardBand. `worse` is the direction of METRICS."""

    basis: Basis
    performing: Decimal
    attention: Decimal
    worse: Literal["up", "down"]
    floor: Decimal | None = None


@dataclass(frozen=True)
class Verdict:
    """`measured` is what the limits were held against: the figure, its change, or σ; None where it is not known."""

    state: State
    measured: Decimal | None = None
    words: str = ""


def judge(band: Band | None, points: Sequence[Point], day: date, value: Decimal, change: Decimal | None) -> Verdict:
    """The state of `value`, the figure of `day`; `points` are complete days."""
    if band is None:
        return Verdict("unknown", words="No band set.")
    if band.basis == "change":
        return _held(band, change, value) if change is not None else Verdict("unknown", words="No earlier figure.")
    return _sigma(band, points, day, value) if band.basis == "sigma" else _held(band, value, value)


def _sigma(band: Band, points: Sequence[Point], day: date, value: Decimal) -> Verdict:
    days = before(points, day, SIGMA_DAYS)
    found = baseline(days)
    if found is None or len(days) < ENOUGH_DAYS:
        return Verdict("unknown", words=f"Not enough data: {len(days)} of {ENOUGH_DAYS} days.")
    if not found.sigma:
        # Every step would be infinitely many σ; the alert rule asks for a rise instead.
        state: State = "performing" if not _is_worse(band, value, found.mean) else "stable"
        return Verdict(state, words="All days before are equal.")
    return _held(band, (value - found.mean) / found.sigma, value)


def _held(band: Band, measured: Decimal, value: Decimal) -> Verdict:
    if not _is_worse(band, measured, band.performing):
        return Verdict("performing", measured)
    spared = band.floor is not None and not _is_worse(band, value, band.floor)
    beyond = _is_worse(band, measured, band.attention) and not spared
    return Verdict("needs_attention" if beyond else "stable", measured)


def _is_worse(band: Band, value: Decimal, limit: Decimal) -> bool:
    return value > limit if band.worse == "up" else value < limit
