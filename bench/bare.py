"""The bare thing: the same rows written by one INSERT … SELECT a table, without our code."""

import re
from collections.abc import Sequence

from django.db import connection

from bench.twins import foreign_keys


class BareCopy:
    """Keeps the rows that our code wrote in plain tables, and writes them again on demand.

    On PostgreSQL they are written into copies with the indexes, checks and foreign keys of the originals.
    """

    def __init__(self, tables: Sequence[str]) -> None:
        self.tables = tables
        with connection.cursor() as cursor:
            for table in tables:
                cursor.execute(f"CREATE TABLE bench_rows_{table} AS SELECT * FROM {table}")  # noqa: S608
                like = f"AS SELECT * FROM {table} LIMIT 0"  # noqa: S608
                if connection.vendor == "postgresql":
                    like = f"(LIKE {table} INCLUDING ALL)"
                cursor.execute(f"CREATE TABLE bench_copy_{table} {like}")
            for table in tables if connection.vendor == "postgresql" else ():
                for key in self._foreign_keys(table):
                    cursor.execute(f"ALTER TABLE bench_copy_{table} ADD {key}")

    def empty(self) -> None:
        clear([f"bench_copy_{table}" for table in self.tables])

    def write(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN")
            for table in self.tables:
                cursor.execute(f"INSERT INTO bench_copy_{table} SELECT * FROM bench_rows_{table}")  # noqa: S608
            cursor.execute("COMMIT")

    def _foreign_keys(self, table: str) -> list[str]:
        """As declared, from copy to copy where the parent is copied too."""
        copied = rf"REFERENCES ({'|'.join(self.tables)})\("
        return [re.sub(copied, r"REFERENCES bench_copy_\1(", key) for key in foreign_keys(table)]


def clear(tables: Sequence[str]) -> None:
    """Empty tables, children first, so that each round starts without the dead rows of the last."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")
            return
        for table in tables:
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608
