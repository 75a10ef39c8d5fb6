"""The control endpoints under /sandbox/, for loopback only: faults, settings, loads, snapshots."""

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import errors, paging_faults
from .fields import record_type
from .http import Answer, Request, json_answer
from .loader import Loader, LoadError
from .records import Reading

if TYPE_CHECKING:
    from .api import Sandbox

LOAD_ACTION = re.compile(r"/sandbox/load/(begin|commit|abort)")
TABLES = ("customer", "employee", "txn", "custom_record", "deleted_record")
PREFERENCE_FAULTS = {"date_format": "date_format", "account_timezone": "timezone", "row_cap": "row_cap"}


def answer(sandbox: "Sandbox", request: Request) -> Answer:
    handler = _handler(request)
    if handler is None:
        return json_answer(404, {"error": f"no {request.method} {request.path}"})
    try:
        return json_answer(200, handler(sandbox, request))
    except LoadError as error:
        return json_answer(409, {"error": str(error)})
    except errors.ApiError as error:
        return json_answer(error.status, {"error": error.detail})
    except (ValueError, TypeError, AttributeError) as error:
        return json_answer(400, {"error": str(error)})


def _handler(request: Request) -> Callable[["Sandbox", Request], Any] | None:
    if request.method == "POST" and LOAD_ACTION.fullmatch(request.path):
        return _load_action
    return HANDLERS.get((request.method, request.path))


def _health(sandbox: "Sandbox", request: Request) -> dict[str, Any]:
    return {"ok": True}


def _faults(sandbox: "Sandbox", request: Request) -> dict[str, Any]:
    return sandbox.faults.active()


def _set_faults(sandbox: "Sandbox", request: Request) -> dict[str, Any]:
    """Raises ValueError; `{"seed": n}` makes rates repeatable, `{"clear": true}` switches all off first."""
    body = json.loads(request.body)
    if body.pop("clear", False):
        clear_faults(sandbox)
    if "seed" in body:
        sandbox.faults.seed(int(body.pop("seed")))
    for name, setting in body.items():
        _set_fault(sandbox, name, setting)
    return sandbox.faults.active()


def _set_fault(sandbox: "Sandbox", name: str, setting: Any) -> None:
    sandbox.faults.set(name, setting)
    options = sandbox.faults.option(name)
    try:
        if name in PREFERENCE_FAULTS:
            preference = PREFERENCE_FAULTS[name]
            default = getattr(type(sandbox.store.preferences)(), preference)
            sandbox.store.set_preferences({preference: options["value"] if options else default})
        elif name == "same_second" and options is not None:
            paging_faults.crowd_into_one_second(sandbox.store, int(options.get("count", 1000)), options.get("at", ""))
    except (ValueError, KeyError):
        sandbox.faults.set(name, None)
        raise


def clear_faults(sandbox: "Sandbox") -> None:
    for name in sandbox.faults.active():
        if name in PREFERENCE_FAULTS:
            _set_fault(sandbox, name, None)
    sandbox.faults.clear()


def _clear_faults(sandbox: "Sandbox", request: Request) -> dict[str, Any]:
    clear_faults(sandbox)
    return {}


def _preferences(sandbox: "Sandbox", request: Request) -> dict[str, Any]:
    return sandbox.store.preferences.as_dict()


def _set_preferences(sandbox: "Sandbox", request: Request) -> dict[str, Any]:
    return sandbox.store.set_preferences(json.loads(request.body)).as_dict()


def _register_certificate(sandbox: "Sandbox", request: Request) -> dict[str, Any]:
    body = json.loads(request.body)
    sandbox.gate.register(body["client_id"], body["certificate_id"], body["pem"])
    return {"registered": body["certificate_id"]}


def _state(sandbox: "Sandbox", request: Request) -> dict[str, Any]:
    """Counts, or with `type` and `id` (or `eid:…`) one record as REST shows it, sublists included; null if absent."""
    if "type" not in request.params:
        with sandbox.store.read() as connection:
            return {t: connection.execute(f"SELECT COUNT(*) FROM {t}").fetchone()[0] for t in TABLES}  # noqa: S608
    sandbox.store.refresh_for_today()
    record = record_type(request.params["type"])
    record_id = sandbox.routes.records.find_id(record, request.params.get("id", ""))
    found = None if record_id is None else sandbox.routes.records.get(record, record_id, Reading(expand=True))
    return {"record": found}


def _load(sandbox: "Sandbox", request: Request) -> dict[str, Any]:
    """At once, or staged when the query names a `load_id`."""
    loader = Loader(sandbox.store)
    if load_id := request.params.get("load_id"):
        loader.stage(load_id, request.body)
        return {"staged": True}
    return loader.load(json.loads(request.body))


def _load_action(sandbox: "Sandbox", request: Request) -> dict[str, Any]:
    loader = Loader(sandbox.store)
    body = json.loads(request.body or b"{}")
    action = request.path.rpartition("/")[2]
    if action == "begin":
        return {"load_id": loader.begin(replace_all=bool(body.get("replace")))}
    load_id = str(body.get("load_id") or request.params.get("load_id", ""))
    if action == "abort":
        loader.abort(load_id)
        return {"aborted": load_id}
    return loader.commit(load_id)


HANDLERS: dict[tuple[str, str], Callable[["Sandbox", Request], Any]] = {
    ("GET", "/sandbox/health"): _health,
    ("GET", "/sandbox/faults"): _faults,
    ("POST", "/sandbox/faults"): _set_faults,
    ("DELETE", "/sandbox/faults"): _clear_faults,
    ("GET", "/sandbox/preferences"): _preferences,
    ("POST", "/sandbox/preferences"): _set_preferences,
    ("POST", "/sandbox/certificates"): _register_certificate,
    ("GET", "/sandbox/state"): _state,
    ("POST", "/sandbox/load"): _load,
}
