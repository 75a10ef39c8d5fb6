"""Subscribing by an order, and changing what was subscribed: amounts, order of changes, the gate, who may."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.models import Customer
from holds.models import ServiceHold
from netsuite.errors import Refusal
from netsuite.machine import LostRace
from netsuite.models import Push
from orders.actions import orders, subscriptions
from orders.actions.subscriptions import Item, Terms
from orders.gate import CustomerOnHold, NotReady
from orders.models import BillingContract, Invoice, LicenseChange, Order, ProviderAccount, Subscription
from tests.factories.customers import CustomerFactory, EmployeeFactory
from tests.factories.orders import ProductFactory, over_limit
from tests.factories.subscriptions import items, of, product, provider, states, subscribed, subscription
from workflows.access import NotAllowed
from workflows.models import AutoDecision

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 16)
WHY = "Asked by mail"


@pytest.fixture(autouse=True)
def _today(frozen_today):
    """Everything happens on one Monday."""


def counts() -> tuple[int, ...]:
    return tuple(
        model.objects.count() for model in (Order, BillingContract, Subscription, LicenseChange, Invoice, Push)
    )


def test_an_order_starts_contract_subscriptions_changes_account_and_invoice(mike):
    order = subscribed(mike, "automatic", "manual", "linked")
    contract = BillingContract.objects.get()
    first, _second, third = of(order)
    assert (contract.order, contract.number) == (order, order.number.replace("SO", "BC"))
    assert (contract.starts_on, contract.next_bill_on, contract.frequency) == (TODAY, date(2026, 4, 16), "monthly")
    assert [(s.quantity, s.price, s.provisioned_quantity) for s in of(order)] == [(5, Decimal(10), 0)] * 3
    assert (first.number, third.parent) == (order.number.replace("SO", "SUB") + "-1", first)
    assert list(LicenseChange.objects.values_list("kind", "sequence", "quantity_after")) == [("new", 1, 5)] * 3
    assert states() == ["awaiting"] * 3
    assert ProviderAccount.objects.get().push.label.startswith("Account of Harbor Deli")
    assert Invoice.objects.get().total == 150


def test_goods_beside_subscriptions_start_nothing(mike):
    order = orders.create(by=mike, customer=CustomerFactory())
    for each in (ProductFactory(), product("nothing")):
        orders.add_line(order=order, product=each, quantity=Decimal(2), by=mike)
    order.refresh_from_db()
    orders.submit(order=order, by=mike)
    assert [each.product.name for each in of(order)] == ["Nothing seats"]


def test_the_sales_order_has_the_goods_and_the_invoice_the_subscriptions(mike):
    order = orders.create(by=mike, customer=CustomerFactory())
    goods, seats = ProductFactory(), product("nothing")
    for each in (goods, seats):
        orders.add_line(order=order, product=each, quantity=Decimal(2), by=mike)
    order.refresh_from_db()
    push = orders.submit(order=order, by=mike).push
    assert [line["description"] for line in push.body["item"]["items"]] == [goods.name]
    assert [line.subscription.product for line in Invoice.objects.get().lines.all()] == [seats]
    assert subscribed(mike, "nothing").push is None


def test_an_order_of_goods_has_no_contract(cashier):
    from tests.factories.orders import submitted

    submitted(cashier)
    assert (BillingContract.objects.count(), Invoice.objects.count()) == (0, 0)


def test_the_price_is_after_the_discount(mike):
    item = Item(product("nothing", price="9.99"), 3, discount_percent=Decimal(10))
    order = subscriptions.subscribe(customer=CustomerFactory(), items=[item], by=mike)
    assert of(order)[0].price == Decimal("8.99")


def test_many_lines_take_no_more_queries_than_few(mike):
    def queries(lines: int) -> int:
        order = orders.create(by=mike, customer=CustomerFactory())
        for _ in range(lines):
            orders.add_line(order=order, product=product("manual"), by=mike, quantity=Decimal(1))
        order.refresh_from_db()
        mike.has_perm("orders.submit_order")
        connection.run_on_commit.clear()  # As if what went before were committed.
        with CaptureQueriesContext(connection) as captured:
            orders.submit(order=order, by=mike)
        return len(captured)

    few, many = queries(2), queries(9)
    assert many == few


def test_a_second_order_uses_the_account_that_is_there(mike):
    customer = CustomerFactory()
    for _ in range(2):
        subscribed(mike, "automatic", customer=customer)
    assert ProviderAccount.objects.count() == 1


def test_a_linked_one_follows_the_running_subscription(mike):
    customer = CustomerFactory()
    first = items("manual")
    parent = of(subscriptions.subscribe(customer=customer, items=first, by=mike))[0]
    linked = product("linked", follows=first[0].product)
    order = subscriptions.subscribe(customer=customer, items=[Item(linked, 5)], by=mike)
    assert of(order)[0].parent == parent


def test_named_before_its_parent_it_still_follows(mike):
    parent = product("manual")
    linked = product("linked", follows=parent)
    order = subscriptions.subscribe(customer=CustomerFactory(), items=[Item(linked, 1), Item(parent, 1)], by=mike)
    child, main = of(order)
    assert (child.parent, child.pk > main.pk) == (main, True)


def refused(by: Any, *wanted: Item, **fields: Any) -> str:
    """The code, after checking that nothing is left behind."""
    before = counts()
    with pytest.raises(Refusal) as refusal:
        subscriptions.subscribe(customer=CustomerFactory(), items=wanted, by=by, **fields)
    assert counts() == before
    return refusal.value.code


def test_what_cannot_start_is_refused_whole(mike):
    alone, lost = product("linked", follows=product("manual")), product("linked")
    yearly = ProductFactory(provider=provider("manual"), frequency="yearly")
    gone = ProductFactory(provider=provider("manual", slug="gone", is_active=False), frequency="monthly")
    good = Item(product("nothing"), 1)
    assert refused(mike, good, Item(alone, 1)) == "no_parent"
    assert refused(mike, Item(lost, 1)) == "no_parent"
    assert refused(mike, good, Item(yearly, 1)) == "frequencies_differ"
    assert refused(mike, Item(gone, 1)) == "provider_not_in_use"
    assert refused(mike, Item(ProductFactory(), 1)) == "not_a_subscription"
    assert refused(mike, good, terms=Terms(starts_on=TODAY - timedelta(days=1))) == "starts_in_the_past"
    assert refused(mike, good, terms=Terms(ends_on=TODAY - timedelta(days=1))) == "ends_before_start"


def test_two_that_follow_each_other_are_refused(mike):
    one, other = product("linked"), product("linked")
    one.follows, other.follows = other, one
    one.save()
    other.save()
    assert refused(mike, Item(one, 1), Item(other, 1)) == "no_parent"


def test_half_a_licence_is_refused_at_submit(mike):
    order = orders.create(by=mike, customer=CustomerFactory())
    line = orders.add_line(order=order, product=product("nothing"), quantity=Decimal(1), by=mike)
    type(line).objects.filter(pk=line.pk).update(quantity=Decimal("1.5"))
    order.refresh_from_db()
    with pytest.raises(NotReady) as refusal:
        orders.submit(order=order, by=mike)
    assert refusal.value.code == "whole_licences"


def test_the_order_gate_refuses_it_and_leaves_nothing(mike):
    with pytest.raises(CustomerOnHold):
        subscribed(mike, "manual", customer=over_limit())
    assert counts() == (0, 0, 0, 0, 0, 0)


def test_the_accounts_flag_refuses_no_order(mike):
    from tests.factories.subscriptions import held_account

    customer = held_account(mike, CustomerFactory())
    assert subscribed(mike, "manual", customer=customer).status == "submitted"


def test_a_copy_starts_subscriptions_of_its_own_when_it_is_submitted(mike):
    first = subscribed(mike, "nothing")
    copy = orders.duplicate(order=first, by=mike)
    assert Subscription.objects.count() == 1
    orders.submit(order=copy, by=mike)
    assert Subscription.objects.filter(order_line__order=copy).count() == 1


# --- changes -------------------------------------------------------------------------------------------


def test_more_licences_are_the_next_change(mike):
    mine = subscription(mike)
    change = subscriptions.change_quantity(subscription=mine, quantity=8, by=mike, reason=WHY)
    assert (change.kind, change.sequence, change.quantity_before, change.quantity_after) == ("quantity", 2, 5, 8)
    mine.refresh_from_db()
    assert (mine.quantity, mine.provisioned_quantity) == (8, 0)
    assert mine.history.first().history_change_reason == f"mike: {WHY}"
    decision = AutoDecision.objects.get(decision_type="subscription_quantity")
    assert (decision.by, decision.before["quantity"], decision.after["quantity"]) == ("mike", 5, 8)


def test_more_licences_ask_the_order_gate(mike):
    mine = subscription(mike)
    Customer.objects.update(ar_balance=5000, credit_limit=1000, credit_limit_kind="amount")
    with pytest.raises(CustomerOnHold) as refusal:
        subscriptions.change_quantity(subscription=mine, quantity=6, by=mike, reason=WHY)
    assert (refusal.value.status, refusal.value.extra["verdict"]["on_hold"]) == (409, True)
    assert subscriptions.change_quantity(subscription=mine, quantity=4, by=mike, reason=WHY).quantity_after == 4


def test_a_service_hold_refuses_more_and_takes_less(mike):
    mine = subscription(mike)
    Customer.objects.update(entitystatus="hold")
    with pytest.raises(CustomerOnHold):
        subscriptions.change_quantity(subscription=mine, quantity=6, by=mike, reason=WHY)
    subscriptions.cancel(subscription=mine, by=mike, reason=WHY)
    assert ServiceHold.objects.count() == 0


def test_a_price_change(mike):
    mine = subscription(mike)
    change = subscriptions.change_price(subscription=mine, price=Decimal("8.50"), by=mike, reason=WHY)
    assert (change.kind, change.price_before, change.price_after, change.quantity_after) == ("price", 10, 8.5, 5)


def test_a_cancellation_takes_what_follows_it_along(mike):
    parent, child = of(subscribed(mike, "manual", "linked"))
    on = TODAY + timedelta(days=10)
    subscriptions.cancel(subscription=parent, on=on, by=mike, reason=WHY)
    assert set(Subscription.objects.values_list("cancelled_on", "quantity")) == {(on, 0)}
    last = child.changes.order_by("sequence").last()
    assert (last.kind, last.effective_on, last.quantity_after) == ("cancel", on, 0)


def test_a_cancelled_one_changes_no_more(mike):
    mine = subscription(mike)
    subscriptions.cancel(subscription=mine, by=mike, reason=WHY)
    with pytest.raises(LostRace) as refusal:
        subscriptions.cancel(subscription=mine, by=mike, reason=WHY)
    assert (refusal.value.code, mine.changes.count()) == ("cancelled", 2)


def test_changes_take_effect_in_the_order_they_were_asked_for(mike):
    mine, later = subscription(mike), TODAY + timedelta(days=20)
    subscriptions.change_quantity(subscription=mine, quantity=8, effective_on=later, by=mike, reason=WHY)
    with pytest.raises(Refusal) as refusal:
        subscriptions.change_quantity(subscription=mine, quantity=9, by=mike, reason=WHY)
    assert (refusal.value.code, refusal.value.status) == ("before_earlier_change", 409)
    subscriptions.change_quantity(subscription=mine, quantity=9, effective_on=later, by=mike, reason=WHY)
    assert mine.changes.count() == 3


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"quantity": 5}, "nothing_to_change"),
        ({"quantity": 0}, "invalid_quantity"),
        ({"quantity": 10**9}, "invalid_quantity"),
        ({"quantity": 6, "effective_on": TODAY - timedelta(days=1)}, "in_the_past"),
        ({"quantity": 6, "reason": " "}, "reason_required"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused(mike, change, code):
    mine = subscription(mike)
    with pytest.raises(Refusal) as refusal:
        subscriptions.change_quantity(subscription=mine, by=mike, **{"reason": WHY, **change})
    assert (refusal.value.code, mine.changes.count()) == (code, 1)


@pytest.mark.parametrize("price", ["-1", "NaN", "8.505", "99999999"])
def test_a_price_that_makes_no_sense_is_refused(mike, price):
    with pytest.raises(Refusal) as refusal:
        subscriptions.change_price(subscription=subscription(mike), price=Decimal(price), by=mike, reason=WHY)
    assert refusal.value.code == "invalid_price"


def test_the_wrong_role_may_not(mike, cashier, committee):
    mine = subscription(mike)
    with pytest.raises(NotAllowed):
        subscriptions.subscribe(customer=CustomerFactory(), items=items("nothing"), by=cashier)
    for verb, what in (("change_quantity", {"quantity": 9}), ("change_price", {"price": Decimal(9)}), ("cancel", {})):
        with pytest.raises(NotAllowed):
            getattr(subscriptions, verb)(subscription=mine, by=committee, reason=WHY, **what)


def test_a_rep_changes_only_their_own_customers(mike, rep):
    mine = subscription(mike, customer=CustomerFactory(sales_rep=EmployeeFactory(user=rep)))
    other = subscription(mike)
    assert subscriptions.change_quantity(subscription=mine, quantity=6, by=rep, reason=WHY).requested_by == "rep"
    with pytest.raises(Refusal) as refusal:
        subscriptions.change_quantity(subscription=other, quantity=6, by=rep, reason=WHY)
    assert refusal.value.status == 404


def test_a_contract_that_ends_ends_its_subscriptions(mike, time_machine):
    mine = subscription(mike, terms=Terms(ends_on=TODAY + timedelta(days=9), renewal="expires"))
    time_machine.move_to(f"{TODAY + timedelta(days=9)}T14:00Z")
    assert subscriptions.end_expired(today=TODAY + timedelta(days=9), by="schedule:billing") == 0
    time_machine.move_to(f"{TODAY + timedelta(days=10)}T14:00Z")
    ends = [subscriptions.end_expired(today=TODAY + timedelta(days=10), by="schedule:billing") for _ in range(2)]
    mine.refresh_from_db()
    assert (ends, mine.cancelled_on) == ([1, 0], TODAY + timedelta(days=10))
