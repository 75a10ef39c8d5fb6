"""Bulk loading: batches at once, or staged and taken over all or nothing."""

import json
import sqlite3
import uuid
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from . import clock, lists
from .store import Store

KINDS = {"employees": "employee", "customers": "customer", "transactions": "txn"}
BOOLEANS = {"isinactive", "issalesrep"}
DATES = {"trandate", "duedate", "closedate", "shipdate", "datecreated", "createddate", "lastmodifieddate"}
REFERENCES = {"terms", "currency", "entitystatus"}
COLUMNS = {
    "customer": {"id", "externalid", "entityid", "companyname", "email", "phone", "isinactive", "parent", "salesrep",
                 "terms", "currency", "entitystatus", "creditlimit", "creditholdoverride", "datecreated",
                 "lastmodifieddate"},
    "employee": {"id", "externalid", "entityid", "firstname", "lastname", "email", "title", "isinactive", "issalesrep",
                 "datecreated", "lastmodifieddate"},
    "txn": {"id", "externalid", "type", "tranid", "entity", "trandate", "duedate", "closedate", "shipdate", "status",
            "foreigntotal", "foreignamountpaid", "foreignamountunpaid", "otherrefnum", "memo", "terms", "employee",
            "currency", "exchangerate", "createddate", "lastmodifieddate"},
}  # fmt: skip
CREATED = {"customer": "datecreated", "employee": "datecreated", "txn": "createddate"}
# By these a transaction or customer names another record that has no id yet.
BY_EXTERNAL_ID = {
    "entity_externalid": ("entity", "customer"),
    "salesrep_externalid": ("salesrep", "employee"),
    "employee_externalid": ("employee", "employee"),
    "parent_externalid": ("parent", "customer"),
}

AMOUNTS = {"foreigntotal", "foreignamountpaid", "foreignamountunpaid"}


class LoadError(ValueError):
    """A row that cannot be loaded; nothing of its batch is."""


class Loader:
    def __init__(self, store: Store) -> None:
        self.store = store

    def load(self, batch: dict[str, Any]) -> dict[str, int]:
        """One transaction: all rows or none. Answers how many of each. Raises LoadError."""
        with self.store.write() as connection:
            counts, touched = self._apply(connection, batch)
            self.store.recompute(touched)
        return counts

    # --- staged -------------------------------------------------------------------------------------

    def begin(self, *, replace_all: bool = False) -> str:
        """`replace_all`: on commit, what the store held goes first."""
        load_id = uuid.uuid4().hex
        with self.store.write() as connection:
            connection.execute("INSERT INTO load_run VALUES (?, ?, ?)", (load_id, int(replace_all), clock.now()))
        return load_id

    def stage(self, load_id: str, body: bytes) -> None:
        with self.store.write() as connection:
            self._run(connection, load_id)
            connection.execute("INSERT INTO load_batch (load_id, body) VALUES (?, ?)", (load_id, body))

    def commit(self, load_id: str) -> dict[str, int]:
        """Everything staged, in one transaction. Raises LoadError, and then the stage is kept."""
        totals = dict.fromkeys(KINDS, 0)
        with self.store.write() as connection:
            run = self._run(connection, load_id)
            if run["replace_all"]:
                for table in KINDS.values():
                    connection.execute(f"DELETE FROM {table}")  # noqa: S608
            for batch in self._batches(connection, load_id):
                counts, _ = self._apply(connection, batch)
                totals = {kind: totals[kind] + counts[kind] for kind in KINDS}
            self._drop(connection, load_id)
            self.store.recompute()
        return totals

    def abort(self, load_id: str) -> None:
        with self.store.write() as connection:
            self._run(connection, load_id)
            self._drop(connection, load_id)

    def _run(self, connection: sqlite3.Connection, load_id: str) -> sqlite3.Row:
        run = connection.execute("SELECT * FROM load_run WHERE load_id = ?", (load_id,)).fetchone()
        if run is None:
            raise LoadError(f"no such load: {load_id}")
        return run

    def _batches(self, connection: sqlite3.Connection, load_id: str) -> Iterable[dict[str, Any]]:
        query = "SELECT seq FROM load_batch WHERE load_id = ? ORDER BY seq"
        for row in connection.execute(query, (load_id,)).fetchall():
            body = connection.execute("SELECT body FROM load_batch WHERE seq = ?", (row["seq"],)).fetchone()["body"]
            yield json.loads(body)

    def _drop(self, connection: sqlite3.Connection, load_id: str) -> None:
        connection.execute("DELETE FROM load_batch WHERE load_id = ?", (load_id,))
        connection.execute("DELETE FROM load_run WHERE load_id = ?", (load_id,))

    # --- rows ---------------------------------------------------------------------------------------

    def _apply(self, connection: sqlite3.Connection, batch: dict[str, Any]) -> tuple[dict[str, int], set[int]]:
        counts: dict[str, int] = {}
        touched: set[int] = set()
        for kind, table in KINDS.items():
            rows = batch.get(kind) or []
            counts[kind] = len(rows)
            if rows:
                moment = clock.now()
                prepared = [self._columns(table, row, moment) for row in rows]
                self._link(connection, prepared)
                self._number(connection, table, prepared)
                self._upsert(connection, table, prepared)
                touched |= self._touched(connection, table, prepared)
        return counts, touched

    def _touched(self, connection: sqlite3.Connection, table: str, rows: list[dict[str, Any]]) -> set[int]:
        """The customers whose figures these rows may change."""
        if table == "customer":
            return {row["id"] for row in rows}
        if table == "employee":
            return set()
        unnamed = json.dumps([row["id"] for row in rows if "entity" not in row])
        found = connection.execute("SELECT entity FROM txn WHERE id IN (SELECT value FROM json_each(?))", (unnamed,))
        return {row["entity"] for row in [*rows, *found] if "entity" in row.keys() and row["entity"] is not None}  # noqa: SIM118

    def _columns(self, table: str, row: dict[str, Any], moment: str) -> dict[str, Any]:
        columns: dict[str, Any] = {}
        custom: dict[str, Any] = {}
        for name, value in row.items():
            name = name.lower()
            if name in COLUMNS[table]:
                columns[name] = _stored(name, value)
            elif name.startswith(("custentity", "custbody")):
                custom[name] = value
            elif name in BY_EXTERNAL_ID:
                columns[name] = value
            else:
                raise LoadError(f"unknown column {name!r} for {table}")
        if custom:
            self.store.register_custom_fields(set(custom))
            columns["custom"] = json.dumps(custom)
        if table == "txn":
            _complete(columns)
        columns.setdefault("lastmodifieddate", moment)
        columns.setdefault(CREATED[table], columns["lastmodifieddate"])
        return columns

    def _link(self, connection: sqlite3.Connection, rows: list[dict[str, Any]]) -> None:
        for name, (column, table) in BY_EXTERNAL_ID.items():
            wanted = {row[name] for row in rows if name in row}
            if not wanted:
                continue
            known = _ids(connection, table, wanted)
            missing = wanted - set(known)
            if missing:
                raise LoadError(f"no {table} with external id {sorted(missing)[0]!r}")
            for row in rows:
                if name in row:
                    row[column] = known[row.pop(name)]

    def _number(self, connection: sqlite3.Connection, table: str, rows: list[dict[str, Any]]) -> None:
        unnumbered = [row for row in rows if "id" not in row]
        if not unnumbered:
            return
        known = _ids(connection, table, {row["externalid"] for row in unnumbered if row.get("externalid")})
        shared = ("customer", "employee") if table != "txn" else ("txn",)
        highest = [connection.execute(f"SELECT MAX(id) FROM {name}").fetchone()[0] or 100 for name in shared]  # noqa: S608
        following = max(*highest, *(row["id"] for row in rows if "id" in row), 100) + 1
        for row in unnumbered:
            row["id"] = known.get(row.get("externalid") or "", following)
            if row["id"] == following:
                following += 1
            if row.get("externalid"):
                known[row["externalid"]] = row["id"]

    def _upsert(self, connection: sqlite3.Connection, table: str, rows: list[dict[str, Any]]) -> None:
        shapes: dict[tuple[str, ...], list[tuple[Any, ...]]] = defaultdict(list)
        for row in rows:
            shapes[tuple(row)].append(tuple(row.values()))
        for names, values in shapes.items():
            try:
                connection.executemany(_upsert_sql(table, names), values)
            except sqlite3.IntegrityError as error:
                raise LoadError(f"{table}: {error}") from error


def _upsert_sql(table: str, names: tuple[str, ...]) -> str:
    changes = [
        f"custom = json_patch({table}.custom, excluded.custom)" if name == "custom" else f"{name} = excluded.{name}"
        for name in names
        if name not in ("id", CREATED[table])
    ]
    return (
        f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))}) "  # noqa: S608
        f"ON CONFLICT (id) DO UPDATE SET {', '.join(changes)}"
    )


def _ids(connection: sqlite3.Connection, table: str, external_ids: set[str]) -> dict[str, int]:
    rows = connection.execute(
        f"SELECT externalid, id FROM {table} WHERE externalid IN (SELECT value FROM json_each(?))",  # noqa: S608
        (json.dumps(sorted(external_ids)),),
    )
    return {row["externalid"]: row["id"] for row in rows}


def _stored(name: str, value: Any) -> Any:
    if value is None or value == "":
        return None
    if name in BOOLEANS:
        return value if value in ("T", "F") else "T" if value else "F"
    if name in DATES:
        return _stamp(name, value)
    if name in REFERENCES and not isinstance(value, int) and not str(value).isdigit():
        named = lists.id_of(name, str(value))
        if named is None:
            raise LoadError(f"unknown {name}: {value!r}")
        return named
    if name in ("id", "entity"):
        return int(value)
    return value


def _stamp(name: str, value: Any) -> str:
    try:
        return clock.from_iso(value)
    except (TypeError, ValueError) as error:
        raise LoadError(f"{name}: not a date: {value!r}") from error


def _amount(name: str, value: Any) -> float | None:
    """Files bring amounts as text."""
    try:
        return None if value in (None, "") else float(value)
    except (TypeError, ValueError):
        raise LoadError(f"{name} is not an amount: {value!r}") from None


def _complete(columns: dict[str, Any]) -> None:
    """A transaction's open part and status, where the batch leaves them out."""
    kind = columns.get("type")
    if kind not in lists.TYPES:
        raise LoadError(f"a transaction needs a type, one of {', '.join(lists.TYPES)}: {kind!r}")
    if kind == "SalesOrd":
        columns.setdefault("status", "A")
        return
    for name in AMOUNTS & columns.keys():
        columns[name] = _amount(name, columns[name])
    total = abs(columns.get("foreigntotal") or 0)
    if "foreigntotal" in columns and "foreignamountunpaid" not in columns:
        columns["foreignamountunpaid"] = round(total - abs(columns.get("foreignamountpaid") or 0), 2)
    if "foreigntotal" in columns and "foreignamountpaid" not in columns:
        columns["foreignamountpaid"] = round(total - abs(columns["foreignamountunpaid"] or 0), 2)
    if kind in ("CustInvc", "CustCred"):
        columns.setdefault("status", "A" if columns.get("foreignamountunpaid") else "B")
    columns.setdefault("status", "C")
