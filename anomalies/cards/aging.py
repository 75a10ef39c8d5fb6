"""A/R aging by due date, and the customers behind each age. Base currency."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet

from anomalies.cards.base import Card, Choice, Column, Filters, Row
from anomalies.cards.owing import late_days, row_of
from anomalies.cards.scoping import customers_of
from anomalies.measures import AGING
from customers.aging import receivables
from customers.models import Customer
from customers.rules import BUCKETS, OVERDUE_BUCKETS, Receivables

WORDS = {
    "current": "Current",
    "d1_30": "1–30",
    "d31_60": "31–60",
    "d61_90": "61–90",
    "d91_120": "91–120",
    "d120_plus": "120+",
}
NOTHING = Decimal("0.00")


def ranked(day: date, filters: Filters, user: Any) -> QuerySet[Customer]:
    """Customers with open invoices, the largest balance first; of an age, those whose oldest invoice has it."""
    rows = customers_of(filters, user).filter(open_invoices_count__gt=0)
    bucket = filters.picked.get("oldest", "")
    return rows.filter(_oldest_in(bucket, day)) if bucket in WORDS else rows


def _oldest_in(bucket: str, day: date) -> Q:
    if bucket == "current":
        return Q(oldest_due__gte=day) | Q(oldest_due=None)
    first, last = next((first, last) for name, first, last in OVERDUE_BUCKETS if name == bucket)
    found = Q(oldest_due__lte=day - timedelta(days=first))
    return found & Q(oldest_due__gte=day - timedelta(days=last)) if last else found


def shown(customers: Sequence[Customer], day: date) -> list[Row]:
    found = receivables(day, [customer.pk for customer in customers])
    return [row_of(customer, _values(customer, found.get(customer.pk), day)) for customer in customers]


def _values(customer: Customer, found: Receivables | None, day: date) -> dict[str, Any]:
    ages = {name: getattr(found.aging, name) if found else NOTHING for name in BUCKETS}
    unapplied = found.aging.unapplied if found else NOTHING
    return {**ages, "unapplied": unapplied, "balance": customer.ar_balance, "days_overdue": late_days(customer, day)}


CARD = Card(
    slug="aging-buckets",
    title="A/R aging buckets",
    question="How old is what customers owe us?",
    metric="share_60_plus",
    also=(*AGING, "unapplied", "ar_balance", "overdue_balance"),
    netsuite=(
        "Reports › Customers/Receivables › A/R Aging, as of the day, by due date, base currency. "
        "Its columns are the buckets; unapplied payments and credits stand in a column of their own. "
        "Share 61 and older: 61–90, 91–120 and over 120 ÷ total before unapplied."
    ),
    compare_days=30,
    columns=(
        *(Column(name, WORDS[name], "money") for name in BUCKETS),
        Column("unapplied", "Unapplied", "money"),
        Column("balance", "AR balance", "money"),
        Column("days_overdue", "Days overdue", "count"),
    ),
    ranked=ranked,
    shown=shown,
    rows_title="Customers with open invoices, largest balance first",
    said="{} of open invoices are 61 days overdue or older",
    order=("-ar_balance", "pk"),
    choices=(Choice("oldest", "Oldest invoice", tuple(WORDS.items())),),
)
