"""What the endpoint does wrong when it is told to, at run time."""

import json
from typing import Any

from netsuite.sandbox.http import Request

# name -> what it does and its own options; all take times, rate, skip, methods, path, sku
FAULTS = {
    "latency": "wait before deciding: seconds, or min and max",
    "hang_before_apply": "never apply, never answer: seconds",
    "apply_then_hang": "apply, then never answer: seconds",
    "drop_connection": "close the connection without an answer: when = before | after applying",
    "server_error": "500: when = before | after applying",
    "bad_gateway": "502 with a page: when = before | after applying",
    "refuse": "422 with the endpoint's own words: message",
    "throttle": "429: retry_after seconds",
    "unauthorized": "401, whatever the signature",
    "not_finished": "202, and nothing carried out",
    "silent_write": "200, and nothing carried out: what it answers is not what was asked for",
    "malformed_json": "cut the answer in the middle",
    "wrong_id": "answer about another change",
    "redirect": "302 to a place inside: value",
    "slow_body": "drip the answer: seconds",
}
WRITES_ONLY = {"refuse", "silent_write", "not_finished", "apply_then_hang", "hang_before_apply"}


def strikes(name: str, options: dict[str, Any], request: Request) -> bool:
    """Is the fault about this request?"""
    if request.method not in options.get("methods", ("PUT",) if name in WRITES_ONLY else ("GET", "PUT")):
        return False
    if options.get("path", "") not in request.path:
        return False
    return "sku" not in options or options["sku"] == _sku(request)


def _sku(request: Request) -> Any:
    try:
        return json.loads(request.body)["sku"]
    except (ValueError, KeyError, TypeError):
        return None
