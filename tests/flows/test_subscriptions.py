"""A subscription between Holdgate and NetSuite: held there by a checkbox, invoiced all the same, let go there."""

import pytest

from customers.clock import business_today
from customers.models import Customer
from customers.sync import sync
from netsuite import outbox
from netsuite.client import Client
from netsuite.models import Push
from netsuite.sandbox.process import SandboxProcess
from orders.actions import provisioning
from orders.models import Invoice
from tests.factories.subscriptions import subscribed

pytestmark = pytest.mark.django_db(transaction=True)
FIELD = "custentity_hold_provisioning"


@pytest.fixture
def account(sandbox: SandboxProcess, settings) -> SandboxProcess:
    """Harbor Deli, whose checkbox says nothing yet."""
    settings.NETSUITE_PROVISIONING_HOLD_FIELD = FIELD
    sandbox.load(customers=[{"id": 107, "entityid": "HD", "companyname": "Harbor Deli", "terms": 3}])
    read()
    return sandbox


def read() -> Customer:
    assert sync(client=Client.from_settings(), today=business_today()).ok
    return Customer.objects.get()


def tick(box: bool) -> Customer:
    Client.from_settings().patch("customer", "107", {FIELD: box})
    return read()


def test_the_checkbox_holds_provisioning_but_not_the_invoice_and_lets_it_go(account, mike):
    provisioning.enable_credit_hold(on=True, by=mike, reason="We provision what is paid")
    customer = tick(True)
    subscribed(mike, "manual", customer=customer, po_number="PO-7")
    assert (customer.credit_hold, provisioning.advance(by="runner").asked) == (True, 0)

    outbox.drain()
    invoice = Invoice.objects.get()
    there = account.get("invoice", f"eid:holdgate-{invoice.key}")
    assert (invoice.netsuite_id, invoice.netsuite_number) == (there["id"], there["tranId"])
    assert (there["total"], there["dueDate"], there["otherRefNum"]) == (50.0, invoice.due.isoformat(), "PO-7")

    assert tick(False).credit_hold is False
    assert provisioning.advance(by="runner").asked == 1


def test_an_invoice_is_made_once_however_often_it_is_sent(account, mike, settings):
    settings.PUSH_BACKOFF_SECONDS = [0, 0, 0]
    account.fault(drop_connection={"when": "after", "times": 1})
    subscribed(mike, "nothing", customer=Customer.objects.get())
    outbox.drain()
    outbox.drain()
    assert (account.counts()["txn"], Push.objects.exclude(status="applied").count()) == (1, 0)
