"""A submitted order as NetSuite's sales order: the texts of its push, and what came of it."""

from datetime import date
from typing import Any

from netsuite import outbox
from netsuite.models import Push
from orders.models import Order, OrderLine
from orders.wire import external_id, item, number

RECORD_TYPE = "salesOrder"


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
        record_id=external_id(order.key),
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
    return {
        "item": item(line.product),
        "description": line.product.name,
        "quantity": number(line.quantity),
        "rate": number(line.amount / line.quantity),
        "amount": number(line.amount),
    }
