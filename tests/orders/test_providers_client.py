"""The line to a provider: pinned to the address that was judged, signed, deaf to the environment."""

import json
import socket
import time
from typing import Any

import pytest
import requests
from urllib3.util import connection as urllib3_connection

from netsuite.deadline import Deadline
from netsuite.errors import NetsuiteError
from orders.providers import client as module
from orders.providers import signing
from orders.providers.client import ProviderClient

URL = "https://provisioning.example.com/v1"
KEY = "a" * 32
NOW = 1773669600


class Cut(Exception):
    """Where a test ends: no socket is opened."""


@pytest.fixture(autouse=True)
def listed(settings: Any) -> None:
    settings.PROVISIONING_ALLOWED_HOSTS = ["provisioning.example.com"]


@pytest.fixture
def connects(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What would be connected to; every connection is refused."""
    seen: list[Any] = []

    def refuse(address: Any, *args: Any) -> None:
        seen.append(address)
        raise ConnectionRefusedError("refused")

    monkeypatch.setattr(module, "create_connection", refuse)
    monkeypatch.setattr(urllib3_connection, "create_connection", refuse)
    return seen


def names(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """The name server answers with each of these in turn; returns what it was asked."""
    asked: list[str] = []
    turns = iter(answers)

    def answer(host: str, port: int, **kwargs: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (text, port)) for text in next(turns)]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return asked


def put(url: str = URL, **fields: Any) -> NetsuiteError:
    client = ProviderClient(url, "a key of sixteen signs", 5)
    with pytest.raises(NetsuiteError) as error:
        client.put(f"/changes/{KEY}", {"quantity": 1}, key=KEY, request_id="r", deadline=Deadline(5))
    return error.value


def test_the_connection_goes_to_the_address_that_was_judged(monkeypatch, connects):
    asked = names(monkeypatch, ["93.184.216.34"])
    assert (put().code, asked, connects) == (
        "not_reached",
        ["provisioning.example.com"],
        [("93.184.216.34", 443)],
    )


def test_a_name_that_changes_after_the_check_is_never_asked_again(monkeypatch, connects):
    asked = names(monkeypatch, ["93.184.216.34"], ["169.254.169.254"])
    put()
    assert (len(asked), connects) == (1, [("93.184.216.34", 443)])


@pytest.mark.parametrize("answer", [["10.0.0.5"], ["93.184.216.34", "127.0.0.1"], ["::ffff:169.254.169.254"], ["::1"]])
def test_a_name_for_an_inner_address_is_not_connected_to(monkeypatch, connects, answer):
    names(monkeypatch, answer)
    error = put()
    assert (error.code, error.permanent, connects) == ("address_refused", True, [])


def test_the_next_address_is_tried_when_one_is_away(monkeypatch, connects):
    names(monkeypatch, ["93.184.216.34", "93.184.216.35"])
    put()
    assert connects == [("93.184.216.34", 443), ("93.184.216.35", 443)]


def test_a_name_nobody_knows_is_tried_again_later(monkeypatch, connects):
    def unknown(*args: Any, **kwargs: Any) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    error = put()
    assert (error.code, error.outcome_unknown, error.permanent) == ("not_reached", False, False)


def test_an_address_off_the_list_is_refused_again_at_sending(connects):
    error = put("https://evil.example.com")
    assert (error.code, error.permanent, connects) == ("address_refused", True, [])


def test_proxies_of_the_environment_are_not_used(monkeypatch, connects):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:3128")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:3128")
    names(monkeypatch, ["93.184.216.34"])
    put()
    assert connects == [("93.184.216.34", 443)]


def test_no_redirect_is_followed_and_certificates_are_checked(monkeypatch):
    sent: dict[str, Any] = {}

    def send(self: Any, request: Any, **how: Any) -> None:
        sent.update(how, url=request.url, headers=dict(request.headers), body=request.body)
        raise Cut

    monkeypatch.setattr(requests.Session, "send", send)
    monkeypatch.setattr(time, "time", lambda: NOW)
    client = ProviderClient(URL, "a key of sixteen signs", 5)
    with pytest.raises(Cut):
        client.put(f"/changes/{KEY}", {"quantity": 1}, key=KEY, request_id="r-1", deadline=Deadline(5))
    assert (sent["allow_redirects"], sent["verify"], sent["proxies"]) == (False, True, {})
    headers = sent["headers"]
    assert (headers["Idempotency-Key"], headers["X-Request-Id"]) == (KEY, "r-1")
    body = json.dumps({"quantity": 1}).encode()
    expected = signing.sign("a key of sixteen signs", "PUT", f"/v1/changes/{KEY}", headers[signing.TIMESTAMP], body)
    assert headers[signing.SIGNATURE] == expected


# --- the signature ----------------------------------------------------------------------------------------


def fault(**changed: Any) -> str:
    """What is wrong with a request that was signed now, then changed."""
    facts: dict[str, Any] = {
        "method": "PUT",
        "path": "/v1/changes/1",
        "timestamp": str(NOW),
        "body": b'{"quantity": 1}',
    }
    signature = signing.sign("key", **facts)
    sent = {"secret": "key", "signature": signature, **facts, **changed}
    return signing.fault_in(**{"now": NOW, **sent})


def test_what_was_signed_is_taken():
    assert fault() == ""


@pytest.mark.parametrize(
    "changed",
    [
        {"secret": "other"},
        {"method": "GET"},
        {"path": "/v1/changes/2"},
        {"body": b'{"quantity": 9}'},
        {"timestamp": str(NOW + 1)},
        {"signature": ""},
        {"signature": "v1="},
        {"signature": "v0=" + "0" * 64},
        {"signature": "ä"},
    ],
)
def test_what_was_changed_is_refused(changed):
    assert fault(**changed) == "The signature does not match."


@pytest.mark.parametrize("now", [NOW - 300, NOW + 300])
def test_clocks_may_be_five_minutes_apart(now):
    assert fault(now=now) == ""


@pytest.mark.parametrize("now", [NOW - 301, NOW + 301])
def test_an_old_or_early_request_is_refused(now):
    assert fault(now=now) == "The request is 301 seconds away from this clock; 300 are allowed."


@pytest.mark.parametrize("timestamp", ["", "now", "-5", "1e9", "١٧٧٣", "9" * 13, "17736696.5"])
def test_a_time_that_is_none_is_refused(timestamp):
    assert fault(timestamp=timestamp) == "X-Holdgate-Timestamp is missing or not a number of seconds."


# --- what an answer says ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"code": "sold_out", "detail": "Sold out."}', ("sold_out", "Sold out.")),
        (b'{"message": "No such product"}', ("HTTP_422", "No such product")),
        (b"<h1>no</h1>", ("HTTP_422", "<h1>no</h1>")),
        (b"", ("HTTP_422", "Answered 422.")),
        (b'["x"]', ("HTTP_422", '["x"]')),
        (b'{"detail": "a\\u0000b\\ud800c"}', ("HTTP_422", "ab?c")),
    ],
)
def test_the_providers_own_words(body, words):
    assert module._words(module.RawAnswer(422, {}, body)) == words
