"""What each address of the REST services does."""

import json
import re
from typing import Any

from . import catalog, collection, errors, paging_faults
from .faults import Faults
from .fields import RecordType, record_type
from .http import REST, Answer, Request, json_answer
from .jobs import JOBS_PATH, Jobs
from .journal import Effect
from .records import Reading, Records, Write
from .store import Store
from .suiteql import run_query
from .suiteql.tables import Catalog

QUERY_PATH = f"{REST}/query/v1/suiteql"
LIMITS_PATH = f"{REST}/system/v1/governanceLimits"
CATALOG_PATH = re.compile(rf"{REST}/record/v1/metadata-catalog(?:/([^/]+))?/?")
RECORD_PATH = re.compile(rf"{REST}/record/v1/([^/]+)(?:/([^/]+))?/?")
LANGUAGE = re.compile(r"(\*|[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*)(\s*;\s*q=[\d.]+)?(\s*,\s*\S+)*")
MAX_PAGE = 1000
HOLD_COLUMN = "creditholdoverride"


class Routes:
    def __init__(self, store: Store, faults: Faults) -> None:
        self.store = store
        self.faults = faults
        self.records = Records(store)
        self.jobs = Jobs()

    def answer(self, request: Request, effect: Effect) -> Answer:
        """Raises ApiError."""
        self.store.refresh_for_today()
        self._check_language(request)
        if request.path.rstrip("/") == QUERY_PATH:
            return self._query(request, effect)
        if request.path == LIMITS_PATH:
            return self._limits(request)
        if match := CATALOG_PATH.fullmatch(request.path):
            return catalog.answer(request, match[1], self.store, hidden=self._hidden())
        if request.path.startswith(JOBS_PATH):
            return self.jobs.show(request)
        if match := RECORD_PATH.fullmatch(request.path):
            return self._addressed(request, record_type(match[1]), match[2] or "", effect)
        raise errors.no_such_resource()

    def _addressed(self, request: Request, record: RecordType, reference: str, effect: Effect) -> Answer:
        if not request.is_write or "respond-async" not in request.headers.get("Prefer", ""):
            return self._record(request, record, reference, effect)
        number = self.jobs.accept(request)
        return self.jobs.done(request, number, self._record(request, record, reference, effect))

    def _check_language(self, request: Request) -> None:
        language = request.headers.get("Accept-Language")
        required = language is None and self.faults.hit("require_language", request) is not None
        if required or (language is not None and not LANGUAGE.fullmatch(language)):
            raise errors.invalid_header("Accept-Language", "The Accept-Language header is missing or invalid.")

    def _limits(self, request: Request) -> Answer:
        limit = self.store.preferences.concurrency
        body = {
            "links": [_self(request)],
            "accountConcurrencyLimit": limit,
            "accountUnallocatedConcurrencyLimit": limit,
        }
        return json_answer(200, body, kind="singular")

    # --- SuiteQL --------------------------------------------------------------------------------------

    def _query(self, request: Request, effect: Effect) -> Answer:
        if request.method != "POST":
            raise errors.method_not_allowed()
        if "transient" not in request.headers.get("Prefer", "").lower():
            raise errors.invalid_header(
                "Prefer",
                "The required request header 'Prefer' is missing or contains an invalid value. "
                "Set the header value to 'transient'.",
            )
        body = _json_object(request)
        query, params = body.get("q"), body.get("params", [])
        if not isinstance(query, str) or not isinstance(params, list):
            raise errors.invalid_content(path="q")
        limit, offset = _page(request)
        if offset and (options := self.faults.hit("rows_while_paging", request)) is not None:
            effect.applied = paging_faults.rows_appear(self.store, int(options.get("count", 1)))
        page = run_query(self.store, query, params, self._catalog(), limit=limit, offset=offset)
        return json_answer(200, collection.envelope(request, page), kind="collection")

    def _catalog(self) -> Catalog:
        tables = self.faults.option("hidden_table") or {}
        columns = self.faults.option("hidden_columns") or {}
        hidden = set(columns.get("columns", [])) | self._hidden()
        names = tables.get("tables") or [tables.get("value", "")]
        return Catalog(self.store.custom_fields, frozenset(names), frozenset(hidden))

    def _hidden(self) -> frozenset[str]:
        return frozenset({HOLD_COLUMN} if self.faults.option("missing_hold_field") is not None else ())

    # --- records --------------------------------------------------------------------------------------

    def _record(self, request: Request, record: RecordType, reference: str, effect: Effect) -> Answer:
        effect.record = record.name
        if not reference:
            return self._whole_type(request, record, effect)
        record_id = self.records.find_id(record, reference)
        effect.record_id = str(record_id or reference)
        if request.method == "PUT" and reference.startswith("eid:") and record_id is None:
            return self._create(request, record, effect, external_id=_external_id(reference))
        if record_id is None:
            raise errors.nonexistent_id()
        return self._existing(request, record, record_id, effect)

    def _whole_type(self, request: Request, record: RecordType, effect: Effect) -> Answer:
        if request.method == "POST":
            return self._create(request, record, effect)
        if request.method != "GET":
            raise errors.method_not_allowed()
        limit, offset = _page(request)
        page = collection.search(self.store, record, request.params.get("q", ""), limit=limit, offset=offset)
        return json_answer(200, collection.envelope(request, page), kind="collection")

    def _existing(self, request: Request, record: RecordType, record_id: int, effect: Effect) -> Answer:
        if request.method in ("GET", "HEAD"):
            body = self.records.get(record, record_id, self._reading(request))
            body["links"] = [{"rel": "self", "href": _location(request, record, record_id)}]
            return json_answer(200, body, kind="singular")
        if request.method in ("PATCH", "PUT"):
            return self._update(request, record, record_id, effect)
        if request.method == "DELETE":
            return self._delete(request, record, record_id, effect)
        raise errors.method_not_allowed()

    def _delete(self, request: Request, record: RecordType, record_id: int, effect: Effect) -> Answer:
        if self.faults.hit("silent_write", request) is not None:
            effect.fault = "silent_write"
        else:
            self.records.delete(record, record_id)
            effect.applied = True
        return Answer(204)

    def _update(self, request: Request, record: RecordType, record_id: int, effect: Effect) -> Answer:
        body = self._body(request, record)
        if self.faults.hit("silent_write", request) is not None:
            effect.fault = "silent_write"
            return self._written(request, record, Write(record_id, False))
        write = self.records.update(record, record_id, body, validation=self._validation(request))
        effect.applied = write.applied
        return self._written(request, record, write)

    def _create(self, request: Request, record: RecordType, effect: Effect, *, external_id: str = "") -> Answer:
        body = self._body(request, record)
        if self.faults.hit("silent_write", request) is not None:
            effect.fault = "silent_write"
            return self._written(request, record, Write(self.records.next_id(record), False))
        validation = self._validation(request)
        write = self.records.create(record, body, validation=validation, external_id=external_id)
        effect.applied = True
        effect.record_id = str(write.id)
        return self._written(request, record, write)

    def _written(self, request: Request, record: RecordType, write: Write) -> Answer:
        headers = {"Location": _location(request, record, write.id)}
        if write.ignored and self._validation(request) == "warning":
            headers["X-NetSuite-PropertyNameValidation"] = (
                f"Warning: unknown property names: {', '.join(write.ignored)}"
            )
        return Answer(204, headers=headers)

    def _body(self, request: Request, record: RecordType) -> dict[str, Any]:
        body = _json_object(request)
        if not self._hidden() or record.name != "customer":
            return body
        if "creditHoldOverride" in body and self._validation(request) == "error":
            raise errors.unknown_property("creditHoldOverride")
        return {name: value for name, value in body.items() if name != "creditHoldOverride"}

    def _validation(self, request: Request) -> str:
        """error, warning (NetSuite's default) or ignore."""
        if self.faults.option("ignore_unknown") is not None:
            return "warning"
        if self.faults.option("strict_names") is not None:
            return "error"
        asked = request.headers.get("X-NetSuite-PropertyNameValidation", "warning").lower()
        if asked not in ("error", "warning", "ignore"):
            raise errors.invalid_header("X-NetSuite-PropertyNameValidation", f"Invalid value: {asked}.")
        return asked

    def _reading(self, request: Request) -> Reading:
        params = request.params
        return Reading(
            fields=tuple(filter(None, params.get("fields", "").split(","))),
            simple_enums=params.get("simpleEnumFormat", "").lower() == "true",
            expand=params.get("expandSubResources", "").lower() == "true",
            hidden=self._hidden(),
        )


def _json_object(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(request.body)
    except ValueError as error:
        raise errors.invalid_content() from error
    if not isinstance(body, dict):
        raise errors.invalid_content()
    return body


def _page(request: Request) -> tuple[int, int]:
    """limit and offset. Raises ApiError INVALID_PARAMETER."""
    values = {}
    for name, default in (("limit", MAX_PAGE), ("offset", 0)):
        text = request.params.get(name, str(default))
        if not text.isdigit():
            raise errors.invalid_parameter(name, f"Invalid value '{text}' for query parameter '{name}'.")
        values[name] = int(text)
    if not 1 <= values["limit"] <= MAX_PAGE:
        raise errors.invalid_parameter("limit", f"The limit must be between 1 and {MAX_PAGE}.")
    if values["offset"] % values["limit"]:
        raise errors.invalid_parameter("offset", "The offset must be divisible by the limit.")
    return values["limit"], values["offset"]


def _external_id(reference: str) -> str:
    external_id = reference.removeprefix("eid:")
    if not re.fullmatch(r"[A-Za-z0-9_-]+", external_id):
        raise errors.invalid_content("Error while accessing resource: invalid external ID", path="externalId")
    return external_id


def _location(request: Request, record: RecordType, record_id: int) -> str:
    return f"{request.base_url}{REST}/record/v1/{record.name}/{record_id}"


def _self(request: Request) -> dict[str, str]:
    return {"rel": "self", "href": request.base_url + request.path}
