"""Parked orders and their owners: nobody's order waits in silence, and none submits by itself."""

from datetime import datetime

from customers.models import Customer
from orders import gate
from orders.models import Order, Release
from orders.models.orders import OrderQuerySet
from workflows.wording import day


def tell_owners(orders: OrderQuerySet, *, now: datetime) -> int:
    """Judge these parked orders again and say on each what its owner can do; answers how many notices changed."""
    changed = 0
    for order in orders.select_related("customer").iterator(chunk_size=500):
        said = _notice(order, now)
        if said != order.notice:
            # Only while it stands as read: a verb in between has the last word.
            changed += Order.objects.filter(pk=order.pk, status=order.status, notice=order.notice).update(notice=said)
    return changed


def of_customer(customer: Customer, *, now: datetime) -> int:
    """After a hold was placed or lifted."""
    return tell_owners(Order.objects.parked().filter(customer=customer), now=now)


def released_words(release: Release) -> str:
    """For the owner of an order that may go."""
    return f"Released by {release.by} until {day(release.until)}: {release.reason}"[:500]


def _notice(order: Order, now: datetime) -> str:
    verdict = gate.check(order, now=now)
    release = gate.release_for(order, verdict) if verdict.on_hold else None
    if release is not None:
        return released_words(release)
    if verdict.on_hold:
        return f"Waits: {verdict.reason}"[:500]
    return f"{order.customer} is not on hold any more. Take the order back and submit it."[:500]
