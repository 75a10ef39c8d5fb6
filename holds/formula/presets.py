"""Formulas to begin with."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Preset:
    """`slug` names it to programs, `title` and `note` to people."""

    slug: str
    title: str
    note: str
    text: str


PRESETS = (
    Preset(
        "default",
        "Balance over the limit",
        "A blank limit counts as 0: whoever owes anything is on hold.",
        "parseFloat(customer.balance || 0) > parseFloat(customer.creditlimit || 0)",
    ),
    Preset(
        "blank-limit-is-none",
        "A blank limit is no limit",
        "Customers without a credit limit are never on hold.",
        "customer.creditlimit != null && parseFloat(customer.balance || 0) > parseFloat(customer.creditlimit)",
    ),
    Preset(
        "open-orders-count",
        "Open orders count too",
        "Balance and open orders together, over the limit.",
        "parseFloat(customer.balance || 0) + parseFloat(customer.unbilledorders || 0)"
        " > parseFloat(customer.creditlimit || 0)",
    ),
    Preset(
        "netsuite",
        "As NetSuite does it",
        "On hold from the limit on, not only above it; a blank limit is no limit.",
        "customer.creditlimit != null && parseFloat(customer.balance || 0) >= parseFloat(customer.creditlimit)",
    ),
)
