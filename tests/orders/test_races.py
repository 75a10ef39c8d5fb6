"""Two at the same moment: one order, one grant, one push; a hold in between is seen or came later."""

from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from customers.models import Customer
from holds.actions import overrides
from holds.models import Override
from netsuite.errors import Refusal
from netsuite.models import Push
from orders.actions import orders
from orders.models import Order
from tests.conftest import user_in
from tests.factories.holds import owing, proposed
from tests.factories.orders import draft, over_limit, parked
from tests.flows.crowd import crowd
from workflows.actions import proposals

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 6


def granted(order: Order, cashier: Any, mike: Any) -> str:
    """A manager's leave for this order."""
    from holds import blocks
    from orders.carts import cart_of

    now = timezone.now()
    override = overrides.ask(cart=cart_of(order, cashier=cashier, block=blocks.of_page("order")), note="", now=now)
    overrides.decide(override=override, grant=True, by=mike, now=now)
    return overrides.collect(override=override, cashier=cashier, now=now).secret


def codes(answers: list[Any]) -> list[str]:
    return sorted(answer.code if isinstance(answer, Refusal) else answer.status for answer in answers)


def test_of_many_clicks_one_submits(cashier):
    order = draft(cashier)
    answers = crowd(MANY, lambda _: orders.submit(order=Order.objects.get(pk=order.pk), by=cashier))
    assert codes(answers) == ["already_submitted"] * (MANY - 1) + ["submitted"]
    assert Push.objects.count() == 1


def test_one_grant_goes_through_once(cashier, mike):
    order = draft(cashier, customer=over_limit())
    secret = granted(order, cashier, mike)
    answers = crowd(MANY, lambda _: orders.submit(order=Order.objects.get(pk=order.pk), by=cashier, grant=secret))
    assert codes(answers) == ["already_submitted"] * (MANY - 1) + ["submitted"]
    pushed = Push.objects.filter(record_type="salesOrder").count()
    assert (pushed, Override.objects.get().status) == (1, "used")


def test_one_grant_is_for_one_of_two_orders(cashier, mike):
    customer = over_limit()
    both = [draft(cashier, customer=customer) for _ in range(2)]
    secret = granted(both[0], cashier, mike)
    answers = crowd(2, lambda n: orders.submit(order=both[n], by=cashier, grant=secret))
    assert [answers[0].status, answers[1].code] == ["submitted", "grant_refused"]


def test_a_line_added_meanwhile_is_not_submitted_unseen(cashier):
    order = draft(cashier)
    line, seen = order.lines.get(), Order.objects.get(pk=order.pk)

    def work(number: int) -> Any:
        if number:
            return orders.change_line(line=line, quantity=Decimal(9), by=cashier)
        return orders.submit(order=seen, by=cashier)

    crowd(2, work)
    order.refresh_from_db()
    pushed = [push.body["item"]["items"][0]["quantity"] for push in Push.objects.all()]
    assert (order.status, pushed) in [("submitted", [2.0]), ("draft", [])]


def test_of_two_releases_one_counts(cashier, mike):
    order, other = parked(cashier), user_in("anna", "AR manager")
    answers = crowd(2, lambda n: orders.release(order=order, by=(mike, other)[n], reason="Cheque seen"))
    assert codes(answers) == ["lost_race", "released"]
    assert order.releases.count() == 1


def test_a_hold_comes_before_or_after_an_order_never_between(cashier, mike):
    """Whoever wins: a submitted order was judged without the hold, a refused one with it."""
    customer = owing(credit_limit=100_000)
    proposal, order = proposed(customer), draft(cashier, customer=customer)

    def work(number: int) -> Any:
        if number:
            return proposals.approve(proposal=proposal, version=proposal.version, by=mike, reason="Late")
        return orders.submit(order=order, by=cashier)

    submitted, _approved = crowd(2, work)
    order.refresh_from_db()
    assert Customer.objects.get(pk=customer.pk).entitystatus == "hold"
    if isinstance(submitted, Refusal):
        assert (submitted.code, order.status) == ("customer_on_hold", "draft")
    else:
        assert (order.status, order.verdict["on_hold"]) == ("submitted", False)
