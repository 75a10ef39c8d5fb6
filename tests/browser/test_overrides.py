"""A manager answers the till from the console, with the keyboard and on a phone; the pages are live."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone

from holds.actions import overrides
from holds.models import Override, PinBudget
from holds.pins import PinRejected
from tests.conftest import user_in
from tests.factories.pins import WRONG, cart, manager

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/admin/holds/override/"
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}


@pytest.fixture
def asked(cashier):
    return overrides.ask(cart=cart(cashier), note="Regular, pays on Friday", now=timezone.now())


def violations(page):
    """What axe finds in our own part of the page; the theme's chrome is the theme's."""
    found = Axe().run(page, context={"include": [["main.hg"]]}, options=RULES).response["violations"]
    return [(each["id"], node["html"][:120]) for each in found for node in each["nodes"]]


def opened(page, address):
    page.goto(address)
    page.wait_for_load_state("networkidle")
    return page


def state(override):
    return Override.objects.get(pk=override.pk).status


def test_an_order_is_approved_with_the_keyboard(live_browser, mike, asked):
    page = opened(live_browser.page(mike), f"{LIST}{asked.pk}/change/")
    live_browser.shot("override", page)
    assert violations(page) == []
    page.keyboard.press("a")
    page.get_by_role("heading", name="Granted by mike").wait_for()
    assert state(asked) == "granted"


def test_a_decline_asks_for_its_reason_and_shows_it(live_browser, mike, asked):
    page = opened(live_browser.page(mike), f"{LIST}{asked.pk}/change/")
    page.keyboard.press("r")
    page.get_by_label("Reason").fill("Third time this week")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Decline", exact=True).click()
    page.get_by_role("heading", name="Declined by mike").wait_for()
    assert Override.objects.get().decision_reason == "Third time this week"


def test_the_page_notices_that_the_question_ended(live_browser, mike, asked):
    page = opened(live_browser.page(mike), f"{LIST}{asked.pk}/change/")
    overrides.void(order=asked.order_ref, why="The order was cancelled.", by="cashier")
    page.get_by_role("heading", name="Void").wait_for()
    assert page.get_by_role("button", name="Approve this order").count() == 0


def test_a_new_question_appears_in_the_open_list(live_browser, mike, cashier):
    page = opened(live_browser.page(mike), LIST)
    page.get_by_text("Nobody waits.").wait_for()
    overrides.ask(cart=cart(cashier), note="Regular", now=timezone.now())
    page.get_by_role("link", name="Northside Grocers").first.wait_for()


def test_on_a_phone_nothing_scrolls_sideways(live_browser, mike, asked):
    phone = live_browser.phone(mike)
    for address in (f"{LIST}{asked.pk}/change/", LIST, "/admin/holds/pinlog/", "/admin/holds/pinbudget/"):
        opened(phone, address)
        assert not phone.evaluate("document.documentElement.scrollWidth > window.innerWidth"), address
    live_browser.shot("till-managers-phone", phone)


def test_a_disabled_pin_is_reset(live_browser, mike):
    lydia, now = manager(), timezone.now()
    manager("Cleo Without", pin="")
    for number in range(3):
        a_cart = cart(user_in(f"cashier{number}"))
        with pytest.raises(PinRejected):
            overrides.override(cart=a_cart, manager_id=lydia.netsuite_id, pin=WRONG, now=now)
    PinBudget.objects.filter(scope="manager").update(in_a_row=10, disabled_at=now)
    page = opened(live_browser.page(mike), "/admin/holds/pinbudget/")
    assert violations(page) == []
    live_browser.shot("till-managers", page)
    page.get_by_role("button", name="Reset… Lydia Brandt").click()
    page.get_by_label("Reason").fill("Spoke to her")
    page.get_by_role("button", name="Reset", exact=True).click()
    page.get_by_role("cell", name="0 of 10").first.wait_for()
    assert PinBudget.objects.get(scope="manager").disabled_at is None
    opened(page, "/admin/holds/pinlog/")
    live_browser.shot("pin-log", page)
    assert violations(page) == []
