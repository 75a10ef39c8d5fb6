"""Drafts: lines, sums, customers, copies."""

from decimal import Decimal

import pytest

from orders.actions import orders
from orders.models import SalesTax
from tests.factories.customers import CustomerFactory
from tests.factories.orders import ProductFactory

pytestmark = pytest.mark.django_db


def test_a_draft_has_a_number_and_its_cashier(cashier):
    order = orders.create(by=cashier)
    assert (order.number, order.status, order.cashier) == (f"SO-{60_000 + order.pk}", "draft", cashier)


def test_an_order_adds_up(cashier):
    SalesTax.objects.create(percent=6)
    order = orders.create(by=cashier, customer=CustomerFactory())
    for quantity, price, discount in ((12, "38.50", 0), (10, "31.20", 0), (8, "27.90", 5), (6, "22.40", 0)):
        product = ProductFactory(price=Decimal(price))
        orders.add_line(
            order=order, product=product, quantity=Decimal(quantity), discount_percent=Decimal(discount), by=cashier
        )
    order.refresh_from_db()
    sums = (order.goods, order.discount, order.tax, order.total)
    assert sums == (Decimal("1131.60"), Decimal("11.16"), Decimal("67.23"), Decimal("1187.67"))
