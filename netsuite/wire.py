"""One HTTP exchange under a deadline: no redirect, no environment proxy, a bounded body."""

import json
from typing import Any

import requests
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError, MaxRetryError, NewConnectionError

from netsuite.answers import RawAnswer
from netsuite.deadline import Deadline, TimedAdapter
from netsuite.errors import NetsuiteError

LARGEST_BODY = 50 * 1024 * 1024
CHUNK = 64 * 1024


class Wire:
    """A session of one worker; not shared between threads. `largest_body` is in bytes."""

    def __init__(self, adapter: type[TimedAdapter] = TimedAdapter, largest_body: int = LARGEST_BODY) -> None:
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.mount("http://", adapter())
        self._session.mount("https://", adapter())
        self._largest_body = largest_body

    def exchange(
        self,
        method: str,
        url: str,
        *,
        deadline: Deadline,
        headers: dict[str, str] | None = None,
        auth: AuthBase | None = None,
        params: dict[str, Any] | None = None,
        json_body: Any = None,
        form: dict[str, str] | None = None,
    ) -> RawAnswer:
        """Send once. Raises NetsuiteError of kind network or timeout; `outcome_unknown` once bytes may have left."""
        data: Any = form
        if json_body is not None:
            data, headers = json.dumps(json_body), {**(headers or {}), "Content-Type": "application/json"}
        try:
            with (
                deadline.governs(),
                self._session.request(
                    method,
                    url,
                    params=params,
                    data=data,
                    headers=headers,
                    auth=auth,
                    timeout=deadline.timeouts(),
                    stream=True,
                    allow_redirects=False,
                ) as response,
            ):
                body = _read_body(response, deadline, self._largest_body)
                return RawAnswer(response.status_code, {k.lower(): v for k, v in response.headers.items()}, body)
        except (requests.RequestException, HTTPError, OSError) as error:
            raise _line_error(error, deadline) from error


def _read_body(response: requests.Response, deadline: Deadline, largest: int) -> bytes:
    """All of the body, piece by piece as it arrives, so that a dripping server meets the deadline too."""
    body = bytearray()
    while piece := response.raw.read1(CHUNK, decode_content=True):
        body += piece
        if deadline.passed():
            raise requests.ReadTimeout("the answer took too long")
        if len(body) > largest:
            raise NetsuiteError("The answer is too large.", kind="malformed", code="answer_too_large", permanent=True)
    return bytes(body)


def _line_error(error: Exception, deadline: Deadline) -> NetsuiteError:
    if _never_connected(error):
        return NetsuiteError(str(error), kind="network", code="not_reached")
    if deadline.passed() or isinstance(error, requests.Timeout | TimeoutError):
        return NetsuiteError(str(error), kind="timeout", code="timeout", outcome_unknown=True)
    return NetsuiteError(str(error), kind="network", code="connection_lost", outcome_unknown=True)


def _never_connected(error: Exception) -> bool:
    if isinstance(error, requests.ConnectTimeout):
        return True
    inner = error.args[0] if error.args else None
    return isinstance(inner, MaxRetryError) and isinstance(inner.reason, NewConnectionError)
