"""Customers by health score: 0 is well, 100 is lost. Scores of the last day on which everybody was scored."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db.models import QuerySet

from anomalies.cards.base import Card, Choice, Column, Filters, Row
from anomalies.cards.owing import held_words, late_days, row_of
from anomalies.cards.scoping import customers_of, is_narrow
from anomalies.models import HealthScore
from anomalies.models.health import BANDS
from customers.models import Customer

BAND_WORDS = dict(BANDS)
# The signals of customers.rules.health, shortest words first said.
SIGNAL_WORDS = {
    "order_velocity_decline": "fewer orders",
    "order_recency_gap": "silent for long",
    "dispute_frequency": "credit memos",
    "reflexion_friction": "friction",
    "ar_aging_lagging": "old invoices",
    "order_spread_narrowing": "fewer products",
    "email_response_latency": "slow answers",
}
NAMED = 2


def ranked(day: date, filters: Filters, user: Any) -> QuerySet[HealthScore]:
    """The worst score first."""
    rows = HealthScore.objects.newest().select_related("customer")
    if is_narrow(filters, user):
        rows = rows.filter(customer__in=customers_of(filters, user).order_by())
    band = filters.picked.get("band", "")
    return rows.filter(band=band) if band in BAND_WORDS else rows


def shown(scores: Sequence[HealthScore], day: date) -> list[Row]:
    return [row_of(score.customer, _values(score, score.customer, day), held_words(score.customer)) for score in scores]


def _values(score: HealthScore, customer: Customer, day: date) -> dict[str, Any]:
    return {
        "score": score.score,
        "band": BAND_WORDS[score.band],
        "because": strongest(score.signals),
        "balance": customer.ar_balance,
        "days_overdue": late_days(customer, day),
    }


def strongest(signals: dict[str, Any]) -> str:
    """The two signals that say most: `fewer orders, old invoices`."""
    said = sorted((name for name in signals if signals[name]), key=lambda name: -float(signals[name]))
    return ", ".join(SIGNAL_WORDS.get(name, name) for name in said[:NAMED])


CARD = Card(
    slug="customer-health",
    title="Customer health",
    question="Which customers are slipping away, or towards not paying?",
    metric="health_at_risk",
    also=("health_red", "health_orange", "health_yellow", "health_green"),
    netsuite="Not in NetSuite: the score is made of orders, credit memos, notes and aging, each by its weight.",
    compare_days=30,
    columns=(
        Column("score", "Score", "number"),
        Column("band", "Band"),
        Column("because", "Mostly"),
        Column("balance", "AR balance", "money"),
        Column("days_overdue", "Days overdue", "count"),
    ),
    ranked=ranked,
    shown=shown,
    rows_title="Customers, worst first",
    said="{} customers in orange or red health",
    said_one="{} customer in orange or red health",
    order=("-score", "pk"),
    choices=(Choice("band", "Band", tuple(reversed(BANDS))),),
)
