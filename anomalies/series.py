"""Figures of several days as the rules and pictures take them."""

from collections import defaultdict
from datetime import date

from anomalies.measures import Scope
from anomalies.models import DailyMetric
from anomalies.rules import Point


def series(metric: str, first: date, last: date, *, scope: str = "all") -> dict[Scope, list[Point]]:
    """Complete days of one metric from `first` to `last`, by scope and its value, oldest first. One query."""
    rows = DailyMetric.objects.complete().between(first, last).filter(metric=metric, scope=scope)
    found: dict[Scope, list[Point]] = defaultdict(list)
    for value, day, figure in rows.order_by("scope_value", "date").values_list("scope_value", "date", "value"):
        found[scope, value].append(Point(day, figure))
    return found


def partial_days(metric: str, day: date, *, scope: str = "all") -> set[Scope]:
    """Scopes whose figure of `day` was counted before the day was over."""
    rows = DailyMetric.objects.filter(metric=metric, date=day, scope=scope, is_partial=True)
    return {(scope, value) for value in rows.values_list("scope_value", flat=True)}
