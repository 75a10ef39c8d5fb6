"""Balances and the credit rule, as the account applies them."""

import sqlite3
from dataclasses import dataclass

from .preferences import Preferences


@dataclass(frozen=True)
class Facts:
    """One customer's credit position; amounts in base currency, `limit` None means no limit."""

    override: str
    limit: float | None
    balance: float
    unbilled: float
    days_overdue: int


def on_hold(facts: Facts, preferences: Preferences, *, new_order: float = 0) -> bool:
    """ON holds, OFF never; AUTO by limit or days overdue unless the account ignores limits.

    Source: NetSuite online help, Customer Credit Management.
    """
    if facts.override in ("ON", "OFF"):
        return facts.override == "ON"
    if preferences.credit_handling == "ignore":
        return False
    return _over_limit(facts, preferences, new_order) or _past_grace(facts, preferences)


def _over_limit(facts: Facts, preferences: Preferences, new_order: float) -> bool:
    if facts.limit is None:
        return False
    unbilled = facts.unbilled if preferences.limit_includes_orders else 0
    return round(facts.balance + unbilled + new_order, 2) >= facts.limit


def _past_grace(facts: Facts, preferences: Preferences) -> bool:
    return preferences.grace_days is not None and facts.days_overdue > preferences.grace_days


def refuses_order(facts: Facts, preferences: Preferences, *, amount: float, terms: int | None) -> bool:
    """Only an account that enforces holds refuses, and only an order on terms."""
    if preferences.credit_handling != "enforce" or terms is None:
        return False
    return on_hold(facts, preferences, new_order=amount)


_SUMS = """
    SELECT ROUND(TOTAL(CASE WHEN type <> 'SalesOrd' THEN open_amount END), 2),
           ROUND(TOTAL(CASE WHEN type = 'CustInvc' AND duedate < :today THEN open_amount END), 2),
           CAST(COALESCE(MAX(0, julianday(:today)
               - julianday(MIN(CASE WHEN type = 'CustInvc' THEN duedate END))), 0) AS INTEGER),
           ROUND(TOTAL(CASE WHEN type = 'SalesOrd' THEN open_amount END), 2)
    FROM txn WHERE entity = customer.id AND open_amount <> 0"""


def recompute(connection: sqlite3.Connection, customer_ids: set[int] | None, today: str) -> None:
    """Set the computed columns of these customers (None: of all). `today` is a stamp."""
    which = ""
    if customer_ids is not None:
        connection.execute("CREATE TEMP TABLE IF NOT EXISTS touched (id INTEGER PRIMARY KEY)")
        connection.execute("DELETE FROM touched")
        connection.executemany("INSERT OR IGNORE INTO touched VALUES (?)", [(id_,) for id_ in customer_ids])
        which = "WHERE id IN (SELECT id FROM touched)"
    connection.execute(
        f"UPDATE customer SET (balance, overdue, days_overdue, unbilled) = ({_SUMS}) {which}",  # noqa: S608
        {"today": today},
    )
    connection.execute(
        "UPDATE customer SET oncredithold = "  # noqa: S608
        f"ns_on_hold(creditholdoverride, creditlimit, balance, unbilled, days_overdue) {which}"
    )


_AGING = """
    SELECT CASE WHEN days <= 0 THEN 'aging' WHEN days <= 30 THEN 'aging1' WHEN days <= 60 THEN 'aging2'
                WHEN days <= 90 THEN 'aging3' ELSE 'aging4' END AS bucket, ROUND(TOTAL(open_amount), 2) AS amount
    FROM (SELECT open_amount, COALESCE(julianday(:today) - julianday(duedate), 0) AS days FROM txn
          WHERE entity = :id AND type = 'CustInvc' AND open_amount <> 0) GROUP BY bucket"""


def aging(connection: sqlite3.Connection, customer_id: int, today: str) -> dict[str, float]:
    """Open invoices by days past due: not due, 1-30, 31-60, 61-90, over 90; base currency."""
    buckets = dict.fromkeys(("aging", "aging1", "aging2", "aging3", "aging4"), 0.0)
    rows = connection.execute(_AGING, {"today": today, "id": customer_id})
    return buckets | {row["bucket"]: row["amount"] for row in rows}


def facts_of(row: sqlite3.Row) -> Facts:
    return Facts(row["creditholdoverride"], row["creditlimit"], row["balance"], row["unbilled"], row["days_overdue"])
