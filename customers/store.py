"""Stores rows in the mirror and says whom it concerned. A row that is held already as it is, is not written.

On PostgreSQL by COPY into a temporary table and one statement, however many rows there are; elsewhere by the ORM's
upsert of the rows that differ, a thousand at a time.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any, NamedTuple

from django.db import connection, models

KEY = "netsuite_id"
OWNER = "customer_id"
# When a row was read says nothing about it: alone it is no difference.
UNMARKED = frozenset({"synced_at"})
AT_ONCE = 1000

Values = Sequence[Any]


class Document(NamedTuple):
    """A row of `transactions` as it is stored. Days, moments and amounts may be text, as ISO and as 1234.56.

    No amount or rate has more decimals than its column: databases round them differently.
    """

    netsuite_id: str
    type: str
    tranid: str
    customer_id: int
    issued: date | str
    due: date | str | None
    closed: date | str | None
    status: str
    currency: str
    exchange_rate: Decimal | str
    total_foreign: Decimal | str
    unpaid_foreign: Decimal | str
    total: Decimal | str
    unpaid: Decimal | str
    po_number: str
    memo: str
    ship_date: date | str | None
    record: dict[str, Any]
    netsuite_modified_at: datetime | str | None
    synced_at: datetime | str


@dataclass
class Stored:
    """How many rows were given and how many written; `owners` are the customers of what changed, before and after."""

    given: int = 0
    written: int = 0
    owners: set[int] = field(default_factory=set)


def columns_of(model: type[models.Model], names: Iterable[str]) -> list[str]:
    """The NetSuite id's column and those of the fields named."""
    columns = {field.name: field.column for field in model._meta.concrete_fields}
    return [KEY, *(str(columns[name]) for name in names)]


def store(
    model: type[models.Model], columns: Sequence[str], rows: Iterable[Values], *, update: Collection[str] = ()
) -> Stored:
    """Insert rows that are new by their NetSuite id; of those that are held write `update` (default: every column).

    `columns` name the values of a row, the NetSuite id first; no id may come twice. Runs in the caller's transaction.
    """
    changing = [column for column in columns[1:] if not update or column in update]
    way = _by_copy if connection.vendor == "postgresql" else _by_orm
    return way(model, columns, rows, changing)


def keep_vacuum_out(*tables: type[models.Model]) -> None:
    """Until the end of a transaction that fills these tables; reading and writing go on.

    On PostgreSQL the autovacuum would count no row of it, and the planner would take the filled tables for empty.
    """
    if connection.vendor == "postgresql":
        names = ", ".join(table._meta.db_table for table in tables)
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {names} IN SHARE UPDATE EXCLUSIVE MODE")


# --- PostgreSQL ----------------------------------------------------------------------------------


def _by_copy(model: type[models.Model], columns: Sequence[str], rows: Iterable[Values], changing: list[str]) -> Stored:
    table = model._meta.db_table
    staged = f"staged_{table}"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMP TABLE {staged} ON COMMIT DROP AS {_select(columns, table)} WITH NO DATA")
        stored = Stored(given=_copy(model, staged, columns, rows))
        cursor.execute(*_upsert(model, staged, columns, changing))
        [(stored.written, owners)] = cursor.fetchall()
        stored.owners.update(owners or ())
        cursor.execute(f"DROP TABLE {staged}")
    return stored


def _copy(model: type[models.Model], staged: str, columns: Sequence[str], rows: Iterable[Values]) -> int:
    """Send all rows; psycopg writes each value as PostgreSQL reads it, we the JSON."""
    fields = [model._meta.get_field(column) for column in columns]
    as_json = [n for n, field in enumerate(fields) if isinstance(field, models.JSONField)]
    given = 0
    copying = f"COPY {staged} ({', '.join(columns)}) FROM STDIN"
    with connection.wrap_database_errors, connection.connection.cursor() as cursor, cursor.copy(copying) as copy:
        for row in rows:
            copy.write_row(_with_json(row, as_json))
            given += 1
    return given


def _with_json(row: Values, positions: Sequence[int]) -> Values:
    if not positions:
        return row
    values = list(row)
    for position in positions:
        values[position] = json.dumps(values[position]) if values[position] else "{}"
    return values


def _upsert(
    model: type[models.Model], staged: str, columns: Sequence[str], changing: list[str]
) -> tuple[str, list[Any]]:
    """The rows that differ are found first, because a conflict alone would lock, and so write, each that does not."""
    table, defaults = model._meta.db_table, _defaults(model, columns)
    marked = [column for column in changing if column not in UNMARKED]
    owned = OWNER in columns
    sql = f"""WITH differing AS MATERIALIZED (
            SELECT staged.*{f", held.{OWNER} AS was" if owned else ""} FROM {staged} staged
            LEFT JOIN {table} held ON held.{KEY} = staged.{KEY}
            WHERE held.{KEY} IS NULL OR {_differs("held", "staged", marked)}),
        written AS (
            INSERT INTO {table} AS held ({", ".join([*columns, *defaults])})
            SELECT {", ".join([*columns, *["%s"] * len(defaults)])} FROM differing
            ON CONFLICT ({KEY}) DO UPDATE SET {", ".join(f"{column} = EXCLUDED.{column}" for column in changing)}
            WHERE {_differs("held", "EXCLUDED", marked)} RETURNING {OWNER if owned else "1"})
        SELECT (SELECT count(*) FROM written), {_OWNERS if owned else "NULL"}"""  # noqa: S608 our own names
    return sql, list(defaults.values())


_OWNERS = f"""(SELECT array_agg(owner) FROM (
    SELECT {OWNER} AS owner FROM written UNION SELECT was FROM differing WHERE was IS NOT NULL) owners)"""  # noqa: S608


def _differs(one: str, other: str, columns: Sequence[str]) -> str:
    def row(name: str) -> str:
        return f"ROW({', '.join(f'{name}.{column}' for column in columns)})"

    return f"{row(one)} IS DISTINCT FROM {row(other)}"


def _defaults(model: type[models.Model], columns: Sequence[str]) -> dict[str, Any]:
    """What the model gives a new row in the columns that are not ours."""
    new = model()
    others = [field for field in model._meta.concrete_fields if field.column not in columns and not field.primary_key]
    return {str(field.column): field.get_db_prep_save(getattr(new, field.attname), connection) for field in others}


def _select(columns: Sequence[str], table: str) -> str:
    return f"SELECT {', '.join(columns)} FROM {table}"  # noqa: S608 our own names


# --- every other database ------------------------------------------------------------------------


def _by_orm(model: type[models.Model], columns: Sequence[str], rows: Iterable[Values], changing: list[str]) -> Stored:
    stored = Stored()
    fields = [model._meta.get_field(column) for column in columns]
    compared = [n for n, column in enumerate(columns) if column in changing and column not in UNMARKED]
    owner = columns.index(OWNER) if OWNER in columns else None
    for some in _batches(rows):
        given = [[_as_held(field, value) for field, value in zip(fields, row, strict=True)] for row in some]
        held = _held(model, columns, [row[0] for row in given])
        differing = [row for row in given if _is_different(row, held.get(row[0]), compared)]
        made = [model(**dict(zip(columns, row, strict=True))) for row in differing]
        model._default_manager.bulk_create(made, update_conflicts=True, unique_fields=[KEY], update_fields=changing)
        stored.given += len(given)
        stored.written += len(differing)
        if owner is not None:
            stored.owners |= {row[owner] for row in differing}
            stored.owners |= {held[row[0]][owner] for row in differing if row[0] in held}
    return stored


def _held(model: type[models.Model], columns: Sequence[str], keys: list[str]) -> dict[str, Values]:
    found = model._default_manager.filter(netsuite_id__in=keys).order_by()
    return {row[0]: row for row in found.values_list(*columns)}


def _is_different(row: Values, held: Values | None, compared: Sequence[int]) -> bool:
    return held is None or any(row[n] != held[n] for n in compared)


def _as_held(field: Any, value: Any) -> Any:
    """The value as it comes back from the database."""
    value = field.to_python(value)
    if value is not None and isinstance(field, models.DecimalField):
        return value.quantize(Decimal(1).scaleb(-(field.decimal_places or 0)))
    return value


def _batches(rows: Iterable[Values]) -> Iterator[list[Values]]:
    remaining = iter(rows)
    while batch := list(islice(remaining, AT_ONCE)):
        yield batch
