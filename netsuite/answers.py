"""What an HTTP answer of NetSuite means: its JSON, or one NetsuiteError.

Errors are told apart by `o:errorCode`; `type` comes in two forms and is never looked at
(Oracle help section_156570709583).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from netsuite.errors import NetsuiteError

LONGEST_DETAIL = 2000
# The gateway gave up or the line broke behind it: the record may have been written.
GATEWAY_STATUSES = {502, 503, 504}
ALREADY_SUBMITTED = "IDEMPOTENCY_ERROR"
THROTTLE_CODES = {"CONCURRENCY_LIMIT_EXCEEDED", "REQUEST_LIMIT_EXCEEDED"}


@dataclass(frozen=True)
class RawAnswer:
    """Status, headers (names in lower case) and body of one answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_json(self) -> bool:
        return "json" in self.headers.get("content-type", "").lower()

    def json(self) -> Any:
        """The body; raises NetsuiteError of kind malformed for anything but JSON."""
        if not self.is_json:
            raise malformed(self, f"The answer is {self.headers.get('content-type') or 'untyped'}, not JSON.")
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise malformed(self, f"The answer is not valid JSON: {error}") from error


def malformed(answer: RawAnswer, detail: str) -> NetsuiteError:
    return NetsuiteError(
        detail, kind="malformed", code="malformed_answer", http_status=answer.status, outcome_unknown=True
    )


Words = Callable[[RawAnswer], tuple[str, str]]


def raise_for_error(answer: RawAnswer, words: Words | None = None) -> None:
    """Raise the NetsuiteError of a failed call; return for a success (an async duplicate is one).

    `words` finds the code and the sentence in the answer of another system.
    """
    if 200 <= answer.status < 300:
        return
    if 300 <= answer.status < 400:
        raise _error(answer, "server", "unexpected_redirect", f"Redirected to {answer.headers.get('location', '')}")
    code, detail = (words or code_and_detail)(answer)
    if code == ALREADY_SUBMITTED:
        return
    if answer.status == 401:
        raise _error(answer, "auth", code, detail)
    if answer.status == 429 or code in THROTTLE_CODES:
        raise _error(answer, "throttle", code, detail, retry_after=_retry_after(answer))
    if answer.status >= 500 or answer.status == 408:
        unknown = answer.status in GATEWAY_STATUSES
        raise _error(answer, "server", code, detail, outcome_unknown=unknown, retry_after=_retry_after(answer))
    changed = "record has been changed" in detail.lower()
    raise _error(answer, "refused", code, detail, permanent=not changed, retry_once=changed)


def _error(answer: RawAnswer, kind: str, code: str, detail: str, **more: Any) -> NetsuiteError:
    return NetsuiteError(detail, kind=kind, code=code, http_status=answer.status, **more)


def code_and_detail(answer: RawAnswer) -> tuple[str, str]:
    """NetSuite's own words; for a page that is not an error of the API, its beginning."""
    fallback = f"HTTP_{answer.status}"
    text = answer.body[:LONGEST_DETAIL].decode("utf-8", "replace")
    if not answer.is_json:
        return fallback, text
    try:
        body = json.loads(answer.body)
    except ValueError:
        return fallback, text
    details = [entry for entry in _details(body) if isinstance(entry, dict)]
    words = "\n".join(str(entry["detail"]) for entry in details if entry.get("detail"))
    code = next((str(entry["o:errorCode"]) for entry in details if entry.get("o:errorCode")), fallback)
    return code, words or str(body.get("title", text) if isinstance(body, dict) else text)


def _details(body: Any) -> list[Any]:
    found = body.get("o:errorDetails") if isinstance(body, dict) else None
    return found if isinstance(found, list) else []


def _retry_after(answer: RawAnswer) -> float | None:
    """Seconds; a date form is not used by NetSuite and is ignored."""
    try:
        return min(max(float(answer.headers["retry-after"]), 0.0), 900.0)
    except (KeyError, ValueError):
        return None
