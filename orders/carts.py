"""An order as the manager's leave is bound to it: any change of it makes another cart."""

import json
from collections.abc import Sequence

from django.contrib.auth.models import User

from customers.models import Customer
from holds.models import HoldBlock
from holds.pins import Cart
from orders.models import Order, OrderLine
from workflows.access import require_person


def cart_of(order: Order, *, cashier: User, block: HoldBlock) -> Cart:
    """The cart of an order that has a customer, for a manager to allow. Raises NotAllowed."""
    require_person(cashier, "orders.submit_order", "submit orders")
    assert order.customer is not None
    return Cart(
        order=order.key,
        customer=order.customer,
        content=content_of(order, list(order.lines.all())),
        amount=order.total,
        currency=order.currency,
        tender=order.tender,
        cashier=cashier,
        terminal=order.terminal,
        block=block,
    )


def content_of(order: Order, lines: Sequence[OrderLine]) -> str:
    """Canonical text of all that is ordered and how it is paid."""
    ordered = [
        [line.product_id, f"{line.quantity:.3f}", f"{line.price:.2f}", f"{line.discount_percent:.2f}"]
        for line in sorted(lines, key=lambda line: line.pk)
    ]
    customer = order.customer.netsuite_id if isinstance(order.customer, Customer) else ""
    whole = [customer, order.tender, order.currency, f"{order.tax_percent:.3f}", f"{order.total:.2f}", ordered]
    return json.dumps(whole, separators=(",", ":"))
