"""Every request's way through the account: faults, slots, login, effect, log, answer."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from . import control, errors
from .auth import Gate
from .faults import Faults
from .http import REST, TOKEN_PATH, Answer, Request, json_answer
from .journal import Effect, Journal
from .routes import Routes
from .store import Store

Options = dict[str, Any]
BAD_GATEWAY = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
ERROR_ID = "lcw5k2xg1fq3v9{:06d}"


class Slots:
    """Account-wide concurrency: a request without a slot is refused at once, not queued."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken = 0

    @contextmanager
    def one(self, limit: int) -> Iterator[None]:
        with self._lock:
            if self._taken >= limit:
                raise errors.concurrency_limit()
            self._taken += 1
        try:
            yield
        finally:
            with self._lock:
                self._taken -= 1


class Sandbox:
    """One account: `answer` gives an Answer, or None when the connection is to be closed without one."""

    def __init__(self, store: Store, journal: Journal, *, seed: int = 0) -> None:
        self.store = store
        self.journal = journal
        self.faults = Faults(seed)
        self.gate = Gate(store, self.faults)
        self.routes = Routes(store, self.faults)
        self.slots = Slots()
        self._errors = 0

    def answer(self, request: Request) -> Answer | None:
        if request.path.startswith("/sandbox"):
            return control.answer(self, request)
        if request.method == "OPTIONS" and request.path.startswith(REST):
            return Answer(204, headers={"Allow": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"})
        if request.method == "POST" and request.path == TOKEN_PATH:
            return self._logged(request, self.gate.token(request), Effect())
        try:
            with self.slots.one(self._concurrency()):
                return self._faulty(request)
        except errors.ApiError as error:
            return self._logged(request, self._error(error), Effect())

    def _concurrency(self) -> int:
        options = self.faults.option("slots")
        return int(options["value"]) if options else self.store.preferences.concurrency

    def _logged(self, request: Request, answer: Answer, effect: Effect) -> Answer:
        self.journal.write(request, answer.status, effect)
        return answer

    def _faulty(self, request: Request) -> Answer | None:
        """The request with what may go wrong before and after its effect."""
        effect = Effect()
        if options := self._lost(request, effect, ("drop_connection", "before"), ("hang_before_apply", "before")):
            self._silence(request, effect, options)
            return None
        if (options := self.faults.hit("latency", request)) is not None:
            self.faults.pause(options)
        try:
            self._refused_before(request, effect)
            answer = self._broken_gateway(request, effect, "before") or self.routes.answer(request, effect)
        except errors.ApiError as error:
            answer = self._error(error)
        return self._after(request, answer, effect)

    def _lost(self, request: Request, effect: Effect, *faults: tuple[str, str]) -> Options | None:
        for name, when in faults:
            options = self.faults.hit(name, request, when=when)
            if options is not None:
                effect.fault = name
                return {"hangs": name.endswith(("apply", "hang")), **options}
        return None

    def _silence(self, request: Request, effect: Effect, options: Options) -> None:
        self.journal.write(request, 0, effect)
        if options["hangs"]:
            self.faults.wait(options)

    def _refused_before(self, request: Request, effect: Effect) -> None:
        """Raises the ApiError of a fault that refuses, or of the login."""
        if (options := self.faults.hit("throttle", request)) is not None:
            effect.fault = "throttle"
            raise errors.concurrency_limit(options.get("retry_after"))
        self.gate.check(request)
        if self.faults.hit("server_error", request) is not None:
            effect.fault = "server_error"
            raise errors.unexpected(self._error_id())
        refusals = {
            "no_permission": errors.insufficient_permission,
            "locked_record": errors.locked_record,
            "record_changed": errors.record_changed,
        }
        for name, refusal in refusals.items():
            if self.faults.hit(name, request) is not None:
                effect.fault = name
                raise refusal()

    def _broken_gateway(self, request: Request, effect: Effect, when: str) -> Answer | None:
        if self.faults.hit("bad_gateway", request, when=when) is None:
            return None
        effect.fault = "bad_gateway"
        return Answer(502, BAD_GATEWAY, "text/html; charset=utf-8")

    def _error_id(self) -> str:
        self._errors += 1
        return ERROR_ID.format(self._errors)

    def _error(self, error: errors.ApiError) -> Answer:
        return json_answer(error.status, error.body(), kind="error", headers=error.headers)

    def _after(self, request: Request, answer: Answer, effect: Effect) -> Answer | None:
        """Log what was decided, then lose or spoil the answer."""
        answer = self._broken_gateway(request, effect, "after") or answer
        if self.faults.hit("server_error", request, when="after") is not None:
            effect.fault = "server_error"
            answer = self._error(errors.unexpected(self._error_id()))
        if options := self._lost(request, effect, ("apply_then_hang", "before"), ("drop_connection", "after")):
            self._silence(request, effect, options)
            return None
        self._spoil(request, answer, effect)
        return self._logged(request, answer, effect)

    def _spoil(self, request: Request, answer: Answer, effect: Effect) -> None:
        if self.faults.hit("wrong_id", request) is not None:
            effect.fault = "wrong_id"
            _swap_id(request, answer)
        if answer.body and self.faults.hit("malformed_json", request) is not None:
            effect.fault = "malformed_json"
            answer.body = answer.body[: len(answer.body) // 2]
        if (options := self.faults.hit("slow_body", request)) is not None:
            effect.fault = "slow_body"
            answer.drip = options.get("seconds", 30)


def _swap_id(request: Request, answer: Answer) -> None:
    """The next record's id in the body and in Location."""
    if location := answer.headers.get("Location"):
        head, _, record_id = location.rpartition("/")
        answer.headers["Location"] = f"{head}/{int(record_id) + 1}"
    if answer.body and answer.status == 200:
        body = json.loads(answer.body)
        if "id" in body:
            body["id"] = str(int(body["id"]) + 1)
            answer.body = json.dumps(body).encode()
