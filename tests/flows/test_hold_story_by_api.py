"""The service hold once more, every step of a person by the API: what an integrator or another screen can do."""

from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone

from netsuite.outbox import drain
from tests.flows.test_hold_story import account  # noqa: F401  the same account in NetSuite
from workflows import tasks

pytestmark = pytest.mark.django_db(transaction=True)


def get(client, path):
    answer = client.get(f"/api/v1/{path}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def post(client, path, body=None, expect=200):
    answer = client.post(f"/api/v1/{path}", body or {}, format="json")
    assert answer.status_code == expect, answer.content
    return answer.json()


def test_the_main_job_by_api(api, mike, smtp, account):  # noqa: F811
    call_command("sync_netsuite", verbosity=0)
    call_command("aging_tick", verbosity=0)
    client = api(mike)

    [proposal] = get(client, "proposals/?status=pending")["results"]
    assert [step["status"] for step in get(client, f"proposals/{proposal['id']}/")["preview"]] == ["dry_run"] * 4
    post(client, f"proposals/{proposal['id']}/approve/", {"version": proposal["version"], "reason": "94 days late"})
    assert get(client, "customers/107/hold-status/")["source"] == "service_hold"

    drain()
    [push] = get(client, "ns-pushes/?record_id=107")["results"]
    assert push["status"] == "applied"
    assert account.get("customer", "107")["creditHoldOverride"]["id"] == "ON"
    assert get(client, f"proposals/{proposal['id']}/")["status"] == "applied"
    run = get(client, f"runs/{proposal['run_id']}/")
    assert [step["status"] for step in run["steps"]] == ["ok"] * 4

    drafts = get(client, "emails/?status=pending_review")["results"]
    notice = next(draft for draft in drafts if draft["audience"] == "customer")
    polished = {"version": notice["version"], "subject": notice["subject"], "body": "Hello Maria,\n\n" + notice["body"]}
    answer = client.patch(f"/api/v1/emails/{notice['id']}/", polished, format="json")
    assert answer.status_code == 200, answer.content
    version = {"version": answer.json()["version"]}
    post(client, f"emails/{notice['id']}/approve/", version)
    post(client, f"emails/{notice['id']}/undo/")
    post(client, f"emails/{notice['id']}/approve/", version)
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        assert tasks.send_due()["sent"] == 1
    assert smtp.received[0].message.get_content().startswith("Hello Maria,")

    [hold] = get(client, "service-holds/?status=active")["results"]
    post(client, f"service-holds/{hold['id']}/lift/", {"reason": "Paid in full"})
    drain()
    assert account.get("customer", "107")["creditHoldOverride"]["id"] == "AUTO"
    assert get(client, "customers/107/hold-status/")["source"] != "service_hold"
    call_command("verify_invariants", sandbox_log=account.log_path, verbosity=0)
