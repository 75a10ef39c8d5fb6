"""A tick after which nothing happened: the same answer for a handful of statements, and never a stale one."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customers.clock import business_today
from customers.models import Customer, SyncState
from disputes.actions import open_dispute
from holds.actions import holds
from holds.actions.tick import aging_tick
from holds.models import ServiceHold
from tests.factories.holds import held, owe, owing
from workflows.actions import proposals
from workflows.models import Heartbeat, ProposedAction, WorkflowDefinition

pytestmark = pytest.mark.django_db
STATEMENTS = 8


def tick() -> dict[str, Any]:
    return aging_tick(as_of=business_today()).as_dict()


def quiet() -> dict[str, Any]:
    """Northwind is proposed, Harbor is on hold, and the tick has seen all of it."""
    tick()
    return tick()


def statements_of_a_tick() -> int:
    with CaptureQueriesContext(connection) as seen:
        tick()
    return len(seen)


@pytest.fixture
def customers(mike: Any) -> tuple[Customer, Customer]:
    return owing("Northwind"), held(owing("Harbor"), mike).customer


def test_it_answers_what_the_last_one_found(customers: Any) -> None:
    assert quiet() == tick()


def test_it_takes_as_many_statements_for_one_open_proposal_as_for_four() -> None:
    owing("Northwind")
    quiet()
    one = statements_of_a_tick()
    for name in ("Aster", "Borealis", "Cedar"):
        owing(name)
    quiet()
    assert (one, statements_of_a_tick()) == (STATEMENTS, STATEMENTS)


def test_it_is_a_sign_of_life(customers: Any) -> None:
    quiet()
    Heartbeat.objects.update(at=timezone.now() - timedelta(hours=1))
    tick()
    assert timezone.now() - Heartbeat.objects.get(name="aging_tick").at < timedelta(minutes=1)


def pay_a_little(northwind: Customer, _mike: Any) -> None:
    owe(northwind, days=3, amount="1.00")


def reject(northwind: Customer, mike: Any) -> None:
    proposal = ProposedAction.objects.get(customer=northwind)
    proposals.reject(proposal=proposal, version=proposal.version, by=mike, reason="Promised by phone")


def dispute(northwind: Customer, mike: Any) -> None:
    open_dispute(customer=northwind, reason_text="The price is wrong", by=mike)


def change_the_rule(_northwind: Customer, _mike: Any) -> None:
    definition = WorkflowDefinition.objects.get(workflow_type="service_hold_trigger")
    definition.save()


def hear_from_netsuite(_northwind: Customer, _mike: Any) -> None:
    SyncState.objects.create(record_type="customers", watermark_at=timezone.now())


@pytest.mark.parametrize("happens", [pay_a_little, reject, dispute, change_the_rule, hear_from_netsuite])
def test_whatever_happened_the_next_one_looks_again(
    happens: Callable[[Customer, Any], None], customers: tuple[Customer, Customer], mike: Any
) -> None:
    quiet()
    happens(customers[0], mike)
    assert statements_of_a_tick() > STATEMENTS


def test_a_lifted_customer_is_no_longer_counted_as_held(customers: tuple[Customer, Customer], mike: Any) -> None:
    quiet()
    holds.lift(hold=ServiceHold.objects.get(status="active"), by=mike, reason="Paid by wire")
    assert "on_hold" not in tick()["skipped"]


def test_a_decision_that_is_sealed_late_is_seen_late_and_not_never(
    customers: tuple[Customer, Customer], mike: Any
) -> None:
    """Its seal follows the tick that could not see it; the next one looks again."""
    quiet()
    reject(customers[0], mike)
    assert (statements_of_a_tick() > STATEMENTS, tick()["skipped"]) == (True, {"declined_recently": 1, "on_hold": 1})
