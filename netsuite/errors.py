"""The two ways a call can fail: a rule says no, or the other system did not do it."""

from typing import Any


class Refusal(Exception):
    """A domain "no" with a code for programs and a sentence for people.

    `status` is the HTTP status the API answers with: 400, 403, 404, 409, 422 or 429.
    `extra` holds further facts for the answer, such as who decided and when.
    """

    code = "refused"
    status = 422

    def __init__(self, detail: str, *, code: str = "", status: int = 0, **extra: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code or self.code
        self.status = status or self.status
        self.extra = extra


class NetsuiteError(Exception):
    """One transport error: callers decide only between retry and stop.

    `kind` is one of auth, throttle, refused, server, network, timeout, malformed.
    `detail` is NetSuite's own text, verbatim. `outcome_unknown` says that the write may have
    happened (time-out or cut after sending). `retry_after` is in seconds. `retry_once` marks a failure
    that is permanent when it comes back.
    """

    def __init__(
        self,
        detail: str,
        *,
        kind: str,
        code: str = "",
        permanent: bool = False,
        http_status: int | None = None,
        outcome_unknown: bool = False,
        retry_after: float | None = None,
        retry_once: bool = False,
    ) -> None:
        super().__init__(f"{code}: {detail}" if code else detail)
        self.detail = detail
        self.kind = kind
        self.code = code
        self.permanent = permanent
        self.http_status = http_status
        self.outcome_unknown = outcome_unknown
        self.retry_after = retry_after
        self.retry_once = retry_once
