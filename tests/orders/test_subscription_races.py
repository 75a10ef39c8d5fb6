"""Several at the same moment: each change is asked for once, each period billed once, a hold is seen or came later."""

from typing import Any

import pytest

from netsuite.errors import Refusal
from netsuite.models import Push
from orders.actions import billing, provisioning, subscriptions
from orders.models import BillingContract, Invoice, LicenseChange, ProvisioningNotice, Subscription
from tests.factories.customers import CustomerFactory
from tests.factories.subscriptions import held_account, of, open_accounts, states, subscribed
from tests.flows.crowd import crowd

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 4


def test_of_many_runs_each_change_is_carried_out_once(mike):
    customer = held_account(mike, CustomerFactory())
    subscribed(mike, *["automatic", "manual", "nothing"] * 4, customer=customer)
    open_accounts()
    provisioning.set_account_hold(customer=customer, credit_hold=False, by=mike, reason="Paid")
    runs = crowd(MANY, lambda n: provisioning.advance(by=f"runner {n}", customer=customer))
    assert [sum(each.asked for each in runs), sum(each.skipped for each in runs)] == [8, 4]
    pushed = Push.objects.filter(channel="provider:automatic", key__startswith="subscription:")
    assert (pushed.count(), ProvisioningNotice.objects.count()) == (4, 4)
    assert states().count("not_applicable") == 4


def test_a_hold_comes_before_or_after_a_run_never_between(mike):
    """Whoever wins: after the hold nothing more is asked for."""
    provisioning.enable_credit_hold(on=True, by=mike, reason="We provision what is paid")
    order = subscribed(mike, "manual")

    def work(number: int) -> Any:
        if number:
            return provisioning.set_account_hold(customer=order.customer, credit_hold=True, by=mike, reason="Late")
        return provisioning.advance(by="runner")

    ran, _held = crowd(2, work)
    asked = LicenseChange.objects.exclude(asked_at=None).count()
    assert (ran.asked, ProvisioningNotice.objects.count()) == (asked, asked)
    assert provisioning.advance(by="runner").asked == 0


def test_of_many_billings_one_makes_the_invoice(mike):
    subscribed(mike, "nothing")
    due = BillingContract.objects.get().next_bill_on
    made = crowd(MANY, lambda n: billing.bill(contract=BillingContract.objects.get(), by="b", today=due))
    assert [isinstance(each, Invoice) for each in made].count(True) == 1
    assert (Invoice.objects.count(), Push.objects.filter(record_type="invoice").count()) == (2, 2)


def test_two_changes_at_once_both_count_one_after_the_other(mike):
    mine = of(subscribed(mike, "nothing"))[0]
    answers = crowd(
        2, lambda n: subscriptions.change_quantity(subscription=mine, quantity=8 + n, by=mike, reason="Asked")
    )
    assert [each for each in answers if isinstance(each, Refusal)] == []
    before_after = list(mine.changes.order_by("sequence").values_list("quantity_before", "quantity_after"))
    assert before_after in ([(0, 5), (5, 8), (8, 9)], [(0, 5), (5, 9), (9, 8)])
    assert Subscription.objects.get().quantity == before_after[-1][1]


def test_of_two_who_mark_it_one_counts(mike, clerk):
    order = subscribed(mike, "manual")
    provisioning.advance(by="runner")
    change = LicenseChange.objects.get(subscription__order_line__order=order)
    answers = crowd(
        2, lambda n: provisioning.mark_provisioned(change=change, by=(mike, clerk)[n], reason="Done in the portal")
    )
    assert sorted(getattr(each, "code", "done") for each in answers) == ["done", "lost_race"]
