"""The main job as Mike does it in the console, against a real NetSuite sandbox and a real mail server."""

from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone

from customers.models import Customer
from netsuite.outbox import drain
from tests.flows.conftest import sandbox, smtp  # noqa: F401  the same neighbours as in the flows
from workflows import tasks
from workflows.actions import emails

pytestmark = pytest.mark.django_db(transaction=True)

REASON = "94 days late, no answer to two calls"


OTHERS = (
    ("Harborline Distributors", "A", 118, 214_906),
    ("Summit Food Service", "B", 71, 41_870),
    ("Redwood Café Group", "C", 63, 27_940),
    ("Bluewater Marine", "C", 66, 12_480),
    ("Lakeview Hardware", "B", 38, 64_115),
    ("Eastgate Pharmacy", "C", -12, 23_400),
)


@pytest.fixture
def northside(sandbox) -> str:  # noqa: F811
    """Northside Grocers in NetSuite: three overdue invoices, a paid past, an open order, a rep; and six others."""
    today = timezone.localdate()

    def ago(days: int) -> str:
        return (today - timedelta(days=days)).isoformat()

    def customer(externalid: str, name: str, tier: str) -> dict[str, object]:
        return {
            "externalid": externalid, "entityid": f"C-{externalid}", "companyname": name,
            "email": f"ap@{externalid}.example", "salesrep_externalid": "dana", "creditlimit": 60000,
            "custentity_region": "East Coast", "custentity_tier": tier,
        }  # fmt: skip

    def invoice(
        number: int, issued: int, amount: float, paid_after: int = 0, owner: str = "northsidegrocers"
    ) -> dict[str, object]:
        paid = {"foreignamountpaid": amount, "closedate": ago(issued - paid_after)} if paid_after else {}
        return {
            "externalid": f"inv-{number}", "type": "CustInvc", "tranid": f"INV-{number}", "trandate": ago(issued),
            "duedate": ago(issued - 30), "entity_externalid": owner, "foreigntotal": amount, **paid,
        }  # fmt: skip

    sandbox.load(
        employees=[{"externalid": "dana", "entityid": "Dana Whitfield", "firstname": "Dana", "lastname": "Whitfield",
                    "email": "dana@keystone.example", "issalesrep": True}],
        customers=[
            customer("northsidegrocers", "Northside Grocers", "B"),
            *(customer(f"other-{n}", name, tier) for n, (name, tier, _late, _owed) in enumerate(OTHERS)),
        ],
        transactions=[
            invoice(20418, 124, 14820), invoice(20466, 110, 9612.40), invoice(20533, 90, 18240),
            invoice(20745, 20, 5250),
            *(invoice(20000 + n, 150 + 25 * n, 4000 + 150 * n, paid_after=34 + n) for n in range(10)),
            *(invoice(30000 + n, 30 + late, owed, owner=f"other-{n}") for n, (_, _, late, owed) in enumerate(OTHERS)),
            {"externalid": "so-61022", "type": "SalesOrd", "tranid": "SO-61022", "trandate": ago(3), "status": "B",
             "entity_externalid": "northsidegrocers", "foreigntotal": 12400},
        ],
    )  # fmt: skip
    call_command("sync_netsuite", verbosity=0)
    return Customer.objects.get(name="Northside Grocers").netsuite_id


def hold_field(sandbox, netsuite_id: str) -> str:  # noqa: F811
    return sandbox.get("customer", netsuite_id)["creditHoldOverride"]["id"]


def test_from_the_tick_to_the_mail_and_back(live_browser, mike, sandbox, smtp, northside):  # noqa: F811
    call_command("aging_tick", verbosity=0)
    tasks.canary()
    page = live_browser.page(mike)

    page.goto("/admin/")
    page.get_by_role("heading", name="Waiting for you").wait_for()
    live_browser.shot("home", page)
    page.get_by_role("link", name="Northside Grocers").first.click()
    page.get_by_role("heading", name="Hold Northside Grocers?").wait_for()
    live_browser.shot("proposal", page)

    page.get_by_label("Reason (required").fill(REASON)
    page.get_by_role("button", name="Approve hold…").first.click()
    live_browser.shot("proposal-dialog", page)
    page.locator("dialog[open]").get_by_role("button", name="Approve hold").click()
    page.get_by_role("heading", name="Northside Grocers is on hold").wait_for()
    assert Customer.objects.get(netsuite_id=northside).entitystatus == "hold"

    drain()
    page.get_by_text("Done and read back from NetSuite.").wait_for()
    live_browser.shot("proposal-approved", page)
    assert hold_field(sandbox, northside) == "ON"

    page.get_by_role("link", name="Polish customer notice").click()
    body = page.get_by_label("Body")
    body.fill(body.input_value().replace("Dear customer,", "Hello Maria,"))
    live_browser.shot("mail", page)
    page.get_by_role("button", name="Approve and send").first.click()
    page.get_by_role("button", name="Undo").wait_for()
    live_browser.shot("mail-approved", page)
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Approve and send").first.click()
    page.get_by_role("button", name="Undo").wait_for()
    assert emails.send_due(now=timezone.now())["sent"] == 0
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        assert emails.send_due(now=timezone.now())["sent"] == 1
    assert [mail.recipients for mail in smtp.received] == [("ap@northsidegrocers.example",)]
    assert "INV-20418" in smtp.received[0].message.get_content()

    page.goto("/admin/holds/servicehold/")
    page.get_by_role("link", name="Northside Grocers").first.click()
    page.get_by_role("link", name="Lift hold…").first.click()
    page.get_by_label("Why may Northside Grocers order again?").fill("Paid in full by wire")
    page.get_by_role("button", name="Lift hold").click()
    drain()
    assert hold_field(sandbox, northside) == "AUTO"
    assert Customer.objects.get(netsuite_id=northside).entitystatus == ""
    page.goto(f"/admin/customers/customer/{Customer.objects.get(netsuite_id=northside).pk}/change/")
    live_browser.shot("customer", page)
    call_command("verify_invariants", sandbox_log=sandbox.log_path, verbosity=0)
