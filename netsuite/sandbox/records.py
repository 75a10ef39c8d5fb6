"""Records over REST: read, create, update, upsert, delete."""

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from . import clock, credit, errors, lists, transactions
from .fields import LABELS, RecordType, to_column, to_json
from .store import Store

NAMES = {"entity": "customer", "parent": "customer", "salesrep": "employee", "employee": "employee"}


@dataclass(frozen=True)
class Write:
    """What a write did: `applied` is false when every property was unknown and only warned about."""

    id: int
    applied: bool
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reading:
    """Options of a GET."""

    fields: tuple[str, ...] = ()
    simple_enums: bool = False
    expand: bool = False
    hidden: frozenset[str] = frozenset()


class Records:
    """`hidden` names columns this role does not have (creditholdoverride on some accounts)."""

    def __init__(self, store: Store) -> None:
        self.store = store

    # --- reading ----------------------------------------------------------------------------------

    def find_id(self, record: RecordType, reference: str) -> int | None:
        """`107` or `eid:ACME`; None when the account has no such record."""
        column, value = ("externalid", reference[4:]) if reference.startswith("eid:") else ("id", reference)
        where, args = _scope(record)
        with self.store.read() as connection:
            row = connection.execute(
                f"SELECT id FROM {record.table} WHERE {column} = ? {where}",  # noqa: S608
                (value, *args),
            ).fetchone()
        return row["id"] if row else None

    def get(self, record: RecordType, record_id: int, reading: Reading) -> dict[str, Any]:
        with self.store.read() as connection:
            row = connection.execute(f"SELECT * FROM {record.table} WHERE id = ?", (record_id,)).fetchone()  # noqa: S608
            if row is None:
                raise errors.nonexistent_id()
            body = self._body(connection, record, row, reading)
        if reading.fields:
            wanted = {name.strip() for name in reading.fields} | {"id", "links"}
            body = {name: value for name, value in body.items() if name in wanted}
        return body

    def _body(
        self, connection: sqlite3.Connection, record: RecordType, row: sqlite3.Row, reading: Reading
    ) -> dict[str, Any]:
        body: dict[str, Any] = {"links": []}
        for field in record.fields.values():
            if field.kind == "sublist" or field.column in reading.hidden:
                continue
            value = row[field.column]
            if field.kind == "status":
                body["status"] = _status(record, value)
            elif field.kind == "letter":
                body[field.name] = {"id": value, "refName": lists.STATUSES["SalesOrd"].get(value, value)}
            elif value is not None:
                names = _names(connection, field.column, value) if field.kind == "ref" else {}
                body[field.name] = to_json(field, value, names, simple_enums=reading.simple_enums)
        if record.name == "customer":
            body |= credit.aging(connection, row["id"], self.store.preferences.business_date())
        return body | _custom_body(json.loads(row["custom"]), expand=reading.expand)

    # --- writing ----------------------------------------------------------------------------------

    def create(self, record: RecordType, body: dict[str, Any], *, validation: str, external_id: str = "") -> Write:
        with self.store.write() as connection:
            columns, custom, ignored = self._columns(record, body, validation)
            if external_id:
                columns["externalid"] = external_id
            _require(record, columns, custom)
            self._defaults(connection, record, columns, custom)
            columns["id"] = self._next_id(connection, record)
            columns["custom"] = json.dumps(custom)
            names = ", ".join(columns)
            marks = ", ".join("?" * len(columns))
            try:
                connection.execute(
                    f"INSERT INTO {record.table} ({names}) VALUES ({marks})",  # noqa: S608
                    tuple(columns.values()),
                )
            except sqlite3.IntegrityError as error:
                raise errors.user_error("This entity already exists.") from error
            if record.tran_type:
                transactions.apply_credits(connection, columns, custom)
            self._follow_up(connection, record, {columns.get("entity"), columns["id"]})
            return Write(columns["id"], True, ignored)

    def update(self, record: RecordType, record_id: int, body: dict[str, Any], *, validation: str) -> Write:
        with self.store.write() as connection:
            row = connection.execute(f"SELECT * FROM {record.table} WHERE id = ?", (record_id,)).fetchone()  # noqa: S608
            if row is None:
                raise errors.nonexistent_id()
            columns, custom, ignored = self._columns(record, body, validation)
            if not columns and not custom:
                return Write(record_id, False, ignored)
            if record.tran_type:
                transactions.revalue(record, row, columns)
            columns[_modified(record)] = clock.now()
            columns["custom"] = json.dumps({**json.loads(row["custom"]), **custom})
            self._set(connection, record, record_id, columns)
            entities = {row["entity"], columns.get("entity")} if record.tran_type else set()
            self._follow_up(connection, record, entities | {record_id})
            return Write(record_id, True, ignored)

    def _set(self, connection: sqlite3.Connection, record: RecordType, record_id: int, columns: dict[str, Any]) -> None:
        assignments = ", ".join(f"{name} = ?" for name in columns)
        try:
            connection.execute(
                f"UPDATE {record.table} SET {assignments} WHERE id = ?",  # noqa: S608
                (*columns.values(), record_id),
            )
        except sqlite3.IntegrityError as error:
            raise errors.invalid_content("Error while accessing resource: a required field cannot be empty") from error

    def delete(self, record: RecordType, record_id: int) -> None:
        with self.store.write() as connection:
            row = connection.execute(f"SELECT * FROM {record.table} WHERE id = ?", (record_id,)).fetchone()  # noqa: S608
            if row is None:
                raise errors.nonexistent_id()
            if record.name == "customer" and _has_transactions(connection, record_id):
                raise errors.user_error("This record cannot be deleted because it has dependent records.")
            connection.execute(f"DELETE FROM {record.table} WHERE id = ?", (record_id,))  # noqa: S608
            connection.execute("INSERT INTO deleted_record VALUES (?, ?, ?)", (clock.now(), record.name, record_id))
            self._follow_up(connection, record, {row["entity"]} if record.tran_type else set())

    def _columns(
        self, record: RecordType, body: dict[str, Any], validation: str
    ) -> tuple[dict[str, Any], dict[str, Any], tuple[str, ...]]:
        """Columns, custom fields and the names nobody knows. Raises ApiError under validation `error`."""
        columns: dict[str, Any] = {}
        custom: dict[str, Any] = {}
        ignored = []
        for name, value in body.items():
            field = record.fields.get(name)
            if field and field.computed:
                continue
            if field and field.kind == "sublist":
                custom[name] = value
            elif field:
                columns[field.column] = to_column(field, value)
            elif name in record.kept or self._is_custom(record, name):
                custom[name] = value
            elif name != "links":
                ignored.append(name)
        if ignored and validation == "error":
            raise errors.unknown_property(ignored[0])
        return columns, custom, tuple(ignored)

    def _is_custom(self, record: RecordType, name: str) -> bool:
        if not name.startswith(record.prefix):
            return False
        if record.prefix == "custrecord":
            self.store.register_custom_fields({name})
        return name in self.store.custom_fields

    def _defaults(
        self, connection: sqlite3.Connection, record: RecordType, columns: dict[str, Any], custom: dict[str, Any]
    ) -> None:
        moment = clock.now()
        columns[_modified(record)] = moment
        columns[_created(record)] = moment
        if record.tran_type:
            today = self.store.preferences.business_date()
            transactions.complete(connection, record, columns, custom, today)
            transactions.check_credit(connection, record, columns, self.store.preferences)
        elif record.table == "customer":
            columns.setdefault("entityid", columns.get("companyname"))

    def next_id(self, record: RecordType) -> int:
        with self.store.read() as connection:
            return self._next_id(connection, record)

    def _next_id(self, connection: sqlite3.Connection, record: RecordType) -> int:
        tables = ("customer", "employee") if record.table in ("customer", "employee") else (record.table,)
        highest = [connection.execute(f"SELECT MAX(id) FROM {table}").fetchone()[0] or 0 for table in tables]  # noqa: S608
        return max(*highest, 100) + 1

    def _follow_up(self, connection: sqlite3.Connection, record: RecordType, ids: set[int | None]) -> None:
        if record.table == "customer" or record.tran_type:
            self.store.recompute({id_ for id_ in ids if id_ is not None})


def _scope(record: RecordType) -> tuple[str, tuple[str, ...]]:
    if record.tran_type:
        return "AND type = ?", (record.tran_type,)
    if record.table == "custom_record":
        return "AND rectype = ?", (record.name,)
    return "", ()


def _modified(record: RecordType) -> str:
    return "lastmodified" if record.table == "custom_record" else "lastmodifieddate"


def _created(record: RecordType) -> str:
    return {"custom_record": "created", "txn": "createddate"}.get(record.table, "datecreated")


def _require(record: RecordType, columns: dict[str, Any], custom: dict[str, Any]) -> None:
    missing = []
    if record.name == "customer" and not (columns.get("companyname") or custom.get("lastName")):
        missing = ["companyName"]
    elif record.name == "employee" and not (columns.get("lastname") or columns.get("entityid")):
        missing = ["lastName"]
    elif record.tran_type and columns.get("entity") is None:
        missing = [record.entity_field]
    elif record.table == "custom_record":
        columns["rectype"] = record.name
    if missing:
        raise errors.missing_values(LABELS[name] for name in missing)


def _has_transactions(connection: sqlite3.Connection, customer_id: int) -> bool:
    return connection.execute("SELECT 1 FROM txn WHERE entity = ? LIMIT 1", (customer_id,)).fetchone() is not None


def _status(record: RecordType, letter: str) -> dict[str, str]:
    label = lists.STATUSES[record.tran_type].get(letter, letter)
    return {"id": label, "refName": label}


def _names(connection: sqlite3.Connection, column: str, value: int) -> dict[int, str]:
    if column in lists.BY_COLUMN:
        return lists.BY_COLUMN[column]
    table = NAMES[column]
    row = connection.execute(f"SELECT entityid FROM {table} WHERE id = ?", (value,)).fetchone()  # noqa: S608
    return {value: row["entityid"]} if row and row["entityid"] else {}


def _custom_body(custom: dict[str, Any], *, expand: bool) -> dict[str, Any]:
    body = {}
    for name, value in custom.items():
        if name in ("item", "apply"):
            lines = value.get("items", []) if isinstance(value, dict) else []
            body[name] = {"links": [], **({"items": lines, "totalResults": len(lines)} if expand else {})}
        elif value is not None:
            body[name] = value
    return body
