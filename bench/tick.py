"""The aging tick beside a bare INSERT … SELECT of the same rows, a re-tick, a full aggregate and a naive loop."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from django.db import connection

from bench.bare import BareCopy, clear
from bench.measure import Row, Size, side_by_side
from bench.population import populate
from customers.aging import receivables_of
from customers.clock import business_today
from customers.models import Customer
from disputes.models import Dispute
from holds.actions.holds import HOLD, inputs_for_tick
from holds.actions.tick import HEARTBEAT, SOURCE, aging_tick
from holds.facts import last_declined, line_of, running_pauses
from holds.models import ServiceHold
from holds.rules import Line, Owed, crosses, skip_reason
from netsuite.machine import Transition
from workflows import runner
from workflows.stages import load

WRITTEN = ("workflow_run_log", "proposed_actions", "service_holds", "service_holds_history", "state_transitions")
NAIVE = 10_000


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
    """The tick as a first version has it: customer by customer, by the program's own functions for one customer.

    Of every active customer the documents are added up (one aggregate). For each one above the line that nothing
    excuses (a hold, a pause, a dispute, an earlier decision, an open proposal: a look-up each) the contract runs up to
    its gate: it reads its facts and writes the rows that the tick writes, in all columns, in some twenty statements and
    a transaction of its own. Over the first `NAIVE` customers; where there are more, the time is counted up to all.
    """
    today, loaded = business_today(), load(HOLD)
    line, quiet = line_of(loaded.thresholds), timedelta(days=int(loaded.thresholds["quiet_days_after_reject"]) - 1)
    for customer in Customer.objects.active().order_by("pk")[:NAIVE]:
        found = receivables_of(customer, today)
        owed = Owed(found.ar_balance, found.days_overdue)
        if crosses(owed, line) and not _excused(customer, owed, line, today, today - quiet):
            inputs = inputs_for_tick(owed.ar_balance, owed.days_overdue, customer, today)
            runner.start(HOLD, customer=customer, inputs=inputs, by=f"schedule:{HEARTBEAT}", source=SOURCE, today=today)


def _excused(customer: Customer, owed: Owed, line: Line, today: date, quiet_since: date) -> str:
    """Why the tick would leave this customer alone; that there is no open proposal yet, the run itself asks."""
    keys = [customer.pk]
    paused, apart = running_pauses(keys, today), Dispute.objects.set_apart(keys, today)
    return skip_reason(
        replace(owed, set_apart=apart.get(customer.pk, Decimal(0))),
        line,
        open_proposal=False,
        on_hold=customer.entitystatus == Customer.HOLD
        or ServiceHold.objects.active().filter(customer=customer).exists(),
        paused=paused[customer.pk]["kind"] if paused else "",
        declined_recently=bool(last_declined(keys, quiet_since)),
    )
