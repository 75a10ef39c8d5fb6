"""The whole way: queue, workers, client, sign-in, against a NetSuite sandbox in its own process."""

import os
import signal
import subprocess
import sys
import time
from urllib.parse import urlsplit

import pytest
from django.conf import settings as django_settings
from django.db import connection

from netsuite import outbox
from netsuite.checks import check_hold_field
from netsuite.client import Client
from netsuite.models import Channel, Push, PushAttempt
from netsuite.sandbox.process import start_sandbox
from tests.netsuite.conftest import attempts_of, channel, end_lease, fresh, hold, make_due

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.enable_socket]


@pytest.fixture(scope="module")
def process(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sandbox")
    with start_sandbox(folder / "store.sqlite3", folder / "requests.log") as running:
        customers = [{"id": number, "companyname": f"Acme {number}"} for number in range(101, 131)]
        running.load(customers=customers)
        yield running


@pytest.fixture(params=["oauth2", "tba"])
def sandbox(process, settings, request):
    for name, value in process.environment().items():
        setattr(settings, name, value)
    settings.NETSUITE_AUTH = request.param
    yield process
    process.clear_faults()
    for number in range(101, 131):
        process.load(customers=[{"id": number, "companyname": f"Acme {number}", "creditholdoverride": "AUTO"}])


def state_of(sandbox, customer: str = "107") -> str:
    return sandbox.get("customer", customer)["creditHoldOverride"]["id"]


def deliver(push: Push) -> Push:
    make_due(push)
    outbox.drain(once=True)
    return fresh(push)


def test_a_hold_and_its_lift(sandbox):
    push = deliver(hold("ON", expected={"credit_hold": "AUTO"}))
    assert (push.status, push.prior, push.evidence["read_back"]) == (
        "applied",
        {"credit_hold": "AUTO"},
        {"credit_hold": "ON"},
    )
    assert state_of(sandbox) == "ON"
    assert deliver(hold("AUTO", expected={"credit_hold": "ON"})).status == "applied"
    assert state_of(sandbox) == "AUTO"


def test_many_holds_in_few_slots(sandbox):
    sandbox.fault(slots=5)
    for number in range(101, 121):
        hold("ON", customer=str(number))
    assert outbox.drain()["applied"] == 20
    assert {state_of(sandbox, str(number)) for number in range(101, 121)} == {"ON"}


def test_every_write_has_an_earlier_attempt(sandbox):
    seen = len(sandbox.requests())
    push = deliver(hold("ON"))
    request_id = str(push.attempts.get().request_id)
    writes = [line for line in sandbox.requests()[seen:] if line["method"] == "PATCH"]
    assert [line["request_id"] for line in writes] == [request_id]


def test_a_write_that_landed_before_the_time_out(sandbox, settings):
    settings.NETSUITE_TIMEOUT_SECONDS = 2
    sandbox.fault(apply_then_hang={"seconds": 8, "times": 1})
    push = deliver(hold("ON"))
    assert (push.status, state_of(sandbox)) == ("uncertain", "ON")
    push = deliver(push)
    assert attempts_of(push) == [("write", "uncertain"), ("verify", "applied")]


def test_a_write_that_did_not_land_before_the_time_out(sandbox, settings):
    settings.NETSUITE_TIMEOUT_SECONDS = 2
    sandbox.fault(hang_before_apply={"seconds": 8, "times": 1})
    push = deliver(hold("ON"))
    assert (push.status, state_of(sandbox)) == ("uncertain", "AUTO")
    push = deliver(push)
    assert attempts_of(push) == [("write", "uncertain"), ("verify", "retry"), ("write", "applied")]


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"server_error": {"times": 1}}, "retrying", "UNEXPECTED_ERROR"),
        ({"server_error": {"times": 1, "methods": ["PATCH"], "when": "after"}}, "retrying", "UNEXPECTED_ERROR"),
        ({"bad_gateway": {"times": 1, "methods": ["PATCH"], "when": "after"}}, "uncertain", "HTTP_502"),
        ({"drop_connection": {"times": 1, "methods": ["PATCH"], "when": "after"}}, "uncertain", "connection_lost"),
        ({"malformed_json": {"times": 1, "methods": ["GET"]}}, "retrying", "malformed_answer"),
        ({"wrong_id": {"times": 1, "methods": ["GET"]}}, "retrying", "malformed_answer"),
        ({"silent_write": {"times": 1}}, "retrying", "read_back_mismatch"),
        ({"record_changed": {"times": 1}}, "retrying", "USER_ERROR"),
        ({"locked_record": {"times": 1, "methods": ["PATCH"]}}, "failed", "USER_ERROR"),
        ({"no_permission": {"times": 1, "methods": ["PATCH"]}}, "failed", "INSUFFICIENT_PERMISSION"),
    ],
)
def test_faults_and_the_way_out(sandbox, fault, status, code):
    sandbox.fault(**fault)
    push = deliver(hold("ON"))
    assert (push.status, push.last_error_code) == (status, code)
    assert push.last_error_detail
    sandbox.clear_faults()
    if status == "failed":
        outbox.retry(push_ids=[push.pk], by="mike")
    assert deliver(push).status == "applied"
    assert state_of(sandbox) == "ON"


def test_a_throttled_account(sandbox):
    sandbox.fault(throttle={"times": 1, "retry_after": 0.5})
    push = hold("ON")
    assert outbox.drain()["applied"] == 1
    assert fresh(push).attempts_in_cycle == 1


def test_an_expired_token_is_replaced(sandbox):
    sandbox.fault(expired_token={"times": 1})
    assert deliver(hold("ON")).status == "applied"
    assert channel().paused_at is None


def test_a_refused_login_pauses_the_queue_before_it_locks_the_user(sandbox):
    seen = len(sandbox.requests())
    sandbox.fault(invalid_login={"rate": 1})
    push = hold("ON")
    hold("ON", customer="108")
    outbox.drain()
    assert channel().paused_at is not None
    assert len([line for line in sandbox.requests()[seen:] if line["status"] == 401]) < 5
    sandbox.clear_faults()
    outbox.retry(push_ids=[], by="mike")
    assert fresh(push).status == "queued"


def test_a_value_changed_by_hand_is_left_alone(sandbox):
    sandbox.load(customers=[{"id": 107, "companyname": "Acme 107", "creditholdoverride": "OFF"}])
    push = deliver(hold("ON", expected={"credit_hold": "AUTO"}))
    assert (push.status, push.last_error_code, state_of(sandbox)) == ("failed", "drift", "OFF")


def test_a_create_by_external_id_is_proven_by_its_internal_id(sandbox):
    body = {"companyName": "Bolt", "entityId": "BOLT"}
    push = deliver(hold(customer="bolt-1", key="customer:bolt", operation="upsert", body=body))
    assert (push.status, push.evidence["read_back"]["companyName"]) == ("applied", "Bolt")
    assert push.evidence["read_back"]["id"] == sandbox.get("customer", "eid:bolt-1")["id"]


def test_an_unknown_record(sandbox):
    push = deliver(hold("ON", customer="999"))
    assert (push.status, push.last_error_code) == ("failed", "NONEXISTENT_ID")


def test_the_hold_field_is_there_or_not(sandbox):
    client = Client.from_settings()
    assert check_hold_field(client) == []
    sandbox.fault(missing_hold_field=True)
    assert [problem.id for problem in check_hold_field(client)] == ["netsuite.E008"]


# --- a worker that dies ------------------------------------------------------------------------------


@pytest.mark.parametrize("sandbox", ["oauth2"], indirect=True)
@pytest.mark.skipif(sys.platform == "win32", reason="kills a process")
def test_a_worker_killed_between_the_write_and_its_commit(sandbox):
    sandbox.fault(apply_then_hang={"seconds": 20, "times": 1})
    push = hold("ON")
    worker = subprocess.Popen(
        [sys.executable, "manage.py", "ns_drain", "--once", "--skip-checks"], env=_environment(sandbox)
    )
    _until(lambda: state_of(sandbox) == "ON")
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    assert fresh(push).status == "sending"
    end_lease(push)
    push = deliver(push)
    assert attempts_of(push) == [("write", "uncertain"), ("verify", "applied")]
    assert PushAttempt.objects.get(number=1).error_code == "lease_expired"


def _environment(sandbox) -> dict[str, str]:
    """The test's own database, for another process."""
    name = connection.settings_dict["NAME"]
    url = f"sqlite:///{name}"
    if connection.vendor != "sqlite":
        url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
    extra = {"DATABASE_URL": url, "DEVELOPMENT": "1", "DATA_DIR": str(django_settings.DATA_DIR)}
    return {**os.environ, **sandbox.environment(), **extra}


def _until(holds, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)


def test_the_token_survives_in_the_channel_only_encrypted(sandbox):
    deliver(hold("ON"))
    row = Channel.objects.get(name="netsuite")
    if row.token:
        assert row.token not in row.access_token
