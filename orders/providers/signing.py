"""Signed requests: HMAC-SHA256 over method, path, time and body, so that an endpoint knows who asks, and when.

The text that is signed has five lines, without a newline at the end: `v1`, the method, the path as it is sent, the
time in whole seconds since 1970 (UTC), and the SHA-256 of the body in hex. docs/provisioning-endpoint.md says the
same to who writes an endpoint.
"""

import hashlib
import hmac
import time
from collections.abc import Callable

from requests import PreparedRequest
from requests.auth import AuthBase

TIMESTAMP = "X-Holdgate-Timestamp"
SIGNATURE = "X-Holdgate-Signature"
VERSION = "v1"
# An older or newer request is refused: a recorded one cannot be sent again later.
WINDOW_SECONDS = 300


class Signature(AuthBase):
    """Signs what leaves, as it leaves; a call that is repeated is signed anew."""

    def __init__(self, secret: str, clock: Callable[[], float] = time.time) -> None:
        self._secret, self._clock = secret, clock

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        moment = str(int(self._clock()))
        request.headers[TIMESTAMP] = moment
        request.headers[SIGNATURE] = sign(
            self._secret, request.method or "", request.path_url, moment, _bytes(request.body)
        )
        return request


def sign(secret: str, method: str, path: str, timestamp: str, body: bytes) -> str:
    """The value of the signature header."""
    text = "\n".join([VERSION, method.upper(), path, timestamp, hashlib.sha256(body).hexdigest()])
    return f"{VERSION}={hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()}"


def fault_in(
    secret: str, method: str, path: str, timestamp: str, signature: str, body: bytes, now: float | None = None
) -> str:
    """What is wrong with a signed request, in words; "" when nothing is."""
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
        return f"{TIMESTAMP} is missing or not a number of seconds."
    apart = (time.time() if now is None else now) - int(timestamp)
    if abs(apart) > WINDOW_SECONDS:
        return f"The request is {abs(int(apart))} seconds away from this clock; {WINDOW_SECONDS} are allowed."
    expected = sign(secret, method, path, timestamp, body)
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        return "The signature does not match."
    return ""


def _bytes(body: bytes | str | None) -> bytes:
    return body.encode() if isinstance(body, str) else bytes(body or b"")
