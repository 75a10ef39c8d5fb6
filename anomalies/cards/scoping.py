"""Which customers a person's cards are about. Whoever may not see all sees the segment of their own."""

from typing import Any

from django.db.models import QuerySet

from anomalies.cards.base import Filters
from anomalies.measures import DIMENSIONS
from customers.models import Customer

NOBODY = ("rep", "")


def scope_for(user: Any, scope: str, value: str) -> tuple[str, str]:
    """The segment whose figures this person reads: what was asked for, or for a sales rep always their own."""
    if user.has_perm("customers.view_every_customer"):
        return (scope, value) if scope in DIMENSIONS and value else ("all", "")
    employee = getattr(user, "employee", None)
    return ("rep", employee.netsuite_id) if employee else NOBODY


def customers_of(filters: Filters, user: Any) -> QuerySet[Customer]:
    """Active customers of the segment and search, never more than the person may see."""
    # The record is the widest column by far: ranking 100,000 rows without it takes half the time.
    rows = Customer.objects.active().for_rep(user).defer("record")
    if filters.scope in DIMENSIONS:
        rows = rows.filter(**{DIMENSIONS[filters.scope]: filters.scope_value})
    return rows.search(filters.search) if filters.search else rows


def is_narrow(filters: Filters, user: Any) -> bool:
    """Whether the customers have to be asked at all: not for all customers of somebody who may see all."""
    asked = filters.scope in DIMENSIONS or bool(filters.search)
    return asked or not user.has_perm("customers.view_every_customer")
