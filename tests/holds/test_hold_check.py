"""The hold check: the verdict of the whole rule, for one statement."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customers.models import Customer, SyncState
from holds import blocks
from holds.hold_check import check
from holds.models import HoldBlock
from tests.factories.customers import CustomerFactory
from tests.factories.holds import held, owing

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def read_from_netsuite(hours_ago: float) -> None:
    for record_type in ("customers", "transactions"):
        at = timezone.now() - timedelta(hours=hours_ago)
        SyncState.objects.update_or_create(record_type=record_type, defaults={"last_success_at": at})


def agrees(customer: Customer, **asked: Any) -> bool:
    """The check says of the customer what the rule says of its row, to the last field."""
    now = timezone.now()
    found = check(customer.netsuite_id, "order-form", now=now, **asked)
    assert found is not None
    fresh = Customer.objects.get(pk=customer.pk)
    return (found.customer, found.verdict) == (fresh, blocks.verdict(fresh, blocks.of_page("order"), now=now, **asked))


@pytest.mark.parametrize("hours", [1, 3])
def test_figures_read_lately_and_long_ago(hours: int) -> None:
    read_from_netsuite(hours)
    assert agrees(owing(credit_limit_kind="amount", credit_limit=100))


def test_figures_that_were_never_read() -> None:
    SyncState.objects.create(record_type="customers", last_success_at=timezone.now())
    assert agrees(owing())


@pytest.mark.parametrize("tender", ["on_account", "paid_now"])
def test_a_customer_over_the_limit(tender: str) -> None:
    read_from_netsuite(1)
    assert agrees(owing(credit_limit_kind="amount", credit_limit=100), tender=tender)


@pytest.mark.parametrize("override", ["ON", "OFF", "AUTO", ""])
def test_what_the_hold_field_says(override: str) -> None:
    assert agrees(CustomerFactory(credit_hold_override=override))


def test_a_custom_hold_field_of_the_record() -> None:
    HoldBlock.objects.filter(page="order").update(hold_field="custentity_stop")
    assert agrees(CustomerFactory(record={"custentity_stop": "T"}))


@pytest.mark.parametrize("settings", [{"mode": "on"}, {"mode": "off"}, {"allow_pin_override": False, "tenders": "all"}])
def test_the_blocks_settings(settings: dict[str, Any]) -> None:
    HoldBlock.objects.filter(page="order").update(**settings)
    assert agrees(owing(credit_limit_kind="amount", credit_limit=100))


def test_a_formula_over_every_field_of_the_check() -> None:
    words = "customer.daysoverdue > 30 && customer.terms != 'x' && customer.unbilledorders < 5 && !customer.isinactive"
    HoldBlock.objects.filter(page="order").update(formula=words)
    assert agrees(owing())


def test_a_service_hold_with_who_and_why(mike: Any) -> None:
    customer = held(owing(), mike).customer
    found = check(customer.netsuite_id, "order-form", now=timezone.now())
    assert found is not None
    assert found.verdict.note is not None
    assert (found.verdict.source, found.verdict.note.by, agrees(customer)) == ("service_hold", "mike", True)


def statements_for(customer: Customer) -> int:
    check(customer.netsuite_id, "order-form", now=timezone.now())
    with CaptureQueriesContext(connection) as seen:
        check(customer.netsuite_id, "order-form", now=timezone.now())
    return len(seen)


def test_one_statement_and_one_more_for_the_note_of_a_hold(mike: Any) -> None:
    assert (statements_for(owing("Northwind")), statements_for(held(owing("Harbor"), mike).customer)) == (1, 2)


@pytest.mark.parametrize(
    ("customer", "block"), [("no such", "order-form"), ("7001", "no such"), ("\x00", "order-form")]
)
def test_unknown_is_none(customer: str, block: str) -> None:
    CustomerFactory(netsuite_id="7001")
    assert check(customer, block, now=timezone.now()) is None
