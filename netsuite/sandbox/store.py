"""The sandbox's own SQLite file: many readers, one writer."""

import json
import queue
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from . import credit, schema
from .preferences import Preferences

PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL", "case_sensitive_like=ON", "cache_size=-64000", "temp_store=MEMORY")


class Store:
    """Thread-safe. `write()` gives the one write transaction, `read()` a pooled snapshot connection."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._readers: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue()
        self._writer = self._connect()
        self._depth = 0
        self._prepare()
        self._register_default_fields()
        self.preferences = self._stored_preferences()
        self._writer.create_function("ns_on_hold", 5, self._on_hold, deterministic=True)
        self.custom_fields = self._stored_custom_fields()
        self.balances_as_of = ""

    def _prepare(self) -> None:
        """Raises RuntimeError for a store of another version."""
        version = self._writer.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, schema.VERSION):
            raise RuntimeError(f"{self.path} is a sandbox store of version {version}: remove it and load again")
        self._writer.executescript(schema.TABLES + schema.VIEWS + f"PRAGMA user_version = {schema.VERSION};")

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=60, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        return connection

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction for the whole block, also when blocks are nested."""
        with self._lock:
            outermost = self._depth == 0
            if outermost:
                self._writer.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield self._writer
            except BaseException:
                if outermost:
                    self._writer.execute("ROLLBACK")
                    self.custom_fields = self._stored_custom_fields()
                raise
            else:
                if outermost:
                    self._writer.execute("COMMIT")
            finally:
                self._depth -= 1

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = self._readers.get_nowait()
        except queue.Empty:
            connection = self._connect()
            connection.execute("PRAGMA query_only=ON")
        try:
            yield connection
        finally:
            self._readers.put(connection)

    def close(self) -> None:
        with self._lock:
            self._writer.close()
            while not self._readers.empty():
                self._readers.get_nowait().close()

    # --- settings kept in the store ------------------------------------------------------------

    def _stored_preferences(self) -> Preferences:
        rows = self._writer.execute("SELECT name, value FROM preference").fetchall()
        return Preferences().changed({row["name"]: json.loads(row["value"]) for row in rows})

    def set_preferences(self, values: dict[str, Any]) -> Preferences:
        """Change settings and recompute what follows from them. Raises ValueError."""
        changed = self.preferences.changed(values)
        with self.write() as connection:
            self.preferences = changed
            connection.executemany(
                "INSERT OR REPLACE INTO preference VALUES (?, ?)",
                [(name, json.dumps(value)) for name, value in values.items()],
            )
            self.recompute()
        return changed

    def _register_default_fields(self) -> None:
        self._writer.executemany(
            "INSERT OR IGNORE INTO custom_field VALUES (?)", [(name,) for name in schema.DEFAULT_CUSTOM_FIELDS]
        )

    def _stored_custom_fields(self) -> frozenset[str]:
        return frozenset(row["name"] for row in self._writer.execute("SELECT name FROM custom_field"))

    def register_custom_fields(self, names: set[str]) -> None:
        new = names - self.custom_fields
        if new:
            with self.write() as connection:
                connection.executemany("INSERT OR IGNORE INTO custom_field VALUES (?)", [(name,) for name in new])
                self.custom_fields = self.custom_fields | new

    # --- what follows from the transactions -------------------------------------------------------

    def _on_hold(self, override: str, limit: float | None, balance: float, unbilled: float, days: int) -> str:
        facts = credit.Facts(override, limit, balance, unbilled, days)
        return "T" if credit.on_hold(facts, self.preferences) else "F"

    def recompute(self, customer_ids: set[int] | None = None) -> None:
        """Balance, overdue figures and the hold flag of these customers (None: of all)."""
        as_of = self.preferences.business_date()
        with self.write() as connection:
            credit.recompute(connection, customer_ids, as_of)
            if customer_ids is None:
                self.balances_as_of = as_of

    def refresh_for_today(self) -> None:
        """Overdue figures move at midnight without any write."""
        if self.balances_as_of != self.preferences.business_date():
            self.recompute()
