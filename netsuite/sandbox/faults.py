"""Faults that can be switched on at run time, each by rate or by count.

A setting is true, a plain value, or an object. Options every fault takes: `times` (how often, then off), `rate`
(0 to 1), `skip` (let that many pass first), `methods`, `path` (part of the path), `record`, `record_id`.
"""

import random
import threading
from collections.abc import Callable, Mapping
from typing import Any

from .http import Request

# name -> what it does and its own options
FAULTS = {
    "latency": "wait before deciding: seconds, or min and max (a real account takes 3 to 8 s)",
    "apply_then_hang": "apply the write, then never answer: seconds",
    "hang_before_apply": "never apply, never answer: seconds",
    "drop_connection": "close the connection without an answer: when = before | after applying",
    "throttle": "429 CONCURRENCY_LIMIT_EXCEEDED: retry_after seconds",
    "slots": "the account's concurrency: value",
    "server_error": "500 with an Error ID: when = before | after applying",
    "bad_gateway": "502 with an HTML page: when = before | after applying",
    "nonce_reuse": "take the nonce for used: 401 for token-based requests",
    "clock_skew": "the account's clock is ahead by: seconds",
    "lockout": "lock a login after failures: after (5), minutes (30)",
    "expired_token": "forget the caller's access token: 401 until a new one",
    "invalid_login": "401 INVALID_LOGIN whatever the login",
    "ignore_unknown": "unknown property names are only warned about, even under validation Error",
    "strict_names": "unknown property names are errors, whatever the header",
    "silent_write": "204 without changing anything",
    "locked_record": "400, locked by a workflow, also for GET; SuiteQL still reads",
    "record_changed": "400 Record has been changed",
    "no_permission": "403 INSUFFICIENT_PERMISSION",
    "require_language": "400 INVALID_HEADER without Accept-Language",
    "hidden_table": "SuiteQL: the role cannot see these tables: tables",
    "hidden_columns": "SuiteQL: the role cannot see these columns: columns",
    "missing_hold_field": "creditHoldOverride is on no form: unknown everywhere",
    "date_format": "raw dates in SuiteQL: value such as DD.MM.YYYY",
    "account_timezone": "the account's time zone: value such as America/New_York",
    "rows_while_paging": "before each further page, rows are inserted and touched: count",
    "same_second": "give this many customers and transactions one lastModifiedDate: count (1000), at",
    "row_cap": "rows a SuiteQL query can reach: value (100000)",
    "malformed_json": "cut the answer's JSON in the middle",
    "wrong_id": "answer with another record's id",
    "slow_body": "drip the answer: seconds",
}
WRITES_ONLY = {"apply_then_hang", "hang_before_apply", "silent_write", "record_changed"}
RECORDS_ONLY = {"locked_record", "wrong_id", "no_permission"}
OPTIONS = {"times", "rate", "skip", "methods", "path", "record", "record_id", "when", "seconds", "min", "max", "value",
           "retry_after", "after", "minutes", "tables", "columns", "count", "at", "sku", "message"}  # fmt: skip


class Faults:
    """Thread-safe; the same seed and the same requests give the same faults."""

    def __init__(
        self,
        seed: int = 0,
        known: Mapping[str, str] = FAULTS,
        matches: Callable[[str, dict[str, Any], Request], bool] | None = None,
    ) -> None:
        """`known` and `matches` are for a server that is not NetSuite's."""
        self._known, self._matches = known, matches or _matches
        self._lock = threading.Lock()
        self._random = random.Random(seed)  # noqa: S311
        self._active: dict[str, dict[str, Any]] = {}
        self._released = threading.Event()

    def set(self, name: str, setting: Any) -> None:
        """Switch one fault on or, with false or null, off. Raises ValueError."""
        if name not in self._known:
            raise ValueError(f"unknown fault {name!r}; known: {', '.join(self._known)}")
        with self._lock:
            if setting is None or setting is False:
                self._active.pop(name, None)
                self._release()
            else:
                self._active[name] = _options(setting)

    def clear(self) -> None:
        """All off; requests that hang are let go."""
        with self._lock:
            self._active.clear()
            self._release()

    def _release(self) -> None:
        self._released.set()
        self._released = threading.Event()

    def seed(self, seed: int) -> None:
        with self._lock:
            self._random.seed(seed)

    def active(self) -> dict[str, dict[str, Any]]:
        with self._lock:
            return {name: dict(options) for name, options in self._active.items()}

    def option(self, name: str) -> dict[str, Any] | None:
        """The options of a fault that is a state, not an event."""
        with self._lock:
            return self._active.get(name)

    def hit(self, name: str, request: Request, *, when: str = "before") -> dict[str, Any] | None:
        """The fault's options if it strikes this request; counts it."""
        with self._lock:
            options = self._active.get(name)
            if options is None or options.get("when", "before") != when or not self._matches(name, options, request):
                return None
            if options.get("skip", 0) > 0:
                options["skip"] -= 1
                return None
            if self._random.random() >= options.get("rate", 1):
                return None
            self._count(name, options)
            return dict(options)

    def _count(self, name: str, options: dict[str, Any]) -> None:
        if "times" not in options:
            return
        options["times"] -= 1
        if options["times"] <= 0:
            del self._active[name]

    def wait(self, options: dict[str, Any]) -> None:
        """Hang for `seconds` (default 10 minutes) or until the fault is taken back."""
        self._released.wait(options.get("seconds", 600))

    def pause(self, options: dict[str, Any]) -> None:
        low = options.get("min", options.get("seconds", 0))
        with self._lock:
            seconds = self._random.uniform(low, options.get("max", low))
        self._released.wait(seconds)


def _options(setting: Any) -> dict[str, Any]:
    options = dict(setting) if isinstance(setting, dict) else {} if setting is True else {"value": setting}
    unknown = set(options) - OPTIONS
    if unknown:
        raise ValueError(f"unknown fault option: {', '.join(sorted(unknown))}")
    if isinstance(options.get("value"), (int, float)):
        for name in ("seconds", "count"):
            options.setdefault(name, options["value"])
    return options


def _matches(name: str, options: dict[str, Any], request: Request) -> bool:
    if "path" in options:
        if options["path"] not in request.path:
            return False
    elif not request.is_api:
        return False
    if "methods" in options and request.method not in options["methods"]:
        return False
    if name in WRITES_ONLY and "methods" not in options and not request.is_write:
        return False
    if name in RECORDS_ONLY and not request.record:
        return False
    record, record_id = options.get("record"), options.get("record_id")
    return (record is None or record.lower() == request.record.lower()) and (
        record_id is None or str(record_id) == request.record_id
    )
