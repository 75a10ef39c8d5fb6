"""Ten workers killed in the middle of their work, against a NetSuite that fails one call in five: nothing is lost."""

import itertools
import json
import os
import random
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from customers.models import Customer
from holds.actions import holds
from holds.models import ServiceHold
from netsuite import outbox
from netsuite.models import Push, PushAttempt
from netsuite.sandbox.process import SandboxProcess
from tests.factories.customers import EmployeeFactory
from tests.factories.holds import held, owing
from tests.flows.drainers import Drainers, wait_for
from tests.flows.test_worker import database_url
from workflows import audit, tasks
from workflows.models import ProposedAction, WorkflowStep

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(sys.platform == "win32", reason="kills processes"),
]

SEED, KILLS, HELD, LIFTED_A_KILL = 7, 10, 40, 2
SHORT = {
    "NETSUITE_TIMEOUT_SECONDS": "2",
    "PUSH_LEASE_SECONDS": "3",
    "PUSH_BACKOFF_SECONDS": "1,1,1",
    "PUSH_DRAIN_SECONDS": "1",
    "LOG_LEVEL": "ERROR",
}
# One call in five goes wrong.
FAULTS: dict[str, Any] = {
    "latency": {"min": 0.02, "max": 0.1},
    "server_error": {"rate": 0.08},
    "apply_then_hang": {"rate": 0.04, "seconds": 4},
    "drop_connection": {"rate": 0.05, "when": "after", "methods": ["PATCH"]},
    "throttle": {"rate": 0.03, "retry_after": 0.2},
}


@pytest.fixture
def holds_in_force(sandbox: SandboxProcess, mike: Any) -> list[ServiceHold]:
    """Forty customers, approved by mike; their pushes wait."""
    rep = EmployeeFactory()
    customers = [owing(f"Customer {number:02}", sales_rep=rep) for number in range(HELD)]
    sandbox.load(
        customers=[
            {"id": int(c.netsuite_id), "companyname": c.name, "email": c.email, "creditholdoverride": "AUTO"}
            for c in customers
        ]
    )
    return [held(customer, mike) for customer in customers]


@pytest.fixture
def drainers(holds_in_force: list[ServiceHold], sandbox: SandboxProcess, tmp_path: Path) -> Iterator[Drainers]:
    sandbox.seed(SEED)
    sandbox.fault(**FAULTS)
    environment = {**os.environ, **sandbox.environment(), **SHORT, "DATABASE_URL": database_url(), "DEVELOPMENT": "1"}
    running = Drainers({**environment, "DJANGO_SETTINGS_MODULE": "config.settings"}, tmp_path / "drainers.log")
    yield running
    running.end()


def busy_or_done() -> bool:
    return Push.objects.filter(status="sending").exists() or not Push.objects.open().exists()


def settled() -> bool:
    """Nothing is on its way; what killed its workers three times is tried again by a person."""
    if Push.objects.open().exists():
        return False
    return not outbox.retry(all_failed=True, by="mike", reason="looked at it")


def test_nothing_is_lost_and_nothing_diverges(holds_in_force, drainers, sandbox, mike):
    chance = random.Random(SEED)
    to_lift = iter(chance.sample(holds_in_force, KILLS * LIFTED_A_KILL))
    for _ in range(KILLS):
        wait_for(busy_or_done, "nobody sends")
        time.sleep(chance.uniform(0, 0.3))
        drainers.kill_one(chance)
        for hold in itertools.islice(to_lift, LIFTED_A_KILL):
            holds.lift(hold=ServiceHold.objects.get(pk=hold.pk), reason="Paid", by=mike)
    wait_for(settled, "pushes are still open")
    assert_every_push_ended()
    assert_netsuite_has_the_newest_wish(sandbox)
    assert_all_is_told_and_in_order(sandbox)
    assert "unexpected error" not in drainers.log.read_text()


def assert_every_push_ended() -> None:
    ends = Push.objects.values_list("status", flat=True)
    assert (len(ends), set(ends)) == (HELD + KILLS * LIFTED_A_KILL, {"applied", "superseded"})
    assert PushAttempt.objects.filter(error_code="lease_expired").count() >= 1


def assert_netsuite_has_the_newest_wish(sandbox: SandboxProcess) -> None:
    sandbox.clear_faults()
    for customer in Customer.objects.all():
        newest = Push.objects.of_key(f"customer:{customer.netsuite_id}").latest("generation")
        found = sandbox.get("customer", customer.netsuite_id)
        assert (newest.status, found["creditHoldOverride"]["id"]) == ("applied", newest.body["credit_hold"])


def assert_all_is_told_and_in_order(sandbox: SandboxProcess) -> None:
    """What a killed worker did not live to tell is told by the schedules."""
    call_command("sync_netsuite", stdout=StringIO(), stderr=StringIO())
    tasks.apply_waiting()
    audit.seal()
    assert not WorkflowStep.objects.filter(status="waiting").exists()
    assert set(ProposedAction.objects.values_list("status", flat=True)) <= {"applied", "superseded"}
    out = StringIO()
    with suppress(SystemExit):
        call_command("verify_invariants", "--sandbox-log", str(sandbox.log_path), "--json", stdout=out)
    assert json.loads(out.getvalue().splitlines()[-1])["broken"] == []
