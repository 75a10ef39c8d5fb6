"""Licence changes on their way to a provider: a real endpoint in its own process, and everything it may do wrong."""

import datetime as dt
import hashlib
import hmac
import json
import re
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from netsuite import outbox
from netsuite.models import Channel, Push
from orders.models import LicenseChange, ProviderAccount
from orders.providers import enqueue_account, enqueue_change
from orders.providers.endpoint.process import EndpointProcess
from orders.providers.endpoint.server import DEMO_SECRET
from orders.providers.signing import WINDOW_SECONDS
from tests.factories import providers
from tests.factories.customers import CustomerFactory
from tests.flows.provisioning import cloud, endpoint, running_endpoint  # noqa: F401
from tests.flows.test_worker import ROOT

pytestmark = pytest.mark.django_db


def one_push(endpoint: EndpointProcess, slug: str = "cloud", **fields: Any) -> Push:  # noqa: F811
    """A change of 1 licence, queued for a provider at the endpoint."""
    [change] = providers.changes(1, cloud(endpoint, slug, **fields))
    return enqueue_change(change, by="mike")


def drained(push: Push) -> Push:
    """After one pass over what is due."""
    Push.objects.filter(pk=push.pk).update(next_attempt_at=None)
    outbox.drain(once=True)
    return Push.objects.get(pk=push.pk)


def calls(endpoint: EndpointProcess, push: Push) -> list[tuple[str, int]]:  # noqa: F811
    return [(line["method"], line["status"]) for line in endpoint.requests() if push.record_id in line["path"]]


def attempts(push: Push) -> list[tuple[str, str]]:
    return list(push.attempts.order_by("number").values_list("kind", "outcome"))


def test_a_first_attempt_is_one_call_and_its_answer_the_proof(endpoint):  # noqa: F811
    push = drained(one_push(endpoint))
    assert (push.status, calls(endpoint, push)) == ("applied", [("PUT", 201)])
    proof = push.evidence["read_back"]
    assert {name: proof[name] for name in push.body} == push.body
    assert (proof["id"], proof["reference"][:2], push.evidence["http_status"]) == (push.record_id, "P-", 201)


def test_the_journal_names_the_attempt(endpoint):  # noqa: F811
    push = drained(one_push(endpoint))
    [line] = [line for line in endpoint.requests() if push.record_id in line["path"]]
    assert line["request_id"] == str(push.attempts.get().request_id)


def test_an_account_is_opened_under_the_customers_number(endpoint):  # noqa: F811
    provider, customer = cloud(endpoint), CustomerFactory(name="Harbor Deli", email="ap@harbor.example")
    account = ProviderAccount.objects.create(customer=customer, provider=provider)
    push = drained(enqueue_account(account, by="mike"))
    held = endpoint.held()[f"/cloud/accounts/{customer.netsuite_id}"]
    assert (push.status, held["name"], held["email"]) == ("applied", "Harbor Deli", "ap@harbor.example")


def test_the_same_change_sent_again_has_no_second_effect(endpoint):  # noqa: F811
    push = drained(one_push(endpoint))
    first = push.evidence["read_back"]["reference"]
    again = enqueue_change(LicenseChange.objects.get(), by="mike")
    assert drained(again).evidence["read_back"]["reference"] == first
    assert (calls(endpoint, push), endpoint.effects().count(push.record_id)) == ([("PUT", 201), ("PUT", 200)], 1)


AFTER = {"when": "after"}
FAULTS = [
    # fault, its options; status, code of the error and calls of the first pass; calls and effects in the end
    ("server_error", {}, "retrying", "internal", ["PUT"], ["PUT", "PUT"]),
    ("server_error", AFTER, "retrying", "internal", ["PUT"], ["PUT", "PUT"]),
    ("bad_gateway", {}, "uncertain", "HTTP_502", ["PUT"], ["PUT", "GET", "PUT"]),
    ("bad_gateway", AFTER, "uncertain", "HTTP_502", ["PUT"], ["PUT", "GET"]),
    ("drop_connection", {}, "uncertain", "connection_lost", ["PUT"], ["PUT", "GET", "PUT"]),
    ("drop_connection", AFTER, "uncertain", "connection_lost", ["PUT"], ["PUT", "GET"]),
    ("hang_before_apply", {"seconds": 2}, "uncertain", "timeout", ["PUT"], ["PUT", "GET", "PUT"]),
    ("apply_then_hang", {"seconds": 2}, "uncertain", "timeout", ["PUT"], ["PUT", "GET"]),
    ("slow_body", {"seconds": 20}, "uncertain", "timeout", ["PUT"], ["PUT", "GET"]),
    ("malformed_json", {}, "uncertain", "malformed_answer", ["PUT"], ["PUT", "GET"]),
    ("wrong_id", {}, "uncertain", "malformed_answer", ["PUT"], ["PUT", "GET"]),
    ("not_finished", {}, "uncertain", "not_finished", ["PUT"], ["PUT", "GET", "PUT"]),
    ("silent_write", {}, "retrying", "read_back_mismatch", ["PUT"], ["PUT", "PUT"]),
    ("redirect", {}, "retrying", "unexpected_redirect", ["PUT"], ["PUT", "PUT"]),
]


@pytest.mark.parametrize(("fault", "options", "status", "code", "first", "all_calls"), FAULTS)
def test_what_went_wrong_is_tried_again_and_done_once(endpoint, fault, options, status, code, first, all_calls):  # noqa: F811
    push = one_push(endpoint, timeout_seconds=1)
    endpoint.fault(**{fault: {**options, "times": 1}})
    push = drained(push)
    assert (push.status, push.last_error_code) == (status, code)
    assert [method for method, _ in calls(endpoint, push)] == first
    push = drained(push)
    assert (push.status, [method for method, _ in calls(endpoint, push)]) == ("applied", all_calls)
    assert endpoint.effects().count(push.record_id) == 1


def test_a_refusal_ends_at_once_in_the_providers_own_words(endpoint):  # noqa: F811
    push = one_push(endpoint)
    endpoint.fault(refuse={"sku": push.body["sku"], "message": "Sold out until May – ask Ana."})
    push = drained(push)
    assert (push.status, push.last_error_code, push.last_error_detail) == (
        "failed",
        "refused",
        "Sold out until May – ask Ana.",
    )
    assert (attempts(push), endpoint.effects().count(push.record_id)) == ([("write", "refused")], 0)


def test_after_a_refusal_a_person_lets_it_go_again(endpoint):  # noqa: F811
    push = one_push(endpoint)
    endpoint.fault(refuse={"sku": push.body["sku"]})
    push = drained(push)
    endpoint.clear_faults()
    outbox.retry(push_ids=[push.pk], by="mike")
    assert drained(push).status == "applied"


def test_too_many_calls_slow_this_provider_only_and_count_as_no_attempt(endpoint):  # noqa: F811
    endpoint.fault(throttle={"path": "/cloud/", "retry_after": 90, "times": 1})
    slow, quick = one_push(endpoint), one_push(endpoint, "other")
    slow = drained(slow)
    assert (slow.status, slow.attempts_in_cycle, attempts(slow)) == ("queued", 0, [("write", "throttled")])
    assert Channel.named("provider:cloud").backoff_until > slow.created_at + dt.timedelta(seconds=80)
    assert (Push.objects.get(pk=quick.pk).status, Channel.named("provider:other").backoff_until) == ("applied", None)


def test_a_second_401_pauses_this_provider_only(endpoint):  # noqa: F811
    endpoint.fault(unauthorized={"path": "/cloud/"})
    shut, open_ = one_push(endpoint), one_push(endpoint, "other")
    shut = drained(shut)
    assert (shut.status, calls(endpoint, shut)) == ("queued", [("PUT", 401), ("PUT", 401)])
    assert Channel.named("provider:cloud").paused_reason == "The signature does not match."
    assert (Push.objects.get(pk=open_.pk).status, Channel.named("netsuite").paused_at) == ("applied", None)


def test_one_401_is_signed_again(endpoint):  # noqa: F811
    endpoint.fault(unauthorized={"times": 1})
    push = drained(one_push(endpoint))
    assert (push.status, calls(endpoint, push)) == ("applied", [("PUT", 401), ("PUT", 201)])


def test_another_key_is_refused_and_pauses(endpoint):  # noqa: F811
    push = one_push(endpoint)
    provider = LicenseChange.objects.get().subscription.provider
    provider.secret = "some other key of theirs"
    provider.save()
    assert drained(push).status == "queued"
    assert Channel.named("provider:cloud").paused_reason == "The signature does not match."


def test_without_a_key_nobody_is_called(endpoint):  # noqa: F811
    push = one_push(endpoint)
    provider = LicenseChange.objects.get().subscription.provider
    provider.secret = ""
    provider.save()
    assert (drained(push).status, calls(endpoint, push)) == ("queued", [])
    assert Channel.named("provider:cloud").paused_reason == "Cloud has no signing key."


def test_a_provider_that_is_not_in_use_is_not_called(endpoint):  # noqa: F811
    push = one_push(endpoint, is_active=False)
    assert (drained(push).status, calls(endpoint, push)) == ("queued", [])


def test_an_address_that_may_not_be_called_is_not_called_at_sending(endpoint, settings):  # noqa: F811
    push = one_push(endpoint)
    settings.PROVISIONING_ALLOW_LOOPBACK = False
    push = drained(push)
    assert (push.status, push.last_error_code, calls(endpoint, push)) == ("failed", "address_refused", [])


def test_a_provider_that_is_away_is_waited_for(settings):
    settings.PROVISIONING_ALLOW_LOOPBACK = True
    [change] = providers.changes(1, providers.automatic("http://127.0.0.1:9"))
    push = drained(enqueue_change(change, by="mike"))
    assert (push.status, push.last_error_code) == ("retrying", "not_reached")


# --- what the document says to who writes an endpoint ----------------------------------------------------------


def document() -> str:
    return (ROOT / "docs/provisioning-endpoint.md").read_text()


def example() -> dict[str, str]:
    """The worked example: its settings, by name."""
    return dict(re.findall(r'^(SECRET|METHOD|URL_PATH|MOMENT|BODY)=(?:"|\')(.*)(?:"|\')$', document(), re.MULTILINE))


def test_the_worked_example_is_right(tmp_path):
    script = re.search(r"```sh\n(SECRET=.*?)```", document(), re.DOTALL).group(1)
    said = re.search(r"^v1=[0-9a-f]{64}$", document(), re.MULTILINE).group()
    ran = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path)
    facts = example()
    digest = hashlib.sha256(facts["BODY"].encode()).hexdigest()
    text = "\n".join(["v1", facts["METHOD"], facts["URL_PATH"], facts["MOMENT"], digest])
    by_hand = "v1=" + hmac.new(facts["SECRET"].encode(), text.encode(), hashlib.sha256).hexdigest()
    assert (ran.stdout.strip(), said) == (by_hand, by_hand)


def test_curl_as_documented_is_taken(endpoint, tmp_path):  # noqa: F811
    script = re.search(r"```sh\n(ENDPOINT=.*?)```", document(), re.DOTALL).group(1)
    script = re.sub(r"^ENDPOINT=.*$", f"ENDPOINT={endpoint.base_url}/curl", script, flags=re.MULTILINE)
    assert f"SECRET={DEMO_SECRET}" in script
    ran = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path)
    key = "0b7c9b5e-6f6e-4c54-9a35-7b4c7d0f2a11"
    assert json.loads(ran.stdout)["id"] == key
    assert f"/curl/changes/{key}" in endpoint.held()


def test_a_recorded_request_is_too_old_later(endpoint):  # noqa: F811
    from orders.providers.signing import SIGNATURE, TIMESTAMP, sign

    path, moment = "/cloud/changes/replayed", str(int(time.time()) - WINDOW_SECONDS - 60)
    headers = {TIMESTAMP: moment, SIGNATURE: sign(DEMO_SECRET, "PUT", path, moment, b"{}")}
    headers |= {"Idempotency-Key": "replayed", "Content-Type": "application/json"}
    request = urllib.request.Request(endpoint.base_url + path, b"{}", headers, method="PUT")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=5)
    assert (refused.value.code, path in endpoint.held()) == (401, False)


def test_the_document_names_every_field_that_is_sent(endpoint):  # noqa: F811
    push = one_push(endpoint)
    text = Path(ROOT / "docs/provisioning-endpoint.md").read_text()
    assert [name for name in push.body if f"`{name}`" not in text] == []
