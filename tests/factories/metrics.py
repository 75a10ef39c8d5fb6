"""Figures of past days for tests."""

from datetime import date, timedelta
from decimal import Decimal

from anomalies.models import DailyMetric, SnapshotDay


def history(metric: str, *values: object, until: date, scope: str = "all", scope_value: str = "") -> None:
    """One complete figure a day, the last of `values` on `until`."""
    first = until - timedelta(days=len(values) - 1)
    rows = [
        DailyMetric(
            date=first + timedelta(days=n),
            metric=metric,
            scope=scope,
            scope_value=scope_value,
            value=Decimal(str(value)),
        )
        for n, value in enumerate(values)
    ]
    DailyMetric.objects.bulk_create(rows)
    for row in rows:
        SnapshotDay.objects.get_or_create(date=row.date, defaults={"definition": "A"})


def spread(mean: int, sigma: int, days: int = 30) -> list[Decimal]:
    """`days` figures (an even number) with exactly this mean and σ of the sample."""
    step = Decimal(sigma) * ((Decimal(days) - 1) / Decimal(days)).sqrt()
    return [mean - step, mean + step] * (days // 2)
