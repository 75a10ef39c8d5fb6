"""The bare thing: the same rows written by one INSERT … SELECT a table, without our code, keys or checks."""

from collections.abc import Sequence

from django.db import connection


class BareCopy:
    """Keeps the rows that our code wrote in plain tables, and writes them again on demand."""

    def __init__(self, tables: Sequence[str]) -> None:
        self.tables = tables
        with connection.cursor() as cursor:
            for table in tables:
                for kind in ("rows", "copy"):
                    cursor.execute(f"DROP TABLE IF EXISTS bench_{kind}_{table}")
                cursor.execute(f"CREATE TABLE bench_rows_{table} AS SELECT * FROM {table}")  # noqa: S608
                cursor.execute(f"CREATE TABLE bench_copy_{table} AS SELECT * FROM {table} LIMIT 0")  # noqa: S608

    def empty(self) -> None:
        with connection.cursor() as cursor:
            for table in self.tables:
                cursor.execute(f"DELETE FROM bench_copy_{table}")  # noqa: S608

    def write(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN")
            for table in self.tables:
                cursor.execute(f"INSERT INTO bench_copy_{table} SELECT * FROM bench_rows_{table}")  # noqa: S608
            cursor.execute("COMMIT")
