"""A morning at the till, in a real browser, against a real NetSuite sandbox."""

import re
from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Page, expect

from customers.models import Customer, Employee
from holds import blocks
from holds.models import PinLog
from netsuite.models import Push
from netsuite.outbox import drain
from orders.models import Order, Product, SalesTax
from tests.factories.holds import held
from tests.flows.conftest import sandbox  # noqa: F401  the same neighbour as in the flows

pytestmark = pytest.mark.django_db(transaction=True)
# A busy machine answers late; that is not what these tests are about.
expect.set_options(timeout=15_000)

PIN, WRONG = "480913", "774410"
TILL = {"width": 1280, "height": 860}
PHONE = {"width": 360, "height": 740}
WCAG = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
CONTROLS = ("button", "link", "textbox", "combobox", "radio", "searchbox")
ITEMS = (
    ("OL-5000", "Olive oil, extra virgin, 5 L", "38.50"),
    ("RC-2000", "Basmati rice, 20 kg", "31.20"),
    ("TM-0625", "Peeled tomatoes, 6 × 2.5 kg", "27.90"),
    ("FL-2500", "Flour, type 00, 25 kg", "22.40"),
)
MANAGERS = (("Aisha", "Karim", "Store manager"), ("Ben", "Osei", "Shift lead"), ("Elena", "Voss", "Store manager"))


@pytest.fixture
def shop(sandbox, cashier):  # noqa: F811
    """NetSuite knows customers and managers with PINs; here are a catalog and who may authorise."""
    today = timezone.localdate()
    # An account that enforces limits itself would refuse what a manager allowed here.
    sandbox.preferences(credit_handling="warn")

    def customer(number: str, externalid: str, name: str, limit: int, phone: str) -> dict[str, Any]:
        return {
            "externalid": externalid, "entityid": number, "companyname": name, "creditlimit": limit, "phone": phone,
            "email": f"orders@{externalid}.example", "custentity_region": "Boston", "terms": "Net 30",
        }  # fmt: skip

    def owes(externalid: str, amount: int, late: int) -> dict[str, Any]:
        issued, due = today - timedelta(days=late + 30), today - timedelta(days=late)
        return {
            "externalid": f"inv-{externalid}", "type": "CustInvc", "tranid": f"INV-{amount}", "foreigntotal": amount,
            "trandate": issued.isoformat(), "duedate": due.isoformat(), "entity_externalid": externalid,
        }  # fmt: skip

    sandbox.load(
        employees=[
            {"externalid": first.lower(), "entityid": f"{first} {last}", "firstname": first, "lastname": last,
             "email": f"{first.lower()}@keystone.example", "title": title, "custentity_brm_pincode": PIN}
            for first, last, title in MANAGERS
        ],
        customers=[
            customer("20871", "harbordeli", "Harbor Deli Supply", 10_000, "555 0178"),
            customer("10310", "harborline", "Harborline Distributors", 50_000, "555 0119"),
            customer("11954", "fairharvest", "Fair Harvest Co-op", 5_000, "555 0160"),
            customer("14402", "northside", "Northside Grocers", 60_000, "555 0144"),
        ],
        transactions=[owes("harbordeli", 12_480, 12), owes("northside", 48_210, 94)],
    )  # fmt: skip
    call_command("sync_netsuite", verbosity=0)
    for number, (sku, name, price) in enumerate(ITEMS, start=2001):
        Product.objects.create(sku=sku, name=name, price=price, netsuite_id=str(number))
    SalesTax.objects.update_or_create(region="", defaults={"percent": 6})
    for block in blocks.HoldBlock.objects.all():
        block.managers_by_name.set(Employee.objects.filter(title__gt=""))
    cashier.first_name, cashier.last_name = "Priya", "Nolan"
    cashier.save()
    return sandbox


@pytest.fixture
def till(live_browser, cashier, shop) -> Page:
    """Till 3, signed in, with an empty order."""
    page = live_browser.page(cashier)
    page.set_viewport_size(TILL)
    open_till(page)
    return page


def open_till(page: Page) -> None:
    page.goto("/orders/new/")
    page.get_by_label("Name of the till").fill("Till 3")
    page.keyboard.press("Enter")
    page.get_by_label("Name, e-mail or phone").wait_for()


def pick(page: Page, typed: str, name: str) -> None:
    page.keyboard.press("F2")
    page.keyboard.type(typed)
    page.get_by_role("option", name=name).wait_for()
    page.keyboard.press("Enter")
    page.get_by_role("link", name=name).wait_for()


def scan(page: Page, *numbers: str) -> None:
    """As a scanner does: all at once, each with Enter."""
    lines = page.get_by_role("row")
    before = lines.count() or 1
    page.keyboard.press("F3")
    page.keyboard.type("".join(f"{number}\n" for number in numbers))
    expect(lines).to_have_count(before + len(numbers))


def authorise(page: Page, manager: str, pin: str) -> None:
    """From the order to the answer, on the keyboard."""
    page.keyboard.press("F8")
    page.get_by_role("radio", name=manager).check()
    page.keyboard.type(pin)
    page.keyboard.press("Enter")


def all_named(page: Page) -> list[str]:
    """The roles of which a control has no name for a screen reader."""
    named = re.compile(r"\S")
    return [
        role
        for role in CONTROLS
        if page.get_by_role(role).count() != page.get_by_role(role, name=named).count()  # type: ignore[arg-type]
    ]


def accessible(page: Page) -> list[str]:
    """What axe finds against WCAG 2.1 A and AA."""
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in Axe().run(page, options=WCAG).response["violations"]]


def hidden_fields(page: Page) -> dict[str, str]:
    """What the order form would send, for somebody who sends it past the disabled button."""
    names = ("csrfmiddlewaretoken", "order", "version")
    return {name: page.locator(f"form[action$='/tender/'] [name={name}]").input_value() for name in names}


def overflow(page: Page) -> int:
    return page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")


def test_a_customer_over_the_limit(live_browser, till, shop, api, cashier):
    live_browser.tolerate("403")
    live_browser.shot("till-empty", till)
    pick(till, "har", "Harbor Deli Supply")
    scan(till, *(sku for sku, _name, _price in ITEMS))
    till.get_by_label("Quantity of Olive oil, extra virgin, 5 L", exact=True).and_(till.get_by_role("textbox")).fill(
        "12"
    )
    till.keyboard.press("Enter")
    till.get_by_text("462.00").wait_for()
    expect(till.get_by_role("status").filter(has_text="On hold")).to_contain_text("Over the credit limit.")
    expect(till.get_by_role("button", name="Submit order")).to_be_disabled()
    live_browser.shot("till-on-hold", till)

    authorise(till, "Aisha Karim", WRONG)
    expect(till.get_by_role("alert")).to_have_text("Wrong PIN. 4 tries left, then locked for 15 minutes.")
    till.keyboard.type(WRONG)
    till.keyboard.press("Enter")
    expect(till.get_by_role("alert")).to_have_text("Wrong PIN. 3 tries left, then locked for 15 minutes.")
    live_browser.shot("till-pin-wrong", till)
    till.keyboard.type(PIN[:3])
    live_browser.shot("till-pin", till)
    till.keyboard.type(PIN[3:])
    till.keyboard.press("Enter")
    expect(till.locator("#leave")).to_contain_text("Aisha Karim allows this order once")
    live_browser.shot("till-allowed", till)
    secret = next(c["value"] for c in till.context.cookies() if c["name"] == "holdgate_grant").split(":")[1]

    till.keyboard.press("F10")
    till.get_by_role("heading", name="Submitted SO-").wait_for()
    live_browser.shot("till-submitted", till)
    drain()
    order = Order.objects.get()
    assert (order.push.status, order.netsuite_error) == ("applied", "")
    stored = shop.get("salesOrder", f"eid:{order.push.record_id}")
    assert (order.status, stored["entity"]["id"]) == ("submitted", order.customer.netsuite_id)
    assert [line["quantity"] for line in stored["item"]["items"]] == [12, 1, 1, 1]

    logged = [shop.get("customrecord_brm_pin_log", f"eid:{push.record_id}") for push in pin_log_pushes()]
    assert [entry["custrecord_brm_pin_outcome"] for entry in logged] == ["rejected", "rejected", "accepted", "used"]
    assert {entry["custrecord_brm_pin_terminal"] for entry in logged} == {"Till 3"}
    assert PIN not in str(logged)
    assert WRONG not in str(logged)

    till.keyboard.press("F2")
    till.get_by_label("Name, e-mail or phone").wait_for()
    pick(till, "har", "Harbor Deli Supply")
    scan(till, "OL-5000")
    second = Order.objects.get(status="draft")
    answer = api(cashier).post(f"/api/v1/orders/{second.pk}/submit/", {"override_grant": secret})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "grant_refused")
    assert Order.objects.get(pk=second.pk).status == "draft"


def pin_log_pushes() -> list[Push]:
    return list(Push.objects.filter(record_type="customrecord_brm_pin_log").order_by("pk"))


def test_a_service_hold_refuses_although_the_mode_is_off(live_browser, till, mike):
    blocks.HoldBlock.objects.update(mode="off")
    customer = Customer.objects.get(name="Northside Grocers")
    held(customer, mike, reason="Invoices past due")
    pick(till, "north", "Northside Grocers")
    scan(till, "OL-5000", "RC-2000")
    expect(till.get_by_role("status").filter(has_text="On hold")).to_contain_text("Held by accounts receivable.")
    expect(till.get_by_role("button", name="Submit order")).to_be_disabled()
    till.get_by_label("Paid now").check()
    till.get_by_text("Blocked: customer on hold by AR.").wait_for()
    live_browser.shot("till-service-hold", till)
    answer = till.request.post("/orders/new/submit/", form=hidden_fields(till))
    assert (answer.status, "Held by accounts receivable." in answer.text()) == (409, True)
    assert Order.objects.get().status == "draft"


def test_keys_alone(till):
    """No mouse from the empty form to the submitted order."""
    till.keyboard.type("5550178")
    till.get_by_role("option", name="Harbor Deli Supply").wait_for()
    till.keyboard.press("Enter")
    till.get_by_role("link", name="Harbor Deli Supply").wait_for()
    till.keyboard.type("rice")
    till.get_by_role("option", name="Basmati rice").wait_for()
    till.keyboard.press("Enter")
    till.get_by_role("button", name="Remove Basmati rice, 20 kg").wait_for()
    till.keyboard.press("F8")
    till.get_by_role("dialog", name="Manager PIN").wait_for()
    till.keyboard.press("Escape")
    expect(till.get_by_role("dialog")).to_have_count(0)
    till.keyboard.press("F8")
    expect(till.get_by_role("radio", name="Aisha Karim")).to_be_focused()
    till.keyboard.press("ArrowDown")
    expect(till.get_by_role("radio", name="Ben Osei")).to_be_checked()
    till.keyboard.type(PIN + "9")
    till.keyboard.press("Backspace")
    till.keyboard.press("Enter")
    expect(till.locator("#leave")).to_contain_text("Ben Osei allows this order once")
    expect(till.get_by_role("button", name="Submit order")).to_be_focused()
    till.keyboard.press("Enter")
    expect(till.get_by_role("link", name="New order")).to_be_focused()
    assert Order.objects.get().status == "submitted"


def test_the_pad_by_touch(till):
    pick(till, "har", "Harbor Deli Supply")
    scan(till, "OL-5000")
    till.get_by_role("link", name="Enter manager PIN").click()
    till.get_by_role("radio", name="Elena Voss").click()
    pad = till.get_by_role("textbox", name="PIN")
    for digit in PIN:
        till.get_by_role("button", name=digit, exact=True).click()
    expect(pad).to_have_accessible_name("PIN, 6 digits entered")
    till.get_by_role("button", name="Delete last digit").click()
    expect(pad.locator("i")).to_have_count(5)
    assert PIN not in till.content()
    till.get_by_role("button", name=PIN[-1], exact=True).click()
    till.get_by_role("button", name="OK, check the PIN").click()
    expect(till.locator("#leave")).to_contain_text("Elena Voss allows this order once")
    assert PinLog.objects.filter(outcome="accepted").count() == 1


def test_a_manager_approves_from_afar(till, mike):
    from holds.actions import overrides
    from holds.models import Override

    pick(till, "har", "Harbor Deli Supply")
    scan(till, "OL-5000")
    till.get_by_role("link", name="Ask a manager to approve").click()
    till.get_by_label("What should the manager know?").fill("Pays on Friday")
    till.get_by_role("button", name="Ask", exact=True).click()
    expect(till.locator("#leave")).to_contain_text("A manager sees it in the console.")
    till.locator("#it").fill("half ty")
    asked = Override.objects.get()
    overrides.decide(override=asked, grant=True, by=mike, reason="Known to pay", now=timezone.now())
    expect(till.locator("#leave")).to_contain_text("mike allows this order once")
    expect(till.locator("#it")).to_have_value("half ty")
    till.keyboard.press("F10")
    till.get_by_role("heading", name="Submitted SO-").wait_for()


def test_steppers_and_scans_are_all_counted(till):
    """Quick fingers and a scanner that does not wait."""
    pick(till, "fair", "Fair Harvest Co-op")
    scan(till, "OL-5000", "RC-2000")
    till.get_by_role("button", name="One more of Basmati rice, 20 kg").click(click_count=5, delay=20)
    expect(till.get_by_text("187.20")).to_be_visible()
    till.keyboard.press("F3")
    till.keyboard.type("OL-5000\nOX-9\nFL-2500\n")
    expect(till.locator("#it-error")).to_contain_text("No item found for “OX-9”.")
    till.locator("#it").fill("TM-0625")
    till.keyboard.press("Enter")
    expect(till.get_by_role("row")).to_have_count(5)
    found = {line.product.sku: line.quantity for line in Order.objects.get().lines.all()}
    assert found == {"OL-5000": 2, "RC-2000": 6, "TM-0625": 1, "FL-2500": 1}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everybody_can_use_it(live_browser, till, theme):
    """axe on the three pages and the pad, and a name on every control."""
    till.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    found = {"empty": accessible(till) + all_named(till)}
    pick(till, "har", "Harbor Deli Supply")
    scan(till, "OL-5000", "RC-2000")
    found["order"] = accessible(till) + all_named(till)
    till.keyboard.press("F8")
    till.get_by_role("dialog", name="Manager PIN").wait_for()
    found["pad"] = accessible(till) + all_named(till)
    till.keyboard.press("Escape")
    till.get_by_role("link", name="Ask a manager to approve").click()
    till.get_by_role("dialog", name="Ask a manager to approve").wait_for()
    found["question"] = accessible(till) + all_named(till)
    for name in ("catalog/", f"customers/{Customer.objects.get(name='Harbor Deli Supply').netsuite_id}/"):
        till.goto(f"/{name}")
        found[name] = accessible(till) + all_named(till)
    assert till.locator("html").evaluate("root => root.classList.contains('dark')") == (theme == "dark")
    assert {name: problems for name, problems in found.items() if problems} == {}


def test_on_a_phone(live_browser, cashier, shop):
    page = live_browser.phone(cashier)
    page.set_viewport_size(PHONE)
    open_till(page)
    widths = {"empty": overflow(page)}
    page.get_by_label("Name, e-mail or phone").fill("harbor d")
    page.get_by_role("option", name="Harbor Deli Supply").tap()
    page.get_by_role("link", name="Harbor Deli Supply").wait_for()
    scan(page, "OL-5000", "TM-0625")
    widths["order"] = overflow(page)
    live_browser.shot("till-phone", page)
    order = [
        page.get_by_role("heading", name=name, level=2).bounding_box()["y"] for name in ("Customer", "Order", "Payment")
    ]  # type: ignore[index]
    hold = page.get_by_text("Over the credit limit.").bounding_box()["y"]  # type: ignore[index]
    assert sorted([*order, hold]) == [order[0], hold, order[1], order[2]]
    page.get_by_role("link", name="Enter manager PIN").tap()
    page.get_by_role("radio", name="Aisha Karim").tap()
    expect(page.get_by_role("button", name="OK, check the PIN")).to_be_in_viewport()
    widths["pad"] = overflow(page)
    live_browser.shot("till-phone-pin", page)
    for address in ("/catalog/", f"/customers/{Customer.objects.get(name='Harbor Deli Supply').netsuite_id}/"):
        page.goto(address)
        widths[address] = overflow(page)
    assert set(widths.values()) == {0}
