"""What an alert stores: all figures it was judged by, so that it can be recomputed and shown years later."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from anomalies.models import AlertRule
from anomalies.rules import Judgement, Point, Terms, weekday_mean

RULE_FIELDS = (
    *("slug", "title", "metric", "scope", "comparison", "k", "window", "threshold", "floor", "minimum_days"),
    *("step", "step_metric", "step_second", "for_days", "keep_firing_days"),
)


def as_was(rule: AlertRule) -> dict[str, Any]:
    """The rule at this moment; numbers as text, so that nothing is rounded."""
    return {name: _plain(getattr(rule, name)) for name in RULE_FIELDS}


def terms_of(rule: dict[str, Any]) -> Terms:
    """The stored rule as the arithmetic needs it."""

    def number(name: str) -> Decimal | None:
        return Decimal(rule[name]) if rule[name] is not None else None

    return Terms(
        comparison=rule["comparison"],
        k=Decimal(rule["k"]),
        window=rule["window"],
        threshold=number("threshold"),
        floor=number("floor"),
        minimum_days=rule["minimum_days"],
        step=number("step"),
        step_second=number("step_second") if rule["step_metric"] else None,
    )


def figures(judged: Judgement, points: Sequence[Point], second: Sequence[Point]) -> dict[str, Any]:
    """The value, the line, the baseline and the days they come from."""
    found, day = judged.baseline, points[-1].day
    usual = weekday_mean(points, day)
    return {
        "value": _plain(judged.value),
        "line": _plain(judged.line),
        "sigmas": _plain(judged.sigmas),
        "robust_z": _plain(judged.robust_z),
        "weekday_mean": _plain(usual),
        "baseline": None if found is None else {k: _plain(v) for k, v in vars(found).items()},
        "words": judged.words,
        "points": [[point.day.isoformat(), str(point.value)] for point in points],
        "second": [[point.day.isoformat(), str(point.value)] for point in second],
    }


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value
