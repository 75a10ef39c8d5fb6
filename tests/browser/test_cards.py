"""A card in a real browser: from the list to a segment, light and dark, and on a phone."""

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page, expect

from tests.factories.alerts import spike_alert

pytestmark = pytest.mark.django_db(transaction=True)
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]


def violations(page: Page) -> list[tuple[str, str]]:
    """What axe finds in our own part of the page."""
    rules = {"runOnly": {"type": "tag", "values": TAGS}}
    found = Axe().run(page, context={"include": [["main.hg"]]}, options=rules).response["violations"]
    return [(each["id"], node["html"][:120]) for each in found for node in each["nodes"]]


def test_from_the_list_of_cards_to_the_orders_of_a_region(live_browser, mike):
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
    page.evaluate("document.documentElement.classList.add('dark')")
    page.wait_for_timeout(300)
    assert violations(page) == []
    phone = live_browser.phone(mike)
    phone.goto("/admin/cards/aging-buckets/")
    assert not phone.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    assert violations(phone) == []
