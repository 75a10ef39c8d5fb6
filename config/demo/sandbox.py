"""Puts rows into the NetSuite sandbox through its load endpoint."""

from collections.abc import Iterator
from typing import Any

import requests

from config.demo.account import Account

TIMEOUT_SECONDS = 300
BATCH = 2000


class NoSandbox(Exception):
    """What answers at the address is no sandbox, or it refused."""


def load(account: Account, base_url: str) -> dict[str, int]:
    """The whole account, taken over at once. Answers how many rows of each kind. Raises NoSandbox."""
    # As most who let somebody else decide: NetSuite warns, and refuses nothing that a manager allowed.
    _post(base_url, "/sandbox/preferences", {"credit_handling": "warn"})
    load_id = _post(base_url, "/sandbox/load/begin", {})["load_id"]
    for batch in _batches(account):
        _post(base_url, f"/sandbox/load?load_id={load_id}", batch)
    return _post(base_url, "/sandbox/load/commit", {"load_id": load_id})


def change_by_hand(base_url: str, **rows: list[dict[str, Any]]) -> None:
    """What somebody changes in NetSuite itself, past Holdgate. Raises NoSandbox."""
    _post(base_url, "/sandbox/load", rows)


def _batches(account: Account) -> Iterator[dict[str, Any]]:
    yield {"employees": account.employees}
    yield {"customers": account.customers}
    for start in range(0, len(account.transactions), BATCH):
        yield {"transactions": account.transactions[start : start + BATCH]}


def _post(base_url: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    try:
        answer = requests.post(base_url + path, json=body, timeout=TIMEOUT_SECONDS)
        if answer.status_code >= 400:
            raise NoSandbox(f"{base_url}{path} answered {answer.status_code}: {answer.text[:500]}")
        return answer.json()
    except (requests.RequestException, ValueError) as error:
        raise NoSandbox(f"No sandbox answers at {base_url}: {type(error).__name__}.") from error
