"""What must always be true of orders."""

from collections.abc import Iterable
from datetime import timedelta

from django.utils import timezone

from holds import blocks
from holds.models import Override
from netsuite.invariants import Evidence, invariant
from orders.models import Order
from orders.provisioning import invariants as provisioning_invariants  # noqa: F401 it registers its own

# A signal is lost at most until the next catch-up.
SLACK = timedelta(hours=1)


@invariant(18, "Hold verdicts recompute from what is stored")
def verdicts_recompute(evidence: Evidence) -> Iterable[str]:
    for order in Order.objects.exclude(verdict={}).only("number", "verdict", "formula").iterator(chunk_size=500):
        if not _recomputes(order.verdict):
            yield f"Order {order.number}: its verdict does not follow from its formula and inputs."
        if order.formula != order.verdict.get("formula"):
            yield f"Order {order.number}: the formula beside the verdict is another one."
    for override in Override.objects.exclude(verdict={}).only("pk", "verdict").iterator(chunk_size=500):
        if not _recomputes(override.verdict):
            yield f"Override {override.pk}: its verdict does not follow from its formula and inputs."


def _recomputes(stored: dict) -> bool:
    try:
        return blocks.stored(blocks.recompute(stored)) == stored
    except (KeyError, TypeError, ValueError):
        return False


@invariant(18, "Orders of customers on hold went through with somebody's leave")
def held_orders_had_leave(evidence: Evidence) -> Iterable[str]:
    submitted = Order.objects.filter(status="submitted").select_related("override", "leave")
    for order in submitted.filter(verdict__on_hold=True):
        override, leave = order.override, order.leave
        if override is None and leave is None:
            yield f"Order {order.number} went through on hold, without anybody's leave."
        elif override is not None and (override.status, override.order_ref) != ("used", order.key):
            yield f"Order {order.number} went through with override {override.pk}, which was not used for it."
        elif leave is not None and leave.customer_id != order.customer_id:
            yield f"Order {order.number} went through with a release of another customer."


@invariant(21, "Submitted orders are queued for NetSuite, and their outcome is known")
def submitted_orders_are_pushed(evidence: Evidence) -> Iterable[str]:
    before = timezone.now() - SLACK
    for order in Order.objects.filter(status="submitted").select_related("push"):
        if order.push is None and order.lines.filter(product__provider=None).exists():
            yield f"Order {order.number} was submitted without a push."
        elif (
            order.push is not None
            and order.push.status == "applied"
            and not order.netsuite_id
            and (order.push.applied_at or before) <= before
        ):
            yield f"Order {order.number} is in NetSuite, and its number was not taken over."
