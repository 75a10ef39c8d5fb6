"""From the order to provisioned: a real browser, NetSuite sandbox and provisioning endpoint, and a real drain."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Page, expect

from customers.models import Customer
from netsuite.outbox import drain
from orders.actions import provisioning
from orders.models import Invoice, LicenseChange, Order, Product
from orders.providers.endpoint.process import EndpointProcess
from tests.factories.subscriptions import provider
from tests.flows.conftest import sandbox  # noqa: F401  the same neighbour as in the flows
from tests.flows.provisioning import cloud, endpoint, running_endpoint  # noqa: F401  and the other one

pytestmark = pytest.mark.django_db(transaction=True)
expect.set_options(timeout=15_000)
WCAG = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
BY = "schedule:provisioning"


@pytest.fixture
def harbor(sandbox: Any, endpoint: EndpointProcess) -> Customer:  # noqa: F811
    """Harbor Deli owes one invoice; the catalog sells an automatic, a linked and a manual subscription."""
    today = timezone.localdate()
    sandbox.preferences(credit_handling="warn")
    late = {"trandate": (today - timedelta(days=50)).isoformat(), "duedate": (today - timedelta(days=20)).isoformat()}
    sandbox.load(
        customers=[{"externalid": "harbor", "entityid": "20871", "companyname": "Harbor Deli Supply",
                    "email": "orders@harbor.example", "creditlimit": 10_000, "terms": "Net 30"}],
        transactions=[{"externalid": "inv-1", "type": "CustInvc", "tranid": "INV-7001", "foreigntotal": 840,
                       "entity_externalid": "harbor", **late}],
    )  # fmt: skip
    call_command("sync_netsuite", verbosity=0)
    desk = _item("LC-0100", "Larder Cloud, stock and ordering", 24, cloud(endpoint, "larder-cloud"))
    _item("LC-0110", "Larder Cloud, mobile scanner", 6, provider("linked"), follows=desk)
    _item("CR-0200", "Cold room sensor, monitored", 18, provider("manual"))
    return Customer.objects.get()


def _item(sku: str, name: str, price: int, by: Any, **more: Any) -> Product:
    number = str(3000 + Product.objects.count())
    terms = {"frequency": "monthly", "unit": "licence", "netsuite_id": number}
    return Product.objects.create(sku=sku, name=name, price=Decimal(price), provider=by, **terms, **more)


def confirm(page: Page, title: str, reason: str, button: str) -> None:
    """Give the reason that an open dialog asks for."""
    dialog = page.get_by_role("dialog", name=title)
    dialog.get_by_label("Reason").fill(reason)
    dialog.get_by_role("button", name=button).click()


def accessible(page: Page) -> list[str]:
    """What axe finds against WCAG 2.1 A and AA in our part of the page."""
    found = Axe().run(page, context="main.hg", options=WCAG).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found]


def overflow(page: Page) -> int:
    return page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")


def worker() -> None:
    """What the worker does within a minute: asks providers, takes their answers over, goes on."""
    for _ in range(2):
        provisioning.advance(by=BY)
        drain()


def states() -> dict[str, str]:
    return {change.subscription.product.sku: change.status for change in LicenseChange.objects.all()}


def test_from_the_order_to_provisioned(
    live_browser: Any,
    mike: Any,
    owner: Any,
    clerk: Any,
    sandbox: Any,  # noqa: F811
    endpoint: EndpointProcess,  # noqa: F811
    harbor: Customer,
) -> None:
    live_browser.tolerate("400")
    held_back(live_browser, owner, mike, harbor)
    ordered(live_browser, mike)
    invoiced_and_waiting(live_browser, sandbox, endpoint, mike, harbor)
    paid_and_released(live_browser, clerk, sandbox, endpoint, harbor)
    marked_by_hand(live_browser, clerk, harbor)
    everybody_can_use_it(live_browser, mike, harbor)
    call_command("verify_invariants", sandbox_log=sandbox.log_path, verbosity=0)


def held_back(live_browser: Any, owner: Any, mike: Any, harbor: Customer) -> None:
    """Finance turns the switch on; Mike sets the account to Yes."""
    page = live_browser.page(owner)
    page.goto("/admin/orders/provisioningsettings/")
    page.keyboard.press("e")
    confirm(page, "Enable credit hold?", "Quarter end", "Enable credit hold")
    expect(page.locator(".head .st")).to_have_text("Credit hold enabled")
    page = live_browser.page(mike)
    page.goto(f"/admin/customers/customer/{harbor.pk}/change/")
    page.get_by_role("button", name="Set to Yes…").click()
    confirm(page, "Credit hold of Harbor Deli Supply: Yes?", "INV-7001 is late", "Set to Yes")
    expect(page.get_by_text("Credit hold Yes")).to_be_visible()


def ordered(live_browser: Any, mike: Any) -> None:
    """Three subscriptions on the order form; a licence cannot be cut in half."""
    page = live_browser.page(mike)
    page.goto("/orders/new/")
    page.get_by_label("Name of the till").fill("Desk 1")
    page.keyboard.press("Enter")
    page.get_by_label("Name, e-mail or phone").wait_for()
    page.keyboard.press("F2")
    page.keyboard.type("harbor")
    page.get_by_role("option", name="Harbor Deli Supply").wait_for()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Harbor Deli Supply").wait_for()
    page.keyboard.press("F3")
    page.keyboard.type("LC-0100\nLC-0110\nCR-0200\n")
    expect(page.get_by_role("row")).to_have_count(4)
    expect(page.get_by_text("monthly, per licence").first).to_be_visible()
    seats = page.get_by_role("textbox", name="Quantity of Larder Cloud, stock and ordering")
    seats.fill("2.5")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("is sold by the licence: type a whole number, not 2.5.")
    seats.fill("5")
    page.keyboard.press("Enter")
    page.get_by_text("120.00").first.wait_for()
    page.keyboard.press("F10")
    page.get_by_role("heading", name="Submitted SO-").wait_for()


def invoiced_and_waiting(
    live_browser: Any,
    sandbox: Any,  # noqa: F811
    endpoint: EndpointProcess,  # noqa: F811
    mike: Any,
    harbor: Customer,
) -> None:
    """The invoice is in NetSuite and the account is open at the provider; nothing is provisioned."""
    worker()
    invoice = Invoice.objects.get()
    there = sandbox.get("invoice", f"eid:holdgate-{invoice.key}")
    assert (invoice.total, there["total"], invoice.netsuite_id) == (Decimal("144.00"), 144.0, there["id"])
    assert states() == {"LC-0100": "awaiting", "LC-0110": "awaiting", "CR-0200": "awaiting"}
    assert [path.split("/")[-2] for path in endpoint.held()] == ["accounts"]
    page = live_browser.page(mike)
    page.goto(f"/admin/orders/order/{Order.objects.get().pk}/change/")
    page.get_by_role("link", name="SUB-").first.click()
    expect(page.locator(".note.amber")).to_contain_text("The account's credit hold is Yes.")
    page.goto(f"/admin/customers/customer/{harbor.pk}/change/")
    expect(page.locator("#provisioning")).to_contain_text("0 of 3 provisioned, 3 held")
    live_browser.shot("provisioning-held", page)


def paid_and_released(
    live_browser: Any,
    clerk: Any,
    sandbox: Any,  # noqa: F811
    endpoint: EndpointProcess,  # noqa: F811
    harbor: Customer,
) -> None:
    """The payment arrives, the clerk sets the account to No, and the page follows by itself."""
    paid = {"externalid": "pay-1", "type": "CustPymt", "tranid": "PYMT-1", "foreigntotal": 840}
    day = timezone.localdate().isoformat()
    sandbox.load(transactions=[{**paid, "trandate": day, "entity_externalid": "harbor"}])
    call_command("sync_netsuite", verbosity=0)
    page = live_browser.page(clerk)
    page.goto(f"/admin/customers/customer/{harbor.pk}/change/")
    page.get_by_role("button", name="Set to No…").click()
    confirm(page, "Credit hold of Harbor Deli Supply: No?", "PYMT-1 is in", "Set to No")
    expect(page.locator("#provisioning")).to_contain_text("0 of 3 provisioned")
    worker()
    expect(page.locator("#provisioning")).to_contain_text("2 of 3 provisioned, 1 with the provider")
    assert states() == {"LC-0100": "provisioned", "LC-0110": "provisioned", "CR-0200": "awaiting"}
    assert len(endpoint.effects()) == 2


def marked_by_hand(live_browser: Any, clerk: Any, harbor: Customer) -> None:
    """The team is done; on the keyboard from the work list."""
    page = live_browser.page(clerk)
    page.goto("/admin/")
    expect(page.get_by_text("1 by hand")).to_be_visible()
    page.goto("/admin/orders/licensechange/")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="New, one licence").wait_for()
    page.keyboard.press("m")
    page.get_by_role("dialog", name="Provisioned?").get_by_label("Reason").wait_for()
    page.keyboard.type("Ticket 812")
    page.get_by_role("button", name="Mark provisioned", exact=True).click()
    expect(page.locator(".head .st")).to_have_text("Provisioned")
    page.goto(f"/admin/customers/customer/{harbor.pk}/change/")
    expect(page.locator("#provisioning")).to_contain_text("3 of 3 provisioned")
    assert set(states().values()) == {"provisioned"}


def everybody_can_use_it(live_browser: Any, mike: Any, harbor: Customer) -> None:
    """axe, and nothing scrolls sideways on a phone."""
    first = LicenseChange.objects.order_by("pk")[0]
    paths = {
        "provisioning": "/admin/orders/provisioningsettings/",
        "subscriptions": "/admin/orders/subscription/",
        "subscription": f"/admin/orders/subscription/{first.subscription_id}/change/",
        "changes": "/admin/orders/licensechange/?show=all",
        "change": f"/admin/orders/licensechange/{first.pk}/change/",
        "provider": f"/admin/orders/provider/{first.subscription.provider_id}/change/",
        "customer": f"/admin/customers/customer/{harbor.pk}/change/",
        "invoice": f"/admin/orders/invoice/{Invoice.objects.get().pk}/change/",
    }
    page, phone = live_browser.page(mike), live_browser.phone(mike)
    found, wide = {}, {}
    for name, path in paths.items():
        page.goto(path)
        found[name] = accessible(page)
        phone.goto(path)
        wide[name] = overflow(phone)
    assert {name: problems for name, problems in found.items() if problems} == {}
    assert {name: pixels for name, pixels in wide.items() if pixels > 0} == {}
