"""The order form, step by step, in a browser without JavaScript."""

import pytest

from tests.factories.customers import CustomerFactory
from tests.factories.orders import ProductFactory
from tests.orders.till import Till, over_limit, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def till(cashier):
    return Till(cashier)


@pytest.fixture
def deli(db):
    return CustomerFactory(name="Harbor Deli Supply", email="orders@harbordeli.example", phone="+1 555 0178")


@pytest.fixture
def oil(db):
    return ProductFactory(sku="OL-5000", name="Olive oil, extra virgin, 5 L")


def test_the_empty_form_says_what_to_do(till):
    page = words(till.form())
    assert "Pick the customer first: prices depend on it." in page
    assert "Pick a customer and add a line." in page
    assert "Pick a customer to see whether the order can go on account." in page


def test_pick_add_submit(till, deli, oil):
    till.pick(deli)
    till.add(oil)
    order = till.order()
    answer = till.step("submit")
    assert answer.url == f"/orders/{order.key}/"
    assert f"Submitted {order.number}" in words(till.get(answer.url))


def test_held(till, oil):
    till.pick(over_limit())
    till.add(oil)
    assert "Over the credit limit." in words(till.form())
