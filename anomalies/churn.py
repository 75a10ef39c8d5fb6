"""Customers who stopped ordering: silent for more than twice their usual interval. Amounts in base currency."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby, pairwise
from operator import itemgetter
from statistics import median

from django.db.models import Count, Sum

from customers.models import Transaction, TransactionQuerySet

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
    by_customer = _orders(day).filter(customer__is_inactive=False).order_by().values("customer")
    enough = by_customer.annotate(ordered=Count("pk")).filter(ordered__gte=MIN_ORDERS)
    invoices = Transaction.objects.invoices().filter(issued__gt=day - YEAR, issued__lte=day)
    bought = invoices.filter(customer__in=enough.values("customer")).order_by().values("customer")
    much = bought.annotate(revenue=Sum("total")).filter(revenue__gt=MIN_REVENUE)
    return {row["customer"]: row["revenue"] for row in much.iterator(chunk_size=5000)}


def _orders(day: date) -> TransactionQuerySet:
    """Sales orders of a year, cancelled ones left out."""
    orders = Transaction.objects.filter(type=Transaction.SALES_ORDER, issued__gt=day - YEAR, issued__lte=day)
    return orders.exclude(status=CANCELLED)


def _order_days(day: date) -> Iterator[tuple[int, list[date]]]:
    rows = _orders(day).order_by("customer", "issued").values_list("customer", "issued")
    for pk, group in groupby(rows.distinct().iterator(chunk_size=5000), key=itemgetter(0)):
        yield pk, [issued for _, issued in group]


def _signal(pk: int, days: list[date], day: date, revenue: Decimal) -> Churn | None:
    gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    if not gaps:
        return None
    silent, interval = (day - days[-1]).days, float(median(gaps))
    return Churn(pk, days[-1], silent, interval, revenue) if silent > TIMES * interval else None
