"""The facts behind a customer's health score, gathered in a handful of cheap queries."""

from __future__ import annotations

from datetime import date, timedelta

from django.db.models import Count, Q

from customers.aging import receivables_of
from customers.models import Customer, Transaction
from customers.rules import Health, HealthInputs, Receivables, health, median_order_interval

CANCELLED = "C"


def health_inputs(
    customer: Customer,
    *,
    today: date,
    friction_entries: int = 0,
    skus: tuple[int, int] | None = None,
    owed: Receivables | None = None,
) -> HealthInputs:
    """Facts as at `today` (business date).

    `friction_entries`: friction notes of the last 60 days. `skus`: distinct items ordered in the last 60 days and
    between day 60 and 240. Both are kept by the layers above. `owed` spares a query when it is at hand.
    """
    owed = owed or receivables_of(customer, today)
    orders = customer.transactions.filter(type=Transaction.SALES_ORDER, issued__lte=today).exclude(status=CANCELLED)
    newest = list(orders.order_by("-issued").values_list("issued", flat=True).distinct()[:12])
    recent = Q(issued__gt=today - timedelta(days=30))
    prior = Q(issued__gt=today - timedelta(days=120)) & ~recent
    counts = orders.aggregate(last_30=Count("pk", filter=recent), prior_90=Count("pk", filter=prior))
    return HealthInputs(
        orders_last_30=counts["last_30"],
        orders_prior_90=counts["prior_90"],
        days_since_order=(today - newest[0]).days if newest else None,
        median_interval=median_order_interval(newest),
        credit_memos_30=_credit_memos(customer, today),
        friction_entries_60=friction_entries,
        over_60=owed.aging.over_60,
        total_open=owed.aging.invoiced,
        skus_last_60=skus[0] if skus else None,
        skus_day_60_to_240=skus[1] if skus else None,
    )


def customer_health(
    customer: Customer,
    *,
    today: date,
    friction_entries: int = 0,
    skus: tuple[int, int] | None = None,
    owed: Receivables | None = None,
) -> Health:
    return health(health_inputs(customer, today=today, friction_entries=friction_entries, skus=skus, owed=owed))


def _credit_memos(customer: Customer, today: date) -> int:
    since = today - timedelta(days=30)
    return customer.transactions.filter(type=Transaction.CREDIT, issued__gt=since, issued__lte=today).count()
