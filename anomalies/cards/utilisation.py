"""How much of their credit limits customers use: (balance + open orders) ÷ limit."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import BigIntegerField, DecimalField, F, Q, QuerySet, Value
from django.db.models.functions import Cast, NullIf

from anomalies.cards.base import Card, Choice, Column, Filters, Row
from anomalies.cards.owing import held_words, row_of
from anomalies.cards.scoping import customers_of
from customers.models import HELD_ANYWHERE, Customer
from customers.rules import exposure

LINES = {"75": 7_500, "85": 8_500, "100": 10_000}
LISTS = (("75", "75 % or more"), ("85", "85 % or more"), ("100", "100 % or more"), ("held", "On hold"))
WIDE = DecimalField(max_digits=30, decimal_places=6)


def ranked(day: date, filters: Filters, user: Any) -> QuerySet[Customer]:
    """Customers with a limit, the highest use first; of the list picked, at least 75 % otherwise.

    Who is on hold is listed whatever they use. Ranked by whole hundredths of a per cent: an exact key on both
    databases.
    """
    limited = customers_of(filters, user).filter(credit_limit_kind=Customer.LIMIT_AMOUNT, credit_limit__gt=0)
    used = (
        (F("ar_balance") + F("open_orders_total"))
        * Value(Decimal(10_000), output_field=WIDE)
        / NullIf(F("credit_limit"), Value(0))
    )
    rows = limited.annotate(used=Cast(used, BigIntegerField()))
    line = filters.picked.get("at", "")
    if line == "held":
        return rows.filter(HELD_ANYWHERE)
    over = Q(used__gte=LINES[line]) if line in LINES else Q(used__gte=LINES["75"])
    return rows.filter(over | HELD_ANYWHERE)


def shown(customers: Sequence[Customer], day: date) -> list[Row]:
    return [row_of(customer, _values(customer), held_words(customer)) for customer in customers]


def _values(customer: Customer) -> dict[str, Any]:
    limit = customer.credit_limit or Decimal(0)
    exposed = exposure(customer.ar_balance, customer.open_orders_total)
    return {
        "utilisation": exposed / limit if limit else None,
        "exposure": exposed,
        "limit": limit,
        "available": limit - exposed,
    }


CARD = Card(
    slug="credit-utilisation",
    title="Customer credit utilisation",
    question="How much of the credit we grant is used, and who is near their limit?",
    metric="utilisation",
    also=("utilisation_p90",),
    netsuite=(
        "Lists › Customers › search. Criteria: inactive no, credit limit above 0. "
        "Results: balance, unbilled orders, credit limit. "
        "(Sum of balance + sum of unbilled orders) ÷ sum of credit limits."
    ),
    compare_days=30,
    columns=(
        Column("utilisation", "Used", "share"),
        Column("exposure", "Exposure", "money"),
        Column("limit", "Limit", "money"),
        Column("available", "Available", "money"),
    ),
    ranked=ranked,
    shown=shown,
    rows_title="Customers at 75 % of their limit or more, and those on hold",
    said="{} of granted credit is used",
    order=("-used", "pk"),
    choices=(Choice("at", "List", LISTS),),
)
