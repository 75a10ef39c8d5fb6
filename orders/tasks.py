"""Background work of orders: what a lost signal or a crash left behind."""

from django.utils import timezone

from orders import notices, outcomes
from orders.models import Order


def catch_up() -> dict[str, int]:
    """Judge parked orders again, and take over outcomes of pushes; running it twice changes nothing."""
    told = notices.tell_owners(Order.objects.parked(), now=timezone.now())
    return {"told": told, "taken_over": outcomes.catch_up()}
