"""The tick's one statement writes what the contract, customer by customer, would have written."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customers.aging import refresh_summaries
from customers.clock import business_today
from customers.models import Customer, SyncState
from customers.sync import CUSTOMERS, TRANSACTIONS
from disputes.actions import open_dispute
from holds.actions import pauses, plain_cases, tick
from holds.actions.tick import aging_tick
from holds.models import ServiceHold
from netsuite.machine import Transition
from tests.factories.customers import CreditFactory, EmployeeFactory, SalesOrderFactory
from tests.factories.holds import owing
from workflows.models import ProposedAction, WorkflowRun

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases, pytest.mark.postgresql_only]
WRITTEN = (WorkflowRun, ProposedAction, ServiceHold, ServiceHold.history.model, Transition)
# What differs by nature: numbers and moments.
OWN = {"id", "history_id", "run_id", "row_id", "proposal_id", "entity_ref", "at", "started_at", "proposed_at"} | {
    "history_date"
}


def customers_of_all_kinds() -> None:
    """Every case that the statement words or rounds by itself."""
    plain = owing("Plain", credit_limit_kind="amount", credit_limit=Decimal("50000"))
    SalesOrderFactory(customer=plain, total=Decimal("1234.50"), ship_date=business_today() + timedelta(days=20))
    orders = owing("Eleven orders", amount="1250000.05")
    SalesOrderFactory.create_batch(11, customer=orders, total=Decimal("100"), ship_date=None)
    two = owing("Two orders", days=60, amount="10000.00", currency="CAD")
    SalesOrderFactory.create_batch(2, customer=two, total=Decimal("0.10"))
    CreditFactory(customer=owing("With a credit", amount="30000"), total=Decimal("1250.25"))
    owing("No rep", sales_rep=None, days=119)
    owing("Rep without address", sales_rep=EmployeeFactory(email=""), days=120)
    owing("Rep who left", sales_rep=EmployeeFactory(is_inactive=True), days=91, amount="25000.01")
    owing("No address", email="", credit_hold_override="ON")
    owing("Switched off there", credit_hold_override="OFF", days=90, amount="25000")
    owing("Limit of zero", credit_limit_kind="amount", credit_limit=Decimal("0"))
    owing("Half down", amount="12345", credit_limit_kind="amount", credit_limit=Decimal("100000"))
    owing("Half up", amount="12355", credit_limit_kind="amount", credit_limit=Decimal("100000"))
    owing("A third", amount="10000", credit_limit_kind="amount", credit_limit=Decimal("30000"))
    owing("Unlimited", credit_limit_kind="unlimited")
    refresh_summaries(today=business_today())


def rows_written() -> dict[str, list[dict[str, Any]]]:
    """Every row of a tick by table, without what differs by nature, in an order that does not depend on it."""
    found = {}
    for model in WRITTEN:
        rows = [{k: v for k, v in row.items() if k not in OWN} for row in model.objects.values()]
        for row in rows:
            for stage in row.get("stages", ()):
                stage.pop("at")
        found[model._meta.db_table] = sorted(rows, key=lambda row: str(sorted(row.items(), key=str)))
    return found


def forget() -> None:
    for model in (ServiceHold.history.model, ServiceHold, ProposedAction, WorkflowRun, Transition):
        model.objects.all()._raw_delete("default")


@pytest.mark.parametrize("hours_ago", [None, 0, 30])
def test_both_ways_write_the_same_rows(monkeypatch: pytest.MonkeyPatch, hours_ago: int | None):
    customers_of_all_kinds()
    if hours_ago is not None:
        read = timezone.now() - timedelta(hours=hours_ago)
        for record_type in (CUSTOMERS, TRANSACTIONS):
            SyncState.objects.update_or_create(record_type=record_type, defaults={"last_success_at": read})
    at_once = aging_tick(as_of=business_today()).as_dict()
    in_one = rows_written()
    forget()
    monkeypatch.setattr(plain_cases, "supported", lambda: False)
    assert aging_tick(as_of=business_today()).as_dict() == at_once
    assert rows_written() == in_one
    assert at_once["staged"] == 14


def test_the_rows_belong_together():
    customers_of_all_kinds()
    aging_tick(as_of=business_today())
    for proposal in ProposedAction.objects.select_related("run"):
        assert proposal.run is not None
        hold = ServiceHold.objects.get(proposal=proposal)
        assert (proposal.entity_ref, hold.run, hold.customer) == (
            proposal.run.entity_ref,
            proposal.run,
            proposal.customer,
        )
        assert Transition.objects.for_row(proposal).count() == Transition.objects.for_row(hold).count() == 1


def test_customers_with_a_story_are_told_by_the_contract(mike: Any):
    today = business_today()
    disputed = owing("Disputes a part", amount="40000")
    open_dispute(
        customer=disputed, invoice_ref=disputed.transactions.get().tranid, reason_text="Short", amount=Decimal(100),
        by=mike,
    )  # fmt: skip
    ships = owing("Ships tomorrow")
    SalesOrderFactory(customer=ships, ship_date=today + timedelta(days=1))
    refresh_summaries(today=today)
    assert list(Customer.objects.filter(plain_cases.plain(today))) == []
    aging_tick(as_of=today)
    codes = {p.customer.name: [w["code"] for w in p.warnings] for p in ProposedAction.objects.all() if p.customer}
    assert ("disputed" in codes["Disputes a part"], "ships_soon" in codes["Ships tomorrow"]) == (True, True)


def test_ten_or_one_customers_take_as_many_statements():
    def statements() -> int:
        with CaptureQueriesContext(connection) as asked:
            aging_tick(as_of=business_today())
        return len(asked)

    aging_tick(as_of=business_today())
    owing("One")
    one = statements()
    forget()
    for number in range(10):
        owing(f"Customer {number}")
    assert statements() == one


def test_more_customers_than_one_statement_takes(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tick, "AT_ONCE", 2)
    for number in range(5):
        owing(f"Customer {number}")
    ships = owing("Ships tomorrow")
    SalesOrderFactory(customer=ships, ship_date=business_today() + timedelta(days=1))
    refresh_summaries(today=business_today())
    result = aging_tick(as_of=business_today()).as_dict()
    assert (result["crossing"], result["staged"], ProposedAction.objects.count()) == (6, 6, 6)


def test_an_amount_in_another_base_currency(settings: Any):
    settings.BASE_CURRENCY = "EUR"
    owing(days=61, amount="12000")
    aging_tick(as_of=business_today())
    assert ProposedAction.objects.get().rationale == "61 days overdue, EUR 12,000.00 open. First hold."


def test_a_paused_customer_is_left_alone(mike: Any):
    customer = owing()
    today = business_today()
    pauses.grant_grace(customer=customer, reason="Paying on Friday", by=mike)
    result = aging_tick(as_of=today).as_dict()
    assert (result["staged"], result["skipped"]) == (0, {"grace_period": 1})
