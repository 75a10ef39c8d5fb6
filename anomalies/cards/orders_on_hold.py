"""Orders on credit hold, largest first, as the newest snapshot saw them."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from anomalies.cards import snapshot
from anomalies.cards.base import Card, Choice, Column, Filters, Row
from anomalies.cards.scoping import customers_of
from anomalies.held_orders import REASONS, aged_invoices, over_limit
from customers.models import Customer
from workflows.wording import count, money

HIGH_VALUE = Decimal(10_000)


def ranked(day: date, filters: Filters, user: Any) -> list[dict[str, Any]]:
    """Stored largest first. The customers decide who may see which."""
    seen = snapshot.newest(day)
    found = snapshot.of_segment(seen.orders if seen else [], filters.scope, filters.scope_value)
    if reason := filters.picked.get("reason"):
        found = [order for order in found if order["reason"] == reason]
    if filters.picked.get("size") == "high":
        found = [order for order in found if Decimal(order["value"]) > HIGH_VALUE]
    mine = _allowed(found, filters, user)
    return [order for order in found if order["customer"] in mine]


def _allowed(orders: Sequence[dict[str, Any]], filters: Filters, user: Any) -> set[int]:
    asked = {order["customer"] for order in orders}
    if user.has_perm("customers.view_every_customer") and not filters.search:
        return asked
    everyone = Filters(search=filters.search)
    return set(customers_of(everyone, user).filter(pk__in=asked).values_list("pk", flat=True)) if asked else set()


def shown(orders: Sequence[dict[str, Any]], day: date) -> list[Row]:
    customers = Customer.objects.in_bulk({order["customer"] for order in orders})
    aged = aged_invoices(list(customers), day)
    return [_row(order, customers.get(order["customer"]), aged, day) for order in orders]


def _row(order: dict[str, Any], customer: Customer | None, aged: dict[int, int], day: date) -> Row:
    values = {
        "order": order["number"],
        "value": Decimal(order["value"]),
        "reason": REASONS.get(order["reason"], order["reason"]),
        "days_held": max(0, (day - date.fromisoformat(order["since"])).days),
    }
    return Row(customer, str(customer or ""), values, below(order, customer, aged), order["id"])


def below(order: dict[str, Any], customer: Customer | None, aged: dict[int, int]) -> str:
    """`$12,000 over $200,000`, `3 invoices 60 days overdue`."""
    over = over_limit(customer) if customer else None
    if order["reason"] == "over-limit" and customer and over is not None and over > 0:
        return f"{money(over, cents=False)} over {money(customer.credit_limit or 0, cents=False)}"
    if order["reason"] == "past-due-aged" and customer and aged.get(customer.pk):
        return f"{count(aged[customer.pk], 'invoice')} 60 days overdue"
    return ""


CARD = Card(
    slug="orders-on-credit-hold",
    title="Orders on credit hold",
    question="Which orders wait because of credit, and how much is blocked?",
    metric="orders_on_hold",
    also=("orders_on_hold_value", "orders_on_hold_customers", "orders_on_hold_largest"),
    netsuite=(
        "Transactions › Sales Orders › list. Filter: status Pending Approval, customer on credit hold = yes. "
        "The count is the headline; the sum of Amount is the value blocked. "
        "Another definition can be set (ORDERS_ON_HOLD): orders flagged by a field, or customers with hold On."
    ),
    compare_days=1,
    columns=(
        Column("order", "Order"),
        Column("value", "Value", "money"),
        Column("reason", "Reason"),
        Column("days_held", "Days held", "count"),
    ),
    ranked=ranked,
    shown=shown,
    rows_title="Orders, largest first",
    said="{} orders on credit hold",
    said_one="{} order on credit hold",
    choices=(
        Choice("size", "Value", (("high", "Over $10,000"),)),
        Choice("reason", "Reason", tuple(REASONS.items())),
    ),
    verbs=("release", "raise_limit", "wait"),
)
