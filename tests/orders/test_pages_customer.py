"""The customer page and the catalog at the till."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories.customers import CustomerFactory
from tests.factories.holds import held, owing
from tests.factories.orders import ProductFactory, submitted
from tests.orders.till import Till, over_limit, words
from tests.signed_in import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def till(cashier):
    return Till(cashier)


def page_of(client, customer):
    return words(client.get(f"/customers/{customer.netsuite_id}/"))


def test_hold_block_and_contact(till):
    page = page_of(till, over_limit(phone="+1 555 0178", contact_name="Maria Lopez"))
    assert "Over the credit limit." in page
    assert "Maria Lopez" in page
    assert "+1 555 0178" in page


def test_a_cashier_sees_no_balances(till, frozen_today):
    page = page_of(till, owing())
    assert "Receivables" not in page
    assert "48,210" not in page


def test_a_clerk_sees_receivables_at_a_glance(clerk, frozen_today):
    page = page_of(signed_in(clerk), owing(credit_limit=Decimal(60000)))
    assert "$48,210.40, oldest 94 days" in page
    assert "80 % of the limit" in page


def test_a_service_hold_stands_on_the_page(till, mike, frozen_today):
    assert "Held by accounts receivable." in page_of(till, held(owing(), mike).customer)


def test_own_orders_are_listed(till, cashier, mike):
    customer = CustomerFactory()
    own, other = submitted(cashier, customer=customer), submitted(mike, customer=customer)
    page = page_of(till, customer)
    assert (own.number in page, other.number in page) == (True, False)


def test_order_for_this_customer(till):
    customer = CustomerFactory()
    till.post("/orders/new/customer/", {"customer": customer.netsuite_id})
    assert till.order().customer == customer
    assert "Back to the order" in page_of(till, customer)


@pytest.mark.parametrize("name", ["nobody", "1%00", "%F0%9F%AB%92"])
def test_an_unknown_customer(till, name):
    assert till.get(f"/customers/{name}/").status_code == 404


def test_the_catalog_shows_the_hold_of_the_picked_customer(till):
    till.pick(over_limit())
    page = words(till.get("/catalog/"))
    assert "Harbor Deli Supply" in page
    assert "Over the credit limit." in page


def test_without_a_customer_nothing_is_added(till):
    ProductFactory(name="Olive oil")
    page = words(till.get("/catalog/"))
    assert "Pick the customer first, then add items here." in page
    assert 'aria-label="Add Olive oil"' not in page


@pytest.mark.parametrize(("typed", "found"), [("olive", (True, False)), ("rc-", (False, True)), ("", (True, True))])
def test_search_by_name_and_number(till, typed, found):
    ProductFactory(sku="OL-5000", name="Green olives")
    ProductFactory(sku="RC-2000", name="Basmati rice")
    page = words(till.get("/catalog/", {"q": typed}))
    assert ("OL-5000" in page, "Basmati" in page) == found


def test_nothing_found(till):
    assert "No item found for “zebra”." in words(till.get("/catalog/", {"q": "zebra"}))


def test_an_item_off_sale_is_not_shown(till):
    ProductFactory(name="Old oil", is_active=False)
    assert "The catalog is empty." in words(till.get("/catalog/"))


def test_add_to_the_order(till):
    oil = ProductFactory()
    till.pick(CustomerFactory())
    till.post("/catalog/add/", {"sku": oil.sku, "order": str(till.order().key)})
    assert till.order().lines.get().product == oil


def test_add_what_is_gone(till):
    till.pick(CustomerFactory())
    assert till.post("/catalog/add/", {"sku": "OX-9"}).status_code == 404


def test_an_item_in_another_currency_asks_for_its_price(till):
    oil = ProductFactory()
    till.pick(CustomerFactory(currency="CAD"))
    asked = words(till.post("/catalog/add/", {"sku": oil.sku}))
    assert "Type its price in CAD." in asked
    till.post("/catalog/add/", {"sku": oil.sku, "price": "52.90"})
    assert till.order().lines.get().price == Decimal("52.90")


def test_a_link_adds_nothing(till):
    assert till.get("/catalog/add/").url == "/catalog/"


def test_pages_of_a_long_catalog(till):
    ProductFactory.create_batch(45)
    assert "Page 2 of 2" in words(till.get("/catalog/", {"page": "2"}))


@pytest.mark.parametrize("page", ["0", "-1", "x", "9" * 30])
def test_an_odd_page_number_is_no_error(till, page):
    assert till.get("/catalog/", {"page": page}).status_code == 200


def queries(client, address) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


@pytest.mark.parametrize("kind", ["order", "catalog", "customer"])
def test_more_rows_cost_no_more_queries(till, cashier, kind):
    customer = over_limit()
    till.pick(customer)
    addresses = {"order": "/orders/new/", "catalog": "/catalog/", "customer": f"/customers/{customer.netsuite_id}/"}
    till.add(ProductFactory())
    one = queries(till, addresses[kind])
    till.add(ProductFactory())
    till.add(ProductFactory())
    for _ in range(2):
        submitted(cashier, customer=customer, tender="paid_now")
    assert queries(till, addresses[kind]) == one
