"""The aging tick beside a bare INSERT … SELECT of the same rows, a re-tick, a full aggregate and a naive loop."""

from decimal import Decimal

from django.db.models import Min, Sum

from bench.bare import BareCopy
from bench.measure import Row, side_by_side
from bench.population import populate
from customers.aging import receivables
from customers.clock import business_today
from customers.models import Customer
from customers.rules import days_overdue
from holds.actions.tick import aging_tick
from holds.models import ServiceHold
from netsuite.models import Transition
from workflows.models import ProposedAction, WorkflowRun

WRITTEN = ("workflow_run_log", "proposed_actions", "service_holds", "service_holds_history", "state_transitions")


def measure(customers: int, rounds: int) -> list[Row]:
    """All comparisons of the tick over `customers` customers."""
    today = business_today()
    populate(customers, today)

    def tick() -> None:
        aging_tick(as_of=today)

    tick()
    bare = BareCopy(WRITTEN)

    def reset() -> None:
        _forget()
        bare.empty()

    staging = side_by_side("tick", rounds, {"tick": tick, "bare insert": bare.write, "naive loop": _naive}, reset)
    _forget()
    tick()
    again = side_by_side(
        "tick again, nothing new", rounds, {"re-tick": tick, "full aggregate": lambda: _aggregate()}, lambda: None
    )
    return [staging, again]


def _forget() -> None:
    for model in (ServiceHold.history.model, ServiceHold, ProposedAction, WorkflowRun, Transition):
        model.objects.all()._raw_delete("default")


def _aggregate() -> None:
    receivables(business_today())


def _naive() -> None:
    """Customer by customer, the way a first version is written: an aggregate, two look-ups and three inserts each."""
    today = business_today()
    for customer in Customer.objects.filter(is_inactive=False):
        owed = customer.transactions.filter(type="CustInvc", closed=None, issued__lte=today).aggregate(
            balance=Sum("unpaid"), oldest=Min("due")
        )
        days = days_overdue(owed["oldest"], today)
        if days < 60 or (owed["balance"] or Decimal(0)) < 10_000:
            continue
        if ServiceHold.objects.open().filter(customer=customer).exists():
            continue
        run = WorkflowRun.objects.create(workflow_type="service_hold_trigger", customer=customer, invoked_by="bench")
        proposal = ProposedAction.objects.create(
            action_type="workflow_service_hold_trigger", entity_type="workflow", entity_ref=run.entity_ref,
            customer=customer, run=run, risk_level=4, rationale="", proposed_by="bench", content_hash="",
        )  # fmt: skip
        ServiceHold.objects.create(
            customer=customer, run=run, proposal=proposal, origin="automatic", reason="", days_overdue=days,
            ar_balance=owed["balance"],
        )  # fmt: skip
