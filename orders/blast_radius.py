"""What else a service hold would stop: the customer's subscriptions that would wait to be provisioned."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, Q

from customers.clock import business_today
from customers.models import Customer
from holds.evidence import Reach
from orders.models import LicenseChange, Subscription
from orders.provisioning.gate import switch_is_on
from orders.rules import cents
from workflows.wording import count, money

MONTHS = {"monthly": 1, "quarterly": 3, "yearly": 12}
GOES_ON = "Provisioning goes on: “Enable credit hold” is off."


def monthly(quantity: int, price: Decimal, frequency: str) -> Decimal:
    """`price` is for one licence and billing period; a quarter counts a third, a year a twelfth; half-even cents."""
    return cents(quantity * price / MONTHS[frequency])


def reach(customer: Customer) -> Reach | None:
    """None for a customer without subscriptions that run."""
    goes_on = Q(cancelled_on=None) | Q(cancelled_on__gt=business_today())
    open_changes = LicenseChange.objects.filter(subscription=OuterRef("pk"), status="awaiting", push=None)
    rows = list(
        Subscription.objects.filter(goes_on, customer=customer)
        .annotate(would_wait=Exists(open_changes.filter(asked_at=None)))
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
