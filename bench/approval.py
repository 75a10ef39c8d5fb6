"""Approvals one after another, beside bare statements that write the same rows."""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection

from bench.measure import Row, side_by_side
from workflows.actions import proposals
from workflows.models import ProposedAction

BATCH = 20
INSERTED = {
    "auto_decisions": 1,
    "audit_chain": 1,
    "outbound_email_log": 2,
    "outbound_email_history": 2,
    "outbound_email_versions": 2,
    "state_transitions": 7,
    "service_holds_history": 1,
    "customers_historicalcustomer": 1,
    "netsuite_push": 1,
    "workflow_step_log": 4,
    "workflow_verify_results": 3,
    "reflexion_log": 1,
}
UPDATED = ("proposed_actions", "customers", "service_holds", "workflow_run_log")


def measure(rounds: int) -> list[Row]:
    """`BATCH` approvals a round against as many bare transactions; needs pending proposals from the tick."""
    mike = _mike()
    _approve_some(mike, 1)
    _make_targets()
    sides = {"approve": lambda: _approve_some(mike, BATCH), "bare statements": _bare}
    return [side_by_side(f"approval × {BATCH}", rounds, sides, lambda: None)]


def _mike() -> Any:
    mike, _ = get_user_model().objects.get_or_create(username="bench-mike")
    mike.groups.add(Group.objects.get(name="AR manager"))
    return get_user_model().objects.get(pk=mike.pk)


def _approve_some(mike: Any, count: int) -> None:
    pending = ProposedAction.objects.awaiting_decision().select_related("customer", "run").order_by("pk")
    for proposal in list(pending[:count]):
        proposals.approve(proposal=proposal, version=proposal.version, by=mike, reason="bench")


def _make_targets() -> None:
    with connection.cursor() as cursor:
        for table in (*INSERTED, *UPDATED):
            cursor.execute(f"DROP TABLE IF EXISTS bench_one_{table}")
            cursor.execute(f"CREATE TABLE bench_one_{table} AS SELECT * FROM {table} LIMIT 1")  # noqa: S608
            cursor.execute(f"DROP TABLE IF EXISTS bench_many_{table}")
            cursor.execute(f"CREATE TABLE bench_many_{table} AS SELECT * FROM {table} LIMIT 0")  # noqa: S608


def _bare() -> None:
    """The same number of rows inserted and updated, one transaction each, no keys and no checks."""
    with connection.cursor() as cursor:
        for _approval in range(BATCH):
            cursor.execute("BEGIN")
            for table in UPDATED:
                cursor.execute(f"UPDATE bench_one_{table} SET id = id")  # noqa: S608
            for table, rows in INSERTED.items():
                for _row in range(rows):
                    cursor.execute(f"INSERT INTO bench_many_{table} SELECT * FROM bench_one_{table}")  # noqa: S608
            cursor.execute("COMMIT")
