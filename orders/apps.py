from typing import Any
from uuid import UUID

from django.apps import AppConfig
from django.urls import reverse


class OrdersConfig(AppConfig):
    name = "orders"

    def ready(self) -> None:
        """Listen to holds and to the outcome of pushes, and tell the pages below where an order is shown."""
        from holds.customer_page import PARTS
        from holds.evidence import REACHES
        from holds.pins import ORDER_PAGES
        from holds.signals import hold_lifted, hold_placed
        from netsuite.outbox import ON_OUTCOMES
        from orders.account_card import card
        from orders.blast_radius import reach
        from orders.outcomes import pushes_settled
        from orders.providers import checks  # noqa: F401 - registers itself
        from orders.providers.transport import join_outbox

        hold_placed.connect(_hold_changed, dispatch_uid="orders")
        hold_lifted.connect(_hold_lifted, dispatch_uid="orders")
        ON_OUTCOMES.append(pushes_settled)
        ORDER_PAGES.append(_page_of)
        PARTS.append(card)
        REACHES.append(reach)
        join_outbox()


def _page_of(key: UUID) -> str:
    """The order's page in the console; "" when there is no such order."""
    from orders.models import Order

    order = Order.objects.filter(key=key).only("pk").first()
    return reverse("admin:orders_order_change", args=[order.pk]) if order else ""


def _hold_changed(hold: Any, **kwargs: Any) -> None:
    """Parked orders of the customer are judged again. Drafts are refused when they are submitted."""
    from django.utils import timezone

    from orders import notices

    notices.of_customer(hold.customer, now=timezone.now())


def _hold_lifted(hold: Any, **kwargs: Any) -> None:
    """What waited for the hold is provisioned besides."""
    from orders.provisioning import carrying

    _hold_changed(hold)
    carrying.ring()
