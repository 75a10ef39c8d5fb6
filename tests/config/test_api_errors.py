"""Every refusal of the API has one shape, and bad JSON is the caller's fault."""

import json

import pytest
from django.db import OperationalError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from holds.actions import holds
from tests.factories.holds import owing

pytestmark = pytest.mark.django_db
URL = "/api/v1/service-holds/"


def error_of(response):
    body = response.json()
    assert set(body) == {"type", "errors"}
    assert all({"code", "detail", "attr"} <= set(error) for error in body["errors"])
    return response.status_code, body["errors"][0]["code"]


def post(client, body, content_type="application/json"):
    return client.generic("POST", URL, data=body, content_type=content_type)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("{", 400),
        ("", 400),
        ("[]", 400),
        ('"text"', 400),
        (b"\xff\xfe{", 400),
        ('{"reason": NaN}', 400),
        ('{"reason": -Infinity}', 400),
        ('{"reason": 1e999}', 400),
        ("9" * 5000, 400),
        ("[" * 51 + "]" * 51, 400),
        ('{"a":' * 100_000 + "1" + "}" * 100_000, 400),
        ('{"customer": "1\\u0000", "reason": "x"}', 400),
        ('{"customer": "\\ud800", "reason": "x"}', 400),
    ],
    ids=lambda value: str(value)[:25],
)
def test_bad_json_is_refused(api, mike, body, status):
    assert error_of(post(api(mike), body))[0] == status


def test_fifty_levels_are_read(api, mike):
    deep = json.loads("[" * 49 + "]" * 49)
    assert error_of(post(api(mike), json.dumps({"stray": deep}))) == (400, "unknown_field")


def test_a_large_body_is_refused(api, mike, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    assert error_of(post(api(mike), json.dumps({"reason": "x" * 1000}))) == (413, "too_large")


def test_a_large_body_with_a_key_is_refused_as_well(api, mike, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    body = json.dumps({"reason": "x" * 1000})
    response = api(mike).generic("POST", URL, data=body, content_type="application/json", HTTP_IDEMPOTENCY_KEY="k")
    assert error_of(response) == (413, "too_large")


def test_another_media_type_is_refused(api, mike):
    assert error_of(post(api(mike), "<a/>", "application/xml")) == (415, "unsupported_media_type")


def test_an_unknown_field_is_refused(api, mike):
    body = {"customer": "1", "reason": "late", "status": "active"}
    assert error_of(api(mike).post(URL, body)) == (400, "unknown_field")


def test_an_unknown_filter_is_refused(api, mike):
    assert error_of(api(mike).get("/api/v1/proposals/?decided_by__password=x")) == (400, "unknown_filter")


def test_an_impossible_value_of_a_filter_is_refused(api, mike):
    assert error_of(api(mike).get("/api/v1/proposals/?status=maybe")) == (400, "invalid_choice")


def test_an_unknown_address_is_404_whatever_the_method(api, mike):
    client = api(mike)
    found = [error_of(getattr(client, method)("/api/v1/nothing/")) for method in ("get", "post", "delete", "patch")]
    assert found == [(404, "not_found")] * 4


def test_a_wrong_method_is_405(api, mike):
    assert error_of(api(mike).delete("/api/v1/proposals/")) == (405, "method_not_allowed")


@pytest.mark.parametrize("key", ["abc", "0", "9" * 30, "%00"])
def test_a_key_that_is_none_is_404(api, mike, key):
    assert error_of(api(mike).get(f"/api/v1/proposals/{key}/")) == (404, "not_found")


def test_a_bad_cursor_is_404(api, mike):
    assert error_of(api(mike).get("/api/v1/proposals/?cursor=%ff")) == (404, "not_found")


def test_a_revoked_token_is_refused_at_once(api, mike):
    client = api(mike)
    assert client.post("/api/v1/tokens/revoke/").status_code == 204
    assert error_of(client.get("/api/v1/proposals/")) == (401, "authentication_failed")


def test_a_session_needs_the_csrf_token(mike):
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(mike)
    assert error_of(client.post(URL, {"customer": "1", "reason": "late"})) == (403, "permission_denied")


def test_a_bug_leaks_nothing(api, mike, monkeypatch):
    client = api(mike)
    client.raise_request_exception = False
    monkeypatch.setattr(holds, "propose", lambda **kwargs: {}["secret name"])
    response = client.post(URL, {"customer": owing().netsuite_id, "reason": "late"})
    assert (error_of(response), "secret" in response.text) == ((500, "error"), False)


def test_a_database_that_is_away_is_503(api, mike, monkeypatch):
    def away(**kwargs):
        raise OperationalError("server closed the connection unexpectedly")

    client = api(mike)
    client.raise_request_exception = False
    monkeypatch.setattr(holds, "propose", away)
    response = client.post(URL, {"customer": owing().netsuite_id, "reason": "late"})
    assert error_of(response) == (503, "database_unavailable")


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
BODIES = st.dictionaries(
    st.sampled_from(["customer", "reason", "version", "kind", "until", "instalments", "state", "amount", "id", "x"]),
    anything,
    max_size=5,
)
POSTS = [URL, "/api/v1/pauses/", "/api/v1/disputes/", "/api/v1/kill-switches/email_send/flip/", "/admin/ns-push/retry"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(url=st.sampled_from(POSTS), body=BODIES)
def test_no_body_makes_the_server_fail(api, mike, url, body):
    assert api(mike).post(url, body).status_code < 500
