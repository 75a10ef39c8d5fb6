"""The aging tick beside a bare INSERT … SELECT of the same rows, a re-tick, a full aggregate and a naive loop."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from django.db import connection
from django.db.models import Min, Sum

from bench.bare import BareCopy, clear
from bench.measure import Row, Size, side_by_side
from bench.population import populate
from customers.clock import business_today
from customers.models import Customer
from customers.rules import days_overdue
from holds.actions.tick import aging_tick
from holds.models import ServiceHold
from netsuite.machine import Transition
from workflows.models import ProposedAction, WorkflowRun

WRITTEN = ("workflow_run_log", "proposed_actions", "service_holds", "service_holds_history", "state_transitions")
NAIVE = 1000


def measure(size: Size) -> list[Row]:
    """All comparisons of the tick over `size.customers` customers."""
    staging = staged_beside_bare(size, {"naive loop": _naive})
    scaled = [seconds * size.customers / min(NAIVE, size.customers) for seconds in staging.seconds["naive loop"]]
    staging = Row("tick", {**staging.seconds, "naive loop": scaled}, {"bare insert": 1.5, "naive loop": 1 / 100})
    nothing_staged()
    tick()
    tick()
    vacuum()
    again = side_by_side(
        "tick again, nothing new",
        size.rounds,
        {"tick again": tick, "full aggregate": full_aggregate},
        at_most={"full aggregate": 1 / 50},
    )
    busy = side_by_side(
        "tick again, after something happened",
        size.rounds,
        {"tick again": tick, "full aggregate": full_aggregate},
        _something_happens,
    )
    return [staging, again, busy]


def staged_beside_bare(size: Size, more: Mapping[str, Callable[[], object]]) -> Row:
    """Populate, then the tick, the bare insert of the same rows, and whatever `more` is compared with."""
    populate(size.customers, business_today())
    tick()
    bare = BareCopy(WRITTEN)

    def reset() -> None:
        nothing_staged()
        bare.empty()

    return side_by_side("tick", size.rounds, {"tick": tick, "bare insert": bare.write, **more}, reset)


def tick() -> None:
    aging_tick(as_of=business_today())


def vacuum() -> None:
    """What PostgreSQL's autovacuum does within a minute of so many writes."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")


def _something_happens() -> None:
    """A change of state somewhere, so that the tick looks at every customer above the line again."""
    Transition.objects.create(machine="bench", row_id=1, verb="happen", source="", target="happened", by="bench")


def nothing_staged() -> None:
    """As before the first tick."""
    clear([*reversed(WRITTEN), "heartbeats"])


def full_aggregate() -> None:
    """Balance and oldest due date of every customer from its open invoices, in bare SQL; one row comes back."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), sum(balance) FROM (SELECT customer_id, sum(unpaid) AS balance, min(due) AS oldest"
            " FROM transactions WHERE type = 'CustInvc' AND closed IS NULL GROUP BY customer_id) AS owed"
        )
        cursor.fetchone()


def _naive() -> None:
    """Customer by customer, the way a first version is written: an aggregate, a look-up and three inserts each.

    Over the first thousand customers only; it grows with their number.
    """
    today = business_today()
    for customer in Customer.objects.filter(is_inactive=False).order_by("pk")[:NAIVE]:
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
