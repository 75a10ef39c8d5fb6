"""A card in a real browser: from the list to a segment, a row action by key, light and dark, and on a phone."""

import re
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page, expect

from anomalies.models import Alert, OrderWait
from customers.clock import business_today
from tests.factories.alerts import spike_alert

pytestmark = pytest.mark.django_db(transaction=True)
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]


def violations(page: Page) -> list[tuple[str, str]]:
    """What axe finds in our own part of the page."""
    rules = {"runOnly": {"type": "tag", "values": TAGS}}
    found = Axe().run(page, context={"include": [["main.hg"]]}, options=rules).response["violations"]
    return [(each["id"], node["html"][:120]) for each in found for node in each["nodes"]]


def wait_in_the_first_row(page: Page) -> None:
    """By key; a day out of reach comes back in the dialog with its order, and the row says what was noted."""
    page.keyboard.press("j")
    page.keyboard.press("w")
    dialog = page.get_by_role("dialog", name="Wait for the payment of SO-")
    dialog.get_by_label("Note").fill("Wire on the way")
    dialog.get_by_label("Until").fill("2020-01-01")
    dialog.get_by_role("button", name="Note it").click()
    expect(dialog.get_by_role("alert")).to_have_text("Pick a day after today, at most 90 days ahead.")
    expect(dialog.get_by_label("Note")).to_have_value("Wire on the way")
    assert violations(page) == []
    dialog.get_by_label("Until").fill((business_today() + timedelta(days=7)).isoformat())
    dialog.get_by_role("button", name="Note it").click()
    expect(page.locator("#rows tbody tr").first).to_contain_text("mike: Wire on the way")
    expect(page).to_have_url(re.compile(r"/orders-on-credit-hold/\?scope=region&value=West#rows$"))
    assert OrderWait.objects.get().note == "Wire on the way"


def test_from_the_list_of_cards_to_the_orders_of_a_region(live_browser, mike):
    live_browser.tolerate("400")
    spike_alert(timezone.localdate() - timedelta(days=1))
    page = live_browser.page(mike)
    page.goto("/admin/cards/")
    assert violations(page) == []
    page.get_by_role("link", name="84 orders on credit hold").click()
    expect(page.get_by_role("img", name="Orders on credit hold, 31 days")).to_be_visible()
    live_browser.shot("card", page)
    assert violations(page) == []
    page.get_by_text("Region", exact=True).click()
    page.get_by_role("link", name="West").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("orders on credit hold")
    Alert.objects.all().delete()
    wait_in_the_first_row(page)
    page.evaluate("document.documentElement.classList.add('dark')")
    page.wait_for_timeout(300)
    assert violations(page) == []
    phone = live_browser.phone(mike)
    phone.goto("/admin/cards/aging-buckets/")
    assert not phone.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    assert violations(phone) == []
