"""Around a test that commits: all tables emptied, and the rows that migrations made put back, in milliseconds.

They are copied inside the database, not loaded from JSON; and PostgreSQL deletes from the few tables that have rows,
because cutting off nearly two hundred tables with all their indexes takes it a quarter of a second.
"""

from typing import Any

from django.db import connection, transaction

PREFIX = "starting_"


def keep() -> None:
    """Once a worker: copy every table that has rows, and take the place of what Django empties and loads with."""
    with connection.cursor() as cursor:
        filled = _filled(cursor, connection.introspection.django_table_names(only_existing=True, include_views=False))
        for table in filled:
            cursor.execute(f"CREATE TABLE {PREFIX}{table} AS SELECT * FROM {table}")

    def put_back(_json: str) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            for table in filled:
                # Before the first flush they are all there.
                cursor.execute(f"INSERT INTO {table} SELECT * FROM {PREFIX}{table} WHERE true ON CONFLICT DO NOTHING")

    connection.creation.deserialize_db_from_string = put_back  # type: ignore[method-assign]
    if connection.vendor == "postgresql":
        connection.ops.sql_flush = _emptying  # type: ignore[method-assign]


def _emptying(_style: Any, tables: list[str], **_how: Any) -> list[str]:
    """Waits, as TRUNCATE does, for whoever still writes; no foreign key is checked, because everything goes."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {', '.join(tables)}")
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table in _filled(cursor, tables):
            cursor.execute(f"DELETE FROM {table}")
    return []


def _filled(cursor: Any, tables: list[str]) -> list[str]:
    cursor.execute(" UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {table})" for table in tables))
    return [name for (name,) in cursor.fetchall()]
