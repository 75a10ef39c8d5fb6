"""Drafts: lines, sums, customers, copies."""

from decimal import Decimal

import pytest

from netsuite.errors import Refusal
from orders.actions import orders
from orders.models import SalesTax
from tests.factories.customers import CustomerFactory, EmployeeFactory
from tests.factories.orders import ProductFactory, draft

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


def line(order, by, **wish):
    wish.setdefault("product", ProductFactory())
    wish.setdefault("quantity", Decimal(1))
    return orders.add_line(order=order, by=by, **wish)


@pytest.fixture
def order(cashier):
    return orders.create(by=cashier, customer=CustomerFactory())


def test_halves_are_rounded_to_the_even_cent(cashier, order):
    made = [line(order, cashier, price=Decimal(price), quantity=Decimal("0.5")) for price in ("0.05", "0.15")]
    assert [each.amount for each in made] == [Decimal("0.02"), Decimal("0.08")]


def test_the_same_item_again_is_more_of_it(cashier, order):
    product = ProductFactory()
    line(order, cashier, product=product, quantity=Decimal(2))
    again = line(order, cashier, product=product, quantity=Decimal(3))
    assert (order.lines.count(), again.quantity) == (1, 5)


def test_another_discount_is_another_line(cashier, order):
    product = ProductFactory()
    line(order, cashier, product=product)
    line(order, cashier, product=product, discount_percent=Decimal(5))
    assert order.lines.count() == 2


def test_a_line_changes(cashier, order):
    made = orders.change_line(line=line(order, cashier), quantity=Decimal(3), discount_percent=Decimal(10), by=cashier)
    order.refresh_from_db()
    assert (made.amount, order.total, order.discount) == (Decimal("103.95"), Decimal("103.95"), Decimal("11.55"))


def test_a_line_goes(cashier, order):
    orders.remove_line(line=line(order, cashier), by=cashier)
    order.refresh_from_db()
    assert (order.lines.count(), order.total) == (0, 0)


def test_a_line_goes_once(cashier, order):
    made = line(order, cashier)
    orders.remove_line(line=made, by=cashier)
    with pytest.raises(Refusal) as refused:
        orders.change_line(line=made, quantity=Decimal(2), by=cashier)
    assert refused.value.code == "line_gone"


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"quantity": Decimal(0)}, "invalid_quantity"),
        ({"quantity": Decimal(-1)}, "invalid_quantity"),
        ({"quantity": Decimal("NaN")}, "invalid_quantity"),
        ({"quantity": Decimal("1e30")}, "invalid_quantity"),
        ({"price": Decimal("-0.01")}, "invalid_price"),
        ({"discount_percent": Decimal(101)}, "invalid_discount"),
    ],
)
def test_odd_numbers_are_refused(cashier, order, wish, code):
    with pytest.raises(Refusal) as refused:
        line(order, cashier, **wish)
    assert (refused.value.code, order.lines.count()) == (code, 0)


def test_a_total_beyond_the_column_is_refused(cashier, order):
    with pytest.raises(Refusal) as refused:
        line(order, cashier, price=Decimal("9999999.99"), quantity=Decimal("9999999"))
    assert (refused.value.code, order.lines.count()) == ("too_much", 0)


def test_an_item_not_on_sale_is_refused(cashier, order):
    with pytest.raises(Refusal) as refused:
        line(order, cashier, product=ProductFactory(is_active=False))
    assert refused.value.code == "product_not_sold"


def test_a_price_in_another_currency_is_typed_in(cashier):
    order = orders.create(by=cashier, customer=CustomerFactory(currency="CAD"))
    with pytest.raises(Refusal, match="Type its price in CAD") as refused:
        line(order, cashier)
    assert refused.value.code == "price_needed"
    assert line(order, cashier, price=Decimal(50)).amount == 50


def test_lines_keep_the_customer_in_their_currency(cashier, order):
    line(order, cashier)
    with pytest.raises(Refusal) as refused:
        orders.set_customer(order=order, customer=CustomerFactory(currency="CAD"), by=cashier)
    order.refresh_from_db()
    assert (refused.value.code, order.currency) == ("currency_differs", "USD")


def test_the_tax_is_the_regions(cashier, order):
    SalesTax.objects.create(region="Ohio", percent=Decimal("7.25"))
    line(order, cashier)
    orders.set_customer(order=order, customer=CustomerFactory(region="Ohio"), by=cashier)
    assert (order.tax_percent, order.tax, order.total) == (Decimal("7.25"), Decimal("2.79"), Decimal("41.29"))


def test_a_rep_orders_for_their_own_customers_only(rep):
    own = CustomerFactory(sales_rep=EmployeeFactory(user=rep))
    assert orders.create(by=rep, customer=own).customer == own
    with pytest.raises(Refusal) as refused:
        orders.create(by=rep, customer=CustomerFactory())
    assert refused.value.status == 404


def test_the_wrong_role_takes_no_orders(clerk):
    with pytest.raises(Refusal) as refused:
        orders.create(by=clerk)
    assert refused.value.code == "permission_denied"


def test_a_copy_costs_what_it_costs_today(cashier):
    order = draft(cashier)
    product = order.lines.get().product
    product.price = Decimal(40)
    product.save()
    copy = orders.duplicate(order=order, by=cashier)
    assert (copy.origin, copy.source, copy.total, order.total) == (order, "duplicate", Decimal(80), Decimal(77))


def test_a_copy_leaves_out_what_is_not_sold_any_more(cashier):
    order = draft(cashier)
    order.lines.get().product.__class__.objects.update(is_active=False)
    assert orders.duplicate(order=order, by=cashier).lines.count() == 0
