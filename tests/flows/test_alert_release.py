"""An order released from an alert, on its way to NetSuite and back in the mirror."""

from datetime import timedelta
from typing import Any

import pytest

from anomalies import group
from anomalies.actions import staging
from anomalies.actions.evaluation import evaluate
from anomalies.actions.snapshots import take
from anomalies.grounds import of_alert
from anomalies.models import Alert, AlertRule
from customers.clock import business_today
from customers.models import Transaction
from customers.sync import sync
from netsuite import outbox
from netsuite.client import Client
from netsuite.sandbox.process import SandboxProcess
from tests.factories.alerts import early_after
from workflows.actions import proposals
from workflows.models import ProposedAction

pytestmark = pytest.mark.django_db(transaction=True)
OVER = {"id": 108, "entityid": "NG", "companyname": "Northside Grocers", "terms": 2, "creditlimit": 1000}
ORDER = {"id": 9002, "type": "SalesOrd", "tranid": "SO-49102", "entity": 108, "foreigntotal": 14000, "status": "A"}


@pytest.fixture
def alert(sandbox: SandboxProcess) -> Alert:
    """SO-49102 over 14,000 waits for approval; its customer is over the limit of 1,000."""
    yesterday = business_today() - timedelta(days=1)
    sandbox.load(customers=[OVER], transactions=[{**ORDER, "trandate": yesterday.isoformat()}])
    assert sync(client=Client.from_settings(), today=business_today()).ok
    AlertRule.objects.exclude(slug="large-order-on-hold").update(enabled=False)
    take(day=yesterday, now=early_after(yesterday))
    [alert] = evaluate(day=yesterday, now=early_after(yesterday))
    return alert


def released(alert: Alert, mike: Any, committee: Any) -> ProposedAction:
    [order] = group.orders_of(alert)
    proposal = staging.release_order(ground=of_alert(alert), order=order["id"], by=mike, reason="Paid by wire")
    return proposals.approve(proposal=proposal, version=1, by=committee, reason="Seen")


def test_netsuite_gets_pending_fulfillment(sandbox, alert, mike, committee):
    proposal = released(alert, mike, committee)
    outbox.drain()
    there = sandbox.get("salesOrder", 9002)
    assert there is not None
    assert there["orderStatus"] == {"id": "B", "refName": "Pending Fulfillment"}
    assert (ProposedAction.objects.get(pk=proposal.pk).status, Transaction.objects.get().status) == ("applied", "B")
    assert group.still_blocked(group.orders_of(alert)) == set()


def test_what_somebody_did_in_netsuite_meanwhile_is_not_overwritten(sandbox, alert, mike, committee):
    proposal = released(alert, mike, committee)
    sandbox.load(transactions=[{"id": 9002, "type": "SalesOrd", "entity": 108, "status": "C"}])
    outbox.drain()
    assert ProposedAction.objects.get(pk=proposal.pk).status == "failed"
    there = sandbox.get("salesOrder", 9002)
    assert there is not None
    assert there["orderStatus"]["id"] == "C"
