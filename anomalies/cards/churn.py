"""Customers who stopped ordering, largest revenue first, as the newest snapshot saw them. Base currency."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from anomalies.cards import snapshot
from anomalies.cards.base import Card, Column, Filters, Row
from anomalies.cards.owing import held_words, row_of
from anomalies.cards.scoping import customers_of
from customers.models import Customer


def ranked(day: date, filters: Filters, user: Any) -> list[dict[str, Any]]:
    """At most the 500 that a snapshot keeps."""
    seen = snapshot.newest(day)
    found = seen.churn if seen else []
    asked = [signal["customer"] for signal in found]
    mine = set(customers_of(filters, user).filter(pk__in=asked).values_list("pk", flat=True)) if asked else set()
    return [signal for signal in found if signal["customer"] in mine]


def shown(signals: Sequence[dict[str, Any]], day: date) -> list[Row]:
    customers = Customer.objects.in_bulk([signal["customer"] for signal in signals])
    return [_row(signal, customers[signal["customer"]]) for signal in signals if signal["customer"] in customers]


def _row(signal: dict[str, Any], customer: Customer) -> Row:
    values = {
        "last_order": date.fromisoformat(signal["last_order"]),
        "days": signal["days"],
        "interval": Decimal(str(signal["interval"])),
        "revenue": Decimal(signal["revenue"]),
        "balance": customer.ar_balance,
    }
    return row_of(customer, values, held_words(customer))


CARD = Card(
    slug="churn-signals",
    title="Churn signals",
    question="Which good customers stopped ordering?",
    metric="churn_signals",
    also=(),
    netsuite=(
        "Transactions › search. Criteria: type Sales Order, date within 365 days, status not Cancelled. "
        "Per customer: dates of the orders, median of the gaps. Listed: days since the last order over twice the "
        "median, at least three orders, invoices of twelve months over $5,000."
    ),
    compare_days=30,
    columns=(
        Column("last_order", "Last order", "date"),
        Column("days", "Days silent", "count"),
        Column("interval", "Usual interval", "days"),
        Column("revenue", "Invoiced in 12 months", "money"),
        Column("balance", "AR balance", "money"),
    ),
    ranked=ranked,
    shown=shown,
    rows_title="Customers, largest revenue first",
    said="{} good customers stopped ordering",
    said_one="{} good customer stopped ordering",
)
