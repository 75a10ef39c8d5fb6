"""Asynchronous requests: accepted with 202, done at once, looked up later."""

import threading

from . import errors
from .http import REST, Answer, Request, json_answer

JOBS_PATH = f"{REST}/async/v1/job"


class Jobs:
    """The idempotency key counts here only: NetSuite ignores it on synchronous calls."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._locations: dict[int, str] = {}
        self._keys: dict[str, int] = {}

    def accept(self, request: Request) -> int:
        """The new job's number. Raises ApiError IDEMPOTENCY_ERROR for a key seen before."""
        key = request.headers.get("X-NetSuite-Idempotency-Key", "")
        with self._lock:
            if key in self._keys:
                raise errors.duplicate_job(_address(request, self._keys[key]))
            number = len(self._locations) + 1
            self._locations[number] = ""
            if key:
                self._keys[key] = number
        return number

    def done(self, request: Request, number: int, answer: Answer) -> Answer:
        with self._lock:
            self._locations[number] = answer.headers.get("Location", "")
        return Answer(202, headers={"Location": _address(request, number), "Preference-Applied": "respond-async"})

    def show(self, request: Request) -> Answer:
        """Raises ApiError 404."""
        number = request.path.removeprefix(JOBS_PATH).strip("/")
        if not number.isdigit() or int(number) not in self._locations:
            raise errors.nonexistent_id()
        body = {"id": number, "completed": True, "progress": "succeeded", "result": self._locations[int(number)]}
        return json_answer(200, body, kind="singular")


def _address(request: Request, number: int) -> str:
    return f"{request.base_url}{JOBS_PATH}/{number}"
