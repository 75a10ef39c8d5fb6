"""DSO, and the customers who owe most with what each bought lately. Base currency."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Sum

from anomalies.cards.base import Card, Column, Filters, Row
from anomalies.cards.owing import late_days, row_of
from anomalies.cards.scoping import customers_of
from anomalies.measures import SALES_DAYS
from anomalies.rules import dso
from customers.models import Customer, Transaction

ZERO = Decimal(0)


def ranked(day: date, filters: Filters, user: Any) -> QuerySet[Customer]:
    """Customers who owe something, the largest balance first."""
    return customers_of(filters, user).filter(ar_balance__gt=0)


def shown(customers: Sequence[Customer], day: date) -> list[Row]:
    now = _sales(customers, day)
    earlier = _sales(customers, day - timedelta(days=SALES_DAYS))
    return [row_of(customer, _values(customer, day, now, earlier)) for customer in customers]


def _sales(customers: Sequence[Customer], last: date) -> dict[int, Decimal]:
    """Credit sales of 30 days up to `last`, by customer. One query."""
    sold = Transaction.objects.invoices().filter(issued__gt=last - timedelta(days=SALES_DAYS), issued__lte=last)
    rows = sold.filter(customer__in=[customer.pk for customer in customers]).order_by().values("customer")
    return {row["customer"]: row["sales"] for row in rows.annotate(sales=Sum("total"))}


def _values(
    customer: Customer, day: date, now: Mapping[int, Decimal], earlier: Mapping[int, Decimal]
) -> dict[str, Any]:
    sales = now.get(customer.pk, ZERO)
    return {
        "balance": customer.ar_balance,
        "sales": sales,
        "sales_before": earlier.get(customer.pk, ZERO),
        "dso": dso(customer.ar_balance, sales, SALES_DAYS),
        "days_overdue": late_days(customer, day),
    }


CARD = Card(
    slug="dso-increase",
    title="DSO increase",
    question="Do customers pay more slowly than a month ago?",
    metric="dso",
    also=("dso_countback", "dso_best_possible", "add", "cei", "ar_balance"),
    netsuite=(
        "Reports › Customers/Receivables › A/R Aging, as of the day: total net of unapplied. "
        "Reports › Sales › Sales by Customer Summary, the 30 days up to it. Total ÷ sales × 30. "
        "For the change, both reports 30 days earlier."
    ),
    compare_days=30,
    columns=(
        Column("balance", "AR balance", "money"),
        Column("sales", "Sales, 30 days", "money"),
        Column("sales_before", "30 days before", "money"),
        Column("dso", "DSO", "days"),
        Column("days_overdue", "Days overdue", "count"),
    ),
    ranked=ranked,
    shown=shown,
    rows_title="Customers who owe most",
    said="DSO is {}",
    order=("-ar_balance", "pk"),
)
