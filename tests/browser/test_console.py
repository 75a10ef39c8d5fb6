"""The console in a real browser: keyboard only, on a phone, live."""

import pytest

from customers.models import SyncState
from holds.models import ServiceHold
from netsuite.models import Push
from tests.factories.holds import held, owing, proposed
from workflows.models import Heartbeat, ProposedAction

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/admin/workflows/proposedaction/"


@pytest.fixture
def two_proposals(mike):
    return [proposed(owing("Northside Grocers")), proposed(owing("Harbor Foods", amount="20000"))]


def scrolls_sideways(page):
    return page.evaluate("document.documentElement.scrollWidth > window.innerWidth")


def test_a_hold_is_approved_with_the_keyboard_alone(live_browser, mike, two_proposals):
    page = live_browser.page(mike)
    page.goto("/admin/")
    page.wait_for_load_state("networkidle")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/change/")
    page.wait_for_load_state("networkidle")
    page.keyboard.press("a")
    page.keyboard.type("94 days late")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Northside Grocers is on hold").wait_for()
    assert ServiceHold.objects.get(status="active").customer.name == "Northside Grocers"


def test_letters_can_be_switched_off(live_browser, mike, two_proposals):
    page = live_browser.page(mike)
    page.goto(f"{LIST}{two_proposals[0].pk}/change/")
    page.wait_for_load_state("networkidle")
    page.keyboard.press("?")
    page.get_by_label("Single letters work outside fields").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    assert not page.locator("dialog#approve").is_visible()


def test_what_was_typed_is_carried_into_the_dialog(live_browser, mike, two_proposals):
    page = live_browser.page(mike)
    page.goto(f"{LIST}{two_proposals[0].pk}/change/")
    page.get_by_label("Reason (required").fill("Plan broken")
    page.get_by_role("button", name="Approve hold…").click()
    assert page.locator("#approve-reason").input_value() == "Plan broken"


def test_the_page_follows_the_push_by_itself(live_browser, mike):
    hold = held(owing(), mike)
    page = live_browser.page(mike)
    page.goto(f"{LIST}{hold.proposal_id}/change/")
    page.get_by_text("In force here already.").wait_for()
    Push.objects.update(status="applied", evidence={}, applied_at=hold.placed_at)
    ProposedAction.objects.update(status="applied")
    page.get_by_text("Done and read back from NetSuite.").wait_for()


@pytest.mark.parametrize("path", ["/admin/", LIST, f"{LIST}{{pk}}/change/"])
def test_nothing_scrolls_sideways_on_a_phone(live_browser, mike, two_proposals, path):
    Heartbeat.objects.create(name="cluster")
    SyncState.objects.create(record_type="customers", last_error="503 Service Unavailable " * 5)
    page = live_browser.phone(mike)
    page.goto(path.format(pk=two_proposals[0].pk))
    page.wait_for_load_state("networkidle")
    assert not scrolls_sideways(page)


def test_the_decision_stays_in_reach_on_a_phone(live_browser, mike, two_proposals):
    page = live_browser.phone(mike)
    page.goto(f"{LIST}{two_proposals[0].pk}/change/")
    page.wait_for_load_state("networkidle")
    button = page.locator(".sticky-bar").get_by_role("button", name="Approve hold…")
    box = button.bounding_box()
    assert box["y"] + box["height"] <= 844
