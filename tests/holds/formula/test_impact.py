"""Whom a new formula turns: the same customers by one query and one by one, whatever their number."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from holds.block_impact import Impact, impact
from holds.models import DEFAULT_FORMULA, HoldBlock
from tests.factories.customers import CustomerFactory, InvoiceFactory

pytestmark = pytest.mark.django_db(transaction=True)
TODAY = date(2026, 3, 16)
LIMIT_COUNTS = "customer.creditlimit != null && parseFloat(customer.balance || 0) >= parseFloat(customer.creditlimit)"
# The same rules in words that no query has: a remainder is not translated.
UNTRANSLATED = " && 5 % (2 + (customer.balance || 0) * 0) == 1"


@pytest.fixture
def customers(db) -> None:
    debts = [("blank", "10.00", None), ("equal", "10.00", "10.00"), ("over", "10.01", "10.00"), ("under", "9.00", "10")]
    for name, balance, limit in debts:
        CustomerFactory(name=name, ar_balance=Decimal(balance), credit_limit=limit and Decimal(limit))
    CustomerFactory(name="held by hand", ar_balance=Decimal("10.00"), credit_hold_override="ON")
    CustomerFactory(name="freed by hand", ar_balance=Decimal("10.00"), credit_hold_override="OFF")
    CustomerFactory(name="service hold", ar_balance=Decimal("10.00"), entitystatus="hold")
    CustomerFactory(name="gone", ar_balance=Decimal("10.00"), is_inactive=True)


def turned(after: str) -> Impact:
    return impact(HoldBlock(formula=DEFAULT_FORMULA), HoldBlock(formula=after), today=TODAY)


@pytest.mark.parametrize("after", [LIMIT_COUNTS, LIMIT_COUNTS + UNTRANSLATED], ids=["one query", "one by one"])
def test_who_changes_state(customers, after):
    found = turned(after)
    assert [(row.name, row.becomes_held) for row in found.rows] == [("blank", False), ("equal", True)]
    assert (found.to_hold, found.to_approved) == (1, 1)


def test_a_formula_that_cannot_be_evaluated_holds_everybody_it_asks(customers):
    found = turned("customer.custentity_nobody > 5")
    assert [(row.name, row.becomes_held) for row in found.rows] == [("equal", True), ("under", True)]


def test_the_translated_formula_takes_one_statement_for_the_counts_and_one_for_the_names(customers):
    with CaptureQueriesContext(connection) as queries:
        turned(LIMIT_COUNTS)
    assert len(queries) == 2


@pytest.mark.parametrize(
    "after",
    ["customer.overduebalance % 100 > 5", "customer.custentity_nobody % 100 > 5", "customer.custentity_some % 2 == 1"],
)
def test_one_by_one_takes_no_statement_for_each_customer(after):
    CustomerFactory(record={"custentity_some": "T"})
    few = _statements(lambda: turned(after))
    for _ in range(7):
        InvoiceFactory(due=TODAY - timedelta(days=3), customer__ar_balance=Decimal("1000.00"))
    assert _statements(lambda: turned(after)) == few


def _statements(work: Callable[[], object]) -> int:
    cache.clear()
    with CaptureQueriesContext(connection) as queries:
        work()
    return len(queries)


def test_an_overdue_balance_counts_one_by_one():
    InvoiceFactory(customer__name="late", due=TODAY - timedelta(days=3), total=Decimal("77.00"))
    CustomerFactory(name="in time")
    found = turned("customer.overduebalance % 100 > 5")
    assert [(row.name, row.becomes_held) for row in found.rows] == [("late", True)]
