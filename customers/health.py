"""The facts behind customers' health scores: two queries, for one customer or a whole page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta

from django.db.models import Count, F, Q, Window
from django.db.models.functions import DenseRank

from customers.aging import receivables
from customers.models import Customer, Transaction
from customers.rules import Aging, Health, HealthInputs, Receivables, health, median_order_interval

CANCELLED = "C"
INTERVAL_DAYS = 12
ItemsOrdered = Callable[[Sequence[int], date], Mapping[int, tuple[int, int]]]
# Who knows what was ordered stands above; `apps.ready()` there puts its answer here.
ITEMS_ORDERED: list[ItemsOrdered] = []


def health_inputs(
    customers: Sequence[Customer],
    *,
    today: date,
    friction: Mapping[int, int] | None = None,
    skus: Mapping[int, tuple[int, int]] | None = None,
    owed: Mapping[int, Receivables] | None = None,
) -> dict[int, HealthInputs]:
    """Facts as at `today` (business date), by customer primary key.

    `friction`: friction notes of the last 60 days. `skus`: distinct items ordered in the last 60 days, and between
    day 60 and day 240. The layers above keep both. `owed` spares a query when it is at hand.
    """
    keys = [customer.pk for customer in customers]
    owed = receivables(today, keys) if owed is None else owed
    counts, days = _counts(keys, today), _order_days(keys, today)
    nothing = Receivables(today, Aging())
    return {
        key: HealthInputs(
            **counts.get(key, {}),
            days_since_order=(today - max(days[key])).days if days[key] else None,
            median_interval=median_order_interval(days[key]),
            friction_entries_60=(friction or {}).get(key, 0),
            over_60=owed.get(key, nothing).aging.over_60,
            total_open=owed.get(key, nothing).aging.invoiced,
            skus_last_60=(skus or {}).get(key, (None, None))[0],
            skus_day_60_to_240=(skus or {}).get(key, (None, None))[1],
        )
        for key in keys
    }


def customers_health(
    customers: Sequence[Customer],
    *,
    today: date,
    friction: Mapping[int, int] | None = None,
    skus: Mapping[int, tuple[int, int]] | None = None,
    owed: Mapping[int, Receivables] | None = None,
) -> dict[int, Health]:
    """Health by customer primary key; arguments as for `health_inputs`.

    Without `skus`, whoever is in ITEMS_ORDERED is asked: pages, API and the nightly scores count the same.
    """
    if skus is None:
        keys = [customer.pk for customer in customers]
        skus = {key: items for ask in ITEMS_ORDERED for key, items in ask(keys, today).items()}
    facts = health_inputs(customers, today=today, friction=friction, skus=skus, owed=owed)
    return {key: health(inputs) for key, inputs in facts.items()}


def customer_health(
    customer: Customer, *, today: date, friction_entries: int = 0, owed: Receivables | None = None
) -> Health:
    """One customer's health; `friction_entries` are the friction notes of the last 60 days."""
    known = None if owed is None else {customer.pk: owed}
    friction = {customer.pk: friction_entries}
    return customers_health([customer], today=today, friction=friction, owed=known)[customer.pk]


def _counts(keys: Sequence[int], today: date) -> dict[int, dict[str, int]]:
    order = Q(type=Transaction.SALES_ORDER) & ~Q(status=CANCELLED)
    last_30 = Q(issued__gt=today - timedelta(days=30))
    rows = Transaction.objects.filter(
        customer__in=keys, issued__gt=today - timedelta(days=120), issued__lte=today
    ).order_by()
    counted = rows.values("customer").annotate(
        orders_last_30=Count("pk", filter=order & last_30),
        orders_prior_90=Count("pk", filter=order & ~last_30),
        credit_memos_30=Count("pk", filter=Q(type=Transaction.CREDIT) & last_30),
    )
    return {
        row["customer"]: {
            "orders_last_30": row["orders_last_30"],
            "orders_prior_90": row["orders_prior_90"],
            "credit_memos_30": row["credit_memos_30"],
        }
        for row in counted
    }


def _order_days(keys: Sequence[int], today: date) -> dict[int, list[date]]:
    """The last twelve days with an order, by customer."""
    newest = Window(DenseRank(), partition_by=F("customer"), order_by=F("issued").desc())
    orders = Transaction.objects.filter(customer__in=keys, type=Transaction.SALES_ORDER, issued__lte=today)
    ranked = orders.exclude(status=CANCELLED).order_by().annotate(rank=newest).filter(rank__lte=INTERVAL_DAYS)
    days: dict[int, list[date]] = defaultdict(list)
    for customer, day in ranked.values_list("customer", "issued").distinct():
        days[customer].append(day)
    return days
