"""What each answer of the other side means, read from a real socket."""

import json
import time

import pytest
from requests.auth import AuthBase

from netsuite import client as client_module
from netsuite.client import Client, check_account
from netsuite.deadline import Deadline
from netsuite.errors import NetsuiteError
from netsuite.wire import Wire
from tests.netsuite.conftest import channel
from tests.netsuite.scripted_server import ScriptedServer, dripping, response

pytestmark = [pytest.mark.django_db, pytest.mark.enable_socket]


class Stamp(AuthBase):
    """Signs with a number that rises with each request."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __call__(self, request):
        request.headers["Authorization"] = f"Stamp {self.number}"
        return request


class Stamps:
    def __init__(self) -> None:
        self.given = self.taken_back = 0

    def sign(self, deadline: Deadline) -> Stamp:
        self.given += 1
        return Stamp(self.given)

    def refused(self, auth: AuthBase) -> None:
        self.taken_back += 1


@pytest.fixture
def server():
    server = ScriptedServer()
    yield server
    server.stop()


@pytest.fixture
def netsuite(server):
    return Client(server.url, Stamps())


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(client_module, "read_delay", lambda tries, retry_after=None: 0)


def error_body(code: str, detail: str) -> str:
    return json.dumps(
        {
            "type": "https://www.rfc-editor.org/rfc/rfc9110.html#section-15.5.1",
            "title": "Bad Request",
            "status": 400,
            "o:errorDetails": [{"detail": detail, "o:errorCode": code}],
        }
    )


def failure(call, *args, **kwargs) -> NetsuiteError:
    with pytest.raises(NetsuiteError) as caught:
        call(*args, **kwargs)
    return caught.value


# --- success ---------------------------------------------------------------------------------------


def test_a_record_and_the_headers_it_is_asked_with(server, netsuite):
    server.json('{"id": "107", "creditHoldOverride": {"id": "AUTO"}}')
    record = netsuite.get("customer", "107", fields=("creditHoldOverride",), request_id="r-1")
    assert record["creditHoldOverride"] == {"id": "AUTO"}
    head = server.requests[0].decode()
    assert head.startswith("GET /services/rest/record/v1/customer/107?fields=id%2CcreditHoldOverride HTTP/1.1")
    assert "X-NetSuite-PropertyNameValidation: Error" in head
    assert "Accept-Language: en" in head
    assert "X-Request-Id: r-1" in head


def test_a_patch(server, netsuite):
    server.answer(response(b"", "204 No Content", Location="/customer/107"))
    assert netsuite.patch("customer", "107", {"creditHoldOverride": {"id": "ON"}}) == 204
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"PATCH /services/rest/record/v1/customer/107 ")
    assert json.loads(body) == {"creditHoldOverride": {"id": "ON"}}


def test_an_upsert_goes_by_external_id(server, netsuite):
    server.answer(response(b"", "204 No Content"))
    netsuite.upsert("customrecord_brm_pin_log", "a1-b2", {"name": "x"})
    assert server.requests[0].startswith(b"PUT /services/rest/record/v1/customrecord_brm_pin_log/eid:a1-b2 ")


def test_suiteql_pages(server, netsuite):
    server.json('{"items": [{"links": [], "ID": "1"}], "hasMore": true, "totalResults": 2}')
    server.json('{"items": [{"links": [], "id": "2"}], "hasMore": false, "totalResults": 2}')
    assert [row["id"] for row in netsuite.suiteql("SELECT id FROM customer WHERE id > ?", [0])] == ["1", "2"]
    assert b"limit=1000&offset=1000" in server.requests[1]
    assert b"Prefer: transient" in server.requests[0]
    assert json.loads(server.requests[0].partition(b"\r\n\r\n")[2])["params"] == [0]


def test_a_result_beyond_the_cap_is_refused_before_it_is_cut(server, netsuite):
    server.json('{"items": [], "hasMore": true, "totalResults": 100001}')
    assert failure(lambda: list(netsuite.suiteql("SELECT id FROM customer"))).code == "row_cap"


def test_an_async_duplicate_is_a_success(server, netsuite):
    server.json(error_body("IDEMPOTENCY_ERROR", "Duplicate"), "400 Bad Request")
    assert netsuite.patch("customer", "107", {"email": "x"}) == 202


# --- errors ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code", "detail", "kind", "permanent", "retry_once"),
    [
        (400, "USER_ERROR", "Please enter value(s) for: Terms", "refused", True, False),
        (400, "INVALID_CONTENT", "Invalid content in the request body", "refused", True, False),
        (400, "USER_ERROR", "This record has been locked by a user defined workflow.", "refused", True, False),
        (400, "USER_ERROR", "Record has been changed", "refused", False, True),
        (403, "INSUFFICIENT_PERMISSION", "No.", "refused", True, False),
        (404, "NONEXISTENT_ID", "The record instance does not exist.", "refused", True, False),
        (429, "CONCURRENCY_LIMIT_EXCEEDED", "Request blocked.", "throttle", False, False),
        (500, "UNEXPECTED_ERROR", "Error ID: x", "server", False, False),
    ],
)
def test_errors_by_code(server, netsuite, status, code, detail, kind, permanent, retry_once):
    server.json(error_body(code, detail), f"{status} X")
    error = failure(netsuite.patch, "customer", "107", {"email": "x"})
    assert (error.kind, error.permanent, error.retry_once) == (kind, permanent, retry_once)
    assert (error.code, error.detail, error.http_status) == (code, detail, status)


def test_every_detail_is_kept(server, netsuite):
    details = [{"detail": "First.", "o:errorCode": "INVALID_CONTENT"}, {"detail": "Second."}]
    server.json(json.dumps({"o:errorDetails": details}), "400 Bad Request")
    assert failure(netsuite.patch, "customer", "107", {"email": "x"}).detail == "First.\nSecond."


def test_retry_after_is_honoured(server, netsuite):
    server.json(error_body("CONCURRENCY_LIMIT_EXCEEDED", "x"), "429 X", Retry_After="7")
    assert failure(netsuite.get, "customer", "107").retry_after == 7


@pytest.mark.parametrize(
    ("answer", "code", "unknown"),
    [
        (response(b"<html>Bad gateway</html>", "502 Bad Gateway", Content_Type="text/html"), "HTTP_502", True),
        (response(b"<html>Hello</html>", "200 OK", Content_Type="text/html"), "malformed_answer", True),
        (response(b"{}", "304 Not Modified", Content_Type="application/json"), "unexpected_redirect", False),
        (response(b"", "302 Found", Location="http://127.0.0.1:1/"), "unexpected_redirect", False),
        (b"", "connection_lost", True),
        (b"HTTP/1.1", "connection_lost", True),
    ],
)
def test_a_write_with_an_answer_that_is_no_answer(server, netsuite, answer, code, unknown):
    server.answer(answer)
    error = failure(netsuite.patch, "customer", "107", {"email": "x"})
    assert (error.code, error.outcome_unknown, error.permanent) == (code, unknown, False)


@pytest.mark.parametrize("body", ['{"id": "10', "[]", '{"id": "108"}', "{}", "null"])
def test_a_record_that_is_not_the_one_asked_for(server, netsuite, body):
    server.json(body)
    error = failure(netsuite.get, "customer", "107")
    assert (error.kind, error.permanent) == ("malformed", False)


def test_another_external_id_is_not_the_one_asked_for(server, netsuite):
    server.json('{"id": "5", "externalId": "other"}')
    assert failure(netsuite.get, "customer", "eid:mine").kind == "malformed"


def test_nobody_listens(server, netsuite):
    server.stop()
    error = failure(netsuite.patch, "customer", "107", {"email": "x"})
    assert (error.code, error.outcome_unknown) == ("not_reached", False)
    server.__init__()


def test_a_page_without_items(server, netsuite):
    for _ in range(6):
        server.json("{}")
    assert failure(lambda: list(netsuite.suiteql("SELECT id FROM customer"))).kind == "malformed"


def test_a_read_of_many_rows_is_repeated(server, netsuite):
    server.json(error_body("UNEXPECTED_ERROR", "x"), "500 X")
    server.json(error_body("CONCURRENCY_LIMIT_EXCEEDED", "x"), "429 X")
    server.json('{"items": [], "hasMore": false}')
    assert list(netsuite.suiteql("SELECT id FROM customer")) == []


# --- time ------------------------------------------------------------------------------------------

ANSWER = response(b'{"id": "107"}', Content_Type="application/json")
HEAD = len(ANSWER) - len(b'{"id": "107"}')


@pytest.mark.parametrize(
    "script",
    [[5.0], dripping(ANSWER, 0.1), [ANSWER[:HEAD], *dripping(ANSWER[HEAD:], 0.3)]],
    ids=["silence", "slow head", "slow body"],
)
def test_the_deadline_holds_whatever_the_server_does(server, netsuite, script):
    server.answer(*script)
    started = time.monotonic()
    error = failure(netsuite.get, "customer", "107", deadline=Deadline(0.6))
    assert time.monotonic() - started < 2
    assert (error.kind, error.outcome_unknown) == ("timeout", True)


class Frozen(AuthBase):
    """The process stands still just before the request leaves."""

    def __call__(self, request):
        time.sleep(0.4)
        return request


@pytest.mark.parametrize("verb", ["PATCH", "GET"])
def test_nothing_leaves_after_the_deadline(server, verb):
    server.json("{}")
    with pytest.raises(NetsuiteError) as told:
        Wire().exchange(verb, server.url, deadline=Deadline(0.2), auth=Frozen(), json_body={"a": 1})
    server.stop()
    assert (told.value.code, told.value.outcome_unknown, b"".join(server.requests)) == ("not_reached", False, b"")


# --- sign-in ---------------------------------------------------------------------------------------


def test_one_401_is_signed_anew(server, netsuite):
    server.json(error_body("INVALID_LOGIN", "Invalid login attempt."), "401 Unauthorized")
    server.json('{"id": "107"}')
    assert netsuite.get("customer", "107")["id"] == "107"
    assert b"Stamp 2" in server.requests[1]
    assert channel().paused_at is None


def test_a_second_401_pauses_the_channel(server, netsuite):
    for _ in range(2):
        server.json(error_body("INVALID_LOGIN", "Invalid login attempt."), "401 Unauthorized")
    assert failure(netsuite.get, "customer", "107").kind == "auth"
    assert (len(server.requests), channel().paused_reason) == (2, "Invalid login attempt.")


# --- the pinned account ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://1234567-sb1.suitetalk.api.netsuite.com", True),
        ("http://1234567-sb1.suitetalk.api.netsuite.com", False),
        ("https://1234567.suitetalk.api.netsuite.com", False),
        ("https://1234567-sb1.suitetalk.api.netsuite.com.evil.example", False),
        ("http://127.0.0.1:8001", True),
        ("http://localhost:8001", True),
        ("http://[::1]:8001", True),
        ("http://127.0.0.1.evil.example", False),
        ("http://10.0.0.1", False),
    ],
)
def test_the_account_is_pinned(url, allowed):
    from django.core.exceptions import ImproperlyConfigured

    if allowed:
        check_account(url, "1234567_SB1")
    else:
        with pytest.raises(ImproperlyConfigured):
            check_account(url, "1234567_SB1")
