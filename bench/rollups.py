"""A day's figures for every scope beside one query a segment, and the daily evaluation of five years of figures."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Sum
from django.db.models.functions import Mod
from django.utils import timezone

from anomalies.actions.evaluation import judge_rule
from anomalies.measures import DIMENSIONS, Scope
from anomalies.measures import measure as measure_day
from anomalies.models import AlertRule, DailyMetric
from bench.measure import Row, Size, side_by_side
from bench.population import populate
from customers.clock import business_today
from customers.models import Customer, Employee, Transaction

REGIONS, REPS = 12, 40
DAYS = 5 * 365
SCOPES = 50
METRICS = 20


def measure(size: Size) -> list[Row]:
    """Both over `size.customers` customers of as many regions, tiers, reps and ways to pay as a business has."""
    populate(size.customers, business_today())
    _segment()
    day = business_today() - timedelta(days=1)
    scopes = measure_day(day, live=False)
    figures = side_by_side(
        "a day's figures, 5 dimensions",
        size.rounds,
        {"set-based": lambda: measure_day(day, live=False), "a query a segment": lambda: _by_segment(day, scopes)},
        at_most={"a query a segment": 1 / 100},
    )
    figures = replace(figures, figures={"scopes": len(scopes), "figures": sum(map(len, scopes.values()))})
    _history()
    evaluation = side_by_side(
        f"evaluation, {DAYS} days × {METRICS} × {SCOPES}",
        size.rounds,
        {"judge": lambda: _judge_all(day), "bare read of the window": lambda: _read(day)},
    )
    return [figures, evaluation]


def _segment() -> None:
    reps = Employee.objects.bulk_create([Employee(netsuite_id=f"rep-{n}", is_sales_rep=True) for n in range(REPS)])
    for n, rep in enumerate(reps):
        rows = Customer.objects.annotate(part=Mod("pk", REPS)).filter(part=n)
        rows.update(sales_rep=rep, region=f"R{n % REGIONS}", tier=f"T{n % 4}", payment_method=f"P{n % 5}")


def _by_segment(day: date, scopes: Mapping[Scope, Mapping[str, Any]]) -> None:
    """Each figure of each scope asked by itself, as a first version does it."""
    for (dimension, value), figures in scopes.items():
        rows = Transaction.objects.invoices().open_on(day)
        if dimension != "all":
            rows = rows.filter(**{f"customer__{DIMENSIONS[dimension]}": value})
        for _figure in figures:
            rows.aggregate(total=Sum("unpaid"))


def _history() -> None:
    if DailyMetric.objects.exists():
        return
    DailyMetric.objects.bulk_create(_figures(), batch_size=5000)


def _figures() -> Iterator[DailyMetric]:
    last = business_today() - timedelta(days=1)
    now = timezone.now()
    for metric in range(METRICS):
        name = "orders_on_hold" if metric == 0 else f"bench_{metric}"
        for scope in range(SCOPES):
            for back in range(DAYS):
                yield DailyMetric(
                    date=last - timedelta(days=back),
                    metric=name,
                    scope="region",
                    scope_value=f"R{scope}",
                    value=Decimal(back % 7 + scope),
                    computed_at=now,
                )


def _rules() -> list[AlertRule]:
    names = ["orders_on_hold", *(f"bench_{number}" for number in range(1, METRICS))]
    return [AlertRule(slug=name, metric=name, scope="region", comparison="sigma") for name in names]


def _judge_all(day: object) -> None:
    for rule in _rules():
        judge_rule(rule, day)  # type: ignore[arg-type]


def _read(day: object) -> None:
    for rule in _rules():
        rows = DailyMetric.objects.filter(metric=rule.metric, scope="region", date__lte=day)
        list(rows.filter(date__gte=day - timedelta(days=45)).values_list("scope_value", "date", "value"))  # type: ignore[operator]
