"""Workers killed in the middle of provisioning: every change has exactly one effect, and none is lost.

PROVISIONING_KILLS and PROVISIONING_CHANGES make it larger: 100 and 500 for the full size.
"""

import datetime as dt
import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from netsuite import outbox
from netsuite.models import Push, PushAttempt
from orders.actions import provisioning
from orders.models import LicenseChange
from orders.providers.endpoint.process import EndpointProcess
from orders.provisioning import answers
from tests.flows.drainers import Drainers, wait_for
from tests.flows.provisioning import cloud, endpoint, running_endpoint, waiting  # noqa: F401
from tests.flows.test_worker import database_url
from workflows import audit

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(sys.platform == "win32", reason="kills processes"),
]

SEED = 11
KILLS = int(os.environ.get("PROVISIONING_KILLS", "12"))
CHANGES = int(os.environ.get("PROVISIONING_CHANGES", "60"))
SHORT = {
    "NETSUITE_TIMEOUT_SECONDS": "1",
    "PUSH_LEASE_SECONDS": "2",
    "PUSH_BACKOFF_SECONDS": "0,0,0",
    "PUSH_DRAIN_SECONDS": "2",
    "LOG_LEVEL": "ERROR",
    "PROVISIONING_ALLOW_LOOPBACK": "1",
    "DEVELOPMENT": "1",
    "DJANGO_SETTINGS_MODULE": "config.settings",
}
# So slow that the kills find work, and one call in eight goes wrong.
FAULTS: dict[str, Any] = {
    "latency": {"min": 0.05, "max": 0.3},
    "server_error": {"rate": 0.04},
    "drop_connection": {"rate": 0.04, "when": "after"},
    "bad_gateway": {"rate": 0.04, "when": "after"},
}


@pytest.fixture
def drainers(endpoint: EndpointProcess, tmp_path: Path) -> Iterator[Drainers]:  # noqa: F811
    """They start when there is work, and die with the test."""
    endpoint.seed(SEED)
    endpoint.fault(**FAULTS)
    running = Drainers({**os.environ, **SHORT, "DATABASE_URL": database_url()}, tmp_path / "drainers.log")
    yield running
    running.end()


def calling_since(moment: dt.datetime) -> bool:
    """Somebody alive is in the middle of a call, and has begun it after the last kill; or all is done."""
    calls = PushAttempt.objects.filter(finished_at=None, started_at__gt=moment)
    return calls.exists() or not Push.objects.open().exists()


def settled() -> bool:
    """Nothing is on its way; what killed its workers three times is tried again by a person."""
    if Push.objects.open().exists():
        return False
    return not outbox.retry(all_failed=True, by="mike", reason="looked at it")


def test_killed_workers_lose_nothing_and_do_nothing_twice(endpoint, drainers):  # noqa: F811
    chance = random.Random(SEED)
    provider = cloud(endpoint, slots=5, timeout_seconds=1)
    changes = waiting(CHANGES, provider)
    already = len(endpoint.effects())
    assert provisioning.advance(by="mike").asked == CHANGES
    for _ in range(KILLS):
        wait_for(partial(calling_since, timezone.now()), "nobody calls")
        time.sleep(chance.uniform(0, 0.05))
        drainers.kill_one(chance)
    wait_for(settled, "pushes are still open", seconds=60 + CHANGES)
    answers.catch_up()
    effects = Counter(endpoint.effects()[already:])
    assert effects == Counter({str(change.key): 1 for change in changes})
    assert Counter(LicenseChange.objects.values_list("status", flat=True)) == {"provisioned": CHANGES}
    # Killed in the middle of a call, not between two.
    assert PushAttempt.objects.filter(error_code="lease_expired").count() >= KILLS // 4
    assert "unexpected error" not in drainers.log.read_text()
    assert_every_call_was_announced(endpoint)
    assert_invariants_hold()


def assert_every_call_was_announced(endpoint: EndpointProcess) -> None:  # noqa: F811
    """No call without an attempt that was committed before it."""
    mine = {str(pk) for pk in LicenseChange.objects.values_list("key", flat=True)}
    sent = {line["request_id"] for line in endpoint.requests() if line["path"].rpartition("/")[2] in mine}
    known = {str(found) for found in PushAttempt.objects.values_list("request_id", flat=True)}
    assert sent - known == set()


def assert_invariants_hold() -> None:
    audit.seal()
    out = StringIO()
    with suppress(SystemExit):
        call_command("verify_invariants", "--json", stdout=out)
    assert json.loads(out.getvalue().splitlines()[-1])["broken"] == []
