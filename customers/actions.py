"""What people change on a customer. Each writes history with who and why, in the same transaction."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from customers.models import Customer


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
    with transaction.atomic():
        differs = Customer.objects.filter(pk=customer.pk).exclude(**values)
        changed = differs.update(**values, last_modified=timezone.now())
        customer.refresh_from_db(fields=[*values, "last_modified"])
        if changed:
            Customer.history.bulk_history_create([customer], update=True, default_change_reason=f"{by}: {reason}")
    return bool(changed)
