"""A sandbox account inside the test's process: the whole way from request to answer, without a socket."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jwt

from netsuite.sandbox import credentials
from netsuite.sandbox.api import Sandbox
from netsuite.sandbox.auth import ASSERTION_TYPE
from netsuite.sandbox.http import TOKEN_PATH, Request
from netsuite.sandbox.journal import Journal
from netsuite.sandbox.store import Store

HOST = "127.0.0.1:8001"
RECORDS = "/services/rest/record/v1"
SUITEQL = "/services/rest/query/v1/suiteql"
ACME = {"id": 107, "externalid": "ACME", "entityid": "ACME", "companyname": "Acme", "creditlimit": 50000}


@dataclass(frozen=True)
class Reply:
    status: int
    body: Any
    headers: dict[str, str]

    @property
    def detail(self) -> str:
        return self.body["o:errorDetails"][0]["detail"]

    @property
    def code(self) -> str:
        return self.body["o:errorDetails"][0]["o:errorCode"]

    @property
    def where(self) -> dict[str, str]:
        first = self.body["o:errorDetails"][0]
        return {name: value for name, value in first.items() if name not in ("detail", "o:errorCode")}


def request(method: str, path: str, body: Any = b"", query: dict[str, Any] | None = None, **headers: str) -> Request:
    """Header names with `_` for `-`; a body that is not bytes goes as JSON."""
    message = Message()
    message["Host"] = HOST
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Request(method, path, urlencode(query or {}), message, data)


def assertion(key_file: Path, *, algorithm: str = "ES256", key: Any = None, kid: str = "", **claims: Any) -> str:
    now = int(time.time())
    payload = {
        "iss": credentials.CLIENT_ID,
        "scope": ["rest_webservices"],
        "aud": f"http://{HOST}{TOKEN_PATH}",
        "iat": now,
        "exp": now + 300,
    }
    headers = {"kid": kid or credentials.CERTIFICATE_ID}
    return jwt.encode(payload | claims, key or key_file.read_text(), algorithm=algorithm, headers=headers)


def token_form(signed: str) -> bytes:
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": signed,
    }
    return urlencode(form).encode()


class Account:
    def __init__(self, directory: Path) -> None:
        self.store = Store(directory / "account.sqlite3")
        self.log_path = directory / "requests.log"
        self.sandbox = Sandbox(self.store, Journal(self.log_path))
        self.key_file = credentials.ensure_demo_key(directory / credentials.KEY_NAME)
        public = credentials.public_pem(self.key_file)
        self.sandbox.gate.register(credentials.CLIENT_ID, credentials.CERTIFICATE_ID, public)
        self.token = self.login()

    def login(self, form: bytes = b"") -> str:
        body = form or token_form(assertion(self.key_file))
        answer = self.sandbox.answer(request("POST", TOKEN_PATH, body))
        return json.loads(answer.body).get("access_token", "")

    def send(self, sent: Request) -> Reply | None:
        answer = self.sandbox.answer(sent)
        if answer is None:
            return None
        is_json = answer.body and "json" in answer.content_type
        return Reply(answer.status, json.loads(answer.body) if is_json else answer.body, answer.headers)

    def call(self, method: str, path: str, body: Any = b"", query: dict[str, Any] | None = None, **headers: str):
        """Logged in; `path` is a record path such as `customer/107` or starts with a slash."""
        headers.setdefault("Authorization", f"Bearer {self.token}")
        full = path if path.startswith("/") else f"{RECORDS}/{path}"
        return self.send(request(method, full, body, query, **headers))

    def query(self, q: str, *params: Any, limit: int = 1000, offset: int = 0) -> Reply:
        body = {"q": q, "params": list(params)}
        return self.call("POST", SUITEQL, body, {"limit": limit, "offset": offset}, Prefer="transient")

    def rows(self, q: str, *params: Any) -> list[dict[str, str]]:
        reply = self.query(q, *params)
        assert reply.status == 200, reply.body
        return [{name: value for name, value in row.items() if name != "links"} for row in reply.body["items"]]

    def control(self, method: str, path: str, body: Any = b"") -> Reply:
        return self.send(request(method, f"/sandbox/{path}", body))

    def load(self, **batch: list[dict[str, Any]]) -> dict[str, int]:
        reply = self.control("POST", "load", batch)
        assert reply.status == 200, reply.body
        return reply.body

    def fault(self, **faults: Any) -> Reply:
        return self.control("POST", "faults", faults)

    def prefer(self, **values: Any) -> Reply:
        return self.control("POST", "preferences", values)

    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log_path.read_text().splitlines()]


@contextmanager
def open_account(directory: Path) -> Iterator[Account]:
    account = Account(directory)
    yield account
    account.sandbox.faults.clear()
    account.sandbox.journal.close()
    account.store.close()
