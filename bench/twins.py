"""Twins of our tables for the bare side: same columns, indexes, checks and foreign keys; bare statements fill them."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection

PREFIX = "bench_"
Rows = Sequence[Mapping[str, Any]]


def make(table: str, *, filled: bool = False) -> None:
    """An empty twin of `table`, or one with all rows it has now. Foreign keys point at the originals' parents."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {PREFIX}{table}")
        for statement in _like_postgresql(table) if connection.vendor == "postgresql" else _like_sqlite(table):
            cursor.execute(statement)
        if filled:
            cursor.execute(f"INSERT INTO {PREFIX}{table} SELECT * FROM {table}")  # noqa: S608


def foreign_keys(table: str) -> list[str]:
    """As declared, on PostgreSQL."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f' AND conrelid = %s::regclass",
            [table],
        )
        return [row[0] for row in cursor.fetchall()]


def _like_postgresql(table: str) -> list[str]:
    keys = [f"ALTER TABLE {PREFIX}{table} ADD {key}" for key in foreign_keys(table)]
    return [f"CREATE TABLE {PREFIX}{table} (LIKE {table} INCLUDING ALL)", *keys]


def _like_sqlite(table: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE tbl_name = %s AND sql IS NOT NULL", [table])
        found = cursor.fetchall()
    return [
        sql.replace(f'"{table}"', f'"{PREFIX}{table}"').replace(f'"{name}"', f'"{PREFIX}{name}"', 1)
        for name, sql in sorted(found, key=lambda row: row[0] != table)
    ]


def insert(cursor: Any, table: str, rows: Rows) -> None:
    """One statement, however many rows."""
    names = list(rows[0])
    line = f"({', '.join(['%s'] * len(names))})"
    cursor.execute(
        f"INSERT INTO {PREFIX}{table} ({_quoted(names)}) VALUES {', '.join([line] * len(rows))}",  # noqa: S608
        [row[name] for row in rows for name in names],
    )


def update(cursor: Any, table: str, row: Mapping[str, Any], columns: Sequence[str]) -> None:
    """One row by its key."""
    assigned = ", ".join(f'"{name}" = %s' for name in columns)
    cursor.execute(
        f"UPDATE {PREFIX}{table} SET {assigned} WHERE id = %s",  # noqa: S608
        [*(row[name] for name in columns), row["id"]],
    )


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
