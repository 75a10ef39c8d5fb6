"""Submitting: through the one gate, once, with what decided it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.models import Customer
from holds import blocks
from netsuite.machine import LostRace
from netsuite.models import Push
from orders.actions import orders
from orders.models import Order
from tests.factories.holds import held
from tests.factories.orders import draft, over_limit
from workflows.access import NotAllowed
from workflows.models import AutoDecision

pytestmark = pytest.mark.django_db


def test_an_order_goes_through(cashier):
    order = orders.submit(order=draft(cashier), by=cashier)
    assert (order.status, order.submitted_by, order.verdict["on_hold"]) == ("submitted", "cashier", False)


def test_it_is_queued_for_netsuite(cashier):
    order = draft(cashier, po_number="PO-7", memo="Back door")
    push = orders.submit(order=order, by=cashier).push
    line = order.lines.get()
    assert (push.record_type, push.record_id, push.operation) == ("salesOrder", f"holdgate-{order.key}", "upsert")
    assert push.body["entity"] == {"id": order.customer.netsuite_id}
    assert (push.body["otherRefNum"], push.body["memo"]) == ("PO-7", f"Holdgate {order.number}; on account; Back door")
    assert push.body["item"]["items"] == [
        {
            "item": {"id": line.product.netsuite_id},
            "description": line.product.name,
            "quantity": 2.0,
            "rate": 38.5,
            "amount": 77.0,
        }
    ]


def test_paid_now_goes_without_terms(cashier):
    push = orders.submit(order=draft(cashier, tender="paid_now"), by=cashier).push
    assert push.body.get("terms", "left out") is None


def test_on_account_leaves_the_terms_to_netsuite(cashier):
    assert "terms" not in orders.submit(order=draft(cashier), by=cashier).push.body


def test_a_customer_over_the_limit_is_refused(cashier):
    order = draft(cashier, customer=over_limit())
    with pytest.raises(orders.CustomerOnHold) as refused:
        orders.submit(order=order, by=cashier)
    said = refused.value.extra["verdict"]
    assert (refused.value.status, refused.value.code, said["source"]) == (409, "customer_on_hold", "formula")
    assert (Order.objects.get().status, Push.objects.count()) == ("draft", 0)


def test_the_cashier_sees_no_figures(cashier):
    with pytest.raises(orders.CustomerOnHold) as refused:
        orders.submit(order=draft(cashier, customer=over_limit()), by=cashier)
    assert refused.value.extra["verdict"]["inputs"] == {}


def test_accounts_receivable_sees_the_figures(mike):
    with pytest.raises(orders.CustomerOnHold) as refused:
        orders.submit(order=draft(mike, customer=over_limit()), by=mike)
    assert refused.value.extra["verdict"]["inputs"]["record"]["balance"] == 5000


def test_paid_now_passes_a_hold_on_account_orders(cashier):
    order = draft(cashier, customer=over_limit(), tender="paid_now")
    assert orders.submit(order=order, by=cashier).status == "submitted"


def test_a_service_hold_refuses_paid_now_too(cashier, mike, frozen_today):
    from tests.factories.holds import owing

    customer = held(owing(), mike).customer
    with pytest.raises(orders.CustomerOnHold) as refused:
        orders.submit(order=draft(cashier, customer=customer, tender="paid_now"), by=cashier)
    assert refused.value.verdict.source == "service_hold"


def test_the_customer_is_read_afresh(cashier):
    order = draft(cashier)
    Customer.objects.filter(pk=order.customer_id).update(entitystatus="hold")
    with pytest.raises(orders.CustomerOnHold):
        orders.submit(order=order, by=cashier)


def test_the_verdict_stays_with_the_order_and_recomputes(cashier):
    order = orders.submit(order=draft(cashier), by=cashier)
    order.refresh_from_db()
    again = blocks.stored(blocks.recompute(order.verdict))
    assert (again, order.formula) == (order.verdict, blocks.of_page("order").formula)


def test_the_second_click_says_who_and_when(cashier, mike):
    order = draft(cashier)
    orders.submit(order=order, by=cashier)
    with pytest.raises(orders.AlreadySubmitted) as refused:
        orders.submit(order=order, by=mike)
    assert refused.value.detail.startswith(f"{order} was submitted by cashier, ")
    assert (refused.value.status, Push.objects.count()) == (409, 1)


def test_a_stale_page_does_not_submit(cashier):
    order = draft(cashier)
    stale = Order.objects.get(pk=order.pk)
    orders.set_tender(order=order, tender="paid_now", by=cashier)
    with pytest.raises(LostRace) as refused:
        orders.submit(order=stale, by=cashier)
    assert (refused.value.code, Order.objects.get().status) == ("stale_version", "draft")


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda order: order.lines.all().delete(), "no_lines"),
        (lambda order: Customer.objects.update(is_inactive=True), "customer_inactive"),
        (lambda order: type(order.lines.get().product).objects.update(is_active=False), "product_not_sold"),
    ],
)
def test_an_incomplete_order_is_refused(cashier, spoil, code):
    order = draft(cashier)
    spoil(order)
    with pytest.raises(orders.NotReady) as refused:
        orders.submit(order=order, by=cashier)
    assert refused.value.code == code


def test_an_order_without_customer_is_refused(cashier):
    with pytest.raises(orders.NotReady) as refused:
        orders.submit(order=orders.create(by=cashier), by=cashier)
    assert refused.value.code == "no_customer"


@pytest.mark.parametrize("state", ["held", "cancelled"])
def test_a_closed_order_is_refused(cashier, state):
    order = draft(cashier, customer=over_limit())
    order = orders.hold(order=order, by=cashier)
    if state == "cancelled":
        order = orders.cancel(order=order, by=cashier, reason="Gone elsewhere")
    with pytest.raises(LostRace):
        orders.submit(order=order, by=cashier)


def test_the_wrong_role_may_not_submit(cashier, clerk):
    with pytest.raises(NotAllowed):
        orders.submit(order=draft(cashier), by=clerk)


def test_a_plain_order_is_no_decision(cashier):
    orders.submit(order=draft(cashier), by=cashier)
    assert AutoDecision.objects.count() == 0


def test_submitting_takes_few_queries(cashier, django_capture_on_commit_callbacks):
    """Statements that read or write, of the action and of what follows its commit; rights are read once a request."""
    order = draft(cashier)
    cashier.has_perm("orders.submit_order")
    with CaptureQueriesContext(connection) as captured, django_capture_on_commit_callbacks(execute=True):
        orders.submit(order=order, by=cashier)
    said = [q["sql"] for q in captured if not q["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))]
    assert len(said) <= 12, "\n".join(said)
