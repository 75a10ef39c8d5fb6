"""What several lists of customers say of each: how old the oldest debt is, where the customer belongs."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from anomalies.cards.base import Row
from customers.models import Customer
from customers.rules import days_overdue

HELD_WORDS = {"hold": "Service hold", "netsuite": "On credit hold in NetSuite"}


def late_days(customer: Customer, day: date) -> int:
    return days_overdue(customer.oldest_due, day)


def row_of(customer: Customer, values: Mapping[str, Any], *said: str) -> Row:
    """The customer, its figures, and below the name what is `said`, its tier and its region."""
    below = " · ".join(part for part in (*said, customer.tier, customer.region) if part)
    return Row(customer, str(customer), values, below)


def held_words(customer: Customer) -> str:
    return HELD_WORDS.get(customer.standing, "")
