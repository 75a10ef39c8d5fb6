"""What else a service hold would stop: the customer's subscriptions that would wait to be provisioned."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef

from customers.clock import business_today
from customers.models import Customer
from holds.evidence import Reach
from orders.billing.rules import monthly
from orders.models import LicenseChange, Subscription
from orders.provisioning.gate import switch_is_on
from workflows.wording import count, money

GOES_ON = "Provisioning goes on: “Enable credit hold” is off."


def reach(customer: Customer) -> Reach | None:
    """None for a customer without subscriptions that run."""
    waiting = LicenseChange.objects.not_asked().filter(subscription=OuterRef("pk"))
    rows = list(
        Subscription.objects.running(business_today())
        .filter(customer=customer)
        .annotate(would_wait=Exists(waiting))
        .select_related("contract", "product")
        .order_by("-pk")
    )
    if not rows:
        return None
    if not switch_is_on():
        return Reach(GOES_ON)
    return Reach(*_words(rows, already=customer.credit_hold))


def _words(rows: Sequence[Any], *, already: bool) -> tuple[str, str]:
    """What waits, and what goes on; `already`: the account's own credit hold keeps it waiting."""
    waiting, rest = [row for row in rows if row.would_wait], [row for row in rows if not row.would_wait]
    if not waiting:
        return "No subscription waits to be provisioned now.", _go_on(rest)
    many, worth = count(len(waiting), "subscription").capitalize(), f"{_value(waiting)} a month"
    verb = "waits" if len(waiting) == 1 else "wait"
    if already:
        return f"{many} {verb} already, {worth}: the account’s credit hold is Yes.", _go_on(rest)
    return f"{many} {verb} to be provisioned, {worth}.", _go_on(rest)


def _go_on(rows: Sequence[Subscription]) -> str:
    if not rows:
        return ""
    verb, them = ("goes", "it") if len(rows) == 1 else ("go", "them")
    many = count(len(rows), "subscription").capitalize()
    return f"{many} {verb} on ({_value(rows)} a month); changes of {them} wait."


def _value(rows: Iterable[Subscription]) -> str:
    """By currency: `$420.00 and CAD 60.00`."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        sums[row.currency] += monthly(row.quantity, row.price, row.contract.frequency)
    return " and ".join(money(amount, currency) for currency, amount in sorted(sums.items()))
