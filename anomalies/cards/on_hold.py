"""Customers on hold: ours, and NetSuite's own. Base currency."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from anomalies.cards.base import Card, Choice, Column, Filters, Row
from anomalies.cards.owing import held_words, late_days, row_of
from anomalies.cards.scoping import customers_of
from customers.models import HELD_ANYWHERE, Customer
from holds.models import ServiceHold

KINDS = {
    "service": Q(entitystatus=Customer.HOLD),
    "netsuite": ~Q(entitystatus=Customer.HOLD) & Q(on_credit_hold=True),
}


def ranked(day: date, filters: Filters, user: Any) -> QuerySet[Customer]:
    """The largest balance first."""
    rows = customers_of(filters, user).filter(HELD_ANYWHERE)
    kind = filters.picked.get("kind", "")
    return rows.filter(KINDS[kind]) if kind in KINDS else rows


def shown(customers: Sequence[Customer], day: date) -> list[Row]:
    keys = [customer.pk for customer in customers]
    since = dict(ServiceHold.objects.active().filter(customer__in=keys).values_list("customer", "placed_at"))
    return [_row(customer, since, day) for customer in customers]


def _row(customer: Customer, since: dict[int, Any], day: date) -> Row:
    placed = since.get(customer.pk)
    values = {
        "kind": held_words(customer),
        "since": placed.date() if placed else None,
        "balance": customer.ar_balance,
        "days_overdue": late_days(customer, day),
        "open_orders": customer.open_orders_total,
    }
    return row_of(customer, values)


CARD = Card(
    slug="customers-on-hold",
    title="Customers on hold",
    question="Which customers may not order on account?",
    metric="customers_on_hold",
    also=("new_holds",),
    netsuite=(
        "Lists › Customers › search. Criteria: inactive no, and hold On or on credit hold = yes. "
        "The count is the headline; our service holds stand there as hold On once they are pushed."
    ),
    compare_days=1,
    columns=(
        Column("kind", "Held by"),
        Column("since", "Service hold since", "date"),
        Column("balance", "AR balance", "money"),
        Column("days_overdue", "Days overdue", "count"),
        Column("open_orders", "Open orders", "money"),
    ),
    ranked=ranked,
    shown=shown,
    rows_title="Customers, largest balance first",
    said="{} customers on hold",
    said_one="{} customer on hold",
    order=("-ar_balance", "pk"),
    choices=(Choice("kind", "Held by", (("service", "Service hold"), ("netsuite", "NetSuite"))),),
)
