"""What the customer page at the till shows, and to whom."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.contrib.auth.models import User

from customers.aging import receivables_of
from customers.clock import business_today
from customers.models import Customer
from customers.rules import exposure
from holds import blocks
from holds.models import HoldBlock
from holds.rules import HoldVerdict
from orders.models import Order

SEE_FIGURES = "customers.view_transaction"
ORDERS_SHOWN = 10


@dataclass(frozen=True)
class Glance:
    """Receivables at a glance, base currency; `limit` is None unless it is an amount."""

    ar_balance: Decimal
    overdue: Decimal
    days_overdue: int
    oldest_due: date | None
    open_orders: Decimal
    exposure: Decimal
    limit: Decimal | None

    @property
    def share(self) -> Decimal | None:
        """Exposure as a part of the limit (1 = all of it)."""
        return self.exposure / self.limit if self.limit else None


@dataclass(frozen=True)
class CustomerFacts:
    """`glance` is None for whoever may not see balances."""

    block: HoldBlock
    verdict: HoldVerdict
    glance: Glance | None
    orders: tuple[Order, ...]


def customer_facts(customer: Customer, *, by: User, now: datetime) -> CustomerFacts:
    block = blocks.of_page("customer")
    recent = Order.objects.visible_to(by).filter(customer=customer).order_by("-pk")[:ORDERS_SHOWN]
    seen = glance(customer) if by.has_perm(SEE_FIGURES) else None
    return CustomerFacts(block, blocks.verdict(customer, block, now=now), seen, tuple(recent))


def glance(customer: Customer) -> Glance:
    """As of the business day."""
    owed = receivables_of(customer, business_today())
    return Glance(
        ar_balance=owed.ar_balance,
        overdue=owed.overdue_balance,
        days_overdue=owed.days_overdue,
        oldest_due=owed.oldest_due,
        open_orders=customer.open_orders_total,
        exposure=exposure(owed.ar_balance, customer.open_orders_total),
        limit=customer.credit_limit,
    )
