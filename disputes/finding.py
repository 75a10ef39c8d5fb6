"""Which customer a person means by what they typed."""

from typing import Any

from django.db.models import Q

from customers.models import Customer
from netsuite.errors import Refusal


def customer_called(user: Any, typed: str) -> Customer:
    """By NetSuite number, entity id or full name, among those the person may see.

    Raises Refusal when none or several fit.
    """
    wanted = typed.replace("\x00", "").strip()
    fits = Q(netsuite_id=wanted) | Q(entity_id__iexact=wanted) | Q(name__iexact=wanted)
    found = list(Customer.objects.for_rep(user).filter(fits)[:2]) if wanted else []
    if len(found) != 1:
        words = "Two customers are called that; use the number." if found else f"No customer “{wanted}”."
        raise Refusal(words if wanted else "Say which customer.", code="customer_not_found", status=400)
    return found[0]
