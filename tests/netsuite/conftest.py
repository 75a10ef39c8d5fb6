"""A remote system in memory: it keeps values, answers as told, and remembers what it was asked."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from netsuite import outbox
from netsuite.errors import NetsuiteError
from netsuite.models import Channel, Push
from netsuite.transport import Answer
from netsuite.values import comparable

# Moves a lease into the past without waiting for it.
LONG_AGO = "2001-01-01T00:00:00+00:00"


class FakeRemote:
    """Records by id. `fail_next` queues failures for the coming reads or writes."""

    proves_writes = False

    def __init__(self, **records: dict[str, Any]) -> None:
        self.slots = 1
        self.records = records
        self.calls: list[tuple[str, str]] = []
        self.lock = threading.Lock()
        self._failures: dict[str, deque[Any]] = {"read": deque(), "write": deque()}
        self.before_write: Callable[[Push], None] = lambda push: None
        self.after_write: Callable[[Push], None] = lambda push: None
        self.ignores_writes = False

    def fail_next(self, call: str, *failures: Exception | None, times: int = 1) -> None:
        """None lets one call pass."""
        self._failures[call].extend(failures * times)

    def wanted(self, body: dict[str, Any]) -> dict[str, Any]:
        return comparable(body)

    def read(self, push: Push, request_id: str, deadline: Any) -> Answer:
        self._enter("read", push)
        record = self.records.get(push.record_id)
        return Answer(None if record is None else dict(record), 200 if record is not None else 404)

    def write(self, push: Push, request_id: str, deadline: Any) -> Answer:
        self.before_write(push)
        self._enter("write", push)
        if not self.ignores_writes:
            self.records.setdefault(push.record_id, {}).update(comparable(push.body))
        self.after_write(push)
        return Answer(dict(self.records.get(push.record_id, {})) if self.proves_writes else {}, 204)

    def _enter(self, call: str, push: Push) -> None:
        with self.lock:
            self.calls.append((call, push.record_id))
            failure = self._failures[call].popleft() if self._failures[call] else None
        if failure is not None:
            raise failure

    @property
    def writes(self) -> list[str]:
        return [record_id for call, record_id in self.calls if call == "write"]


@pytest.fixture
def remote() -> Iterator[FakeRemote]:
    """Customer 107, credit hold AUTO, behind the channel `netsuite`."""
    fake = FakeRemote(**{"107": {"credit_hold": "AUTO"}})
    real = outbox.TRANSPORTS["netsuite"]
    outbox.TRANSPORTS["netsuite"] = lambda: fake
    yield fake
    outbox.TRANSPORTS["netsuite"] = real


@pytest.fixture
def outcomes() -> Iterator[list[tuple[int, str]]]:
    """(generation, status) as the upper apps are told."""
    told: list[tuple[int, str]] = []

    def listen(push: Push) -> None:
        told.append((push.generation, push.status))

    outbox.ON_OUTCOME.append(listen)
    yield told
    outbox.ON_OUTCOME.remove(listen)


def hold(state: str = "ON", customer: str = "107", **fields: Any) -> Push:
    """Queue a credit hold for a customer."""
    names = {"key": f"customer:{customer}", "record_type": "customer", "record_id": customer, "by": "mike"}
    return outbox.enqueue(**{**names, "body": {"credit_hold": state}, **fields})


def fresh(push: Push) -> Push:
    return Push.objects.get(pk=push.pk)


def attempts_of(push: Push) -> list[tuple[str, str]]:
    return list(push.attempts.order_by("number").values_list("kind", "outcome"))


def channel() -> Channel:
    return Channel.named("netsuite")


def make_due(push: Push) -> None:
    """Its waiting time is over."""
    Push.objects.filter(pk=push.pk).update(next_attempt_at=None)


def end_lease(push: Push) -> None:
    Push.objects.filter(pk=push.pk).update(lease_until=LONG_AGO)


def lease(push: Push, until: str = "2099-01-01T00:00:00+00:00", **fields: Any) -> None:
    """Some other worker holds the push."""
    token = "00000000-0000-0000-0000-000000000001"
    Push.objects.filter(pk=push.pk).update(status="sending", lease_token=token, lease_until=until, **fields)


def server_error() -> NetsuiteError:
    detail = "An unexpected error occurred. Error ID: m1x2"
    return NetsuiteError(detail, kind="server", code="UNEXPECTED_ERROR", http_status=500)


def time_out() -> NetsuiteError:
    return NetsuiteError("read timed out", kind="timeout", code="timeout", outcome_unknown=True)


def throttled(retry_after: float | None = None) -> NetsuiteError:
    detail = "Concurrent request limit exceeded. Request blocked."
    code = "CONCURRENCY_LIMIT_EXCEEDED"
    return NetsuiteError(detail, kind="throttle", code=code, http_status=429, retry_after=retry_after)


def refused(detail: str = "Error while accessing a resource. Please enter value(s) for: Terms") -> NetsuiteError:
    return NetsuiteError(detail, kind="refused", code="USER_ERROR", http_status=400, permanent=True)


def unauthorised() -> NetsuiteError:
    return NetsuiteError("Invalid login attempt.", kind="auth", code="INVALID_LOGIN", http_status=401)
