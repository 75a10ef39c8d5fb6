"""The account's small lists: ids and what people see."""

from typing import Any

TERMS = {1: "Net 15", 2: "Net 30", 3: "Net 60", 4: "Due on receipt", 5: "1% 10 Net 30", 6: "2% 10 Net 30", 7: "Net 45"}
CURRENCIES = {1: "USD", 2: "CAD", 3: "EUR", 4: "GBP", 5: "AUD"}
ENTITY_STATUSES = {
    6: "LEAD-Unqualified",
    7: "LEAD-Qualified",
    8: "PROSPECT-In Discussion",
    13: "CUSTOMER-Closed Won",
    16: "CUSTOMER-Lost Customer",
}
SUBSIDIARIES = {1: "Parent Company"}
HOLD_OVERRIDES = {"AUTO": "Auto", "ON": "On", "OFF": "Off"}
TYPES = {
    "CustInvc": "Invoice",
    "SalesOrd": "Sales Order",
    "CustPymt": "Payment",
    "CustCred": "Credit Memo",
    "CustDep": "Customer Deposit",
}
STATUSES = {
    "SalesOrd": {
        "A": "Pending Approval",
        "B": "Pending Fulfillment",
        "C": "Cancelled",
        "D": "Partially Fulfilled",
        "E": "Pending Billing/Partially Fulfilled",
        "F": "Pending Billing",
        "G": "Billed",
        "H": "Closed",
    },
    "CustInvc": {"A": "Open", "B": "Paid In Full"},
    "CustPymt": {"A": "Unapproved Payment", "B": "Not Deposited", "C": "Deposited"},
    "CustCred": {"A": "Open", "B": "Fully Applied"},
    "CustDep": {"A": "Not Deposited", "B": "Deposited", "C": "Fully Applied"},
}
BY_COLUMN: dict[str, dict[Any, str]] = {
    "terms": TERMS,
    "currency": CURRENCIES,
    "entitystatus": ENTITY_STATUSES,
    "subsidiary": SUBSIDIARIES,
    "creditholdoverride": HOLD_OVERRIDES,
    "type": TYPES,
}


def id_of(column: str, name: str) -> int | None:
    """The id behind a displayed name ("USD", "Net 30"), without regard to case."""
    for key, label in BY_COLUMN.get(column, {}).items():
        if label.lower() == name.lower():
            return key if isinstance(key, int) else None
    return None
