"""Whose customers somebody may take orders from."""

from typing import TYPE_CHECKING

from customers.models import Customer, CustomerQuerySet

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def customers_open_to(user: "User") -> CustomerQuerySet:
    """At a till everybody; a sales rep only their own."""
    if user.has_perm("holds.check_servicehold"):
        return Customer.objects.all()
    return Customer.objects.for_rep(user)
