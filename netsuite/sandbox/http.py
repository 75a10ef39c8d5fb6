"""Requests and answers, apart from the socket they came by."""

import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol
from urllib.parse import parse_qsl

REST = "/services/rest"
TOKEN_PATH = f"{REST}/auth/oauth2/v1/token"
RECORD_PATH = re.compile(rf"{REST}/record/v1/(?!metadata-catalog)([^/]+)(?:/([^/]+))?(?:/.*)?$")


class Headers(Protocol):
    def get(self, name: str, failobj: Any = None, /) -> Any: ...


@dataclass(frozen=True)
class Request:
    """`headers` are looked up without regard to case; `query` is the raw query string."""

    method: str
    path: str
    query: str
    headers: Headers
    body: bytes = b""

    @cached_property
    def params(self) -> dict[str, str]:
        return dict(parse_qsl(self.query, keep_blank_values=True))

    @cached_property
    def _record_match(self) -> re.Match[str] | None:
        return RECORD_PATH.fullmatch(self.path)

    @property
    def record(self) -> str:
        return self._record_match[1] if self._record_match else ""

    @property
    def record_id(self) -> str:
        return (self._record_match[2] or "") if self._record_match else ""

    @property
    def is_api(self) -> bool:
        return self.path.startswith(REST) and self.path != TOKEN_PATH

    @property
    def is_write(self) -> bool:
        return bool(self.record) and self.method in ("POST", "PUT", "PATCH", "DELETE")

    @property
    def base_url(self) -> str:
        return f"http://{self.headers.get('Host', 'localhost')}"


@dataclass
class Answer:
    """`drip` spreads the body over that many seconds."""

    status: int
    body: bytes = b""
    content_type: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    drip: float = 0


def json_answer(status: int, value: Any, *, kind: str = "", headers: dict[str, str] | None = None) -> Answer:
    content_type = f"application/vnd.oracle.resource+json; type={kind}" if kind else "application/json"
    return Answer(status, json.dumps(value).encode(), content_type, headers or {})
