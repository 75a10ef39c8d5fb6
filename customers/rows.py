"""NetSuite's answer rows, parsed strictly: what cannot be read raises SyncError, nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from customers.feed import MODIFIED, MOMENT, Row, SyncError
from customers.models import Customer, Employee, Transaction
from customers.pins import hash_pin, pin_fault, pin_matches
from customers.rules import CENT, to_base
from customers.store import Document

# Never mirrored, wherever an account keeps them.
SECRET = re.compile(r"pin_?code|(^|_)pin(_|$)|password|(^|_)ssn(_|$)")
RATE = Decimal("0.00000001")
UNLIMITED = "custentity_unlimited_credit"


def text(row: Row, key: str, limit: int = 255) -> str:
    return (row.get(key) or "").replace("\x00", "").strip()[:limit]


def identifier(row: Row, key: str = "id") -> str:
    value = text(row, key)
    if not value.isdigit():
        raise SyncError(f"{key} {value!r} is not a NetSuite internal id.")
    return value


def flag(row: Row, key: str) -> bool:
    value = text(row, key) or "F"
    if value not in ("T", "F"):
        raise SyncError(f"Row {row.get('id')}: {key} is {value!r}, not T or F.")
    return value == "T"


def amount(row: Row, key: str) -> Decimal | None:
    value = text(row, key)
    if not value:
        return None
    try:
        parsed = Decimal(value)
    except InvalidOperation:
        parsed = Decimal("NaN")
    if not parsed.is_finite():
        raise SyncError(f"Row {row.get('id')}: {key} is {value!r}, not an amount.")
    return parsed


def day(row: Row, key: str) -> date | None:
    value = text(row, key)
    if not value:
        return None
    try:
        return _day(value)
    except ValueError as error:
        raise SyncError(f"Row {row.get('id')}: {key} is {value!r}, not YYYY-MM-DD.") from error


@lru_cache(maxsize=16_384)
def _day(value: str) -> date:
    return datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC).date()


def moment(row: Row, key: str = MODIFIED) -> datetime | None:
    value = text(row, key)
    if not value:
        return None
    try:
        return _moment(value)
    except ValueError as error:
        raise SyncError(f"Row {row.get('id')}: {key} is {value!r}, not YYYY-MM-DD HH:MM:SS.") from error


@lru_cache(maxsize=16_384)
def _moment(value: str) -> datetime:
    return datetime.strptime(value, MOMENT).replace(tzinfo=UTC)


def employee(row: Row, *, pin_fields: Collection[str], hidden: Collection[str], known: Employee | None) -> Employee:
    """An unsaved employee. An unchanged PIN keeps its hash; an unreadable PIN column keeps what is `known`."""
    employee = Employee(
        netsuite_id=identifier(row),
        entity_id=text(row, "entityid"),
        first_name=text(row, "firstname"),
        last_name=text(row, "lastname"),
        email=text(row, "email", 254),
        title=text(row, "title"),
        is_inactive=flag(row, "isinactive"),
        is_sales_rep=flag(row, "issalesrep"),
        netsuite_modified_at=moment(row),
    )
    for name in pin_fields:
        _take_pin(employee, name, None if name in hidden else text(row, name), known)
    return employee


def _take_pin(employee: Employee, name: str, pin: str | None, known: Employee | None) -> None:
    """The hash of `pin` (None: unreadable, empty: none), or why it cannot be used."""
    old_hash = known.pin_hashes.get(name, "") if known else ""
    fault = (known.pin_faults.get(name, "") if known else "") if pin is None else pin_fault(pin) if pin else ""
    if fault:
        employee.pin_faults[name] = fault
    elif pin and not pin_matches(old_hash, pin):
        employee.pin_hashes[name] = hash_pin(pin)
    elif old_hash and pin != "":
        employee.pin_hashes[name] = old_hash


def customer(row: Row, *, currencies: Mapping[str, str], synced_at: datetime, secret: Collection[str] = ()) -> Customer:
    """An unsaved customer, without sales rep and parent, which the caller resolves."""
    kind, limit = credit_limit(row)
    return Customer(
        netsuite_id=identifier(row),
        entity_id=text(row, "entityid"),
        name=text(row, "companyname") or text(row, "altname") or text(row, "entityid"),
        email=text(row, "email", 254),
        contact_name=text(row, "custentity_contact_name"),
        phone=text(row, "phone", 64),
        is_inactive=flag(row, "isinactive"),
        terms=text(row, "terms_name", 64),
        currency=currency(row, currencies),
        region=text(row, "custentity_region", 64),
        tier=text(row, "custentity_tier", 64),
        payment_method=text(row, "custentity_payment_method", 64),
        customer_since=day(row, "created_iso"),
        credit_hold_override=override(row),
        on_credit_hold=flag(row, "oncredithold"),
        credit_limit=limit,
        credit_limit_kind=kind,
        netsuite_modified_at=moment(row),
        synced_at=synced_at,
        record=without_secrets(row, secret),
    )


def credit_limit(row: Row) -> tuple[str, Decimal | None]:
    """Blank is no limit set; a limit is an amount, in base currency, unless the account's flag says unlimited."""
    if text(row, UNLIMITED) == "T":
        return Customer.LIMIT_UNLIMITED, None
    limit = amount(row, "creditlimit")
    return (Customer.LIMIT_NONE, None) if limit is None else (Customer.LIMIT_AMOUNT, limit.quantize(CENT))


def override(row: Row) -> str:
    value = text(row, "creditholdoverride").upper()
    if value not in ("", "AUTO", "ON", "OFF"):
        raise SyncError(f"Row {row.get('id')}: creditholdoverride is {value!r}.")
    return value


def currency(row: Row, currencies: Mapping[str, str]) -> str:
    """The ISO code: by the account's currency table, else the displayed name when it is one."""
    code = currencies.get(text(row, "currency")) or text(row, "currency_name")
    return code if re.fullmatch(r"[A-Z]{3}", code) else ""


def without_secrets(row: Row, secret: Collection[str] = ()) -> dict[str, Any]:
    """The row as it may be kept: without PINs (`secret` names fields by setting), passwords and the like."""
    return {
        name: value.replace("\x00", "") if isinstance(value, str) else value
        for name, value in row.items()
        if value is not None and name not in secret and not _is_secret(name)
    }


@lru_cache(maxsize=4096)
def _is_secret(name: str) -> bool:
    return bool(SECRET.search(name))


def document(row: Row, *, customer_pk: int, currencies: Mapping[str, str], synced_at: datetime) -> Document:
    """A transaction to be stored; NetSuite's negative credits become positive amounts."""
    rate = amount(row, "exchangerate") or Decimal(1)
    total = abs(amount(row, "foreigntotal") or Decimal(0))
    unpaid = unpaid_amount(row, total)
    issued, kind = day(row, "trandate_iso"), text(row, "type")
    if issued is None:
        raise SyncError(f"Transaction {row.get('id')}: no date.")
    return Document(
        netsuite_id=identifier(row),
        type=kind,
        tranid=text(row, "tranid", 128),
        customer_id=customer_pk,
        issued=issued,
        due=day(row, "duedate_iso") or (issued if kind == Transaction.INVOICE else None),
        # What has a rest is not closed, whatever an earlier closing left behind.
        closed=None if unpaid else day(row, "closedate_iso"),
        status=text(row, "status").split(":")[-1][:1],
        currency=currency(row, currencies),
        exchange_rate=rate.quantize(RATE),
        total_foreign=total.quantize(CENT),
        unpaid_foreign=unpaid.quantize(CENT),
        total=to_base(total, rate),
        unpaid=to_base(unpaid, rate),
        po_number=text(row, "otherrefnum"),
        memo=text(row, "memo", 4000),
        ship_date=day(row, "shipdate_iso"),
        record=without_secrets({name: value for name, value in row.items() if name.startswith("custbody")}),
        netsuite_modified_at=moment(row),
        synced_at=synced_at,
    )


def unpaid_amount(row: Row, total: Decimal) -> Decimal:
    """What is open of an invoice, or not yet applied of a credit or payment; in the document's currency."""
    kind = text(row, "type")
    if kind == Transaction.SALES_ORDER:
        return Decimal(0)
    rest = amount(row, "foreignamountunpaid")
    if rest is None and kind == Transaction.PAYMENT:
        rest = amount(row, "foreignpaymentamountunused") or Decimal(0)
    if rest is None:
        paid = amount(row, "foreignamountpaid")
        settled = text(row, "status").split(":")[-1][:1] == "B"
        rest = Decimal(0) if settled else total - abs(paid or Decimal(0))
    return abs(rest)
