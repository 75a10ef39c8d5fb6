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


def over_limit(**fields: Any) -> Any:
    """A customer who owes 5,000 with a limit of 1,000: the default formula holds them."""
    amounts = {"ar_balance": Decimal(5000), "credit_limit": Decimal(1000)}
    return CustomerFactory(**{"name": "Harbor Deli", **amounts, **fields})


def parked(by: Any, **fields: Any) -> Order:
    """An order on hold of a customer over the limit."""
    fields.setdefault("customer", over_limit())
    return orders.hold(order=draft(by, **fields), by=by)
