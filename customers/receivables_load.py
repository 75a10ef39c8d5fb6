"""Loads a checked export: into the NetSuite sandbox, from where it is synced, or straight into the mirror."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import requests
from django.db import transaction

from customers.aging import refresh_summaries
from customers.models import Customer, Transaction
from customers.receivables_file import ReceivablesFile
from customers.receivables_spool import CustomerRow, Document
from customers.rows import RATE
from customers.rules import to_base
from customers.store import Document as MirrorRow
from customers.store import keep_vacuum_out, store

# Keys of loaded records never collide with NetSuite's own numeric ids.
PREFIX = "AR-"
# A commit of a million rows takes its time.
SANDBOX_TIMEOUT_SECONDS = 600
PAID = "0.00"
DISPUTED = {"custbody_disputed": "T"}
CUSTOMER_COLUMNS = ["netsuite_id", "entity_id", "name", "email", "currency", "credit_hold_override", "synced_at"]
# What people have set on a customer loaded before stays.
TAKEN_OVER = {"name", "email", "currency", "synced_at"}

Progress = Callable[[str, int], None]


class TargetUnavailable(Exception):
    """The sandbox did not take the load; nothing of it was kept."""


def load_into_hub(file: ReceivablesFile, *, now: datetime, today: date, progress: Progress) -> None:
    """Write customers and documents into the mirror in one transaction; repeatable. `today` bounds the balances."""
    with transaction.atomic():
        keep_vacuum_out(Customer, Transaction)
        customers = (_hub_customer(row, now) for batch in file.customers() for row in batch)
        store(Customer, CUSTOMER_COLUMNS, customers, update=TAKEN_OVER)
        keys = dict(Customer.objects.filter(netsuite_id__startswith=PREFIX).values_list("netsuite_id", "pk"))
        stored = store(Transaction, MirrorRow._fields, _hub_documents(file, keys, now.isoformat(), progress))
        if stored.owners:
            refresh_summaries(stored.owners, today=today)


def _hub_customer(row: CustomerRow, now: datetime) -> tuple[Any, ...]:
    return (PREFIX + row.key, row.key, row.name, row.email, row.currency, "AUTO", now)


def _hub_documents(file: ReceivablesFile, keys: dict[str, int], now: str, progress: Progress) -> Iterator[MirrorRow]:
    done = 0
    for batch in file.documents():
        for row in batch:
            yield _hub_document(row, file, keys[PREFIX + row.customer], now)
        done += len(batch)
        progress("loaded", done)


def _hub_document(row: Document, file: ReceivablesFile, customer_pk: int, now: str) -> MirrorRow:
    rate, total, rest = file.rate(row.currency), row.amount.removeprefix("-"), _unpaid(row)
    return MirrorRow(
        netsuite_id=(PREFIX + row.number)[:64],
        type=_type(row),
        tranid=row.number,
        customer_id=customer_pk,
        issued=row.issued,
        due=row.due,
        closed=row.settled,
        status="B" if rest == PAID else "A",
        currency=row.currency,
        exchange_rate="1" if rate == 1 else str(rate.quantize(RATE)),
        total_foreign=total,
        unpaid_foreign=rest,
        total=_in_base(total, rate),
        unpaid=_in_base(rest, rate),
        po_number=row.po,
        memo=row.memo,
        ship_date=None,
        record=DISPUTED if row.disputed else {},
        netsuite_modified_at=None,
        synced_at=now,
    )


def _in_base(amount: str, rate: Decimal) -> str:
    return amount if rate == 1 else str(to_base(Decimal(amount), rate))


def _type(row: Document) -> str:
    return Transaction.CREDIT if row.amount[0] == "-" and row.amount != "-0.00" else Transaction.INVOICE


def _unpaid(row: Document) -> str:
    return PAID if row.settled else row.amount.removeprefix("-")


def load_into_sandbox(file: ReceivablesFile, *, base_url: str, progress: Progress) -> None:
    """Send everything to the sandbox, which takes it over all at once. Raises TargetUnavailable."""
    load_id = _begin(base_url)
    try:
        done = 0
        for batch in _sandbox_batches(file):
            _post(base_url, f"/sandbox/load?load_id={load_id}", batch)
            done += len(batch.get("transactions", []))
            progress("sent", done)
        _post(base_url, "/sandbox/load/commit", {"load_id": load_id})
    except BaseException:
        _abort(base_url, load_id)
        raise


def _sandbox_batches(file: ReceivablesFile) -> Iterator[dict[str, Any]]:
    for customers in file.customers():
        yield {"customers": [_sandbox_customer(row) for row in customers]}
    for documents in file.documents():
        yield {"transactions": [_sandbox_document(row, file) for row in documents]}


def _sandbox_customer(row: CustomerRow) -> dict[str, Any]:
    facts = {"companyname": row.name, "email": row.email, "currency": row.currency}
    return {"externalid": PREFIX + row.key, "entityid": row.key, **facts}


def _sandbox_document(row: Document, file: ReceivablesFile) -> dict[str, Any]:
    rest = _unpaid(row)
    return {
        "externalid": PREFIX + row.number,
        "type": _type(row),
        "tranid": row.number,
        "entity_externalid": PREFIX + row.customer,
        "trandate": row.issued,
        "duedate": row.due,
        "closedate": row.settled,
        "status": "B" if rest == PAID else "A",
        "foreigntotal": float(row.amount),
        "foreignamountunpaid": float(rest),
        "currency": row.currency,
        "exchangerate": float(file.rate(row.currency)),
        "otherrefnum": row.po,
        "memo": row.memo,
        **(DISPUTED if row.disputed else {}),
    }


def _begin(base_url: str) -> str:
    """The id of a new load. Raises TargetUnavailable also when something other than a sandbox answers."""
    answer = _post(base_url, "/sandbox/load/begin", {})
    if "load_id" not in answer:
        raise TargetUnavailable(f"{base_url} is no sandbox: it opened no load.")
    return str(answer["load_id"])


def _post(base_url: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    try:
        answer = requests.post(base_url + path, json=body, timeout=SANDBOX_TIMEOUT_SECONDS)
    except requests.RequestException as error:
        raise TargetUnavailable(f"The sandbox at {base_url} does not answer ({type(error).__name__}).") from error
    if answer.status_code >= 400:
        raise TargetUnavailable(f"{base_url}{path} answered {answer.status_code}: {answer.text[:500]}")
    try:
        return answer.json()
    except ValueError as error:
        raise TargetUnavailable(f"{base_url}{path} did not answer with JSON: is this the sandbox?") from error


def _abort(base_url: str, load_id: str) -> None:
    try:
        _post(base_url, "/sandbox/load/abort", {"load_id": load_id})
    except TargetUnavailable:
        # It was not committed; the original error is the one to show.
        return
