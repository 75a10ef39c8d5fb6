"""Orders on credit hold, as the account defines them, ranked and with the reason. Base currency."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from django.conf import settings
from django.db.models import Count

from customers.models import OPEN_ORDER_STATUSES, Customer, Transaction, TransactionQuerySet
from customers.rules import days_overdue, exposure

PENDING_APPROVAL = "A"
FLAGGED_STATUSES = ("A", "B", "D")
AGED_DAYS = 60
Reason = Literal["workflow", "manual", "over-limit", "past-due-aged", "other"]
REASONS: dict[Reason, str] = {
    "workflow": "Service hold",
    "manual": "Held by hand in NetSuite",
    "over-limit": "Over the credit limit",
    "past-due-aged": f"Invoices {AGED_DAYS} days overdue",
    "other": "NetSuite's own rule",
}


@dataclass(frozen=True)
class HeldOrder:
    """One order on credit hold. `over_by` is how far exposure is above the limit, None without a limit."""

    order: Transaction
    customer: Customer
    value: Decimal
    reason: Reason
    over_by: Decimal | None
    days_overdue: int
    since: date

    def days_held(self, today: date) -> int:
        return max(0, (today - self.since).days)


def on_credit_hold() -> TransactionQuerySet:
    """Sales orders that are on credit hold now, by the definition in the settings."""
    orders = Transaction.objects.filter(type=Transaction.SALES_ORDER)
    if settings.ORDERS_ON_HOLD == "B":
        flag = {f"record__{settings.ORDERS_ON_HOLD_FIELD}": "T"}
        return orders.filter(status__in=FLAGGED_STATUSES, **flag)
    if settings.ORDERS_ON_HOLD == "C":
        return orders.filter(status__in=OPEN_ORDER_STATUSES, customer__credit_hold_override="ON")
    return orders.filter(status=PENDING_APPROVAL, customer__on_credit_hold=True)


def held_orders(
    today: date, *, limit: int | None = None, since: Callable[[Transaction], date] = lambda order: order.issued
) -> list[HeldOrder]:
    """Orders on credit hold, largest first; `since` answers since which day. One query."""
    rows = on_credit_hold().select_related("customer", "customer__sales_rep").order_by("-total", "pk")
    return [_held(order, today, since(order)) for order in (rows[:limit] if limit else rows)]


def _held(order: Transaction, today: date, since: date) -> HeldOrder:
    customer = order.customer
    late = days_overdue(customer.oldest_due, today)
    over = over_limit(customer)
    return HeldOrder(order, customer, order.total, reason_of(customer, over, late), over, late, since)


def over_limit(customer: Customer) -> Decimal | None:
    """Exposure (AR and open orders) minus the limit; None where no amount is set."""
    if customer.credit_limit_kind != Customer.LIMIT_AMOUNT or customer.credit_limit is None:
        return None
    return exposure(customer.ar_balance, customer.open_orders_total) - customer.credit_limit


def reason_of(customer: Customer, over: Decimal | None, late: int) -> Reason:
    """A person's hold comes first, then the rule that holds."""
    if customer.entitystatus == Customer.HOLD:
        return "workflow"
    if customer.credit_hold_override == "ON":
        return "manual"
    if over is not None and over > 0:
        return "over-limit"
    return "past-due-aged" if late >= AGED_DAYS else "other"


def aged_invoices(customer_ids: list[int], today: date, days: int = AGED_DAYS) -> dict[int, int]:
    """How many invoices at least `days` overdue each customer has. One query."""
    late = Transaction.objects.overdue(today).filter(due__lte=today - timedelta(days=days), customer__in=customer_ids)
    rows = late.order_by().values("customer").annotate(n=Count("pk"))
    return {row["customer"]: row["n"] for row in rows}
