"""An order on its way into NetSuite: taken, refused, let through, and back in the mirror."""

from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from customers.clock import business_today
from customers.models import Customer, Transaction
from customers.sync import sync
from netsuite import outbox
from netsuite.client import Client
from netsuite.models import Push
from netsuite.sandbox.process import SandboxProcess
from orders import tasks
from orders.actions import orders
from orders.models import Order
from tests.conftest import user_in
from tests.factories.orders import ProductFactory

pytestmark = pytest.mark.django_db(transaction=True)
ON_CREDIT_HOLD = (
    "Error while accessing a resource. This transaction cannot be saved "
    "because the customer is on credit hold or has exceeded its credit limit."
)
HARBOR = {"id": 107, "entityid": "HD", "companyname": "Harbor Deli", "terms": 2, "creditlimit": 5000}
OVER = {"id": 108, "entityid": "NG", "companyname": "Northside Grocers", "terms": 2, "creditlimit": 1000}


@pytest.fixture
def account(sandbox: SandboxProcess) -> SandboxProcess:
    """Harbor Deli owes nothing; Northside Grocers owes 4,000 with a limit of 1,000."""
    invoice = {"id": 9001, "type": "CustInvc", "tranid": "INV1", "entity": 108, "foreigntotal": 4000, "status": "A"}
    today = business_today().isoformat()
    sandbox.load(customers=[HARBOR, OVER], transactions=[{**invoice, "trandate": today, "duedate": today}])
    read()
    return sandbox


def read() -> None:
    assert sync(client=Client.from_settings(), today=business_today()).ok


def take(by: Any, number: str, **fields: Any) -> Order:
    order = orders.create(by=by, customer=Customer.objects.get(netsuite_id=number), po_number="PO-7", **fields)
    orders.add_line(order=order, product=ProductFactory(), quantity=Decimal(12), by=by)
    tomatoes = ProductFactory(price=Decimal("27.90"))
    orders.add_line(order=order, product=tomatoes, quantity=Decimal(8), discount_percent=Decimal(5), by=by)
    return order


def sent(order: Order) -> Order:
    outbox.drain()
    order.refresh_from_db()
    return order


def test_an_order_arrives_and_comes_back_with_its_number(account, cashier):
    order = sent(orders.submit(order=take(cashier, "107"), by=cashier))
    there = account.get("salesOrder", f"eid:holdgate-{order.key}")
    assert there is not None
    assert (there["id"], there["tranId"]) == (order.netsuite_id, order.netsuite_number)
    assert (there["entity"]["id"], there["total"], there["otherRefNum"]) == ("107", 674.04, "PO-7")


def test_it_stands_in_suiteql_with_its_lines_and_counts_as_unbilled(account, cashier):
    order = sent(orders.submit(order=take(cashier, "107"), by=cashier))
    client = Client.from_settings()
    lines = "SELECT quantity, rate, netamount FROM transactionline WHERE transaction = ? AND mainline = 'F' ORDER BY id"
    unbilled = "SELECT unbilledorderssearch FROM customer WHERE id = 107"
    found = [tuple(map(float, (row["quantity"], row["rate"], row["netamount"]))) for row in rows(client, lines, order)]
    assert found == [(-12.0, 38.5, -462.0), (-8.0, 26.505, -212.04)]
    assert float(client.suiteql_page(unbilled)["items"][0]["unbilledorderssearch"]) == 674.04


def rows(client: Client, q: str, order: Order) -> list[dict[str, Any]]:
    return client.suiteql_page(q, [int(order.netsuite_id)])["items"]


def test_the_next_sync_counts_it_as_an_open_order(account, cashier):
    order = sent(orders.submit(order=take(cashier, "107"), by=cashier))
    read()
    mirrored = Transaction.objects.get(netsuite_id=order.netsuite_id)
    customer = Customer.objects.get(netsuite_id="107")
    assert (mirrored.tranid, mirrored.po_number) == (order.netsuite_number, "PO-7")
    assert customer.open_orders_total == Decimal("674.04")


def test_a_lost_answer_makes_no_second_order(account, cashier):
    order = orders.submit(order=take(cashier, "107"), by=cashier)
    account.fault(server_error={"when": "after", "times": 1})
    outbox.drain()
    account.clear_faults()
    Push.objects.update(next_attempt_at=None)
    assert sent(order).netsuite_id
    made = "SELECT COUNT(*) AS n FROM transaction WHERE type = 'SalesOrd'"
    assert Client.from_settings().suiteql_page(made)["items"][0]["n"] == "1"


def test_netsuite_refuses_a_held_customer_and_a_person_reads_why(account, cashier, mike):
    order = orders.hold(order=take(cashier, "108"), by=cashier)
    order = orders.release(order=order, by=mike, reason="Cheque seen")
    order = sent(orders.submit(order=order, by=cashier))
    assert (order.netsuite_id, order.netsuite_error) == ("", ON_CREDIT_HOLD)


def test_put_right_in_netsuite_it_goes_through_on_retry(account, cashier, mike):
    order = orders.hold(order=take(cashier, "108"), by=cashier)
    order = sent(orders.submit(order=orders.release(order=order, by=mike, reason="Cheque seen"), by=cashier))
    account.load(customers=[{"id": 108, "creditholdoverride": "OFF"}])
    outbox.retry(push_ids=[order.push.pk], by="mike")
    order = sent(order)
    assert (bool(order.netsuite_number), order.netsuite_error) == (True, "")


def test_paid_now_is_no_matter_of_credit(account, cashier):
    order = sent(orders.submit(order=take(cashier, "108", tender="paid_now"), by=cashier))
    there = account.get("salesOrder", f"eid:holdgate-{order.key}")
    assert there is not None
    assert "terms" not in there


def test_an_imported_file_arrives(account, tmp_path):
    user_in("integrator", "Integrator")
    ProductFactory(sku="OL-5000")
    file = tmp_path / "orders.csv"
    file.write_text("order,customer,item,quantity\nA1,107,OL-5000,2\nA2,108,OL-5000,1\n")
    call_command("import_orders", str(file), "--user", "integrator", stdout=StringIO())
    outbox.drain()
    tasks.catch_up()
    states = {order.customer.netsuite_id: (order.status, bool(order.netsuite_number)) for order in Order.objects.all()}
    assert states == {"107": ("submitted", True), "108": ("held", False)}
