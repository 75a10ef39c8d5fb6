"""NetSuite's REST record API and SuiteQL, spoken over HTTP (Oracle help chapter_1540391670)."""

import ipaddress
import time
import uuid
from collections.abc import Iterator, Sequence
from typing import Any, Self
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from netsuite import channels
from netsuite.answers import RawAnswer, code_and_detail, malformed, raise_for_error
from netsuite.auth import Signer, signer_from_settings
from netsuite.backoff import read_delay
from netsuite.deadline import Deadline
from netsuite.errors import NetsuiteError
from netsuite.wire import Wire

RECORD_PATH = "/services/rest/record/v1"
QUERY_PATH = "/services/rest/query/v1/suiteql"
CHANNEL = "netsuite"
PAGE_ROWS = 1000
# NetSuite pages no further than this; a longer result would be cut without a word.
QUERY_ROWS = 100_000
READ_TRIES = 6
HEADERS = {
    "Accept": "application/json",
    "Accept-Language": "en",
    # Without it an unknown field name is only a warning, and a 204 changes nothing.
    "X-NetSuite-PropertyNameValidation": "Error",
}


class Client:
    """One worker's line to one NetSuite account. Every call raises NetsuiteError and nothing else."""

    def __init__(self, base_url: str, signer: Signer) -> None:
        self.base_url, self.signer, self._wire = base_url, signer, Wire()

    @classmethod
    def from_settings(cls) -> Self:
        """Raises ImproperlyConfigured, also when the host is not that of NETSUITE_ACCOUNT."""
        base_url = base_url_from_settings()
        return cls(base_url, signer_from_settings(base_url))

    def get(
        self,
        record_type: str,
        record_id: str,
        fields: Sequence[str] = (),
        *,
        request_id: str = "",
        deadline: Deadline | None = None,
    ) -> dict[str, Any]:
        """One record; `record_id` is the internal id or `eid:<external id>`."""
        params = {"fields": ",".join(("id", *fields))} if fields else None
        path = f"{RECORD_PATH}/{record_type}/{_segment(record_id)}"
        answer = self._call("GET", path, params=params, request_id=request_id, deadline=deadline)
        record = answer.json()
        if not isinstance(record, dict) or not _is_record(record, str(record_id)):
            raise malformed(answer, f"Asked for {record_type} {record_id}, the answer is another record.")
        return record

    def patch(
        self,
        record_type: str,
        record_id: str,
        body: dict[str, Any],
        *,
        request_id: str = "",
        deadline: Deadline | None = None,
    ) -> int:
        """Write the fields of `body`; returns the HTTP status. No proof: read the fields back."""
        path = f"{RECORD_PATH}/{record_type}/{_segment(record_id)}"
        return self._write("PATCH", path, body, request_id, deadline)

    def upsert(
        self,
        record_type: str,
        external_id: str,
        body: dict[str, Any],
        *,
        request_id: str = "",
        deadline: Deadline | None = None,
    ) -> int:
        """Create or update by external id: the only create that may be repeated."""
        path = f"{RECORD_PATH}/{record_type}/{_segment(f'eid:{external_id}')}"
        return self._write("PUT", path, body, request_id, deadline)

    def suiteql(self, q: str, params: Sequence[Any] = ()) -> Iterator[dict[str, Any]]:
        """Every row of a query, page by page; keys in lower case, null columns missing.

        Raises NetsuiteError, with code `row_cap` for a result that NetSuite would cut at 100,000 rows.
        """
        offset, more = 0, True
        while more:
            page = self.suiteql_page(q, params, offset=offset)
            if page.get("totalResults", 0) > QUERY_ROWS:
                text = f"{page['totalResults']} rows, more than the {QUERY_ROWS} NetSuite returns: use keyset()."
                raise NetsuiteError(text, kind="refused", code="row_cap", permanent=True)
            yield from page["items"]
            more, offset = bool(page.get("hasMore")) and bool(page["items"]), offset + PAGE_ROWS

    def suiteql_page(self, q: str, params: Sequence[Any] = (), *, offset: int = 0) -> dict[str, Any]:
        """One page of up to 1,000 rows. A read is repeated on throttling and server errors."""
        query: dict[str, Any] = {"q": q, "params": list(params)} if params else {"q": q}
        page_params = {"limit": PAGE_ROWS, "offset": offset}
        answer = self._patient_call("POST", QUERY_PATH, params=page_params, body=query, prefer="transient")
        page = answer.json()
        if not isinstance(page, dict) or not isinstance(page.get("items"), list):
            raise malformed(answer, "The answer holds no items.")
        page["items"] = [{name.lower(): value for name, value in row.items()} for row in page["items"]]
        return page

    def metadata(self, record_type: str) -> dict[str, Any]:
        """The JSON schema of a record type as this role sees it."""
        path = f"{RECORD_PATH}/metadata-catalog/{record_type}"
        return self._patient_call("GET", path, accept="application/schema+json").json()

    def _write(self, method: str, path: str, body: dict[str, Any], request_id: str, deadline: Deadline | None) -> int:
        answer = self._call(method, path, body=body, request_id=request_id, deadline=deadline)
        if answer.status not in (200, 201, 202, 204) and answer.status < 400:
            raise malformed(answer, f"A write was answered with {answer.status}.")
        if answer.body and not answer.is_json:
            raise malformed(answer, "A write was answered with a page instead of nothing.")
        # Only an async duplicate comes here with 4xx: the first job was accepted.
        return answer.status if answer.status < 400 else 202

    def _patient_call(self, method: str, path: str, **call: Any) -> RawAnswer:
        for tries in range(READ_TRIES):
            try:
                return self._call(method, path, **call)
            except NetsuiteError as error:
                if error.permanent or error.kind == "auth" or tries == READ_TRIES - 1:
                    raise
                time.sleep(read_delay(tries, error.retry_after))
        raise AssertionError("unreachable")

    def _call(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, Any] | None = None,
        body: Any = None,
        request_id: str = "",
        deadline: Deadline | None = None,
        accept: str = "",
        prefer: str = "",
    ) -> RawAnswer:
        deadline = deadline or Deadline(settings.NETSUITE_TIMEOUT_SECONDS)
        headers = {**HEADERS, "X-Request-Id": request_id or str(uuid.uuid4())}
        headers |= {"Accept": accept} if accept else {}
        headers |= {"Prefer": prefer} if prefer else {}
        send = {"deadline": deadline, "headers": headers, "params": params, "json_body": body}
        answer = self._signed(method, path, send)
        raise_for_error(answer)
        return answer

    def _signed(self, method: str, path: str, send: dict[str, Any]) -> RawAnswer:
        """One refresh for a 401; a second one pauses the channel for everybody."""
        answer = self._sign_and_send(method, path, send)
        if answer.status == 401:
            answer = self._sign_and_send(method, path, send)
        if answer.status == 401:
            channels.pause(CHANNEL, code_and_detail(answer)[1])
        return answer

    def _sign_and_send(self, method: str, path: str, send: dict[str, Any]) -> RawAnswer:
        try:
            auth = self.signer.sign(send["deadline"])
        except NetsuiteError as error:
            if error.kind == "auth":
                channels.pause(CHANNEL, error.detail)
            raise
        answer = self._wire.exchange(method, self.base_url + path, auth=auth, **send)
        if answer.status == 401:
            self.signer.refused(auth)
        return answer


def base_url_from_settings() -> str:
    """NETSUITE_BASE_URL, or the account's own address. Raises ImproperlyConfigured."""
    account, base_url = settings.NETSUITE_ACCOUNT, settings.NETSUITE_BASE_URL
    if not account:
        raise ImproperlyConfigured("NETSUITE_ACCOUNT is not set.")
    base_url = base_url or f"https://{account_host(account)}"
    check_account(base_url, account)
    return base_url


def account_host(account: str) -> str:
    return f"{account.lower().replace('_', '-')}.suitetalk.api.netsuite.com"


def check_account(base_url: str, account: str) -> None:
    """Only the pinned account's own host, over https; or this machine, for the sandbox."""
    parts = urlsplit(base_url)
    if is_loopback(parts.hostname or ""):
        return
    if parts.scheme != "https" or parts.hostname != account_host(account):
        raise ImproperlyConfigured(
            f"NETSUITE_BASE_URL {base_url!r} is not the address of account {account!r}: https://{account_host(account)}"
        )


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _segment(record_id: str) -> str:
    return quote(str(record_id), safe=":")


def _is_record(record: dict[str, Any], record_id: str) -> bool:
    """The right record? By external id only a contradicting `externalId` tells."""
    if record_id.startswith("eid:"):
        return str(record.get("externalId", record_id[4:])) == record_id[4:]
    return str(record.get("id")) == record_id
