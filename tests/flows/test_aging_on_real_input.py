"""The aging tick over a real export: file, sandbox, sync and tick, each a command, nothing helped along."""

import json
from datetime import date
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from customers import aging
from holds.models import ServiceHold
from tests.flows.test_receivables_file import OPEN, OPEN_DAYS, SETTLED, SETTLED_DAYS, load
from workflows.models import ProposedAction, WorkflowDefinition, WorkflowRun

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not OPEN.exists(), reason="not run: no data"),
]
CUSTOMERS = 526


def command(name: str, *arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command(name, *arguments, "--json", stdout=out, stderr=StringIO())
    return json.loads(out.getvalue().splitlines()[-1])


def tick(day: date) -> dict[str, Any]:
    return command("aging_tick", "--as-of", day.isoformat())


def start_over() -> None:
    """As if nobody had proposed anything; the mirror stays as it was synced."""
    for model in (ServiceHold, ProposedAction, WorkflowRun):
        model.objects.all().delete()


def answer(day: date, customers: int, crossing: int, staged: int, **skipped: int) -> dict[str, Any]:
    return {
        "as_of": day.isoformat(),
        "customers": customers,
        "crossing": crossing,
        "staged": staged,
        "withdrawn": 0,
        "skipped": skipped,
    }


def test_each_day_stages_exactly_who_crosses_and_a_second_tick_nobody(sandbox):
    load(OPEN)
    assert command("sync_netsuite")["errors"] == {}
    for day, _invoices, _balance, crossing in OPEN_DAYS:
        start_over()
        assert tick(day) == answer(day, CUSTOMERS, crossing, crossing)
        assert tick(day) == answer(day, CUSTOMERS, crossing, 0, open_proposal=crossing)
        assert ServiceHold.objects.filter(status="proposed").count() == crossing


def test_day_after_day_only_the_new_ones_are_staged():
    load(OPEN, "--to", "hub")
    staged = [tick(day)["staged"] for day, *_ in OPEN_DAYS]
    totals = [crossing for *_, crossing in OPEN_DAYS]
    assert sum(staged) == ProposedAction.objects.count() >= totals[-1]
    assert [tick(day)["staged"] for day, *_ in OPEN_DAYS] == [0] * len(OPEN_DAYS)


def test_each_proposal_shows_the_figures_of_its_day():
    load(OPEN, "--to", "hub")
    day, *_, crossing = OPEN_DAYS[1]
    tick(day)
    owed = aging.receivables(day)
    for proposal in ProposedAction.objects.select_related("run"):
        expected = owed[proposal.customer_id]
        assert proposal.evidence["ar_balance"] == proposal.run.inputs["ar_balance"] == str(expected.ar_balance)
        assert proposal.evidence["days_overdue"] == proposal.run.inputs["days_overdue"] == expected.days_overdue
    assert ProposedAction.objects.count() == crossing


def test_a_lower_line_finds_the_late_payers_of_the_other_file():
    load(SETTLED, "--to", "hub")
    line = {"days": 15, "amount": "100"}
    WorkflowDefinition.objects.filter(workflow_type="service_hold_trigger").update(thresholds=line)
    for day, crossing in SETTLED_DAYS:
        start_over()
        assert tick(day)["staged"] == crossing
