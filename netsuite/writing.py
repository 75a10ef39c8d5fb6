"""Rows written the short way: those that are only added, at the end of their transaction and in one trip.

Transitions, histories, steps and checks are read by nobody in the transaction that writes them, so they can wait
for its end. The SQL of an INSERT is the ORM's own, kept by model and number of rows instead of composed again.
"""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import Any, NamedTuple, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections, models, transaction
from django.db.models.expressions import RawSQL
from django.utils import timezone

from netsuite.prepared import one_trip, prepared

# More rows than this of one table are left to the ORM, which knows how many values a statement takes.
MANY = 50
Row = TypeVar("Row", bound=models.Model)


class Line(NamedTuple):
    """A new row as plain values by column name, without a model around them; what is missing has its default."""

    model: type[models.Model]
    values: Mapping[str, Any]


class _Statement(NamedTuple):
    sql: str
    values: list[Any]


New = models.Model | Line


class _Waiting(threading.local):
    """What the innermost `together` of this thread has still to write."""

    rows: "list[New | _Statement] | None" = None
    depth = 0


_waiting = _Waiting()


@contextmanager
def together() -> Iterator[None]:
    """A transaction; what `add` is given in it is written at its end, one INSERT a table."""
    with prepared(), transaction.atomic():
        outer = _waiting.rows, _waiting.depth
        _waiting.rows, _waiting.depth = [], len(connection.savepoint_ids)
        try:
            yield
            rows = _waiting.rows
        finally:
            _waiting.rows, _waiting.depth = outer
        _write(rows)


@contextmanager
def in_transaction() -> Iterator[None]:
    """The caller's transaction, or a new one. For what refuses before it writes, so that no savepoint is needed."""
    if connection.in_atomic_block:
        yield
    else:
        with transaction.atomic():
            yield


def add(rows: Iterable[New]) -> None:
    """Write new rows that nobody reads in this transaction; they get no key and send no signal.

    At once, unless a `together` is open. Below a savepoint always at once: it may be rolled back alone.
    """
    _later(rows)


def _later(rows: Iterable[New | _Statement]) -> None:
    if _waiting.rows is None or any(connection.savepoint_ids[_waiting.depth :]):
        _write(list(rows))
    else:
        _waiting.rows.extend(rows)


def insert(row: models.Model, *, skip_conflict: bool = False, **computed: RawSQL) -> bool:
    """Write a new row now and give it its key; the columns `computed` get what the database answers.

    Sends no signal: a history row is the caller's to add. With `skip_conflict` False instead of an IntegrityError
    when another row has its unique values.
    """
    sql, slots = _insert_sql(type(row), 1, tuple((name, raw.sql) for name, raw in computed.items()))
    values = [*_values(row, slots), *(value for raw in computed.values() for value in raw.params)]
    answered: list[Any] = [type(row)._meta.pk, *(type(row)._meta.get_field(name) for name in computed)]
    conflict = " ON CONFLICT DO NOTHING" if skip_conflict else ""
    with connection.cursor() as cursor:
        cursor.execute(f"{sql}{conflict} RETURNING {', '.join(map(_column, answered))}", values)
        found = cursor.fetchone()
    if found is None:
        return False
    for field, value in zip(answered, found, strict=True):
        setattr(row, field.attname, value)
    row._state.adding, row._state.db = False, connection.alias
    return True


def insert_all(rows: Sequence[models.Model]) -> None:
    """`insert` of several rows of one table in one statement."""
    sql, slots = _insert_sql(type(rows[0]), len(rows))
    with connection.cursor() as cursor:
        values = [value for row in rows for value in _values(row, slots)]
        cursor.execute(f"{sql} RETURNING {_column(type(rows[0])._meta.pk)}", values)
        for row, (key,) in zip(rows, cursor.fetchall(), strict=True):
            row.pk = key
            row._state.adding, row._state.db = False, connection.alias


def change(
    row: Row,
    changes: Mapping[str, Any],
    *,
    where: Mapping[str, Any],
    unless: Mapping[str, Any] | None = None,
) -> Row | None:
    """One UPDATE of this row where its columns are as in `where`, and not already as in `unless`; else None.

    Answers what its history tracks, as it is now in the database; a model without history answers `row`.
    Plain values only.
    """
    sql, values = _update(row, changes, where=where, unless=unless)
    if not keeps_history(type(row)):
        return row if _execute(sql, values) == 1 else None
    columns = ", ".join(_column(field) for field in {row._meta.pk, *_history(type(row)).tracked_fields})
    return next(iter(type(row)._base_manager.raw(f"{sql} RETURNING {columns}", values)), None)


def _update(
    row: models.Model,
    changes: Mapping[str, Any],
    *,
    where: Mapping[str, Any],
    unless: Mapping[str, Any] | None,
) -> tuple[str, list[Any]]:
    model, meta = type(row), type(row)._meta
    names = ", ".join(f"{_column(meta.get_field(name))} = %s" for name in changes)
    tests = [_test(model, name, value) for name, value in {"pk": row.pk, **where}.items()]
    if unless:
        same = [_test(model, name, value) for name, value in unless.items()]
        tests.append((f"NOT ({' AND '.join(test for test, _values in same)})", [v for _test, vs in same for v in vs]))
    sql = f"UPDATE {_table(model)} SET {names} WHERE {' AND '.join(test for test, _values in tests)}"  # noqa: S608
    values = [_saved(meta.get_field(name), value) for name, value in changes.items()]
    return sql, [*values, *(value for _test, values in tests for value in values)]


def save(row: models.Model, *names: str) -> None:
    """Write these columns of a row that exists, without signals or history: when `add` would write."""
    values = {name: getattr(row, name) for name in names}
    _later([_Statement(*_update(row, values, where={}, unless=None))])


def is_plain(values: Mapping[str, Any]) -> bool:
    """Whether `change` can take these: columns by name, no lookups, nothing that the database computes."""
    return not any("__" in name or hasattr(value, "resolve_expression") for name, value in values.items())


def keeps_history(model: type[models.Model]) -> bool:
    return hasattr(model._meta, "simple_history_manager_attribute")


def history_of(row: models.Model, kind: str, reason: str | None) -> list[Line]:
    """The history row of `row` as it is in memory; none for a model that keeps no history."""
    if not keeps_history(type(row)):
        return []
    model = _history(type(row))
    said = {
        "history_type": kind,
        "history_date": timezone.now(),
        "history_change_reason": reason,
        "history_user_id": getattr(model.get_default_history_user(row), "pk", None),
    }
    return [Line(model, {**said, **{field.attname: getattr(row, field.attname) for field in model.tracked_fields}})]


@cache
def _history(model: type[models.Model]) -> Any:
    return getattr(model, model._meta.simple_history_manager_attribute).model  # type: ignore[attr-defined]


def _write(rows: Sequence[New | _Statement]) -> None:
    """One INSERT a table, after the statements that stand by themselves; PostgreSQL takes them all in one trip."""
    tables: dict[type[models.Model], list[New]] = {}
    statements: list[tuple[str, list[Any]]] = []
    for row in rows:
        if isinstance(row, _Statement):
            statements.append((row.sql, row.values))
        else:
            tables.setdefault(row.model if isinstance(row, Line) else type(row), []).append(row)
    for model in [model for model, of_table in tables.items() if len(of_table) > MANY]:
        model._base_manager.bulk_create(map(_as_model, tables.pop(model)))
    inserts = [_insert(model, of_table) for model, of_table in tables.items()]
    if connection.vendor == "postgresql" and len(inserts) > 1:
        inserts = [_as_one(inserts)]
    with one_trip(), connection.cursor() as cursor:
        for sql, values in [*statements, *inserts]:
            cursor.execute(sql, values)


def _as_one(inserts: Sequence[tuple[str, list[Any]]]) -> tuple[str, list[Any]]:
    """Inserts into several tables as one statement: parsed, planned and started once."""
    *others, (last, _values) = inserts
    named = ", ".join(f"written_{number} AS ({sql})" for number, (sql, _values) in enumerate(others))
    return f"WITH {named} {last}", [value for _sql, values in inserts for value in values]


def _as_model(row: New) -> models.Model:
    return row.model(**row.values) if isinstance(row, Line) else row


def _execute(sql: str, values: list[Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.rowcount)


def _insert(model: type[models.Model], rows: Sequence[New]) -> tuple[str, list[Any]]:
    sql, slots = _insert_sql(model, len(rows))
    return sql, [value for row in rows for value in _values(row, slots)]


class _Slot(NamedTuple):
    """A column's place among the values; `plain` is the type that goes to the database as it is."""

    field: Any
    name: str
    plain: type | None


def _values(row: New, slots: Sequence[_Slot]) -> list[Any]:
    if isinstance(row, Line):
        given = row.values
        values = [given[name] if name in given else field.get_default() for field, name, _plain in slots]
    else:
        values = [slot.field.pre_save(row, True) for slot in slots]
    database = connections[DEFAULT_DB_ALIAS]
    return [
        value if value is None or type(value) is plain else _saved(field, value, database)
        for (field, _name, plain), value in zip(slots, values, strict=True)
    ]


@lru_cache(maxsize=256)
def _insert_sql(
    model: type[models.Model], count: int, computed: tuple[tuple[str, str], ...] = ()
) -> tuple[str, list[_Slot]]:
    """The statement for `count` rows and the places of their values; columns with SQL of their own come last."""
    own = dict(computed)
    fields: list[Any] = [field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]
    fields.sort(key=lambda field: field.name in own)
    columns = ", ".join(_column(field) for field in fields)
    line = ", ".join(f"({own[field.name]})" if field.name in own else "%s" for field in fields)
    sql = f"INSERT INTO {_table(model)} ({columns}) VALUES {', '.join([f'({line})'] * count)}"  # noqa: S608
    return sql, [_Slot(field, field.attname, _plain(field)) for field in fields if field.name not in own]


def _test(model: type[models.Model], name: str, value: Any) -> tuple[str, list[Any]]:
    field = model._meta.pk if name == "pk" else model._meta.get_field(name)
    if value is None:
        return f"{_column(field)} IS NULL", []
    return f"{_column(field)} = %s", [_saved(field, value)]


def _saved(field: Any, value: Any, database: Any = connection) -> Any:
    if value is None or type(value) is _plain(field):
        return value
    return field.get_db_prep_save(value.pk if isinstance(value, models.Model) else value, database)


@cache
def _plain(field: Any) -> type | None:
    """The type of value that the field would hand to either database unchanged."""
    kinds = {models.CharField: str, models.TextField: str, models.IntegerField: int, models.BooleanField: bool}
    kept = field.target_field if field.is_relation else field
    return next((plain for kind, plain in kinds.items() if isinstance(kept, kind)), None)


@cache
def _table(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


@cache
def _column(field: Any) -> str:
    return connection.ops.quote_name(field.column)
