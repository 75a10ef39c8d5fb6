"""Every setting of a hold block does what it says: one test a setting, through the order form."""

import pytest
from django.contrib.auth.models import Group

from customers.pins import hash_pin
from holds import blocks
from tests.conftest import user_in
from tests.factories.customers import CustomerFactory, EmployeeFactory
from tests.factories.holds import held, owing
from tests.factories.orders import ProductFactory
from tests.orders.till import PIN, Till, manager_of, order_block, over_limit, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def till(cashier):
    return Till(cashier)


def form_for(till, customer) -> str:
    """The order form with one line for this customer."""
    till.pick(customer)
    till.add(ProductFactory())
    return words(till.form())


def is_held(page: str) -> bool:
    return 'class="card holdblock held"' in page


def can_submit(page: str) -> bool:
    return 'id="submit"' in page


def stands(page: str) -> tuple[bool, bool]:
    return is_held(page), can_submit(page)


def test_hold_field(till):
    order_block(hold_field="custentity_stop", mode="auto")
    stopped = CustomerFactory(credit_hold_override="OFF", record={"custentity_stop": "ON"})
    assert stands(form_for(till, stopped)) == (True, False)
    let_go = over_limit(credit_hold_override="ON", record={"custentity_stop": "OFF"})
    assert stands(form_for(till, let_go)) == (False, True)


@pytest.mark.parametrize(
    ("mode", "customer", "expected"),
    [
        ("on", {}, (True, False)),
        ("on", {"credit_hold_override": "OFF"}, (True, False)),
        ("off", {"credit_hold_override": "ON"}, (False, True)),
        ("auto", {"credit_hold_override": "ON"}, (True, False)),
        ("auto", {"credit_hold_override": "OFF", "ar_balance": 9000}, (False, True)),
        ("auto", {"credit_hold_override": "AUTO", "ar_balance": 9000}, (True, False)),
        ("auto", {"credit_hold_override": "", "ar_balance": 0}, (False, True)),
    ],
)
def test_mode(till, mode, customer, expected):
    order_block(mode=mode)
    assert stands(form_for(till, CustomerFactory(credit_limit=1000, **customer))) == expected


def test_formula(till):
    order_block(formula="customer.terms === 'Prepay'")
    assert stands(form_for(till, CustomerFactory(terms="Prepay"))) == (True, False)
    assert stands(form_for(till, over_limit(terms="Net 30"))) == (False, True)


def test_a_formula_that_cannot_be_evaluated_holds(till):
    order_block(formula="customer.nothing_like_this > 3")
    page = form_for(till, CustomerFactory())
    assert stands(page) == (True, False)
    assert "Could not evaluate the rule: ask AR." in page


@pytest.mark.parametrize("allowed", [True, False])
def test_allow_pin_override(till, allowed):
    block = order_block(allow_pin_override=allowed)
    aisha = manager_of(block)
    offered = "Enter manager PIN" in form_for(till, over_limit())
    till.pin(aisha)
    assert (offered, can_submit(words(till.form()))) == (allowed, allowed)


def test_pin_field(till):
    block = order_block(pin_field="custentity_till_pin")
    aisha = manager_of(block)
    aisha.pin_hashes = {"custentity_brm_pincode": hash_pin("771204"), "custentity_till_pin": hash_pin(PIN)}
    aisha.save()
    form_for(till, over_limit())
    assert till.pin(aisha, "771204").status_code == 403
    till.pin(aisha)
    assert can_submit(words(till.form()))


def test_pin_entity_type_is_employee(till):
    """The only kind there is: an employee authorises, a customer's id never does."""
    block = order_block(pin_entity_type="employee")
    manager_of(block)
    customer = over_limit()
    form_for(till, customer)
    assert till.step("pin/try", manager=customer.netsuite_id, pin=PIN).status_code == 403


@pytest.mark.parametrize("show", [True, False])
def test_show_label(till, show):
    order_block(show_label=show, label_on_hold="Stop, ask first")
    page = form_for(till, over_limit())
    assert ("Stop, ask first" in page, is_held(page)) == (show, True)


def test_label_on_hold(till):
    order_block(label_on_hold="Stop, ask first")
    assert "Stop, ask first</div>" in form_for(till, over_limit())


def test_label_approved(till):
    order_block(label_approved="Good to go")
    assert "Good to go</div>" in form_for(till, CustomerFactory())


@pytest.mark.parametrize(("tenders", "expected"), [("on_account", (False, True)), ("all", (True, False))])
def test_tender_scope(till, tenders, expected):
    order_block(tenders=tenders)
    assert stands(form_for(till, over_limit())) == (True, False)
    till.step("tender", tender="paid_now")
    assert stands(words(till.form())) == expected


@pytest.mark.parametrize("allowed", [True, False])
def test_override_of_a_service_hold(till, mike, frozen_today, allowed):
    block = order_block(override_service_hold=allowed)
    aisha = manager_of(block)
    page = form_for(till, held(owing(), mike).customer)
    till.pin(aisha)
    assert ("Enter manager PIN" in page, can_submit(words(till.form()))) == (allowed, allowed)


def test_a_service_hold_holds_although_the_mode_is_off(till, mike, frozen_today):
    order_block(mode="off", tenders="on_account")
    customer = held(owing(), mike).customer
    assert stands(form_for(till, customer)) == (True, False)
    till.step("tender", tender="paid_now")
    assert till.step("submit").status_code == 409


def test_managers_by_role(till):
    """The role "Till manager", as the blocks come."""
    block = order_block()
    assert list(block.managers_by_role.all()) == [Group.objects.get(name="Till manager")]
    hashes = {block.pin_field: hash_pin(PIN)}
    inside = EmployeeFactory(first_name="Ben", last_name="Osei", pin_hashes=hashes, user=user_in("ben", "Till manager"))
    outside = EmployeeFactory(first_name="Dan", last_name="Fuller", pin_hashes=hashes, user=user_in("dan", "AR clerk"))
    form_for(till, over_limit())
    pad = words(till.get("/orders/new/pin/"))
    assert ("Ben Osei" in pad, "Dan Fuller" in pad) == (True, False)
    assert till.pin(outside).status_code == 403
    till.pin(inside)
    assert can_submit(words(till.form()))


def test_managers_by_name(till):
    block = order_block()
    named = manager_of(block, name="Aisha Karim")
    other = EmployeeFactory(first_name="Dan", last_name="Fuller", pin_hashes={block.pin_field: hash_pin(PIN)})
    form_for(till, over_limit())
    pad = words(till.get("/orders/new/pin/"))
    assert ("Aisha Karim" in pad, "Dan Fuller" in pad) == (True, False)
    assert till.pin(other).status_code == 403
    till.pin(named)
    assert can_submit(words(till.form()))


def test_default_customer(till):
    walk_in = CustomerFactory(name="Walk-in customer")
    order_block(default_customer=walk_in.netsuite_id)
    assert "Walk-in customer" in words(till.form())
    till.add(ProductFactory())
    assert till.order().customer == walk_in


def test_each_page_has_its_own_block(till):
    order_block(label_on_hold="Stop at the order")
    for page in ("customer", "catalog"):
        block = blocks.of_page(page)
        block.mode, block.label_approved = "off", f"Fine on the {page} page"
        block.save()
    customer = over_limit()
    assert "Stop at the order" in form_for(till, customer)
    assert "Fine on the catalog page" in words(till.get("/catalog/"))
    assert "Fine on the customer page" in words(till.get(f"/customers/{customer.netsuite_id}/"))
