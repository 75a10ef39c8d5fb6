"""What NetSuite said to a submitted order: its number, or its refusal in its own words."""

from django.db.models import Q

from netsuite.models import Push
from orders.models import Order
from orders.sales_orders import RECORD_TYPE


def push_settled(push: Push) -> None:
    """Called after commit with each settled push; the orders' own are taken over."""
    if push.record_type == RECORD_TYPE:
        take_over(push)


def take_over(push: Push) -> int:
    """Write the outcome on the push's order; answers how many rows changed. The newest word counts."""
    orders = Order.objects.filter(push=push, status="submitted")
    if push.status == "applied":
        proof = (push.evidence or {}).get("read_back", {})
        number = str(proof.get("tranId") or "")[:128]
        return orders.update(netsuite_id=str(proof.get("id", ""))[:32], netsuite_number=number, netsuite_error="")
    if push.status == "failed":
        return orders.update(netsuite_error=push.last_error_detail or push.last_error_code or "Not taken.")
    return orders.exclude(netsuite_error="").update(netsuite_error="") if push.is_open else 0


def catch_up() -> int:
    """Outcomes that a crash kept from their orders."""
    applied = Q(push__status="applied", netsuite_id="")
    failed = Q(push__status="failed", netsuite_error="")
    missed = Order.objects.filter(applied | failed, status="submitted").select_related("push")
    return sum(take_over(order.push) for order in missed[:500] if order.push)
