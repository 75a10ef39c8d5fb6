"""Customers who stopped ordering: silent for more than twice their usual interval. Amounts in base currency."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby, pairwise
from operator import itemgetter
from statistics import median

from django.db.models import Count, Q, Sum

from customers.models import Customer, Transaction

YEAR = timedelta(days=365)
MIN_ORDERS = 3
MIN_REVENUE = Decimal(5000)
TIMES = 2
CANCELLED = "C"


@dataclass(frozen=True)
class Churn:
    """One customer who stopped. `revenue` is invoiced in the twelve months up to the day."""

    customer: int
    last_order: date
    days: int
    interval: float
    revenue: Decimal


def signals(day: date) -> list[Churn]:
    """Largest revenue first. Orders of 365 days, cancelled ones left out; two queries, read as a stream."""
    revenue = _revenue(day)
    found = (_signal(pk, days, day, revenue[pk]) for pk, days in _order_days(day) if pk in revenue)
    return sorted((signal for signal in found if signal), key=lambda each: (-each.revenue, each.customer))


def _revenue(day: date) -> dict[int, Decimal]:
    """Invoiced in twelve months, for active customers above the least with enough orders."""
    is_order = Q(transactions__type=Transaction.SALES_ORDER) & ~Q(transactions__status=CANCELLED)
    year = Q(transactions__issued__gt=day - YEAR, transactions__issued__lte=day)
    rows = Customer.objects.active().order_by().values("pk")
    counted = rows.annotate(
        ordered=Count("transactions", filter=is_order & year),
        revenue=Sum("transactions__total", filter=Q(transactions__type=Transaction.INVOICE) & year),
    )
    many = counted.filter(ordered__gte=MIN_ORDERS, revenue__gt=MIN_REVENUE)
    return {row["pk"]: row["revenue"] for row in many.iterator(chunk_size=5000)}


def _order_days(day: date) -> Iterator[tuple[int, list[date]]]:
    orders = Transaction.objects.filter(type=Transaction.SALES_ORDER, issued__gt=day - YEAR, issued__lte=day)
    rows = orders.exclude(status=CANCELLED).order_by("customer", "issued").values_list("customer", "issued")
    for pk, group in groupby(rows.distinct().iterator(chunk_size=5000), key=itemgetter(0)):
        yield pk, [issued for _, issued in group]


def _signal(pk: int, days: list[date], day: date, revenue: Decimal) -> Churn | None:
    gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    if not gaps:
        return None
    silent, interval = (day - days[-1]).days, float(median(gaps))
    return Churn(pk, days[-1], silent, interval, revenue) if silent > TIMES * interval else None
