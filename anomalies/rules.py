"""When a figure is worth waking somebody: pure rules over the days before; no query, no clock.

Figures are Decimals in the metric's own unit. A day that was not over is never judged and never a baseline.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from math import ceil
from statistics import median
from typing import Literal

# MAD × this estimates σ of a normal distribution (Rousseeuw & Croux 1993).
MAD_TO_SIGMA = Decimal("1.4826")
# A missed snapshot must not silence a rise: the nearest earlier day of a week counts.
RISE_TOLERANCE = timedelta(days=7)
Outcome = Literal["fires", "quiet", "not_enough_data", "not_judged"]


@dataclass(frozen=True)
class Point:
    """One day's figure."""

    day: date
    value: Decimal


@dataclass(frozen=True)
class Baseline:
    """The days before, without the day itself: mean, σ of the sample, and their robust companions."""

    days: int
    mean: Decimal
    sigma: Decimal
    median: Decimal
    mad: Decimal


@dataclass(frozen=True)
class Terms:
    """An alert rule as the arithmetic needs it; see AlertRule for what each field means."""

    comparison: Literal["sigma", "above", "rise"]
    k: Decimal = Decimal(2)
    window: int = 30
    threshold: Decimal | None = None
    floor: Decimal | None = None
    minimum_days: int = 20
    step: Decimal | None = None
    step_second: Decimal | None = None


@dataclass(frozen=True)
class Judgement:
    """What a rule says of a day. `line` is the figure that had to be exceeded; `words` say it to a person."""

    outcome: Outcome
    value: Decimal | None = None
    line: Decimal | None = None
    baseline: Baseline | None = None
    words: str = ""

    @property
    def fires(self) -> bool:
        return self.outcome == "fires"

    @property
    def sigmas(self) -> Decimal | None:
        """How many σ above the mean; None where σ is 0 or there is none."""
        found = self.baseline
        if found is None or not found.sigma or self.value is None:
            return None
        return (self.value - found.mean) / found.sigma

    @property
    def robust_z(self) -> Decimal | None:
        """(value − median) ÷ (1.4826 · MAD): shown beside the rule, never instead of it."""
        found = self.baseline
        if found is None or not found.mad or self.value is None:
            return None
        return (self.value - found.median) / (MAD_TO_SIGMA * found.mad)


def before(points: Sequence[Point], day: date, window: int) -> list[Point]:
    """The points of the `window` calendar days before `day`; days without a figure are simply not there."""
    first = day - timedelta(days=window)
    return [point for point in points if first <= point.day < day]


def baseline(points: Sequence[Point]) -> Baseline | None:
    """Mean and σ (of the sample, n − 1) of these points; None with fewer than two."""
    values = [point.value for point in points]
    if len(values) < 2:
        return None
    mean = sum(values, Decimal(0)) / len(values)
    variance = sum(((value - mean) ** 2 for value in values), Decimal(0)) / (len(values) - 1)
    middle = median(values)
    return Baseline(len(values), mean, variance.sqrt(), middle, median(abs(value - middle) for value in values))


def judge(
    terms: Terms, points: Sequence[Point], day: date, *, second: Sequence[Point] = (), partial: bool = False
) -> Judgement:
    """Whether the rule fires for `day`. `second` is the companion metric that must rise too where σ is 0."""
    today = next((point.value for point in points if point.day == day), None)
    if partial:
        return Judgement("not_judged", today, words="The day is not over.")
    if today is None:
        return Judgement("not_judged", words="No figure for this day.")
    if not today.is_finite() or today < 0:
        return Judgement("not_judged", today, words=f"{today} is no figure that can be judged.")
    if terms.comparison == "above":
        return _above(terms, today, terms.threshold)
    if terms.comparison == "rise":
        return _rise(terms, points, day, today)
    return _sigma(terms, points, day, today, second)


def _above(terms: Terms, today: Decimal, line: Decimal | None) -> Judgement:
    """A rule without a threshold is silent."""
    if line is None:
        return Judgement("quiet", today, words="No threshold set.")
    return Judgement("fires" if today > line and _over_floor(terms, today) else "quiet", today, line)


def _rise(terms: Terms, points: Sequence[Point], day: date, today: Decimal) -> Judgement:
    then = day - timedelta(days=terms.window)
    earlier = [point for point in points if then - RISE_TOLERANCE <= point.day <= then]
    if not earlier:
        return Judgement("not_enough_data", today, words=f"No figure {terms.window} days before.")
    usual = max(earlier, key=lambda point: point.day).value
    return _above(terms, today, usual + terms.threshold if terms.threshold is not None else None)


def _sigma(terms: Terms, points: Sequence[Point], day: date, today: Decimal, second: Sequence[Point]) -> Judgement:
    days = [point for point in before(points, day, terms.window) if point.value.is_finite() and point.value >= 0]
    found = baseline(days)
    if found is None or len(days) < terms.minimum_days:
        return Judgement(
            "not_enough_data",
            today,
            baseline=found,
            words=f"Not enough data: {len(days)} of {terms.minimum_days} days.",
        )
    if not found.sigma:
        return _step(terms, found, day, today, second)
    line = found.mean + terms.k * found.sigma
    fires = today > line and _over_floor(terms, today)
    return Judgement("fires" if fires else "quiet", today, line, found)


def _step(terms: Terms, found: Baseline, day: date, today: Decimal, second: Sequence[Point]) -> Judgement:
    """σ = 0: every change would be infinite, so the rise itself has to be large, and the companion's too."""
    line = found.mean + (terms.step or Decimal(0))
    fires = today >= line and today > found.mean and _over_floor(terms, today)
    if fires and terms.step_second is not None:
        fires = _second_rose(terms, terms.step_second, day, second)
    return Judgement("fires" if fires else "quiet", today, line, found, "All days before are equal.")


def _second_rose(terms: Terms, step: Decimal, day: date, second: Sequence[Point]) -> bool:
    today = next((point.value for point in second if point.day == day), None)
    days = [point.value for point in before(second, day, terms.window)]
    return today is not None and bool(days) and today >= sum(days, Decimal(0)) / len(days) + step


def _over_floor(terms: Terms, today: Decimal) -> bool:
    return terms.floor is None or today > terms.floor


def breach_run(fired: Mapping[date, bool], day: date) -> int:
    """How many judged days in a row, up to and with `day`, were above the line; an unjudged day breaks nothing."""
    run = 0
    for each in sorted((d for d in fired if d <= day), reverse=True):
        if not fired[each]:
            break
        run += 1
    return run


def quiet_run(fired: Mapping[date, bool], day: date) -> int:
    """How many judged days in a row, up to and with `day`, were below the line."""
    return breach_run({each: not breached for each, breached in fired.items()}, day)


def weekday_mean(points: Sequence[Point], day: date, weeks: int = 8) -> Decimal | None:
    """Mean of the same weekday of the last `weeks` weeks: what a Monday usually is; None with fewer than three."""
    same = [p.value for p in points if day - timedelta(weeks=weeks) <= p.day < day and p.day.weekday() == day.weekday()]
    return sum(same, Decimal(0)) / len(same) if len(same) >= 3 else None


def change(today: Decimal, usual: Decimal) -> Decimal | None:
    """(today − usual) ÷ usual as a share; None where usual is 0."""
    return (today - usual) / usual if usual else None


def dso(ar_balance: Decimal, sales: Decimal, days: int) -> Decimal | None:
    """AR ÷ credit sales × days; None without sales. Source: the textbook formula (CRF, DSO)."""
    return ar_balance * days / sales if sales > 0 else None


def countback_dso(ar_balance: Decimal, months: Sequence[tuple[int, Decimal]]) -> Decimal | None:
    """Days of sales that AR covers, newest month first; the last month pro rata.

    `months` are (days of the month counted, credit sales in it). None when the sales do not cover AR.
    """
    if ar_balance <= 0:
        return Decimal(0)
    rest, days = ar_balance, Decimal(0)
    for length, sales in months:
        if sales > 0 and rest <= sales:
            return days + rest * length / sales
        rest, days = rest - max(sales, Decimal(0)), days + length
    return None


def cei(begin: Decimal, sales: Decimal, end: Decimal, end_current: Decimal) -> Decimal | None:
    """(begin + sales − end) ÷ (begin + sales − end current), as a share; None where nothing was collectable."""
    collectable = begin + sales - end_current
    return (begin + sales - end) / collectable if collectable > 0 else None


def percentile(values: Sequence[Decimal], share: Decimal) -> Decimal | None:
    """Nearest rank: the smallest value that at least `share` of them do not exceed; None without values."""
    if not values:
        return None
    return sorted(values)[max(0, ceil(share * len(values)) - 1)]
