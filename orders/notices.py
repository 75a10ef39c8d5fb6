"""Parked orders and their owners: nobody's order waits in silence, and none submits by itself."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import QuerySet

from customers.models import Customer
from netsuite.questions import Question, ask
from orders import gate
from orders.models import Order, Release
from orders.models.orders import OrderQuerySet
from workflows.wording import day


def tell_owners(orders: OrderQuerySet, *, now: datetime) -> int:
    """Judge these parked orders again and say on each what its owner can do; answers how many notices changed."""
    return sum(_tell(order, now) for order in orders.select_related("customer").iterator(chunk_size=500))


def of_customer(customer: Customer, *, now: datetime) -> int:
    """After a hold was placed or lifted."""
    (parked,) = ask([Question(_parked, (), customer.pk)])
    return tell_owners(Order.objects.parked().filter(pk__in=parked), now=now) if parked else 0


def _parked(customers: Sequence[int]) -> QuerySet[Order, int]:
    return Order.objects.parked().filter(customer__in=customers).order_by().values_list("pk", flat=True)


def released_words(release: Release) -> str:
    """For the owner of an order that may go."""
    return f"Released by {release.by} until {day(release.until)}: {release.reason}"[:500]


def _tell(order: Order, now: datetime) -> int:
    said = _notice(order, now)
    if said == order.notice:
        return 0
    # Only while it stands as read: a verb in between has the last word.
    return Order.objects.filter(pk=order.pk, status=order.status, notice=order.notice).update(notice=said)


def _notice(order: Order, now: datetime) -> str:
    verdict = gate.check(order, now=now)
    release = gate.release_for(order, verdict) if verdict.on_hold else None
    if release is not None:
        return released_words(release)
    if verdict.on_hold:
        return f"Waits: {verdict.reason}"[:500]
    return f"{order.customer} is not on hold any more. Take the order back and submit it."[:500]
