"""Orders on hold: an owner, a release with scope and end, and the way back."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from customers.clock import business_today
from customers.models import Customer
from holds.actions import holds
from netsuite.errors import Refusal
from netsuite.machine import LostRace
from orders import tasks
from orders.actions import orders
from orders.models import Order, Release
from tests.conftest import user_in
from tests.factories.customers import EmployeeFactory
from tests.factories.holds import held, owing
from tests.factories.orders import draft, over_limit, parked, submitted
from workflows.access import NotAllowed
from workflows.models import AutoDecision

pytestmark = pytest.mark.django_db
MINE = "You took this order; somebody else has to release it."


def paid_up(customer: Any) -> None:
    Customer.objects.filter(pk=customer.pk).update(ar_balance=0)


def released(by: Any, mike: Any, **fields: Any) -> Order:
    return orders.release(order=parked(by), by=mike, reason="Cheque seen", **fields)


# --- hold ---------------------------------------------------------------------------------------------


def test_the_sales_rep_owns_an_order_on_hold(cashier):
    rep = EmployeeFactory(first_name="Dana", last_name="Whitfield")
    order = parked(cashier, customer=over_limit(sales_rep=rep))
    assert (order.status, order.owner, order.owner_name, order.held_by) == ("held", rep, "Dana Whitfield", "cashier")


@pytest.mark.parametrize("rep", [None, "gone"])
def test_without_a_rep_it_is_accounts_receivables(cashier, rep):
    employee = EmployeeFactory(is_inactive=True) if rep else None
    order = parked(cashier, customer=over_limit(sales_rep=employee))
    assert (order.owner, order.owner_name) == (None, "Accounts receivable")


def test_it_says_why_it_waits_and_keeps_the_verdict(cashier):
    order = parked(cashier)
    assert (order.notice, order.verdict["source"]) == ("Waits: Over the credit limit.", "formula")


def test_nothing_is_parked_that_could_go(cashier):
    with pytest.raises(Refusal) as refused:
        orders.hold(order=draft(cashier), by=cashier)
    assert refused.value.code == "not_on_hold"


def test_an_order_that_went_to_another_customer_is_not_parked_for_the_one_seen(cashier):
    order = draft(cashier, customer=over_limit())
    seen = Order.objects.get(pk=order.pk)
    orders.set_customer(order=order, customer=over_limit(), by=cashier)
    with pytest.raises(LostRace) as refused:
        orders.hold(order=seen, by=cashier)
    assert (refused.value.code, Order.objects.get().status) == ("stale_version", "draft")


def test_an_order_that_is_gone_is_not_parked(cashier):
    order = draft(cashier, customer=over_limit())
    Order.objects.all().delete()
    with pytest.raises(LostRace, match="The order is gone"):
        orders.hold(order=order, by=cashier)


def test_the_second_hold_is_told(cashier):
    order = parked(cashier)
    with pytest.raises(LostRace, match="is on hold already"):
        orders.hold(order=order, by=cashier)


def test_a_parked_order_does_not_change(cashier):
    with pytest.raises(orders.OrderClosed):
        orders.set_tender(order=parked(cashier), tender="paid_now", by=cashier)


# --- release ------------------------------------------------------------------------------------------


def test_a_released_order_goes_through_the_gate(cashier, mike):
    order = orders.submit(order=released(cashier, mike), by=cashier)
    assert (order.status, order.verdict["on_hold"], order.leave.by) == ("submitted", True, "mike")


def test_a_release_is_a_decision_and_so_is_going_through(cashier, mike):
    orders.submit(order=released(cashier, mike), by=cashier)
    kinds = list(AutoDecision.objects.order_by("pk").values_list("decision_type", "by"))
    assert kinds == [("order_released", "mike"), ("order_let_through", "cashier")]


def test_a_release_ends_on_its_day(cashier, mike, time_machine):
    order = released(cashier, mike, until=business_today())
    time_machine.move_to(timezone.now() + timedelta(days=1))
    with pytest.raises(orders.CustomerOnHold):
        orders.submit(order=order, by=cashier)


def test_a_release_holds_on_its_last_day(cashier, mike, time_machine):
    order = released(cashier, mike, until=business_today() + timedelta(days=1))
    time_machine.move_to(timezone.now() + timedelta(days=1))
    assert orders.submit(order=order, by=cashier).status == "submitted"


def test_a_release_that_was_ended_does_not_count(cashier, mike):
    order = released(cashier, mike)
    orders.end_release(release=order.releases.get(), by=mike, reason="Cheque bounced")
    with pytest.raises(orders.CustomerOnHold):
        orders.submit(order=order, by=cashier)


def test_a_release_ends_once(cashier, mike):
    release = released(cashier, mike).releases.get()
    orders.end_release(release=release, by=mike, reason="Cheque bounced")
    with pytest.raises(Refusal, match="ended already"):
        orders.end_release(release=release, by=mike, reason="Again")


def test_an_ended_order_can_be_parked_again(cashier, mike):
    order = released(cashier, mike)
    orders.end_release(release=order.releases.get(), by=mike, reason="Cheque bounced")
    assert orders.hold(order=order, by=cashier).status == "held"


def test_a_release_for_one_order_leaves_the_next_one_on_hold(cashier, mike):
    order = released(cashier, mike)
    with pytest.raises(orders.CustomerOnHold):
        orders.submit(order=draft(cashier, customer=order.customer), by=cashier)


def test_a_release_for_the_customer_lets_the_next_one_through(cashier, mike):
    order = released(cashier, mike, scope="customer")
    assert orders.submit(order=draft(cashier, customer=order.customer), by=cashier).leave == order.releases.get()


def test_a_release_for_the_customer_is_told_to_the_owners_of_the_others(cashier, mike):
    customer = over_limit()
    first, second = parked(cashier, customer=customer), parked(cashier, customer=customer)
    orders.release(order=first, by=mike, reason="Cheque seen", scope="customer")
    second.refresh_from_db()
    assert (second.status, second.notice.startswith("Released by mike until ")) == ("held", True)


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"reason": " "}, "reason_required"),
        ({"scope": "everybody"}, "invalid_scope"),
        ({"until": business_today() - timedelta(days=1)}, "invalid_date"),
        ({"until": business_today() + timedelta(days=91)}, "invalid_date"),
    ],
)
def test_an_odd_release_is_refused(cashier, mike, wish, code):
    with pytest.raises(Refusal) as refused:
        orders.release(order=parked(cashier), by=mike, **{"reason": "Cheque seen", **wish})
    assert (refused.value.code, Release.objects.count()) == (code, 0)


@pytest.mark.parametrize("who", ["cashier", "rep", "clerk"])
def test_the_wrong_role_may_not_release(request, who):
    order = parked(user_in("priya", "Cashier"))
    with pytest.raises(NotAllowed):
        orders.release(order=order, by=request.getfixturevalue(who), reason="Please")


def test_nobody_releases_their_own_order(mike):
    with pytest.raises(NotAllowed, match=MINE):
        orders.release(order=parked(mike), by=mike, reason="Cheque seen")


def test_a_lone_operator_does_and_it_is_recorded(mike, settings):
    settings.SOLO_OPERATOR = True
    orders.release(order=parked(mike), by=mike, reason="Cheque seen")
    assert AutoDecision.objects.get().solo


def test_the_second_release_is_told(cashier, mike):
    order = released(cashier, mike)
    with pytest.raises(LostRace, match="is released already"):
        orders.release(order=order, by=mike, reason="Again")


# --- service holds ------------------------------------------------------------------------------------


@pytest.fixture
def northside(mike, frozen_today):
    return held(owing("Northside Grocers", credit_limit=Decimal(100_000)), mike)


def test_a_release_against_a_service_hold_needs_the_right_to_lift(cashier, committee, northside):
    order = parked(cashier, customer=northside.customer)
    with pytest.raises(NotAllowed, match="service hold"):
        orders.release(order=order, by=committee, reason="Cheque seen")


def test_whoever_may_lift_releases_against_that_hold(cashier, mike, northside):
    order = orders.release(order=parked(cashier, customer=northside.customer), by=mike, reason="Cheque seen")
    assert order.releases.get().service_hold == northside
    assert orders.submit(order=order, by=cashier).status == "submitted"


def test_a_release_does_not_cover_a_later_service_hold(cashier, mike, frozen_today):
    customer = owing("Harbor Foods", credit_limit=Decimal(1000))
    order = orders.release(order=parked(cashier, customer=customer), by=mike, reason="Cheque seen")
    held(customer, mike)
    with pytest.raises(orders.CustomerOnHold) as refused:
        orders.submit(order=order, by=cashier)
    assert refused.value.verdict.source == "service_hold"


def test_it_does_not_cover_the_next_service_hold_either(cashier, mike, northside):
    customer = northside.customer
    order = orders.release(order=parked(cashier, customer=customer), by=mike, reason="Cheque seen", scope="customer")
    holds.lift(hold=northside, reason="Paid", by=mike)
    customer.refresh_from_db()
    held(customer, mike)
    with pytest.raises(orders.CustomerOnHold):
        orders.submit(order=order, by=cashier)


# --- take back and cancel -----------------------------------------------------------------------------


def test_taken_back_it_can_be_paid_now(cashier):
    order = orders.take_back(order=parked(cashier), by=cashier)
    assert (order.status, order.owner_name, order.held_at) == ("draft", "", None)
    orders.set_tender(order=order, tender="paid_now", by=cashier)
    assert orders.submit(order=order, by=cashier).status == "submitted"


def test_a_draft_is_not_taken_back(cashier):
    with pytest.raises(LostRace):
        orders.take_back(order=draft(cashier), by=cashier)


@pytest.mark.parametrize("make", [draft, parked])
def test_cancelled_with_a_reason(cashier, make):
    order = orders.cancel(order=make(cashier), by=cashier, reason="Changed their mind")
    assert (order.status, order.cancelled_by, order.cancel_reason) == ("cancelled", "cashier", "Changed their mind")


def test_cancelling_needs_a_reason(cashier):
    with pytest.raises(Refusal) as refused:
        orders.cancel(order=draft(cashier), by=cashier, reason=" ")
    assert refused.value.code == "reason_required"


def test_a_submitted_order_is_not_cancelled(cashier):
    with pytest.raises(LostRace, match="is submitted already"):
        orders.cancel(order=submitted(cashier), by=cashier, reason="Too late")


def test_a_cancelled_order_comes_back_as_a_new_draft_and_passes_the_gate_again(cashier):
    gone = orders.cancel(order=parked(cashier), by=cashier, reason="Changed their mind")
    again = orders.reopen(order=gone, by=cashier)
    assert (again.status, again.source, again.origin, again.total) == ("draft", "reopen", gone, gone.total)
    with pytest.raises(orders.CustomerOnHold):
        orders.submit(order=again, by=cashier)


def test_only_cancelled_orders_are_reopened(cashier):
    with pytest.raises(Refusal) as refused:
        orders.reopen(order=draft(cashier), by=cashier)
    assert refused.value.code == "not_cancelled"


def test_a_copy_passes_the_gate_again(cashier):
    order = submitted(cashier)
    Customer.objects.update(ar_balance=5000, credit_limit=1000, credit_limit_kind="amount")
    copy = orders.duplicate(order=order, by=cashier)
    with pytest.raises(orders.CustomerOnHold):
        orders.submit(order=copy, by=cashier)


# --- told, whatever happens ---------------------------------------------------------------------------


def test_a_lifted_hold_is_told_and_submits_nothing(cashier, mike, northside, django_capture_on_commit_callbacks):
    order = parked(cashier, customer=northside.customer)
    with django_capture_on_commit_callbacks(execute=True):
        holds.lift(hold=northside, reason="Paid", by=mike)
    order.refresh_from_db()
    words = "Northside Grocers is not on hold any more. Take the order back and submit it."
    assert (order.status, order.notice) == ("held", words)


def test_a_placed_hold_is_told_to_released_orders(cashier, mike, frozen_today, django_capture_on_commit_callbacks):
    customer = owing("Harbor Foods", credit_limit=Decimal(1000))
    order = orders.release(order=parked(cashier, customer=customer), by=mike, reason="Cheque seen")
    with django_capture_on_commit_callbacks(execute=True):
        held(customer, mike)
    order.refresh_from_db()
    assert (order.status, order.notice) == ("released", "Waits: Held by accounts receivable.")


def test_the_catch_up_tells_what_a_lost_signal_did_not(cashier):
    order = parked(cashier)
    paid_up(order.customer)
    assert tasks.catch_up() == {"told": 1, "taken_over": 0}
    order.refresh_from_db()
    assert order.notice.startswith("Harbor Deli is not on hold any more.")


def test_the_catch_up_changes_nothing_twice(cashier):
    order = parked(cashier)
    paid_up(order.customer)
    tasks.catch_up()
    assert tasks.catch_up() == {"told": 0, "taken_over": 0}
