"""An account that moves while it is read."""

from . import clock
from .store import Store


def rows_appear(store: Store, count: int) -> bool:
    """Touch the longest unmodified customers and add as many new ones: rows move behind a pager's back."""
    moment = clock.now()
    with store.write() as connection:
        connection.execute(
            "UPDATE customer SET lastmodifieddate = ? WHERE id IN "
            "(SELECT id FROM customer ORDER BY lastmodifieddate, id LIMIT ?)",
            (moment, count),
        )
        first = (connection.execute("SELECT MAX(id) FROM (SELECT id FROM customer UNION ALL SELECT id FROM employee)")
                 .fetchone()[0] or 100) + 1  # fmt: skip
        names = [(first + n, f"Arrived While Paging {first + n}") for n in range(count)]
        connection.executemany(
            "INSERT INTO customer (id, companyname, entityid, datecreated, lastmodifieddate) VALUES (?, ?, ?, ?, ?)",
            [(id_, name, name, moment, moment) for id_, name in names],
        )
    return True


def crowd_into_one_second(store: Store, count: int, at: str) -> None:
    """The first `count` customers and transactions get one lastModifiedDate (ISO instant; empty: now)."""
    moment = clock.from_iso(at) if at else clock.now()
    with store.write() as connection:
        for table in ("customer", "txn"):
            connection.execute(
                f"UPDATE {table} SET lastmodifieddate = ? "  # noqa: S608
                f"WHERE id IN (SELECT id FROM {table} ORDER BY id LIMIT ?)",
                (moment, count),
            )
