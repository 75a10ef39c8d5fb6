"""All figures of a credit hold spike: what is blocked, whose it is, what is new, what changed, what it costs.

Reads what the snapshots kept, so that the same day gives the same answer later. Base currency.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.db.models import Count

from anomalies.concentration import segments
from anomalies.measures import DIMENSIONS, SALES_DAYS, cells
from anomalies.models import DailyMetric, SnapshotDay
from anomalies.policy import changes
from anomalies.rules import Point, baseline, before, change, dso
from anomalies.series import series
from customers.models import Customer

WINDOW = 30
WEEK = 7
COMPARED = {
    "orders_on_hold": "Orders on hold",
    "orders_on_hold_value": "Value blocked",
    "orders_on_hold_customers": "Customers affected",
}


def facts(day: date) -> dict[str, Any]:
    """Everything the alert page shows, as JSON; numbers as text."""
    snapshot = SnapshotDay.objects.filter(date=day).first()
    orders = snapshot.orders if snapshot else []
    return {
        "compared": [compare(metric, day) for metric in COMPARED],
        "orders": [{**order, "days_held": _days(order, day)} for order in orders],
        "concentration": concentration(orders),
        "flow": flow(day, orders),
        "policy": changes(day - timedelta(days=WINDOW), day),
        "dso": dso_effect(day),
    }


def compare(metric: str, day: date) -> dict[str, Any]:
    """Today, the mean of the last seven days, the mean of the 30 before, and the change."""
    points = series(metric, day - timedelta(days=WINDOW), day).get(("all", ""), [])
    today = next((point.value for point in points if point.day == day), None)
    usual = baseline(before(points, day, WINDOW))
    mean = usual.mean if usual else None
    return {
        "metric": metric,
        "title": COMPARED[metric],
        "today": _text(today),
        "week": _text(_mean(points[-WEEK:])),
        "mean": _text(mean),
        "change": _text(change(today, mean)) if today is not None and mean else None,
    }


def concentration(orders: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Segments of every dimension among the customers behind these orders, the least likely first."""
    affected = {order["customer"]: order for order in orders}
    found = []
    for dimension in DIMENSIONS:
        hit = Counter(order[dimension] for order in affected.values() if order[dimension])
        found += segments(dimension, hit, _base(dimension))
    found.sort(key=lambda segment: (segment.chance, -segment.hit))
    return [
        {**asdict(each), "share": each.share, "expected": each.expected, "stands_out": each.stands_out}
        for each in found
    ]


def _base(dimension: str) -> dict[str, int]:
    rows = Customer.objects.active().order_by().annotate(**cells()).values(f"cell_{dimension}")
    return {row[f"cell_{dimension}"]: row["n"] for row in rows.annotate(n=Count("pk")) if row[f"cell_{dimension}"]}


def flow(day: date, orders: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Orders that came in and went out since the day before, beside what is usual: new in, or not out?"""
    days = list(SnapshotDay.objects.filter(date__lte=day, date__gte=day - timedelta(days=WINDOW)).order_by("date"))
    sets = [(each.date, {order["id"] for order in each.orders}) for each in days if each.definition]
    moves = [(len(now - then), len(then - now)) for (_, then), (_, now) in pairwise(sets)]
    if not moves:
        return {"new_in": None, "out": None, "usual_in": None, "usual_out": None, "words": "No day before to compare."}
    *earlier, (came, went) = moves
    usual_in, usual_out = _average([a for a, _ in earlier]), _average([b for _, b in earlier])
    return {
        "new_in": came,
        "out": went,
        "usual_in": usual_in,
        "usual_out": usual_out,
        "words": _flow_words(came, went, usual_in, usual_out),
    }


def _flow_words(came: int, went: int, usual_in: float | None, usual_out: float | None) -> str:
    if usual_in is None or usual_out is None:
        return "Too few days to say what is usual."
    more_in, fewer_out = came - usual_in, usual_out - went
    if more_in >= fewer_out:
        return f"More came in: {came} new, usually {usual_in:.0f}."
    return f"Fewer were released: {went} out, usually {usual_out:.0f}."


def dso_effect(day: date) -> dict[str, Any] | None:
    """How DSO moves if the value above the usual is not billed within 30 days.

    AR ÷ (credit sales − extra) × 30 minus AR ÷ credit sales × 30. Ours: no source gives a formula.
    """
    rows = DailyMetric.objects.filter(date=day, scope="all", metric__in=["ar_balance", "dso"])
    found = dict(rows.values_list("metric", "value"))
    blocked = compare("orders_on_hold_value", day)
    if not found.get("dso") or blocked["today"] is None or blocked["mean"] is None:
        return None
    sales = found["ar_balance"] * SALES_DAYS / found["dso"]
    extra = max(Decimal(0), Decimal(blocked["today"]) - Decimal(blocked["mean"]))
    later = dso(found["ar_balance"], sales - extra, SALES_DAYS)
    return {
        "now": _text(found["dso"]),
        "extra": _text(extra),
        "then": _text(later),
        "rise": _text(later - found["dso"]) if later is not None else None,
    }


def _days(order: Mapping[str, Any], day: date) -> int:
    return max(0, (day - date.fromisoformat(order["since"])).days)


def _mean(points: Sequence[Point]) -> Decimal | None:
    return sum((point.value for point in points), Decimal(0)) / len(points) if points else None


def _average(counts: Sequence[int]) -> float | None:
    return sum(counts) / len(counts) if counts else None


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value.quantize(Decimal("0.000001")))
