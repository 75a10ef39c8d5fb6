"""Who may use the till, how they come in, and what their browser is called."""

import pytest
from django.test import Client

from orders.models import Order
from tests.conftest import PASSWORD, user_in
from tests.factories.customers import CustomerFactory
from tests.factories.orders import ProductFactory, draft
from tests.orders.till import Till, words
from tests.signed_in import signed_in

pytestmark = pytest.mark.django_db


def test_a_cashier_who_is_no_console_person_signs_in(client):
    user_in("priya", "Cashier", is_staff=False)
    asked = client.get("/orders/new/")
    assert asked.url == "/sign-in/?next=%2Forders%2Fnew%2F"
    back = client.post(asked.url, {"username": "priya", "password": PASSWORD})
    assert back.url == "/orders/new/"


def test_a_wrong_password_stays_outside(client):
    user_in("priya", "Cashier", is_staff=False)
    page = words(client.post("/sign-in/", {"username": "priya", "password": "wrong"}))
    assert "Please enter a correct username and password." in page


def test_sign_out(cashier):
    till = Till(cashier)
    till.post("/sign-out/")
    assert till.get("/orders/new/").url.startswith("/sign-in/")


def test_a_link_does_not_sign_out(cashier):
    assert Till(cashier).get("/sign-out/").status_code == 405


def test_a_part_of_a_page_sends_strangers_to_the_sign_in(client):
    answer = client.post("/orders/new/submit/", HTTP_HX_REQUEST="true")
    assert answer["HX-Redirect"] == "/sign-in/?next=%2Forders%2Fnew%2F"


@pytest.mark.parametrize(
    "address", ["/orders/new/", "/catalog/", "/till/", "/orders/new/pin/", "/orders/new/customers/"]
)
def test_the_wrong_person_is_turned_away(outsider, address):
    assert signed_in(outsider).get(address).status_code == 403


def test_a_clerk_takes_no_orders_but_reads_the_customer_page(clerk):
    customer = CustomerFactory()
    codes = [signed_in(clerk).get(page).status_code for page in ("/orders/new/", f"/customers/{customer.netsuite_id}/")]
    assert codes == [403, 200]


def test_a_link_changes_nothing(cashier):
    till = Till(cashier)
    steps = ("customer", "lines", "tender", "submit", "hold", "drop", "pin/try", "ask/send", "asked")
    assert [till.get(f"/orders/new/{step}/").status_code for step in steps] == [405] * len(steps)


def test_a_forged_form_is_refused(cashier):
    client = Client(enforce_csrf_checks=True)
    client.cookies = signed_in(cashier).cookies
    assert client.post("/orders/new/submit/").status_code == 403


def test_the_till_asks_for_its_name_first(cashier):
    assert signed_in(cashier).get("/orders/new/").url == "/till/?next=/orders/new/"


def test_the_name_stands_on_the_order(cashier):
    till = Till(cashier)
    till.pick(CustomerFactory())
    assert (till.order().terminal, "Till 3" in words(till.form())) == ("Till 3", True)


@pytest.mark.parametrize("name", ["", "  ", "x" * 41, "a\x00b"])
def test_a_bad_name_is_asked_for_again(cashier, name):
    answer = signed_in(cashier).post("/till/", {"name": name})
    assert (answer.status_code, "holdgate_till" in answer.cookies) == (400, False)


def test_a_forged_name_does_not_count(cashier):
    till = signed_in(cashier)
    till.cookies["holdgate_till"] = "Till 9"
    assert till.get("/orders/new/").url == "/till/?next=/orders/new/"


def test_the_name_leads_nowhere_else(cashier):
    answer = signed_in(cashier).post("/till/", {"name": "Till 3", "next": "https://elsewhere.example/"})
    assert answer.url == "/orders/new/"


def test_somebody_elses_order_does_not_exist_here(cashier):
    other = draft(user_in("omar", "Cashier"))
    till = Till(cashier)
    pages = [till.get(f"/orders/{other.key}/"), till.get(f"/orders/new/?order={other.key}")]
    assert [page.status_code for page in pages] == [404, 404]
    answer = till.post("/orders/new/drop/", {"order": str(other.key), "version": other.version})
    assert (answer.status_code, Order.objects.get().status) == (404, "draft")


def test_somebody_elses_line_cannot_be_changed(cashier):
    other = draft(user_in("omar", "Cashier"))
    till = Till(cashier)
    till.pick(CustomerFactory())
    till.add(ProductFactory())
    answer = till.step(f"lines/{other.lines.get().pk}", quantity="9")
    assert (answer.status_code, other.lines.get().quantity) == (404, 2)


def test_a_rep_sees_only_own_customers(rep):
    CustomerFactory(name="Harbor Deli Supply")
    assert "Nobody found" in words(Till(rep).step("customer", q="harbor"))


@pytest.mark.parametrize("key", ["", "x", "0" * 32, "\x00"])
def test_an_odd_order_key_is_no_error(cashier, key):
    assert Till(cashier).post("/orders/new/tender/", {"order": key, "tender": "paid_now"}).status_code in (302, 404)
