"""An invoice as NetSuite takes it: by `PUT invoice/eid:holdgate-<key>`, so that no retry makes a second one."""

from typing import Any

from netsuite import outbox
from netsuite.models import Push
from orders.models import Invoice, InvoiceLine, Order, Product
from orders.wire import external_id, item, number
from workflows.wording import day

RECORD_TYPE = "invoice"


def enqueue(invoice: Invoice, *, by: str) -> Push:
    """Queue the invoice in the caller's transaction; its lines are written already."""
    return outbox.enqueue(
        key=f"invoice:{invoice.key}",
        record_type=RECORD_TYPE,
        record_id=external_id(invoice.key),
        operation=Push.Operation.UPSERT,
        body=body_of(invoice),
        by=by,
        label=f"Invoice {invoice.number} for {invoice.customer}"[:200],
    )


def body_of(invoice: Invoice) -> dict[str, Any]:
    """NetSuite adds tax by its own codes. Credit that is carried over is a line of its own: the sum is the total."""
    lines = invoice.lines.select_related("subscription__product").order_by("pk")
    items = [_line(line) for line in lines]
    if invoice.carried:
        items.append(_carried(invoice, lines[0].subscription.product))
    body: dict[str, Any] = {
        "entity": {"id": invoice.customer.netsuite_id},
        "tranDate": invoice.issued.isoformat(),
        "dueDate": invoice.due.isoformat(),
        "memo": f"Holdgate {invoice.number}, {day(invoice.period_start)} to {day(invoice.period_end)}",
        "item": {"items": items},
    }
    order: Order | None = invoice.contract.order
    if order is not None and order.po_number:
        body["otherRefNum"] = order.po_number
    return body


def _line(line: InvoiceLine) -> dict[str, Any]:
    """Part of a period: the rate is what one licence costs for those days."""
    exact = line.amount / line.quantity if line.quantity else line.amount
    return {
        "item": item(line.subscription.product),
        "description": line.description,
        "quantity": line.quantity or 1,
        "rate": number(exact),
        "amount": number(line.amount),
    }


def _carried(invoice: Invoice, product: Product) -> dict[str, Any]:
    amount = number(invoice.carried)
    words = "Credit carried to the next invoice"
    return {"item": item(product), "description": words, "quantity": 1, "rate": amount, "amount": amount}
