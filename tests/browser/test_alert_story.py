"""From an alert to staged proposals in a real browser: the picture, the preview, the keys, the phone."""

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page, expect

from anomalies.models import Alert, OrderWait
from tests.conftest import user_in
from tests.factories.alerts import spike_alert
from workflows.models import ProposedAction

pytestmark = pytest.mark.django_db(transaction=True)
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}


@pytest.fixture
def alert(db) -> Alert:
    user_in("ines", "Credit committee")
    return spike_alert(timezone.localdate() - timedelta(days=1))


def opened(page: Page, address: str) -> Page:
    page.goto(address)
    page.wait_for_load_state("networkidle")
    return page


def address(alert: Alert) -> str:
    return f"/admin/anomalies/alert/{alert.pk}/change/"


def violations(page: Page) -> list[tuple[str, str]]:
    """What axe finds in our own part of the page; the theme's chrome is the theme's."""
    found = Axe().run(page, context={"include": [["main.hg"]]}, options=RULES).response["violations"]
    return [(each["id"], node["html"][:120]) for each in found for node in each["nodes"]]


def sideways(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


def test_from_the_finding_to_staged_grace_periods(live_browser, mike, alert):
    page = opened(live_browser.page(mike), "/admin/anomalies/alert/")
    live_browser.shot("alerts", page)
    page.get_by_role("link", name="84 orders on credit hold, usually 18").click()
    page.get_by_role("heading", name="84 orders on credit hold, usually 18").wait_for()
    live_browser.shot("alert", page)
    assert violations(page) == []
    page.evaluate("document.getElementById('actions').scrollIntoView()")
    expect(page.get_by_role("checkbox", name="Include")).to_have_count(6)
    live_browser.shot("alert-actions", page)
    page.get_by_role("button", name="Show all 22").click()
    expect(page.get_by_role("checkbox", name="Include")).to_have_count(22)
    page.get_by_role("checkbox", name="Include").first.uncheck()
    page.get_by_role("button", name="Stage grace periods…").click()
    dialog = page.get_by_role("dialog", name="14-day grace for West")
    expect(dialog).to_contain_text("21 of 22 customers, one proposal each.")
    assert violations(page) == []
    dialog.get_by_label("Reason").fill("Lockbox mail is late")
    dialog.get_by_role("button", name="Stage grace periods").click()
    expect(page.get_by_role("heading", name="Staged from here")).to_be_visible()
    expect(page.locator("#history")).to_contain_text("Lockbox mail is late")
    assert ProposedAction.objects.filter(action_type="grace_period", status="pending").count() == 21


def test_limits_go_to_the_committee_with_typed_amounts(live_browser, mike, alert):
    page = opened(live_browser.page(mike), address(alert))
    page.get_by_role("link", name="Preview six extensions").click()
    page.get_by_role("textbox", name="New limit of").first.fill("250,000")
    page.get_by_role("button", name="Stage extensions…").click()
    page.get_by_role("dialog").get_by_label("Reason").fill("Season")
    page.get_by_role("dialog").get_by_role("button", name="Stage extensions").click()
    page.get_by_role("heading", name="Staged from here").wait_for()
    limits = ProposedAction.objects.filter(action_type="limit_extension")
    assert limits.count() == 6
    assert limits.filter(proposed_change_json__credit_limit="250000").count() == 1


def test_the_keys_acknowledge_and_act_on_a_row(live_browser, mike, alert):
    page = opened(live_browser.page(mike), address(alert))
    page.keyboard.press("a")
    page.get_by_text("seen by mike").wait_for()
    page.keyboard.press("j")
    page.evaluate("document.getElementById('orders').scrollIntoView()")
    live_browser.shot("alert-orders", page)
    page.keyboard.press("w")
    dialog = page.get_by_role("dialog", name="Wait for the payment of SO-")
    dialog.get_by_label("Note").fill("Wire on the way")
    dialog.get_by_role("button", name="Note it").click()
    page.get_by_text("waits for payment until").wait_for()
    page.keyboard.press("j")
    page.keyboard.press("l")
    page.get_by_role("dialog", name="Release SO-").get_by_label("Reason").fill("Paid by wire")
    page.get_by_role("button", name="Propose release").click()
    page.get_by_role("link", name="Release order").wait_for()
    assert (Alert.objects.get().status, OrderWait.objects.get().note) == ("acknowledged", "Wire on the way")


def test_dark_and_on_a_phone(live_browser, mike, alert):
    page = live_browser.page(mike)
    page.emulate_media(color_scheme="dark")
    opened(page, address(alert))
    live_browser.shot("alert-dark", page)
    assert violations(page) == []
    phone = live_browser.phone(mike)
    for place in (
        address(alert),
        f"{address(alert)}?plan=limit",
        "/admin/anomalies/alert/",
        "/admin/anomalies/alertrule/",
    ):
        opened(phone, place)
        assert not sideways(phone), place
    opened(phone, address(alert))
    live_browser.shot("alert-phone", phone)


def test_a_rule_is_edited(live_browser, mike, alert):
    page = opened(live_browser.page(mike), f"/admin/anomalies/alertrule/{alert.rule_id}/change/")
    assert violations(page) == []
    live_browser.shot("alert-rule", page)
    page.get_by_label("k", exact=True).fill("3")
    page.get_by_label("Reason").fill("Fewer alerts in the season")
    page.get_by_role("button", name="Save rule").click()
    expect(page.locator("#history")).to_contain_text("Fewer alerts in the season")
    expect(page.get_by_text("Above mean + 3 σ of 30 days")).to_be_visible()
