"""The account's credit rule: pure verdicts, and what they do to orders and balances."""

import pytest

from netsuite.sandbox.credit import Facts, on_hold, refuses_order
from netsuite.sandbox.preferences import Preferences
from tests.netsuite.sandbox_clients.account import ACME, open_account

ENFORCE = Preferences()


def facts(override="AUTO", limit=1000.0, balance=0.0, unbilled=0.0, days_overdue=0):
    return Facts(override, limit, balance, unbilled, days_overdue)


@pytest.mark.parametrize(
    ("customer", "held"),
    [
        (facts("ON", limit=None), True),
        (facts("OFF", balance=5000, days_overdue=400), False),
        (facts(balance=999.99), False),
        (facts(balance=1000), True),
        (facts(balance=900, unbilled=100), True),
        (facts(limit=None, balance=1e9), False),
        (facts(limit=0), True),
        (facts(days_overdue=60), False),
        (facts(days_overdue=61), True),
    ],
)
def test_hold_verdict(customer, held):
    assert on_hold(customer, ENFORCE) is held


def test_a_new_order_counts_towards_the_limit():
    assert on_hold(facts(balance=900), ENFORCE, new_order=100)
    assert not on_hold(facts(balance=900), ENFORCE, new_order=99.99)


def test_orders_can_be_left_out_of_the_limit():
    without_orders = ENFORCE.changed({"limit_includes_orders": False})
    assert not on_hold(facts(balance=900, unbilled=5000), without_orders)


def test_an_account_that_ignores_limits_holds_only_by_hand():
    ignore = ENFORCE.changed({"credit_handling": "ignore"})
    assert not on_hold(facts(balance=5000), ignore)
    assert on_hold(facts("ON"), ignore)


def test_grace_days_can_be_switched_off():
    assert not on_hold(facts(days_overdue=900), ENFORCE.changed({"grace_days": None}))


@pytest.mark.parametrize(
    ("handling", "terms", "refused"), [("enforce", 2, True), ("enforce", None, False), ("warn", 2, False)]
)
def test_only_an_order_on_terms_in_an_enforcing_account_is_refused(handling, terms, refused):
    preferences = ENFORCE.changed({"credit_handling": handling})
    assert refuses_order(facts("ON"), preferences, amount=1, terms=terms) is refused


@pytest.fixture
def account(tmp_path):
    with open_account(tmp_path) as opened:
        opened.prefer(today="2026-03-01")
        opened.load(customers=[ACME])
        yield opened


def order(amount, **more):
    return {"entity": {"id": "107"}, "item": {"items": [{"item": {"id": "1"}, "amount": amount}]}, **more}


def test_an_order_for_a_held_customer_is_a_user_error(account):
    account.call("PATCH", "customer/107", {"creditHoldOverride": {"id": "ON"}})
    reply = account.call("POST", "salesOrder", order(5))
    assert (reply.status, reply.code) == (400, "USER_ERROR")
    assert account.rows("SELECT COUNT(*) AS n FROM transaction") == [{"n": "0"}]


def test_an_order_for_a_held_customer_without_terms_passes(account):
    account.call("PATCH", "customer/107", {"creditHoldOverride": {"id": "ON"}, "terms": None})
    assert account.call("POST", "salesOrder", order(5)).status == 204


def test_a_warning_account_takes_the_order_and_shows_the_hold(account):
    account.prefer(credit_handling="warn")
    account.call("PATCH", "customer/107", {"creditHoldOverride": {"id": "ON"}})
    assert account.call("POST", "salesOrder", order(5)).status == 204
    assert account.rows("SELECT oncredithold FROM customer") == [{"oncredithold": "T"}]


def test_an_open_order_counts_as_unbilled(account):
    account.call("POST", "salesOrder", order(49_000))
    body = account.call("GET", "customer/107").body
    assert (body["unbilledOrders"], body["balance"], body["onCreditHold"]) == (49000.0, 0.0, False)


def test_the_order_that_reaches_the_limit_is_refused(account):
    account.call("POST", "salesOrder", order(49_000))
    assert account.call("POST", "salesOrder", order(1_000)).code == "USER_ERROR"
    assert account.call("POST", "salesOrder", order(999.99)).status == 204


def invoice(account, amount, **more):
    body = {"entity": {"id": "107"}, "total": amount, "tranDate": "2026-01-01", "dueDate": "2026-01-31", **more}
    return account.call("POST", "invoice", body).headers["Location"].rpartition("/")[2]


def figures(account):
    body = account.call("GET", "customer/107").body
    return {name: body[name] for name in ("balance", "overdueBalance", "daysOverdue")}


def test_an_invoice_moves_the_balance_and_its_age(account):
    invoice(account, 1234.56)
    assert figures(account) == {"balance": 1234.56, "overdueBalance": 1234.56, "daysOverdue": 29}


def test_overdue_figures_move_with_the_day_alone(account):
    invoice(account, 10)
    before = account.call("GET", "customer/107").body["lastModifiedDate"]
    account.prefer(today="2026-01-31")
    assert figures(account) == {"balance": 10.0, "overdueBalance": 0.0, "daysOverdue": 0}
    assert account.call("GET", "customer/107").body["lastModifiedDate"] == before


def test_an_overdue_customer_is_held_after_the_grace_days(account):
    invoice(account, 10)
    account.prefer(today="2026-04-02")
    assert account.call("GET", "customer/107").body["onCreditHold"] is True


def test_open_invoices_fall_into_aging_buckets(account):
    account.prefer(today="2026-06-01")
    for due in ("2026-06-01", "2026-05-31", "2026-04-15", "2026-03-15", "2026-01-15"):
        invoice(account, 10, dueDate=due)
    body = account.call("GET", "customer/107").body
    assert [body[name] for name in ("aging", "aging1", "aging2", "aging3", "aging4")] == [10.0] * 5


def test_a_foreign_invoice_counts_in_base_currency(account):
    invoice(account, 100.05, currency={"refName": "CAD"}, exchangeRate=0.7)
    assert figures(account)["balance"] == 70.04


def test_a_payment_applied_to_an_invoice_closes_it(account):
    number = invoice(account, 100)
    body = {"customer": {"id": "107"}, "payment": 100, "apply": {"items": [{"doc": {"id": number}, "amount": 100}]}}
    assert account.call("POST", "customerPayment", body).status == 204
    paid = account.call("GET", f"invoice/{number}").body
    assert (paid["amountRemaining"], paid["status"]["id"]) == (0.0, "Paid In Full")
    assert figures(account)["balance"] == 0.0


def test_an_unapplied_credit_lowers_the_balance(account):
    invoice(account, 100)
    account.call("POST", "creditMemo", {"entity": {"id": "107"}, "total": 30})
    assert figures(account)["balance"] == 70.0


def test_applying_more_than_is_open_is_refused_as_a_whole(account):
    number = invoice(account, 100)
    body = {"customer": {"id": "107"}, "payment": 500, "apply": {"items": [{"doc": {"id": number}, "amount": 101}]}}
    reply = account.call("POST", "customerPayment", body)
    assert (reply.status, reply.where) == (400, {"o:errorPath": "apply.items[0]"})
    assert account.rows("SELECT COUNT(*) AS n FROM transaction WHERE type = 'CustPymt'") == [{"n": "0"}]
