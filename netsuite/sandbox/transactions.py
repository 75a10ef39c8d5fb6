"""What NetSuite fills in on a transaction, and how payments and credit memos meet invoices."""

import sqlite3
from datetime import timedelta
from typing import Any

from . import clock, credit, errors
from .fields import RecordType
from .preferences import Preferences

TERM_DAYS = {1: 15, 2: 30, 3: 60, 4: 0, 5: 30, 6: 30, 7: 45}
PREFIXES = {"CustInvc": "INV", "SalesOrd": "SO", "CustPymt": "PYMT", "CustCred": "CM"}
CREDITS = ("CustPymt", "CustCred")
FIRST_STATUS = {"SalesOrd": "A", "CustInvc": "A", "CustPymt": "C", "CustCred": "A"}


def complete(
    connection: sqlite3.Connection, record: RecordType, columns: dict[str, Any], custom: dict[str, Any], today: str
) -> None:
    """Dates, number, currency, totals and status of a new transaction. Raises ApiError."""
    customer = _customer(connection, columns["entity"], record)
    columns["type"] = record.tran_type
    columns.setdefault("trandate", today)
    columns.setdefault("currency", customer["currency"])
    columns.setdefault("status", FIRST_STATUS[record.tran_type])
    if record.tran_type not in CREDITS:
        columns.setdefault("terms", customer["terms"])
    if not columns.get("tranid"):
        columns["tranid"] = _next_number(connection, record.tran_type)
    columns["foreigntotal"] = _total(columns, custom)
    if record.tran_type == "CustInvc":
        columns.setdefault("duedate", _due(columns["trandate"], columns["terms"]))
        columns |= {"foreignamountpaid": 0.0, "foreignamountunpaid": columns["foreigntotal"]}
    elif record.tran_type in CREDITS:
        amount = abs(columns["foreigntotal"])
        columns |= {"foreigntotal": -amount, "foreignamountpaid": 0.0, "foreignamountunpaid": amount}


def _customer(connection: sqlite3.Connection, customer_id: int, record: RecordType) -> sqlite3.Row:
    row = connection.execute("SELECT * FROM customer WHERE id = ?", (customer_id,)).fetchone()
    if row is None:
        name = record.entity_field
        raise errors.invalid_content(
            f"Error while accessing resource: You have entered an Invalid Field Value {customer_id} "
            f"for the following field: {name}",
            path=name,
        )
    return row


def _next_number(connection: sqlite3.Connection, tran_type: str) -> str:
    highest = connection.execute("SELECT MAX(id) FROM txn").fetchone()[0] or 0
    return f"{PREFIXES[tran_type]}{highest + 1:06d}"


def _total(columns: dict[str, Any], custom: dict[str, Any]) -> float:
    if columns.get("foreigntotal") is not None:
        return columns["foreigntotal"]
    lines = (custom.get("item") or {}).get("items", [])
    return round(sum(_line_amount(line) for line in lines), 2)


def _line_amount(line: dict[str, Any]) -> float:
    if line.get("amount") is not None:
        return float(line["amount"])
    return float(line.get("quantity", 1)) * float(line.get("rate", 0))


def _due(trandate: str, terms: int | None) -> str:
    return (clock.parse(trandate) + timedelta(days=TERM_DAYS.get(terms or 4, 0))).strftime(clock.STAMP)


def check_credit(
    connection: sqlite3.Connection, record: RecordType, columns: dict[str, Any], preferences: Preferences
) -> None:
    """Raises ApiError USER_ERROR when an enforcing account refuses the order."""
    if record.tran_type != "SalesOrd":
        return
    row = connection.execute("SELECT * FROM customer WHERE id = ?", (columns["entity"],)).fetchone()
    amount = round(columns["foreigntotal"] * columns.get("exchangerate", 1.0), 2)
    if credit.refuses_order(credit.facts_of(row), preferences, amount=amount, terms=columns.get("terms")):
        raise errors.user_error(
            "This transaction cannot be saved because the customer is on credit hold or has exceeded its credit limit."
        )


def revalue(record: RecordType, row: sqlite3.Row, columns: dict[str, Any]) -> None:
    """A changed total changes what is unpaid."""
    if "foreigntotal" not in columns or record.tran_type == "SalesOrd":
        return
    total = abs(columns["foreigntotal"])
    columns["foreignamountunpaid"] = round(total - (row["foreignamountpaid"] or 0), 2)
    if record.tran_type in CREDITS:
        columns["foreigntotal"] = -total


def apply_credits(connection: sqlite3.Connection, columns: dict[str, Any], custom: dict[str, Any]) -> None:
    """Pay the invoices named in the `apply` sublist. Raises ApiError when it exceeds what is there."""
    if columns["type"] not in CREDITS:
        return
    left = columns["foreignamountunpaid"]
    for number, line in enumerate((custom.get("apply") or {}).get("items", [])):
        if line.get("apply", True):
            left = round(left - _pay(connection, columns, line, left, number), 2)
    status = "B" if columns["type"] == "CustCred" and left <= 0 else columns["status"]
    connection.execute(
        "UPDATE txn SET foreignamountunpaid = ?, foreignamountpaid = ?, status = ? WHERE id = ?",
        (left, round(abs(columns["foreigntotal"]) - left, 2), status, columns["id"]),
    )


def _pay(
    connection: sqlite3.Connection, columns: dict[str, Any], line: dict[str, Any], left: float, number: int
) -> float:
    reference = line.get("doc", {})
    invoice_id = reference.get("id") if isinstance(reference, dict) else reference
    invoice = connection.execute(
        "SELECT * FROM txn WHERE id = ? AND type = 'CustInvc' AND entity = ?", (invoice_id, columns["entity"])
    ).fetchone()
    amount = float(line.get("amount", min(left, invoice["foreignamountunpaid"]) if invoice else 0))
    if invoice is None or amount > invoice["foreignamountunpaid"] or amount > left:
        raise errors.invalid_content(
            f"Error while accessing resource: You have entered an Invalid Field Value {invoice_id} "
            "for the following field: apply",
            path=f"apply.items[{number}]",
        )
    unpaid = round(invoice["foreignamountunpaid"] - amount, 2)
    connection.execute(
        "UPDATE txn SET foreignamountunpaid = ?, foreignamountpaid = ROUND(COALESCE(foreignamountpaid, 0) + ?, 2), "
        "status = ?, closedate = ?, lastmodifieddate = ? WHERE id = ?",
        (unpaid, amount, "A" if unpaid else "B", None if unpaid else columns["trandate"], clock.now(), invoice["id"]),
    )
    return amount
