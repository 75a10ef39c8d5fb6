"""Every request's way through the endpoint: faults, signature, effect, journal, answer."""

import json
import re
import signal
import threading
from typing import Any

from netsuite.sandbox.faults import Faults
from netsuite.sandbox.http import Answer, Request, json_answer
from netsuite.sandbox.journal import Effect, Journal
from netsuite.sandbox.server import SandboxServer, ready_line
from orders.providers.endpoint.faults import FAULTS, strikes
from orders.providers.endpoint.store import Conflict, Store
from orders.providers.signing import SIGNATURE, TIMESTAMP, fault_in

HOST = "127.0.0.1"
DEMO_SECRET = "demo-secret-of-the-provisioning-endpoint"  # noqa: S105
PAGE = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)*/(?P<kind>changes|accounts)/(?P<key>[A-Za-z0-9_-]+)")

Options = dict[str, Any]


class Endpoint:
    """`answer` gives an Answer, or None when the connection is to be closed without one."""

    def __init__(self, store: Store, journal: Journal, secret: str, *, seed: int = 0) -> None:
        self.store, self.journal, self._secret = store, journal, secret
        self.faults = Faults(seed, FAULTS, strikes)

    def answer(self, request: Request) -> Answer | None:
        if request.path.startswith("/sandbox/"):
            return self._controlled(request)
        found = _PATH.fullmatch(request.path)
        if found is None or request.query:
            return self._noted(request, problem(404, "not_found", f"There is nothing at {request.path}."))
        if request.method not in ("GET", "PUT"):
            return self._noted(request, problem(405, "method", "Only GET and PUT."))
        return self._before(request, found["kind"], found["key"])

    def _before(self, request: Request, kind: str, key: str) -> Answer | None:
        """What goes wrong before anything is decided."""
        if options := self.faults.hit("latency", request):
            self.faults.pause(options)
        for name in ("hang_before_apply", "drop_connection"):
            if options := self.faults.hit(name, request):
                self._silence(request, name, options)
                return None
        for name, make in REFUSALS.items():
            if options := self.faults.hit(name, request):
                return self._noted(request, make(options), Effect(fault=name))
        said = self._signed(request)
        if said:
            return self._noted(request, problem(401, "bad_signature", said))
        return self._put(request, kind, key) if request.method == "PUT" else self._get(request)

    def _signed(self, request: Request) -> str:
        moment, signature = (str(request.headers.get(name) or "") for name in (TIMESTAMP, SIGNATURE))
        return fault_in(self._secret, request.method, request.path, moment, signature, request.body)

    def _get(self, request: Request) -> Answer | None:
        held = self.store.get(request.path)
        if held is None:
            return self._noted(request, problem(404, "unknown", "Nothing was asked for under this key."))
        return self._after(request, json_answer(200, held), Effect(record_id=held["id"]))

    def _put(self, request: Request, kind: str, key: str) -> Answer | None:
        expected = key if kind == "changes" else f"account-{key}"
        if request.headers.get("Idempotency-Key") != expected:
            return self._noted(request, problem(400, "bad_key", f"Idempotency-Key is not {expected}."))
        try:
            body = json.loads(request.body)
            if not isinstance(body, dict):
                raise ValueError("not an object")
        except ValueError as error:
            return self._noted(request, problem(400, "bad_json", f"The body is not JSON: {error}."))
        if self.faults.hit("silent_write", request):
            asked_back = {**dict.fromkeys(body), "id": key, "reference": ""}
            return self._noted(request, json_answer(200, asked_back), Effect(fault="silent_write"))
        try:
            held, first = self.store.put(request.path, body)
        except Conflict:
            return self._noted(request, problem(409, "other_content", "This key came with other content before."))
        effect = Effect(applied=first, record=kind, record_id=key)
        return self._after(request, json_answer(201 if first else 200, held), effect)

    def _after(self, request: Request, answer: Answer, effect: Effect) -> Answer | None:
        """What goes wrong once it is done."""
        for name in ("apply_then_hang", "drop_connection"):
            when = "after" if name == "drop_connection" else "before"
            if options := self.faults.hit(name, request, when=when):
                self._silence(request, name, options, effect)
                return None
        for name in ("server_error", "bad_gateway"):
            if options := self.faults.hit(name, request, when="after"):
                effect.fault = name
                return self._noted(request, REFUSALS[name](options), effect)
        if self.faults.hit("malformed_json", request):
            answer.body = answer.body[: len(answer.body) // 2]
        if self.faults.hit("wrong_id", request):
            answer.body = json.dumps({**json.loads(answer.body), "id": "another"}).encode()
        if options := self.faults.hit("slow_body", request):
            answer.drip = float(options.get("seconds", 5))
        return self._noted(request, answer, effect)

    def _silence(self, request: Request, name: str, options: Options, effect: Effect | None = None) -> None:
        effect = effect or Effect()
        effect.fault = name
        self.journal.write(request, 0, effect)
        if "hang" in name:
            self.faults.wait(options)

    def _noted(self, request: Request, answer: Answer, effect: Effect | None = None) -> Answer:
        self.journal.write(request, answer.status, effect or Effect())
        return answer

    # --- orders, from this machine only ------------------------------------------------------------

    def _controlled(self, request: Request) -> Answer:
        try:
            return json_answer(200, self._control(request))
        except (ValueError, TypeError, AttributeError) as error:
            return json_answer(400, {"error": str(error)})

    def _control(self, request: Request) -> Any:
        match request.method, request.path:
            case "GET", "/sandbox/state":
                return self.store.all()
            case "DELETE", "/sandbox/faults":
                self.faults.clear()
            case "POST", "/sandbox/faults":
                orders = json.loads(request.body)
                if "seed" in orders:
                    self.faults.seed(int(orders.pop("seed")))
                for name, setting in orders.items():
                    self.faults.set(name, setting)
            case "GET", "/sandbox/faults":
                pass
            case _:
                raise ValueError(f"no {request.method} {request.path}")
        return self.faults.active()


def problem(status: int, code: str, detail: str) -> Answer:
    return json_answer(status, {"code": code, "detail": detail})


def _throttled(options: Options) -> Answer:
    answer = problem(429, "too_many", "Too many calls.")
    return Answer(answer.status, answer.body, answer.content_type, {"Retry-After": str(options.get("retry_after", 1))})


REFUSALS = {
    "server_error": lambda options: problem(500, "internal", "Something broke here."),
    "bad_gateway": lambda options: Answer(502, PAGE, "text/html"),
    "throttle": _throttled,
    "unauthorized": lambda options: problem(401, "bad_signature", "The signature does not match."),
    "refuse": lambda options: problem(422, "refused", str(options.get("message", "This product is not sold here."))),
    "redirect": lambda options: Answer(302, headers={"Location": str(options.get("value", "http://169.254.169.254/"))}),
    "not_finished": lambda options: json_answer(202, {"state": "working"}),
}


def serve(port: int, store_path: str, log_path: str, secret: str, seed: int = 0) -> None:
    """Until SIGTERM or SIGINT, on this machine only; the first line of output says where."""
    store, journal = Store(store_path), Journal(log_path)
    endpoint = Endpoint(store, journal, secret, seed=seed)
    server = SandboxServer((HOST, port), endpoint)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    print(ready_line(server), flush=True)
    server.serve_forever()
    endpoint.faults.clear()
    server.socket.close()
    journal.close()
    store.close()
