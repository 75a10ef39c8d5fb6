"""Billing contracts: an invoice a period, once, with what changed meanwhile; queued for NetSuite, its number back."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from customers.models import Customer
from netsuite.models import Push
from orders import tasks
from orders.actions import billing, subscriptions
from orders.actions.subscriptions import Terms
from orders.models import BillingContract, Invoice
from tests.factories.customers import CustomerFactory
from tests.factories.subscriptions import answered, held_account, subscribed, subscription
from workflows.access import NotAllowed

pytestmark = pytest.mark.django_db
WHY = "Asked by mail"


@pytest.fixture(autouse=True)
def _today(frozen_today):
    """Everything begins on Monday, 16 March 2026."""


@pytest.fixture
def at(time_machine) -> Any:
    def move(day: str) -> date:
        time_machine.move_to(f"{day}T14:00Z")
        return date.fromisoformat(day)

    return move


def bill(today: date) -> dict[str, int]:
    return billing.bill_due(today=today, by="schedule:billing")


def lines() -> list[tuple[int, str]]:
    """Of the newest invoice."""
    return [(line.quantity, str(line.amount)) for line in Invoice.objects.order_by("-pk")[0].lines.all()]


def totals() -> list[str]:
    return [str(total) for total in Invoice.objects.order_by("pk").values_list("total", flat=True)]


def test_the_first_period_is_invoiced_with_the_order(mike):
    order = subscribed(mike, "manual", "nothing", po_number="PO-7")
    invoice = Invoice.objects.get()
    assert (invoice.period_start, invoice.period_end) == (date(2026, 3, 16), date(2026, 4, 15))
    assert (invoice.issued, invoice.due, invoice.total) == (date(2026, 3, 16), date(2026, 4, 15), 100)
    assert invoice.number == order.number.replace("SO", "BC") + "-1"
    assert {change.invoice for change in invoice.changes.all()} == {invoice}


def test_it_goes_to_netsuite_by_its_own_key(mike):
    order = subscribed(mike, "manual", po_number="PO-7")
    invoice = Invoice.objects.get()
    push, product = invoice.push, order.lines.get().product
    assert (push.record_type, push.record_id, push.operation) == ("invoice", f"holdgate-{invoice.key}", "upsert")
    assert push.body == {
        "entity": {"id": order.customer.netsuite_id},
        "tranDate": "2026-03-16",
        "dueDate": "2026-04-15",
        "memo": f"Holdgate {invoice.number}, 16 Mar 2026 to 15 Apr 2026",
        "otherRefNum": "PO-7",
        "item": {
            "items": [
                {
                    "item": {"id": product.netsuite_id},
                    "description": "Manual seats, 16 Mar 2026 to 15 Apr 2026",
                    "quantity": 5,
                    "rate": 10.0,
                    "amount": 50.0,
                }
            ]
        },
    }


def test_netsuites_number_comes_back(mike):
    subscribed(mike, "nothing")
    answered(Invoice.objects.get().push)
    invoice = Invoice.objects.get()
    assert (invoice.netsuite_id, invoice.netsuite_number, invoice.netsuite_error) == ("77", "INV000077", "")


def test_netsuites_refusal_is_kept_in_its_words(mike):
    subscribed(mike, "nothing")
    answered(Invoice.objects.get().push, refusal="Invalid item")
    assert Invoice.objects.get().netsuite_error == "Invalid item"


def test_an_outcome_that_a_crash_lost_is_found(mike, monkeypatch):
    from orders import outcomes

    subscribed(mike, "nothing")
    monkeypatch.setattr(outcomes, "push_settled", lambda push: None)
    answered(Invoice.objects.get().push)
    assert (tasks.catch_up()["taken_over"], tasks.catch_up()["taken_over"]) == (1, 0)
    assert Invoice.objects.get().netsuite_id == "77"


def test_held_customers_are_invoiced_all_the_same(mike, at):
    held_account(mike, CustomerFactory(pk=77_001))
    subscribed(mike, "manual", customer=Customer.objects.get(pk=77_001))
    assert bill(at("2026-04-16")) == {"invoices": 1, "failed": 0}
    assert totals() == ["50.00", "50.00"]


def test_paid_now_is_due_now(mike):
    subscribed(mike, "nothing", tender="paid_now")
    assert Invoice.objects.get().due == date(2026, 3, 16)


def test_a_later_start_is_invoiced_on_its_day(mike, at):
    subscribed(mike, "nothing", terms=Terms(starts_on=date(2026, 4, 1)))
    assert Invoice.objects.count() == 0
    assert bill(at("2026-03-31"))["invoices"] == 0
    assert bill(at("2026-04-01"))["invoices"] == 1


def test_nothing_is_billed_before_its_day_nor_twice(mike, at):
    subscribed(mike, "nothing")
    assert [bill(at(day))["invoices"] for day in ("2026-04-15", "2026-04-16", "2026-04-16")] == [0, 1, 0]
    assert BillingContract.objects.get().next_bill_on == date(2026, 5, 16)


def test_missed_periods_are_made_good(mike, at):
    subscribed(mike, "nothing")
    assert bill(at("2026-07-01"))["invoices"] == 3
    starts = list(Invoice.objects.order_by("pk").values_list("period_start", flat=True))
    assert starts == [date(2026, month, 16) for month in (3, 4, 5, 6)]


def test_changes_inside_a_period_come_with_the_next_invoice(mike, at):
    mine = subscription(mike)
    at("2026-04-06")  # 10 of 31 days are left
    change = subscriptions.change_quantity(subscription=mine, quantity=8, by=mike, reason=WHY)
    assert change.invoice is None
    bill(at("2026-04-16"))
    change.refresh_from_db()
    assert (lines(), totals()) == ([(8, "80.00"), (3, "9.68")], ["50.00", "89.68"])
    assert change.invoice == Invoice.objects.order_by("-pk")[0]
    bill(at("2026-05-16"))
    assert lines() == [(8, "80.00")]


def test_credit_that_does_not_fit_is_carried_to_the_next_invoice(mike, at):
    one = subscription(mike, quantity=40)
    at("2026-03-17")  # 30 of 31 days are left: 39 × 10 × 30/31 = 377.42
    subscriptions.change_quantity(subscription=one, quantity=1, by=mike, reason=WHY)
    bill(at("2026-04-16"))
    first = Invoice.objects.order_by("-pk")[0]
    assert (lines(), first.total, first.carried) == ([(1, "10.00"), (-39, "-377.42")], 0, Decimal("367.42"))
    assert sum(line["amount"] for line in first.push.body["item"]["items"]) == pytest.approx(0)
    bill(at("2026-05-16"))
    second = Invoice.objects.order_by("-pk")[0]
    assert (lines(), second.carried) == ([(1, "10.00"), (1, "-367.42")], Decimal("357.42"))


def test_a_cancelled_contract_is_billed_no_more(mike, at):
    mine = subscription(mike)
    subscriptions.cancel(subscription=mine, on=date(2026, 4, 16), by=mike, reason=WHY)
    assert bill(at("2026-04-16"))["invoices"] == 0
    assert BillingContract.objects.get().next_bill_on is None


def test_a_contract_that_ends_is_cut_and_billed_no_more(mike, at):
    subscribed(mike, "nothing", terms=Terms(ends_on=date(2026, 4, 25), renewal="expires"))
    assert bill(at("2026-05-16"))["invoices"] == 1
    assert (lines(), Invoice.objects.order_by("-pk")[0].period_end) == ([(5, "16.67")], date(2026, 4, 25))
    assert BillingContract.objects.get().next_bill_on is None


def test_a_contract_that_renews_goes_on_and_says_until_when(mike, at):
    subscribed(mike, "nothing", terms=Terms(ends_on=date(2026, 4, 15)))
    bill(at("2026-04-16"))
    contract = BillingContract.objects.get()
    assert (contract.ends_on, contract.next_bill_on) == (date(2026, 5, 15), date(2026, 5, 16))
    assert contract.history.first().ends_on == contract.ends_on


def test_one_bad_contract_stops_no_other(mike, at, monkeypatch):
    subscribed(mike, "nothing")
    subscribed(mike, "nothing")
    bad = BillingContract.objects.order_by("pk")[0]
    real = billing.bill

    def broken(*, contract: BillingContract, **fields: Any) -> Any:
        if contract.pk == bad.pk:
            raise RuntimeError
        return real(contract=contract, **fields)

    monkeypatch.setattr(billing, "bill", broken)
    assert bill(at("2026-04-16")) == {"invoices": 1, "failed": 1}


def test_a_crash_while_billing_leaves_no_half_invoice(mike, at, monkeypatch):
    subscribed(mike, "nothing")
    monkeypatch.setattr(billing.invoices, "enqueue", lambda *args, **fields: 1 / 0)
    assert bill(at("2026-04-16")) == {"invoices": 0, "failed": 1}
    assert (Invoice.objects.count(), BillingContract.objects.get().next_bill_on) == (1, date(2026, 4, 16))
    monkeypatch.undo()
    assert bill(at("2026-04-16"))["invoices"] == 1


def test_the_task_bills_and_ends(mike, at):
    mine = subscription(mike, terms=Terms(ends_on=date(2026, 4, 15), renewal="expires"))
    at("2026-04-16")
    assert tasks.bill_due() == {"invoices": 0, "failed": 0, "ended": 1}
    mine.refresh_from_db()
    assert (mine.cancelled_on, Push.objects.filter(record_type="invoice").count()) == (date(2026, 4, 16), 1)


def test_the_wrong_role_may_not(mike, clerk):
    subscribed(mike, "nothing")
    with pytest.raises(NotAllowed):
        billing.bill(contract=BillingContract.objects.get(), by=clerk)
    assert billing.bill(contract=BillingContract.objects.get(), by=mike) is None
