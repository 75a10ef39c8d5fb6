"""Orders, catalog and sales taxes in the console."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.attention import needs_a_look
from customers.clock import business_today
from orders.models import Order, Product, Release, SalesTax
from tests.conftest import user_in
from tests.factories.customers import CustomerFactory, EmployeeFactory
from tests.factories.orders import ProductFactory, draft, over_limit, parked, submitted

pytestmark = pytest.mark.django_db
LISTS = ["orders_order", "orders_product", "orders_salestax"]


def signed_in(client: Client, user: Any) -> Client:
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def at(row: Any, verb: str = "change") -> str:
    return reverse(f"admin:orders_{row._meta.model_name}_{verb}", args=[row.pk])


def listed(name: str) -> str:
    return reverse(f"admin:{name}_changelist")


def released(client: Client, order: Order, **changed: str) -> Any:
    until = (business_today() + timedelta(days=3)).isoformat()
    given = {"scope": "order", "until": until, "reason": "Cheque seen", **changed}
    return client.post(at(order, "release"), given)


def fill() -> None:
    """One more row in every list."""
    parked(user_in(f"priya{Order.objects.count()}", "Cashier"))
    SalesTax.objects.create(region=f"Region {SalesTax.objects.count()}", percent=6)


@pytest.mark.parametrize("name", LISTS)
def test_lists_cost_the_same_for_one_row_and_three(client, mike, name):
    signed_in(client, mike)
    fill()
    with CaptureQueriesContext(connection) as one:
        assert client.get(listed(name)).status_code == 200
    fill()
    fill()
    with CaptureQueriesContext(connection) as three:
        client.get(listed(name))
    assert len(three) == len(one)


def test_what_waits_comes_first(client, mike, cashier):
    waiting, gone = parked(cashier), submitted(cashier)
    html = signed_in(client, mike).get(listed("orders_order")).content.decode()
    assert html.index(waiting.number) < html.index(gone.number)


def test_a_rep_sees_their_customers_orders_only(client, rep, cashier):
    own = parked(cashier, customer=over_limit(sales_rep=EmployeeFactory(user=rep)))
    foreign = parked(cashier)
    html = signed_in(client, rep).get(listed("orders_order")).content.decode()
    assert (own.number in html, foreign.number in html) == (True, False)
    assert client.get(at(foreign)).status_code == 404


def test_the_page_shows_the_verdict_with_its_figures(client, mike, cashier):
    html = signed_in(client, mike).get(at(parked(cashier))).content.decode()
    assert "Over the credit limit." in html
    assert "parseFloat(customer.balance || 0)" in html
    assert "5000.0" in html


def test_the_cashiers_page_shows_no_figures(client, cashier):
    html = signed_in(client, cashier).get(at(parked(cashier))).content.decode()
    assert ("Over the credit limit." in html, "5000.0" in html, "parseFloat" in html) == (True, False, False)


def test_release(client, mike, cashier):
    order = parked(cashier)
    answer = released(signed_in(client, mike), order)
    order.refresh_from_db()
    assert (answer.status_code, order.status, Release.objects.get().by) == (302, "released", "mike")


def test_release_and_submit_at_once(client, mike, cashier):
    order = parked(cashier)
    released(signed_in(client, mike), order, submit="on")
    order.refresh_from_db()
    assert (order.status, order.submitted_by) == ("submitted", "mike")


def test_a_refused_release_keeps_what_was_typed(client, mike, cashier):
    order = parked(cashier)
    answer = released(signed_in(client, mike), order, until="2001-01-01", reason="Cheque of the aunt")
    html = answer.content.decode()
    assert (answer.status_code, Release.objects.count()) == (400, 0)
    assert "The last day must lie between today and 90 days from now." in html
    assert "Cheque of the aunt" in html


def test_the_second_release_is_told(client, mike, cashier):
    order = parked(cashier)
    released(signed_in(client, mike), order)
    answer = released(client, order)
    assert (answer.status_code, "is released already" in answer.content.decode()) == (409, True)


@pytest.mark.parametrize("who", ["cashier", "clerk"])
def test_the_wrong_role_has_no_button_and_no_effect(client, request, who):
    order = parked(request.getfixturevalue("cashier"))
    signed_in(client, request.getfixturevalue(who))
    assert "release-dialog" not in client.get(at(order)).content.decode()
    assert (released(client, order).status_code, Release.objects.count()) == (403, 0)


def test_one_does_not_release_ones_own(client, mike):
    order = parked(mike)
    html = signed_in(client, mike).get(at(order)).content.decode()
    assert ("release-dialog" in html, "somebody else has to release it" in html) == (False, True)


def test_take_back_cancel_reopen_and_duplicate(client, mike, cashier):
    signed_in(client, mike)
    order, gone = parked(cashier), submitted(cashier)
    client.post(at(order, "take_back"))
    client.post(at(order, "cancel"), {"reason": "Changed their mind"})
    client.post(at(order, "reopen"))
    client.post(at(gone, "duplicate"))
    order.refresh_from_db()
    assert order.status == "cancelled"
    assert [copy.source for copy in Order.objects.exclude(origin=None).order_by("pk")] == ["reopen", "duplicate"]


def test_end_a_release(client, mike, cashier):
    order = parked(cashier)
    released(signed_in(client, mike), order)
    client.post(at(order, "end_release"), {"reason": "Cheque bounced"})
    assert Release.objects.get().end_reason == "Cheque bounced"


def test_submit_from_the_console_passes_the_gate(client, mike, cashier):
    order = draft(cashier, customer=over_limit())
    answer = signed_in(client, mike).post(at(order, "submit"))
    assert (answer.status_code, "Over the credit limit." in answer.content.decode()) == (409, True)


def test_netsuites_refusal_is_shown_in_its_words(client, mike, cashier):
    order = submitted(cashier)
    Order.objects.update(netsuite_error="The customer is on credit hold.")
    html = signed_in(client, mike).get(at(order)).content.decode()
    assert "“The customer is on credit hold.”" in html


def test_home_says_what_waits_and_what_netsuite_refused(mike, cashier):
    waiting, refused = parked(cashier), submitted(cashier)
    Order.objects.filter(pk=refused.pk).update(netsuite_error="No.")
    told = {look.title: (look.state, look.words) for look in needs_a_look(mike) if look.title.startswith("SO-")}
    words = "Harbor Deli, whose turn: Accounts receivable. Waits: Over the credit limit."
    assert told == {refused.number: ("Not taken", "NetSuite said: “No.”"), waiting.number: ("On hold", words)}


# --- catalog ------------------------------------------------------------------------------------------


def item(**changed: str) -> dict[str, str]:
    given = {"sku": "OL-5000", "name": "Olive oil", "price": "38.50", "currency": "USD", "unit": "can"}
    return {**given, "netsuite_id": "2001", "reason": "New", **changed}


def test_add_an_item(client, mike):
    signed_in(client, mike).post(reverse("admin:orders_product_take_in"), item())
    product = Product.objects.get()
    assert (product.sku, str(product.price), product.history.get().history_user) == ("OL-5000", "38.50", mike)


def test_a_new_price_leaves_orders_alone(client, mike, cashier):
    order = submitted(cashier)
    product = order.lines.get().product
    signed_in(client, mike).post(at(product, "edit"), item(sku=product.sku, price="41.00", reason="Harvest"))
    product.refresh_from_db()
    assert (str(product.price), str(order.lines.get().price)) == ("41.00", "38.50")
    assert product.history.first().history_change_reason == "Harvest"


@pytest.mark.parametrize(
    ("wrong", "status"),
    [({"price": "-1"}, 400), ({"price": "dear"}, 400), ({"currency": "dollars"}, 400), ({"reason": ""}, 400)],
)
def test_an_odd_change_is_refused(client, mike, wrong, status):
    product = ProductFactory()
    answer = signed_in(client, mike).post(at(product, "edit"), item(**wrong))
    product.refresh_from_db()
    assert (answer.status_code, str(product.price)) == (status, "38.50")


def test_a_number_is_taken_once(client, mike):
    ProductFactory(sku="OL-5000")
    answer = signed_in(client, mike).post(reverse("admin:orders_product_take_in"), item())
    assert (answer.status_code, Product.objects.count()) == (409, 1)


def test_take_an_item_off_sale(client, mike):
    product = ProductFactory()
    signed_in(client, mike).post(at(product, "toggle"), {"reason": "Season over"})
    product.refresh_from_db()
    assert not product.is_active


def test_a_cashier_changes_no_prices(client, cashier):
    product = ProductFactory()
    answer = signed_in(client, cashier).post(at(product, "edit"), item(price="1.00"))
    product.refresh_from_db()
    assert (answer.status_code, str(product.price)) == (403, "38.50")


def test_set_a_sales_tax(client, mike, cashier):
    given = {"region": "Ohio", "percent": "7.25", "reason": "New rate"}
    signed_in(client, mike).post(reverse("admin:orders_salestax_set"), given)
    order = draft(cashier, customer=CustomerFactory(region="Ohio"))
    assert (SalesTax.objects.get().history.get().history_change_reason, str(order.tax)) == ("New rate", "5.58")
