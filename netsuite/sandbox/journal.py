"""The request log: one JSON line a request, written when its effect is decided and before it is answered."""

import hashlib
import json
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from .http import Request


@dataclass
class Effect:
    """What a request did. `applied`: it changed the store."""

    applied: bool = False
    record: str = ""
    record_id: str = ""
    fault: str = ""


class Journal:
    """Append-only; flushed line by line, so that a killed sandbox has lost nothing."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._file = self.path.open("a", encoding="utf-8")

    def write(self, request: Request, status: int, effect: Effect) -> None:
        """`status` 0 means that no answer was meant to leave."""
        line = json.dumps(
            {
                "time": datetime.now(UTC).isoformat(),
                "method": request.method,
                "path": request.path,
                "query": request.query,
                "body_hash": hashlib.sha256(request.body).hexdigest(),
                "status": status,
                "applied": effect.applied,
                "request_id": request.headers.get("X-Request-Id", ""),
                "record": effect.record or request.record,
                "record_id": effect.record_id or request.record_id,
                "fault": effect.fault,
            }
        )
        with self._lock:
            self._file.write(line + "\n")
            self._file.flush()

    def close(self) -> None:
        self._file.close()
