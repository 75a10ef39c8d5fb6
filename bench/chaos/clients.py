"""People who use the API while the web server dies under them: the same request again, until it is answered."""

import time
import uuid
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

TRY_AGAIN = {502, 503, 504}
PATIENCE_SECONDS = 300


class Client:
    """One person. `cut` counts the requests that got no answer or a 503 and were sent again with the same key."""

    def __init__(self, urls: Sequence[str], token: str) -> None:
        self.urls, self.cut = list(urls), 0
        self.headers = {"Authorization": f"Token {token}"}

    def post(self, path: str, body: dict[str, Any], key: str = "") -> requests.Response:
        """The answer of the server. Raises TimeoutError after five minutes without one."""
        headers = {**self.headers, "Idempotency-Key": key or str(uuid.uuid4())}
        end = time.monotonic() + PATIENCE_SECONDS
        tries = 0
        while time.monotonic() < end:
            url = self.urls[tries % len(self.urls)]
            tries += 1
            try:
                answer = requests.post(f"{url}/api/v1/{path}", json=body, headers=headers, timeout=(2, 30))
                if answer.status_code not in TRY_AGAIN:
                    return answer
            except requests.RequestException:
                pass
            self.cut += 1
            time.sleep(0.1)
        raise TimeoutError(path)


def _approve(client: Client, proposal: Any) -> int:
    """The status; who is told that the facts are newer reads them and decides again."""
    wish = {"version": proposal.version, "reason": "94 days late"}
    answer = client.post(f"proposals/{proposal.pk}/approve/", wish)
    told = answer.json()["errors"][0] if answer.status_code == 409 else {}
    if told.get("code") == "stale_version":
        answer = client.post(f"proposals/{proposal.pk}/approve/", {**wish, "version": told["version"]})
    return answer.status_code


def approve_all(clients: Sequence[Client], proposals: Sequence[Any], pause: float = 0.0) -> "Counter[int]":
    """Each client approves its share, one after the other; the answers by status."""

    def share(number: int) -> "Counter[int]":
        answers: Counter[int] = Counter()
        for proposal in proposals[number :: len(clients)]:
            answers[_approve(clients[number], proposal)] += 1
            time.sleep(pause)
        return answers

    with ThreadPoolExecutor(len(clients)) as pool:
        return sum(pool.map(share, range(len(clients))), Counter())
