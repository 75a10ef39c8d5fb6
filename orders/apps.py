from typing import Any

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"

    def ready(self) -> None:
        """Listen to holds and to the outcome of pushes."""
        from holds.signals import hold_lifted, hold_placed
        from netsuite.outbox import ON_OUTCOME
        from orders.outcomes import push_settled

        hold_placed.connect(_hold_changed, dispatch_uid="orders")
        hold_lifted.connect(_hold_changed, dispatch_uid="orders")
        ON_OUTCOME.append(push_settled)


def _hold_changed(hold: Any, **kwargs: Any) -> None:
    """Parked orders of the customer are judged again; drafts are refused when they are submitted."""
    from django.utils import timezone

    from orders import notices

    notices.of_customer(hold.customer, now=timezone.now())
