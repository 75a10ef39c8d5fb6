"""Signs of life: what stops the service, what only worries it."""

from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from config import health
from customers.models import SyncState
from netsuite import channels
from netsuite.models import Push
from tests.factories.holds import held, owing, proposed
from workflows.models import Heartbeat


@pytest.fixture
def well(db):
    """Everything runs: the worker beats, the sync is fresh."""
    Heartbeat.objects.create(name="cluster")
    for name in ("customers", "transactions"):
        SyncState.objects.create(record_type=name, last_success_at=timezone.now())


def figures(client, **headers):
    text = client.get("/metrics", headers=headers).text
    samples = [s for family in text_string_to_metric_families(text) for s in family.samples]
    return {(s.name, s.labels.get("status", "")): s.value for s in samples}


def test_alive_without_a_database(client):
    """No database mark: any query would fail this test."""
    response = client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_ready(client, well):
    response = client.get("/readyz")
    assert (response.status_code, response.json()["status"], response.json()["warnings"]) == (200, "ok", [])


def test_not_ready_without_a_database(client, well, monkeypatch):
    def away(now):
        raise OperationalError("password authentication failed for user holdgate")

    monkeypatch.setattr(health, "measure", away)
    response = client.get("/readyz")
    assert (response.status_code, response.json()) == (
        503,
        {"status": "down", "problems": ["database: OperationalError"]},
    )


def test_not_ready_while_the_schema_is_behind(client, well):
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM django_migrations WHERE id = (SELECT MAX(id) FROM django_migrations WHERE app = 'disputes')"
        )
    response = client.get("/readyz")
    assert (response.status_code, response.json()["problems"]) == (503, ["migrations: 1 not applied"])


@pytest.mark.parametrize(
    ("trouble", "warning"),
    [
        (lambda: Heartbeat.objects.all().delete(), "worker: silent"),
        (lambda: SyncState.objects.all().delete(), "sync: never ran to its end"),
        (lambda: SyncState.objects.update(last_success_at=timezone.now() - timedelta(hours=5)), "sync: 5 h old"),
        (lambda: channels.pause("netsuite", "401 twice"), "channel paused: netsuite: 401 twice"),
    ],
)
def test_trouble_elsewhere_is_a_warning(client, well, trouble, warning):
    trouble()
    response = client.get("/readyz")
    assert (response.status_code, response.json()["status"]) == (200, "degraded")
    assert response.json()["warnings"] == [warning]


def test_a_push_that_waits_too_long_is_a_warning(client, well, mike):
    held(owing(), mike)
    Push.objects.update(created_at=timezone.now() - timedelta(hours=3))
    assert client.get("/readyz").json()["warnings"] == ["pushes: the oldest waits 3 h"]


def test_figures(client, well, mike):
    held(owing(), mike)
    proposed(owing("Harbor Foods"))
    found = figures(client)
    assert found["holdgate_pushes", "queued"] == 1
    assert found["holdgate_pushes", "failed"] == 0
    assert found["holdgate_mails", "pending_review"] == 2
    assert found["holdgate_proposals_pending", ""] == 1
    assert found["holdgate_channels_paused", ""] == 0


def test_what_never_happened_has_no_figure(client, db):
    assert ("holdgate_sync_age_seconds", "") not in figures(client)


def test_figures_are_not_for_everybody(client, db):
    assert client.get("/metrics", REMOTE_ADDR="192.0.2.7").status_code == 401


def test_a_proxy_on_this_machine_is_not_this_machine(client, db):
    assert client.get("/metrics", headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 401


@pytest.mark.parametrize(("who", "status"), [("operator", 200), ("rep", 401)])
def test_a_token_needs_the_right(api, request, who, status):
    client = api(request.getfixturevalue(who))
    assert client.get("/metrics", REMOTE_ADDR="192.0.2.7").status_code == status
