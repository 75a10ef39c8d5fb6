"""A submitted order as NetSuite's sales order: the texts of its push, and what came of it."""

from datetime import date
from decimal import Decimal
from typing import Any

from netsuite import outbox
from netsuite.models import Push
from orders.models import Order, OrderLine

RECORD_TYPE = "salesOrder"


def external_id(order: Order) -> str:
    """The same for every try, so that NetSuite never makes a second order."""
    return f"holdgate-{order.key}"


def enqueue(order: Order, *, by: str, today: date) -> Push | None:
    """Queue the order in the caller's transaction; `order.lines` with their products are read already.

    Subscriptions are invoiced by their contract: in the sales order too they would stand as an open order for ever.
    None when there is nothing else.
    """
    if not goods_of(order):
        return None
    return outbox.enqueue(
        key=f"salesorder:{order.key}",
        record_type=RECORD_TYPE,
        record_id=external_id(order),
        operation=Push.Operation.UPSERT,
        body=body_of(order, today),
        by=by,
        label=f"Order {order.number} for {order.customer}"[:200],
    )


def goods_of(order: Order) -> list[OrderLine]:
    """The lines that are delivered, not subscribed to."""
    return [line for line in order.lines.all() if line.product.provider_id is None]


def body_of(order: Order, today: date) -> dict[str, Any]:
    """NetSuite adds tax by its own codes. Paid now means: no terms, so its credit rule does not ask."""
    assert order.customer is not None
    body: dict[str, Any] = {
        "entity": {"id": order.customer.netsuite_id},
        "tranDate": today.isoformat(),
        "memo": _memo(order),
        "item": {"items": [_line(line) for line in goods_of(order)]},
    }
    if order.po_number:
        body["otherRefNum"] = order.po_number
    if order.tender == Order.PAID_NOW:
        body["terms"] = None
    return body


def _memo(order: Order) -> str:
    parts = [f"Holdgate {order.number}", order.get_tender_display().lower(), order.memo]
    return "; ".join(part for part in parts if part)


def _line(line: OrderLine) -> dict[str, Any]:
    """The rate is after discount: NetSuite knows no discount in a line."""
    product = line.product
    item = {"id": product.netsuite_id} if product.netsuite_id else {"refName": product.sku}
    return {
        "item": item,
        "description": product.name,
        "quantity": _number(line.quantity),
        "rate": _number(line.amount / line.quantity),
        "amount": _number(line.amount),
    }


def _number(value: Decimal) -> float:
    """REST takes JSON numbers; what fits our columns survives the way as a double."""
    return float(round(value, 4))
