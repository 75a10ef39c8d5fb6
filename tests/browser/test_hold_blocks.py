"""A hold block is edited: the preview follows, a bad formula is pointed at, the review names whom it turns."""

from decimal import Decimal

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from holds import blocks
from tests.factories.customers import CustomerFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def page(live_browser, mike):
    CustomerFactory(name="Dover Grocers", ar_balance=Decimal(50))
    page = live_browser.page(mike)
    page.goto(reverse("admin:holds_holdblock_change", args=[blocks.of_page("order").pk]))
    return page


def test_the_preview_follows_the_typing(page):
    page.get_by_label("Label on hold").fill("Stop")
    expect(page.locator("#hold-block-preview-held .flag")).to_have_text("Stop")
    page.get_by_label("Applies to").select_option("all")
    expect(page.locator("#hold-block-preview-held")).to_contain_text("Every order needs a manager, also when paid now.")
    page.get_by_label("A manager’s PIN may let one order through").uncheck()
    expect(page.locator("#enter-pin")).to_have_count(0)


def test_a_bad_formula_is_pointed_at_and_a_preset_mends_it(page):
    page.get_by_label("3. Formula").fill("customer.balance >\n  fetch(1)")
    expect(page.locator("#formula-error")).to_contain_text("Line 2, column 3")
    page.get_by_role("button", name="A blank limit is no limit").click()
    expect(page.locator("#formula-error")).to_have_count(0)


def test_save_with_whom_it_turns_and_a_reason(page):
    page.get_by_role("button", name="A blank limit is no limit").click()
    page.get_by_role("button", name="Review and save…").click()
    dialog = page.get_by_role("dialog", name="1 customer changes state")
    expect(dialog).to_contain_text("Dover Grocers")
    expect(dialog.get_by_label("Reason")).to_be_focused()
    dialog.get_by_label("Reason").fill("Blank limits are trusted")
    dialog.get_by_role("button", name="Save hold block").click()
    expect(page.locator("#history")).to_contain_text("Blank limits are trusted")
    assert blocks.of_page("order").formula.startswith("customer.creditlimit != null")
