"""Reading many rows reliably: a keyset over (lastmodifieddate, id), and probing for hidden columns."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from netsuite.client import PAGE_ROWS, Client
from netsuite.errors import NetsuiteError

STAMP = "YYYY-MM-DD HH24:MI:SS"
STAMP_COLUMN = "keyset_stamp"
# Literals resolve in the account's time zone, which can differ from UTC by 14 h either way.
OVERLAP = timedelta(hours=24)
_BEGINNING = datetime(1970, 1, 1)  # noqa: DTZ001  a literal in the account's own time zone
_UNKNOWN = re.compile(r"Unknown identifier '([^']+)'", re.IGNORECASE)


def keyset(
    client: Client,
    *,
    select: str,
    table: str,
    where: str = "",
    params: Sequence[Any] = (),
    since: datetime | None = None,
    stamp: str = "lastmodifieddate",
    row_id: str = "id",
) -> Iterator[dict[str, Any]]:
    """Every row of `table` changed since `since` (UTC; 24 h of overlap are read again), oldest change first.

    Each query starts at offset 0 behind the last (stamp, id) seen, so rows that arrive meanwhile, a second
    shared by thousands, and the cap of 100,000 rows a query do no harm. `params` bind the `?` of `where`.
    The same row may come twice: upsert.
    """
    after = ((since - OVERLAP).replace(tzinfo=None) if since else _BEGINNING).strftime("%Y-%m-%d %H:%M:%S")
    last_id = 0
    condition = f"({where}) AND " if where else ""
    # The values are bound; the names come from our own code.
    q = (
        f"SELECT {select}, {row_id} AS keyset_id, TO_CHAR({stamp}, '{STAMP}') AS {STAMP_COLUMN} FROM {table} "  # noqa: S608
        f"WHERE {condition}({stamp} > TO_DATE(?, '{STAMP}') "
        f"OR ({stamp} = TO_DATE(?, '{STAMP}') AND {row_id} > ?)) ORDER BY {stamp}, {row_id}"
    )
    while True:
        rows = client.suiteql_page(q, [*params, after, after, last_id])["items"]
        for row in rows:
            after, last_id = row.pop(STAMP_COLUMN), int(row.pop("keyset_id"))
            yield row
        if len(rows) < PAGE_ROWS:
            return


def usable_columns(client: Client, table: str, columns: Sequence[str]) -> list[str]:
    """The columns this role may see: one that is hidden answers as an unknown identifier, and is left out."""
    left = list(columns)
    while left:
        try:
            client.suiteql_page(f"SELECT {', '.join(left)} FROM {table} WHERE ROWNUM <= 1")  # noqa: S608
            return left
        except NetsuiteError as error:
            hidden = _hidden_column(error, left)
            if hidden is None:
                raise
            left.remove(hidden)
    return left


def _hidden_column(error: NetsuiteError, columns: Sequence[str]) -> str | None:
    found = _UNKNOWN.search(error.detail)
    name = found.group(1).lower().rsplit(".", 1)[-1] if found else ""
    return next((column for column in columns if column.lower().rsplit(".", 1)[-1] == name), None)
