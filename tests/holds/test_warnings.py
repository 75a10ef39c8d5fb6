"""What the approver is told before deciding; none of it blocks."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from customers.clock import business_today
from customers.models import Customer, Employee, SyncState
from disputes.actions import open_dispute
from holds.actions import pauses
from tests.factories.customers import SalesOrderFactory
from tests.factories.holds import owing, proposed
from workflows.models import ProposedAction
from workflows.wording import day

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def synced() -> None:
    """Balances were read ten minutes ago."""
    for record_type in ("customers", "transactions"):
        SyncState.objects.create(record_type=record_type, last_success_at=timezone.now() - timedelta(minutes=10))


def warned(customer: Customer) -> dict[str, str]:
    return {warning["code"]: warning["detail"] for warning in proposed(customer).warnings}


def test_a_plain_case_warns_of_nothing():
    assert warned(owing()) == {}


@pytest.mark.parametrize(("ahead", "soon"), [(0, True), (3, True), (4, False), (-1, False)])
def test_an_order_that_ships_within_three_days(ahead, soon):
    customer, ships = owing(), business_today() + timedelta(days=ahead)
    SalesOrderFactory(customer=customer, ship_date=ships)
    expected = f"An order ships on {day(ships)}. A hold does not stop orders already confirmed."
    assert warned(customer) == ({"ships_soon": expected} if soon else {})


@pytest.mark.parametrize(("hours", "text"), [(1, None), (3, "3 h old"), (49, "2 d old")])
def test_old_balances(hours, text):
    SyncState.objects.filter(record_type="customers").update(last_success_at=timezone.now() - timedelta(hours=hours))
    found = warned(owing())
    assert (text in found["stale"]) if text else found == {}


def test_balances_that_were_never_synced():
    SyncState.objects.all().delete()
    assert list(warned(owing())) == ["never_synced"]


def test_a_running_pause(mike):
    customer = owing()
    pause = pauses.grant_grace(customer=customer, reason="Migration", by=mike)
    assert warned(customer)["paused"] == (
        f"A grace period runs until {pause.ends}. The aging tick would leave this customer alone."
    )


def test_a_dispute(mike):
    customer = owing(amount="12000.00")
    open_dispute(customer=customer, reason_text="Wrong price", by=mike, amount=Decimal("2500.00"))
    assert warned(customer) == {"disputed": "$2,500.00 is under dispute; without it $9,500.00 is open."}


@pytest.mark.parametrize("change", [{"is_inactive": True}, {"email": ""}])
def test_a_rep_who_cannot_be_reached(change):
    customer = owing()
    Employee.objects.update(**change)
    assert list(warned(Customer.objects.get(pk=customer.pk))) == ["no_sales_rep"]


def test_no_rep_at_all():
    assert list(warned(owing(sales_rep=None))) == ["no_sales_rep"]


def test_a_customer_without_address():
    assert list(warned(owing(email=""))) == ["no_address"]


@pytest.mark.parametrize(
    ("value", "words"),
    [("ON", "NetSuite holds this customer already"), ("OFF", "NetSuite has limits and holds switched off")],
)
def test_a_value_set_by_hand_in_netsuite(value, words):
    assert warned(owing(credit_hold_override=value))["netsuite_differs"].startswith(words)


def test_a_warning_does_not_keep_anybody_from_proposing():
    proposed(owing(email="", sales_rep=None, days=1, amount="5.00"))
    assert [warning["code"] for warning in ProposedAction.objects.get().warnings] == [
        "reasonable_threshold",
        "no_sales_rep",
        "no_address",
    ]
