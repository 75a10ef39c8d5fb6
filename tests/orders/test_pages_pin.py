"""The PIN pad and the question to a manager, through the pages."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from holds.actions import overrides
from holds.models import Override, PinLog
from orders.models import Order
from tests.factories.orders import ProductFactory
from tests.orders.till import PIN, Till, manager_of, order_block, over_limit, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def aisha(db):
    return manager_of(order_block())


@pytest.fixture
def till(cashier, aisha):
    """A till with an order that is held."""
    till = Till(cashier)
    till.pick(over_limit())
    till.add(ProductFactory(sku="OL-5000", name="Olive oil"))
    return till


def outcomes() -> list[str]:
    return list(PinLog.objects.order_by("at", "pk").values_list("outcome", flat=True))


def ask(till, note="Regular customer"):
    till.step("ask/send", note=note)
    return Override.objects.get(status="asked")


def test_the_pad_says_what_the_pin_allows(till):
    page = re.sub(r"<[^>]+>", "", words(till.get("/orders/new/pin/")))
    assert (
        "Lets Harbor Deli Supply order $38.50 on account, once, within 5 minutes. Changing the order voids it." in page
    )


def test_the_pad_names_the_managers(till, aisha):
    manager_of(order_block(), name="Ben Osei")
    page = words(till.get("/orders/new/pin/"))
    assert "Aisha Karim, Store manager" in page
    assert "Ben Osei, Store manager" in page


def test_a_manager_without_a_pin_cannot_be_picked(till, aisha):
    aisha.pin_hashes = {}
    aisha.save()
    assert re.search(r'aria-label="Aisha Karim, No PIN in NetSuite" disabled', words(till.get("/orders/new/pin/")))


def test_nobody_may_authorise(till, aisha):
    order_block().managers_by_name.clear()
    assert "Nobody may authorise here yet." in words(till.get("/orders/new/pin/"))


def test_without_an_order_the_pad_leads_back(cashier):
    assert Till(cashier).get("/orders/new/pin/").url == "/orders/new/"


def test_the_right_pin_opens_the_order_once(till, aisha):
    till.pin(aisha)
    assert "Aisha Karim allows this order once" in words(till.form())
    till.step("submit")
    order = Order.objects.get()
    assert (order.status, order.override.manager) == ("submitted", aisha)
    assert sorted(outcomes()) == ["accepted", "used"]


def test_the_secret_is_in_no_page_and_no_session(till, aisha):
    till.pin(aisha)
    secret = till.cookies["holdgate_grant"].value.split(":")[1]
    assert len(secret) > 40
    assert secret not in words(till.form())
    assert secret not in str(dict(till.session))


def test_the_cookie_is_for_the_server_only(till, aisha):
    till.pin(aisha)
    cookie = till.cookies["holdgate_grant"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", "/orders/")


def test_a_wrong_pin_says_what_is_left(till, aisha):
    answer = till.pin(aisha, "774410")
    page = words(answer)
    assert answer.status_code == 403
    assert "Wrong PIN. 4 tries left, then locked for 15 minutes." in page
    assert 'role="alert"' in page
    assert "774410" not in page


def test_the_manager_stays_picked_after_a_wrong_pin(till, aisha):
    assert (
        f'value="{aisha.netsuite_id}" data-name="Aisha Karim" aria-label="Aisha Karim, Store manager" checked'
        in words(till.pin(aisha, "774410"))
    )


def test_the_fifth_wrong_pin_locks_the_pad(till, aisha):
    manager_of(order_block(), name="Ben Osei")
    for _ in range(5):
        answer = till.pin(aisha, "774410")
    page = words(answer)
    assert "data-closed" in page
    assert re.search(r'data-left="(89\d|900)"', page)
    assert "Other managers can approve now." in page
    assert till.pin(aisha).status_code == 429


def test_another_manager_is_open_meanwhile(till, aisha):
    ben = manager_of(order_block(), name="Ben Osei")
    for _ in range(5):
        till.pin(aisha, "774410")
    page = words(till.get("/orders/new/pin/", {"manager": ben.netsuite_id}))
    assert "data-closed" not in page
    till.pin(ben)
    assert "Ben Osei allows this order once" in words(till.form())


def test_no_manager_picked(till):
    answer = till.step("pin/try", pin=PIN)
    assert (answer.status_code, outcomes()) == (400, [])
    assert "Pick who authorises first." in words(answer)


@pytest.mark.parametrize("pin", ["", "12a456", "1" * 10_000, "１２３４５６", "480913\x00"])
def test_what_is_no_pin_takes_no_try(till, aisha, pin):
    assert (till.pin(aisha, pin).status_code, outcomes()) == (400, [])


def test_a_changed_order_ends_the_approval(till, aisha):
    till.pin(aisha)
    till.step(f"lines/{till.order().lines.get().pk}", quantity="2")
    page = words(till.form())
    assert "The approval ended." in page
    assert "Enter manager PIN" in page
    assert till.step("submit").status_code == 409


def test_the_approval_ends_after_five_minutes(till, aisha):
    till.pin(aisha)
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        assert "The approval ended" in words(till.form())


def test_a_payment_ends_the_approval(till, aisha):
    till.pin(aisha)
    customer = till.order().customer
    customer.ar_balance = 4000
    customer.save()
    assert "The customer’s account changed." in words(till.form())


def test_the_approval_does_not_open_a_second_order(till, aisha):
    till.pin(aisha)
    value = till.cookies["holdgate_grant"].value
    till.step("submit")
    till.pick(over_limit("Harborline"))
    till.add(ProductFactory())
    till.cookies["holdgate_grant"] = value
    assert (till.step("submit").status_code, till.order().status) == (409, "draft")


def test_ask_a_manager(till):
    asked = ask(till)
    page = words(till.form())
    assert (asked.note, asked.terminal) == ("Regular customer", "Till 3")
    assert "Asked at" in page
    assert "Enter manager PIN" in page


def test_while_nobody_answers_the_page_stays(till):
    ask(till)
    seen = till.seen()
    assert till.post("/orders/new/asked/", seen, HTTP_HX_REQUEST="true").status_code == 204


def test_a_manager_approves_in_the_console(till, mike):
    overrides.decide(override=ask(till), grant=True, by=mike, now=timezone.now())
    till.step("asked")
    assert "mike allows this order once" in words(till.form())
    till.step("submit")
    assert Order.objects.get().status == "submitted"


def test_the_waiting_page_turns_over_by_itself(till, mike):
    overrides.decide(override=ask(till), grant=True, by=mike, now=timezone.now())
    answer = till.post("/orders/new/asked/", till.seen(), HTTP_HX_REQUEST="true")
    assert (answer["HX-Retarget"], "mike allows this order once" in words(answer)) == ("#order", True)


def test_a_manager_declines(till, mike):
    overrides.decide(override=ask(till), grant=False, by=mike, reason="Pay the old ones first", now=timezone.now())
    till.step("asked")
    page = words(till.form())
    assert "Declined by mike." in page
    assert "Pay the old ones first" in page


def test_a_note_too_long_is_kept(till):
    answer = till.step("ask/send", note="x" * 501)
    assert (answer.status_code, Override.objects.count()) == (400, 0)
    assert "x" * 501 in words(answer)


def test_asking_about_a_changed_page_is_refused(till):
    seen = till.seen()
    till.step(f"lines/{till.order().lines.get().pk}", quantity="2")
    assert till.post("/orders/new/ask/send/", {**seen, "note": ""}).status_code == 409
    assert Override.objects.count() == 0
