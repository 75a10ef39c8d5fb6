"""Products and orders for tests; orders are made by the real actions."""

from decimal import Decimal
from typing import Any

import factory
from factory.django import DjangoModelFactory

from orders.actions import orders
from orders.models import Order, Product
from tests.factories.customers import CustomerFactory


class ProductFactory(DjangoModelFactory):
    class Meta:
        model = Product

    sku = factory.Sequence(lambda n: f"OL-{5000 + n}")
    name = factory.Sequence(lambda n: f"Olive oil {n}")
    price = Decimal("38.50")
    currency = "USD"
    netsuite_id = factory.Sequence(lambda n: str(3000 + n))


def draft(by: Any, *, customer: Any = None, quantity: int = 2, **fields: Any) -> Order:
    """A draft of `by`'s with one line of `quantity` × 38.50."""
    order = orders.create(by=by, customer=customer or CustomerFactory(name="Harbor Deli"), **fields)
    orders.add_line(order=order, product=ProductFactory(), quantity=Decimal(quantity), by=by)
    order.refresh_from_db()
    return order


def submitted(by: Any, **fields: Any) -> Order:
    """An order that went through the gate."""
    return orders.submit(order=draft(by, **fields), by=by)
