"""What the endpoint holds, in one SQLite file: each change and account once, under the key it came with."""

import json
import sqlite3
import threading
from pathlib import Path
from typing import Any

SCHEMA = """CREATE TABLE IF NOT EXISTS held
            (id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, body TEXT NOT NULL)"""


class Conflict(Exception):
    """The same key with other content."""


class Store:
    """Shared by the threads of one server. Paths are those of the requests, with the provider's part before them."""

    def __init__(self, path: str | Path) -> None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.execute(SCHEMA)

    def put(self, path: str, body: dict[str, Any]) -> tuple[dict[str, Any], bool]:
        """What is held now, and whether this was its first time. Raises Conflict."""
        with self._lock:
            held = self._held(path)
            if held is None:
                self._db.execute("INSERT INTO held (path, body) VALUES (?, ?)", [path, json.dumps(body)])
                return self._held(path) or {}, True
        if {**held, **body} != held:
            raise Conflict
        return held, False

    def get(self, path: str) -> dict[str, Any] | None:
        with self._lock:
            return self._held(path)

    def all(self) -> dict[str, dict[str, Any]]:
        with self._lock:
            paths = [row[0] for row in self._db.execute("SELECT path FROM held ORDER BY id")]
            return {path: self._held(path) or {} for path in paths}

    def close(self) -> None:
        self._db.close()

    def _held(self, path: str) -> dict[str, Any] | None:
        row = self._db.execute("SELECT id, body FROM held WHERE path = ?", [path]).fetchone()
        if row is None:
            return None
        return {**json.loads(row[1]), "id": path.rpartition("/")[2], "reference": f"P-{row[0]:06}"}
