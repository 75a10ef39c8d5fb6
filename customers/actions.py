"""What people change on a customer. Each writes history with who and why, in the same transaction."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from customers.models import Customer
from netsuite import writing


def flag_hold(*, customer: Customer, by: str, reason: str) -> bool:
    """Set the local service hold flag; order forms refuse from here on. False if it was set already."""
    return _change(customer, {"entitystatus": Customer.HOLD}, by, reason)


def clear_hold(*, customer: Customer, by: str, reason: str) -> bool:
    """Clear the local service hold flag. False if there was none."""
    return _change(customer, {"entitystatus": ""}, by, reason)


def set_credit_hold(*, customer: Customer, credit_hold: bool, by: str, reason: str) -> bool:
    """Set or clear the hold on provisioning. False if it stood that way already."""
    return _change(customer, {"credit_hold": credit_hold}, by, reason)


def _change(customer: Customer, values: dict[str, Any], by: str, reason: str) -> bool:
    with writing.in_transaction():
        written = {**values, "last_modified": timezone.now()}
        now = writing.change(customer, written, where={}, unless=values)
        if now is None:
            customer.refresh_from_db(fields=list(written))
            return False
        for name, value in written.items():
            setattr(customer, name, value)
        writing.add(writing.history_of(now, "~", f"{by}: {reason}"))
    return True
