"""The fields of each record type over REST, and how a value goes in and out."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import clock, errors, lists

CUSTOM_PREFIXES = ("custentity", "custbody", "custrecord", "custcol")


@dataclass(frozen=True)
class Field:
    """`kind` is text, number, boolean, date, instant, enum, ref or sublist; `computed` fields are read-only."""

    name: str
    column: str
    kind: str = "text"
    computed: bool = False
    label: str = ""


def _fields(*specs: str) -> dict[str, Field]:
    """Specs read `name[=column][:kind][!]`; `!` marks a computed field."""
    found = {}
    for spec in specs:
        head, _, kind = spec.rstrip("!").partition(":")
        name, _, column = head.partition("=")
        found[name] = Field(name, column or name.lower(), kind or "text", spec.endswith("!"))
    return found


CUSTOMER = _fields(
    "id!", "externalId", "entityId", "companyName", "email", "phone", "isInactive:boolean", "parent:ref",
    "salesRep:ref", "terms:ref", "currency:ref", "entityStatus:ref", "creditLimit:number", "creditHoldOverride:enum",
    "balance:number!", "overdueBalance=overdue:number!", "daysOverdue=days_overdue:number!",
    "unbilledOrders=unbilled:number!", "onCreditHold=oncredithold:boolean!",
    "dateCreated=datecreated:instant!", "lastModifiedDate:instant!",
)  # fmt: skip
EMPLOYEE = _fields(
    "id!", "externalId", "entityId", "firstName", "lastName", "email", "title", "isInactive:boolean",
    "isSalesRep:boolean", "dateCreated=datecreated:instant!", "lastModifiedDate:instant!",
)  # fmt: skip
_TRANSACTION = (
    "id!", "externalId", "tranId", "tranDate:date", "memo", "currency:ref", "exchangeRate:number", "status:status!",
    "createdDate=createddate:instant!", "lastModifiedDate:instant!",
)  # fmt: skip
INVOICE = _fields(
    *_TRANSACTION, "entity:ref", "dueDate:date", "closedDate=closedate:date!", "otherRefNum", "terms:ref",
    "salesRep=employee:ref", "total=foreigntotal:number", "amountPaid=foreignamountpaid:number!",
    "amountRemaining=foreignamountunpaid:number!", "item:sublist",
)  # fmt: skip
SALES_ORDER = _fields(
    *_TRANSACTION, "entity:ref", "otherRefNum", "terms:ref", "salesRep=employee:ref", "total=foreigntotal:number",
    "orderStatus=status:letter", "shipDate:date", "item:sublist",
)  # fmt: skip
PAYMENT = _fields(
    *_TRANSACTION, "customer=entity:ref", "payment=foreigntotal:number", "unapplied=foreignamountunpaid:number!",
    "applied=foreignamountpaid:number!", "apply:sublist",
)  # fmt: skip
CREDIT_MEMO = _fields(
    *_TRANSACTION, "entity:ref", "otherRefNum", "salesRep=employee:ref", "total=foreigntotal:number",
    "unapplied=foreignamountunpaid:number!", "applied=foreignamountpaid:number!", "item:sublist", "apply:sublist",
)  # fmt: skip
CUSTOM_RECORD = _fields("id!", "externalId", "name", "isInactive:boolean", "created:instant!", "lastModified:instant!")
# Real fields that the sandbox keeps without knowing more about them.
KEPT = {
    "customer": {"isPerson", "firstName", "lastName", "subsidiary", "url", "comments", "fax", "category", "taxItem",
                 "emailPreference", "accountNumber", "printOnCheckAs", "shippingItem", "leadSource", "addressBook"},
    "employee": {"subsidiary", "phone", "department", "location", "supervisor", "comments"},
    "transaction": {"subsidiary", "department", "location", "class", "postingPeriod", "shipMethod",
                    "account", "paymentMethod", "arAcct", "undepFunds", "autoApply", "discountItem", "message", "email",
                    "createdFrom"},
}  # fmt: skip
LABELS = {"companyName": "Company Name", "entity": "Customer", "customer": "Customer", "lastName": "Name"}


@dataclass(frozen=True)
class RecordType:
    """`table` and `tran_type` say where rows live; `prefix` which custom fields belong."""

    name: str
    table: str
    fields: Mapping[str, Field]
    prefix: str
    tran_type: str = ""

    @property
    def kept(self) -> set[str]:
        return KEPT.get("transaction" if self.tran_type else self.name, set())

    @property
    def entity_field(self) -> str:
        return "customer" if self.tran_type == "CustPymt" else "entity"


RECORD_TYPES = {
    record.name.lower(): record
    for record in (
        RecordType("customer", "customer", CUSTOMER, "custentity"),
        RecordType("employee", "employee", EMPLOYEE, "custentity"),
        RecordType("invoice", "txn", INVOICE, "custbody", "CustInvc"),
        RecordType("salesOrder", "txn", SALES_ORDER, "custbody", "SalesOrd"),
        RecordType("customerPayment", "txn", PAYMENT, "custbody", "CustPymt"),
        RecordType("creditMemo", "txn", CREDIT_MEMO, "custbody", "CustCred"),
    )
}


def record_type(name: str) -> RecordType:
    """Raises ApiError 404 in NetSuite's words."""
    if name.lower().startswith("customrecord"):
        return RecordType(name.lower(), "custom_record", CUSTOM_RECORD, "custrecord")
    found = RECORD_TYPES.get(name.lower())
    if found is None:
        raise errors.unknown_record_type(name)
    return found


# --- values on their way in -------------------------------------------------------------------------


def to_column(field: Field, value: Any) -> Any:
    """Raises ApiError INVALID_CONTENT naming the field."""
    if value is None:
        return None
    converter = {
        "number": _number, "boolean": _boolean, "date": _date, "instant": _date, "enum": _enum, "ref": _reference,
        "letter": _letter,
    }.get(field.kind, _plain)  # fmt: skip
    return converter(field, value)


def _invalid(field: Field, value: Any) -> errors.ApiError:
    shown = value if isinstance(value, str) else json.dumps(value)
    return errors.invalid_content(
        f"Error while accessing resource: You have entered an Invalid Field Value {shown} "
        f"for the following field: {field.name}",
        path=field.name,
    )


def _plain(field: Field, value: Any) -> str:
    if isinstance(value, (dict, list, bool)):
        raise _invalid(field, value)
    return str(value)


def _number(field: Field, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _invalid(field, value)
    return float(value)


def _boolean(field: Field, value: Any) -> str:
    if not isinstance(value, bool):
        raise _invalid(field, value)
    return "T" if value else "F"


def _date(field: Field, value: Any) -> str:
    try:
        return clock.from_iso(value)
    except (TypeError, ValueError) as error:
        raise _invalid(field, value) from error


def _enum(field: Field, value: Any) -> str:
    wanted = value.get("id", value.get("refName")) if isinstance(value, dict) else value
    for key, label in lists.HOLD_OVERRIDES.items():
        if isinstance(wanted, str) and wanted.lower() in (key.lower(), label.lower()):
            return key
    raise _invalid(field, wanted)


def _letter(field: Field, value: Any) -> str:
    wanted = value.get("id", "") if isinstance(value, dict) else value
    letter = str(wanted).split(":")[-1]
    if letter not in lists.STATUSES["SalesOrd"]:
        raise _invalid(field, wanted)
    return letter


def _reference(field: Field, value: Any) -> int:
    wanted = value.get("id", value.get("refName")) if isinstance(value, dict) else value
    if isinstance(wanted, bool) or wanted is None:
        raise _invalid(field, value)
    named = lists.id_of(field.column, str(wanted))
    known = lists.BY_COLUMN.get(field.column)
    if named is None and str(wanted).isdigit() and (known is None or int(wanted) in known):
        named = int(wanted)
    if named is None:
        raise _invalid(field, wanted)
    return named


# --- values on their way out ------------------------------------------------------------------------


def to_json(field: Field, value: Any, names: Mapping[int, str], *, simple_enums: bool = False) -> Any:
    """`names` gives the displayed name behind a reference id."""
    if field.name == "id":
        return str(value)
    if field.kind == "boolean":
        return value == "T"
    if field.kind == "date":
        return clock.iso_date(value)
    if field.kind == "instant":
        return clock.iso_instant(value)
    if field.kind == "enum":
        return value if simple_enums else {"id": value, "refName": lists.HOLD_OVERRIDES[value]}
    if field.kind == "ref":
        return {"links": [], "id": str(value), "refName": names.get(value, str(value))}
    return value
