"""A day's figures for every scope beside one query a figure, and the daily evaluation of five years of figures."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Mod
from django.utils import timezone

from anomalies.actions.evaluation import judge_rule
from anomalies.measures import AGING, COUNTBACK_MONTHS, DIMENSIONS, SALES_DAYS, Scope, bounds
from anomalies.measures import measure as measure_day
from anomalies.models import AlertRule, DailyMetric
from bench.measure import Row, Size, side_by_side
from bench.population import populate
from customers.clock import business_today
from customers.models import Customer, Employee, Transaction, owed_on
from customers.rules import OVERDUE_BUCKETS
from disputes.models import Dispute
from holds.models import ServiceHold

REGIONS, REPS = 12, 40
DAYS = 5 * 365
SCOPES = 50
METRICS = 20
# The sums of documents that each figure is made of.
MONTHS = [f"month_{n}" for n in range(COUNTBACK_MONTHS)]
BALANCE = ["invoiced", "unapplied"]
NEEDED = {
    **{metric: [column] for metric, column in AGING.items()},
    "ar_balance": BALANCE,
    "overdue_balance": ["invoiced", "current"],
    "unapplied": ["unapplied"],
    "share_60_plus": ["old", "invoiced"],
    "dso": [*BALANCE, "sales"],
    "dso_best_possible": ["current", "sales"],
    "add": [*BALANCE, "current", "sales"],
    "dso_countback": [*BALANCE, *MONTHS],
    "cei": ["begin_invoiced", "begin_unapplied", "sales", *BALANCE, "current"],
}


def measure(size: Size) -> list[Row]:
    """Both over `size.customers` customers of as many regions, tiers, reps and ways to pay as a business has."""
    populate(size.customers, business_today())
    _segment()
    day = business_today() - timedelta(days=1)
    scopes = measure_day(day, live=False)
    figures = side_by_side(
        "a day's figures, 5 dimensions",
        size.rounds,
        {"set-based": lambda: measure_day(day, live=False), "a query a figure": lambda: _by_segment(day, scopes)},
        at_most={"a query a figure": 1 / 100},
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
    """Each figure of each scope by one query of its own, which reads the rows and adds the sums of that figure only.

    A figure that counts holds, disputes or orders counts its rows; for churn the orders are counted, which is less
    than what it takes.
    """
    sums, others = _document_sums(day), _other_rows(day)
    for (dimension, value), figures in scopes.items():
        mine = {} if dimension == "all" else {f"customer__{DIMENSIONS[dimension]}": value}
        for figure in figures:
            if figure in others:
                others[figure].filter(**mine).count()
                continue
            asked = {name: sums[name] for name in NEEDED[figure]}
            rows = Transaction.objects.filter(reduce(or_, (which for _, which in asked.values())), **mine)
            only_one = len(asked) == 1
            totals = {n: Sum(amount, filter=None if only_one else which) for n, (amount, which) in asked.items()}
            rows.aggregate(**totals)


def _document_sums(day: date) -> dict[str, tuple[Any, Q]]:
    """The sums that figures are made of by name: which amount of which documents."""
    begin, invoice = day - timedelta(days=SALES_DAYS), Q(type=Transaction.INVOICE)
    unapplied = Q(type__in=[Transaction.CREDIT, Transaction.PAYMENT])
    sums = {
        "invoiced": (owed_on(day), invoice & _open(day)),
        "unapplied": (owed_on(day), unapplied & _open(day)),
        "current": (owed_on(day), invoice & _open(day) & (Q(due__gte=day) | Q(due=None))),
        "old": (owed_on(day), invoice & _open(day) & Q(due__lte=day - timedelta(days=61))),
        "begin_invoiced": (owed_on(begin), invoice & _open(begin)),
        "begin_unapplied": (owed_on(begin), unapplied & _open(begin)),
        "sales": (F("total"), invoice & Q(issued__gt=begin, issued__lte=day)),
    }
    for name, first, last in OVERDUE_BUCKETS:
        late = Q(due__lte=day - timedelta(days=first)) & (Q(due__gte=day - timedelta(days=last)) if last else Q())
        sums[name] = (owed_on(day), invoice & _open(day) & late)
    end = day
    for month in MONTHS:
        sums[month] = (F("total"), invoice & Q(issued__gte=end.replace(day=1), issued__lte=end))
        end = end.replace(day=1) - timedelta(days=1)
    return sums


def _open(day: date) -> Q:
    return Q(issued__lte=day) & (Q(closed=None, unpaid__gt=0) | Q(closed__gt=day))


def _other_rows(day: date) -> dict[str, QuerySet[Any]]:
    """The rows that the other figures count."""
    first, last = bounds(day)
    orders = Transaction.objects.filter(type=Transaction.SALES_ORDER, issued__gt=day - timedelta(days=365))
    return {
        "new_holds": ServiceHold.objects.filter(placed_at__gte=first, placed_at__lt=last),
        "new_disputes": Dispute.objects.filter(opened_at__gte=first, opened_at__lt=last),
        "disputes_open": Dispute.objects.filter(opened_at__lt=last).filter(
            Q(resolved_at=None) | Q(resolved_at__gte=last)
        ),
        "churn_signals": orders.filter(issued__lte=day),
    }


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
