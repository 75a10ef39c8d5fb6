"""One worker's line to one provider: signed calls to a checked and pinned address, and what the answers mean."""

import json
import socket
from collections.abc import Mapping
from typing import Any, ClassVar

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

from netsuite.answers import LONGEST_DETAIL, RawAnswer, malformed, raise_for_error
from netsuite.deadline import Deadline, TimedAdapter, TimedHTTPConnection, TimedHTTPSConnection
from netsuite.errors import NetsuiteError
from netsuite.wire import Wire
from orders.providers import addresses
from orders.providers.signing import Signature

LARGEST_ANSWER = 1024 * 1024


class _Pinned:
    """Connects to an address that was judged; TLS still checks the certificate against the name."""

    host: Any
    port: Any
    timeout: Any
    source_address: Any
    socket_options: Any

    def _new_conn(self) -> socket.socket:
        last: OSError | None = None
        for address in self._judged():
            try:
                return create_connection((address, self.port), self.timeout, self.source_address, self.socket_options)
            except TimeoutError as error:
                raise ConnectTimeoutError(self, f"{self.host} ({address}) does not answer.") from error
            except OSError as error:
                last = error
        raise NewConnectionError(self, f"{self.host} cannot be reached: {last}") from last  # type: ignore[arg-type]

    def _judged(self) -> list[str]:
        try:
            return addresses.resolve(self.host, self.port)
        except addresses.BadAddress as refusal:
            raise _refused(refusal) from refusal
        except (OSError, UnicodeError) as error:
            raise NameResolutionError(self.host, self, error) from error  # type: ignore[arg-type]


class _PinnedHTTPConnection(_Pinned, TimedHTTPConnection):  # type: ignore[misc]
    pass


class _PinnedHTTPSConnection(_Pinned, TimedHTTPSConnection):  # type: ignore[misc]
    pass


class _PinnedHTTPPool(HTTPConnectionPool):
    ConnectionCls = _PinnedHTTPConnection


class _PinnedHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _PinnedHTTPSConnection


class PinnedAdapter(TimedAdapter):
    pools: ClassVar[dict[str, type[HTTPConnectionPool]]] = {"http": _PinnedHTTPPool, "https": _PinnedHTTPSPool}


class ProviderClient:
    """Calls raise NetsuiteError and nothing else. `seconds` is the time for one call."""

    def __init__(self, url: str, secret: str, seconds: float) -> None:
        self.url, self.seconds, self._signature = url, seconds, Signature(secret)
        self._wire = Wire(PinnedAdapter, LARGEST_ANSWER)

    def put(
        self, path: str, body: Mapping[str, Any], *, key: str, request_id: str, deadline: Deadline
    ) -> tuple[int, dict[str, Any]]:
        """Have `body` carried out, once a `key` however often it is sent; the status, and what the provider holds."""
        answer = self._call("PUT", path, request_id, deadline, {"Idempotency-Key": key}, body)
        raise_for_error(answer, _words)
        if answer.status == 202:
            detail = "Accepted, not carried out yet."
            raise NetsuiteError(detail, kind="server", code="not_finished", http_status=202, outcome_unknown=True)
        return answer.status, _held(answer, path)

    def get(self, path: str, *, request_id: str, deadline: Deadline) -> tuple[int, dict[str, Any] | None]:
        """What the provider holds there; None when it knows nothing of it."""
        answer = self._call("GET", path, request_id, deadline, {})
        if answer.status == 404:
            return 404, None
        raise_for_error(answer, _words)
        return answer.status, _held(answer, path)

    def _call(
        self,
        method: str,
        path: str,
        request_id: str,
        deadline: Deadline,
        headers: dict[str, str],
        body: Mapping[str, Any] | None = None,
    ) -> RawAnswer:
        """A refused signature is tried once more with a fresh time."""
        url = self._base_url() + path
        headers = {"Accept": "application/json", "User-Agent": "Holdgate", "X-Request-Id": request_id, **headers}
        limit = Deadline(min(self.seconds, deadline.left()))
        send: dict[str, Any] = {"deadline": limit, "headers": headers, "auth": self._signature, "json_body": body}
        answer = self._wire.exchange(method, url, **send)
        return self._wire.exchange(method, url, **send) if answer.status == 401 else answer

    def _base_url(self) -> str:
        try:
            return addresses.check(self.url).base_url
        except addresses.BadAddress as refusal:
            raise _refused(refusal) from refusal


def _refused(refusal: addresses.BadAddress) -> NetsuiteError:
    return NetsuiteError(refusal.detail, kind="refused", code=refusal.code, permanent=True)


def _held(answer: RawAnswer, path: str) -> dict[str, Any]:
    """The record in the answer. Raises NetsuiteError of kind malformed for anything but the one asked for."""
    held = answer.json()
    if not isinstance(held, dict) or str(held.get("id")) != path.rpartition("/")[2]:
        raise malformed(answer, f"Asked for {path}, the answer is about something else.")
    return held


def _words(answer: RawAnswer) -> tuple[str, str]:
    """The provider's own `code` and `detail` (or `message`) of a JSON answer, else the beginning of the page."""
    text = clean(answer.body[:LONGEST_DETAIL].decode("utf-8", "replace"))
    try:
        said = json.loads(answer.body)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        return f"HTTP_{answer.status}", text or f"Answered {answer.status}."
    words = clean(str(said.get("detail") or said.get("message") or said.get("title") or text))
    return clean(str(said.get("code") or f"HTTP_{answer.status}"))[:80], words[:LONGEST_DETAIL]


def clean(text: str) -> str:
    """Without what a database refuses: NUL, and halves of a character."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()
