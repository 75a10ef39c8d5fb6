"""The order form, step by step, in a browser without JavaScript."""

from decimal import Decimal

import pytest

from netsuite.models import Push
from orders.actions import orders
from orders.models import Order, OrderLine
from tests.factories.customers import CustomerFactory
from tests.factories.holds import held, owing
from tests.factories.orders import ProductFactory, draft
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


@pytest.fixture
def ready(till, deli, oil):
    """A till with one line for a customer who may order."""
    till.pick(deli)
    till.add(oil)
    return till


def line_of(till) -> OrderLine:
    return till.order().lines.get()


def change(till, **sent):
    return till.step(f"lines/{line_of(till).pk}", **sent)


def test_the_empty_form_says_what_to_do(till):
    page = words(till.form())
    assert "Pick the customer first: prices depend on it." in page
    assert "Pick a customer and add a line." in page
    assert "Pick a customer to see whether the order can go on account." in page


def test_looking_at_the_form_makes_no_order(till):
    till.form()
    assert Order.objects.count() == 0


@pytest.mark.parametrize("typed", ["harbor deli", "HARBORDELI.EXAMPLE", "5550178", "555-0178", "(555) 0178"])
def test_a_customer_is_found_by_name_mail_and_phone(till, deli, typed):
    CustomerFactory(name="Summit Food Service", phone="+1 555 9999")
    till.step("customer", q=typed)
    assert till.order().customer == deli


def test_several_fit(till, deli):
    other = CustomerFactory(name="Harborline Distributors")
    page = words(till.step("customer", q="har"))
    assert [name in page for name in (f'value="{deli.netsuite_id}"', f'value="{other.netsuite_id}"')] == [True, True]
    assert Order.objects.count() == 0


def test_nobody_fits(till):
    page = words(till.step("customer", q="zebra"))
    assert "Nobody found for “zebra”. Try the e-mail or the phone number." in page
    assert 'value="zebra"' in page


def test_an_inactive_customer_is_not_found(till):
    CustomerFactory(name="Closed Corner", is_inactive=True)
    assert "Nobody found" in words(till.step("customer", q="closed"))


def test_type_ahead_offers_the_best_fit_first(till, deli):
    CustomerFactory(name="Fair Harbor Co-op")
    page = words(till.get("/orders/new/customers/", {"q": "har"}, HTTP_HX_REQUEST="true"))
    assert page.index(f'data-value="{deli.netsuite_id}"') < page.index("Fair ")
    assert "2 found." in page


def test_type_ahead_escapes_what_was_typed(till):
    CustomerFactory(name="<b>Bold</b> & Sons")
    page = words(till.get("/orders/new/customers/", {"q": "<b"}, HTTP_HX_REQUEST="true"))
    assert "<b>Bold" not in page


@pytest.mark.parametrize("typed", ["\x00", "%", "x" * 5000, "🫒", "' OR 'x'='x' --"])
def test_odd_searches_find_nobody(till, deli, typed):
    assert till.get("/orders/new/customers/", {"q": typed}).status_code == 200
    assert till.step("customer", q=typed).status_code == 200
    assert Order.objects.count() == 0


def test_another_customer_keeps_the_lines(ready):
    other = CustomerFactory(name="Harborline")
    ready.pick(other)
    order = ready.order()
    assert (order.customer, order.lines.count(), Order.objects.count()) == (other, 1, 1)


def test_a_scanned_number_adds_a_line(till, deli, oil):
    till.pick(deli)
    till.step("lines", typed="ol-5000")
    assert line_of(till).product == oil


def test_scanning_it_again_adds_one_more(ready, oil):
    ready.step("lines", typed="OL-5000")
    assert line_of(ready).quantity == 2


def test_words_that_fit_one_item_add_it(ready, oil):
    ready.step("lines", typed="virgin olive")
    assert line_of(ready).quantity == 2


def test_words_that_fit_several_ask_which(ready):
    ProductFactory(sku="OL-1000", name="Olive oil, 1 L")
    page = words(ready.step("lines", typed="olive"))
    assert "Which one?" in page
    assert 'value="OL-1000"' in page
    assert line_of(ready).quantity == 1


def test_an_unknown_item_keeps_what_was_typed(ready):
    page = words(ready.step("lines", typed="OX-9"))
    assert "No item found for “OX-9”." in page
    assert 'value="OX-9"' in page


def test_an_item_priced_in_another_currency_asks_for_its_price(till, oil):
    till.pick(CustomerFactory(name="Maple Foods", currency="CAD"))
    page = words(till.step("lines", sku="OL-5000"))
    assert "Type its price in CAD." in page
    till.step("lines", typed="OL-5000", price="52,90")
    assert line_of(till).price == Decimal("52.90")


def test_quantity(ready):
    change(ready, quantity="12")
    assert line_of(ready).quantity == 12


@pytest.mark.parametrize(("step", "quantity"), [("1", 4), ("-1", 2)])
def test_one_more_and_one_less(ready, step, quantity):
    change(ready, quantity="3", step=step)
    assert line_of(ready).quantity == quantity


def test_discount_with_a_comma(ready):
    change(ready, quantity="8", discount="12,5")
    assert (line_of(ready).discount_percent, ready.order().total) == (Decimal("12.50"), Decimal("269.50"))


def test_an_emptied_discount_is_none(ready):
    change(ready, quantity="1", discount="5")
    change(ready, quantity="1", discount="")
    assert line_of(ready).discount_percent == 0


@pytest.mark.parametrize("typed", ["twelve", "0", "-3", "1e9", "NaN", "Infinity", "9" * 40, "1\x00"])
def test_a_wrong_quantity_changes_nothing_and_stays_in_its_field(ready, typed):
    answer = change(ready, quantity=typed)
    assert (answer.status_code, line_of(ready).quantity) == (400, 1)
    assert 'aria-invalid="true"' in words(answer)


def test_what_was_typed_is_shown_again(ready):
    assert 'value="twelve"' in words(change(ready, quantity="twelve"))


def test_remove(ready):
    change(ready, remove="1")
    assert ready.order().lines.count() == 0


def test_totals_with_tax(ready):
    page = words(ready.form())
    assert "Sales tax, 0 %" in page
    assert '<dd class="total" id="total">38.50</dd>' in page


def test_paid_now(ready):
    ready.step("tender", tender="paid_now")
    assert ready.order().tender == "paid_now"


def test_an_unknown_tender_is_refused(ready):
    answer = ready.step("tender", tender="shells")
    assert (answer.status_code, ready.order().tender) == (400, "on_account")


def test_the_terms_of_the_customer_stand_on_the_button(till, oil):
    till.pick(CustomerFactory(name="Harborline", terms="Net 30"))
    assert "On account, net 30" in words(till.form())


def test_submit(ready):
    order = ready.order()
    answer = ready.step("submit")
    assert (answer.url, Push.objects.get().record_id) == (f"/orders/{order.key}/", f"holdgate-{order.key}")
    assert f"Submitted {order.number}" in words(ready.get(answer.url))


def test_the_till_is_free_afterwards(ready):
    ready.step("submit")
    assert "No lines yet. Pick the customer first" in words(ready.form())


def test_the_second_click_shows_the_submitted_order(ready):
    seen, order = ready.seen(), ready.order()
    ready.post("/orders/new/submit/", seen)
    again = ready.post("/orders/new/submit/", seen)
    assert (again.url, Push.objects.count()) == (f"/orders/{order.key}/", 1)


def test_a_stale_tab_does_not_submit(ready):
    seen = ready.seen()
    change(ready, quantity="9")
    answer = ready.post("/orders/new/submit/", seen)
    assert (answer.status_code, ready.order().status) == (409, "draft")
    assert "changed since this page was shown" in words(answer)


def test_a_stale_tab_does_not_change_a_submitted_order(ready):
    seen, line = ready.seen(), line_of(ready)
    ready.step("submit")
    answer = ready.post(f"/orders/new/lines/{line.pk}/", {**seen, "quantity": "9"})
    line.refresh_from_db()
    assert (answer.status_code, line.quantity) == (409, 1)
    assert "it cannot be changed" in words(answer)


def test_the_empty_order_says_what_is_missing(till, deli):
    till.pick(deli)
    assert "Add a line." in words(till.form())
    assert till.step("submit").status_code == 422


def test_over_the_limit(till, oil):
    till.pick(over_limit())
    till.add(oil)
    page = words(till.form())
    assert "Over the credit limit." in page
    assert "Blocked: customer on hold. A manager PIN opens it once, for this order." in page
    assert "000.17" not in page


def test_posting_past_the_disabled_button_is_refused(till, oil):
    till.pick(over_limit())
    till.add(oil)
    answer = till.step("submit")
    assert (answer.status_code, till.order().status) == (409, "draft")


def test_a_service_hold_says_who_when_and_why(till, oil, mike, frozen_today):
    till.pick(held(owing(), mike, reason="Invoices past due").customer)
    till.add(oil)
    page = words(till.form())
    assert "Held by accounts receivable." in page
    assert "By mike, today 10:00: Invoices past due." in page
    assert "Blocked: customer on hold by AR." in page
    assert "Enter manager PIN" not in page


def test_leave_it_for_ar(till, oil):
    till.pick(over_limit())
    till.add(oil)
    order = till.order()
    page = words(till.get(till.step("hold").url))
    order.refresh_from_db()
    assert (order.status, order.owner_name) == ("held", "Accounts receivable")
    assert f"{order.number} is held" in page
    assert "<b>Accounts receivable</b> was told" in page


def test_an_order_that_nothing_holds_is_not_parked(ready):
    assert ready.step("hold").status_code == 409


def test_a_parked_order_comes_back_to_the_till(till, oil):
    till.pick(over_limit())
    till.add(oil)
    order = till.order()
    till.step("hold")
    assert order.number in words(till.form())
    till.post(f"/orders/{order.key}/take-back/")
    assert till.order() == order


def test_a_released_order_goes_through(till, oil, mike):
    till.pick(over_limit())
    till.add(oil)
    order = till.order()
    till.step("hold")
    orders.release(order=order, by=mike, reason="Paid by wire")
    order.refresh_from_db()
    page = words(till.get(f"/orders/{order.key}/"))
    assert f"{order.number} is released" in page
    answer = till.post("/orders/new/submit/", {"order": str(order.key), "version": order.version})
    order.refresh_from_db()
    assert (answer.url, order.status) == (f"/orders/{order.key}/", "submitted")


def test_drop(ready):
    order = ready.order()
    ready.step("drop")
    order.refresh_from_db()
    assert (order.status, "till_order" in ready.session) == ("cancelled", False)


def test_same_order_again(ready):
    order = ready.order()
    ready.step("submit")
    ready.post(f"/orders/{order.key}/copy/")
    assert (ready.order().source, ready.order().lines.count()) == ("duplicate", 1)


def test_a_draft_is_taken_up_again(till, cashier):
    order = draft(cashier)
    till.get(f"/orders/new/?order={order.key}")
    assert till.order() == order


def test_htmx_gets_the_part_and_the_refusal_in_it(ready):
    answer = ready.post("/orders/new/tender/", {**ready.seen(), "tender": "shells"}, HTTP_HX_REQUEST="true")
    page = words(answer)
    assert answer.status_code == 400
    assert 'role="alert"' in page
    assert "<html" not in page


def test_stale_data_is_said(till, deli):
    till.pick(deli)
    assert "Customer data was never read from NetSuite" in words(till.form())


def test_no_page_is_kept_for_the_back_button(ready):
    assert "no-store" in ready.form()["Cache-Control"]
