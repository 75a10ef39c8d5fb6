"""Managers with a PIN, and carts of customers on hold."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import Group

from customers.models import Customer, Employee
from customers.pins import hash_pin
from holds import blocks
from holds.models import HoldBlock
from holds.pins import Cart
from tests.factories.customers import EmployeeFactory
from tests.factories.holds import owing

PIN = "482153"
WRONG = "771925"
_hashes: dict[str, str] = {}


def hashed(pin: str) -> str:
    """The hash of a PIN, made once: hashing is slow on purpose."""
    return _hashes.setdefault(pin, hash_pin(pin))


def manager(name: str = "Lydia Brandt", *, pin: str = PIN, named: bool = True, **fields: Any) -> Employee:
    """An employee with a PIN, named on the order form's block."""
    first, last = name.split(" ", 1)
    hashes = {"custentity_brm_pincode": hashed(pin)} if pin else {}
    employee = EmployeeFactory(first_name=first, last_name=last, pin_hashes=hashes, is_sales_rep=False, **fields)
    if named:
        order_block().managers_by_name.add(employee)
    return employee


def order_block(**settings: Any) -> HoldBlock:
    """The block of the order form, with these settings."""
    blocks.sync_blocks()
    block = blocks.of_page("order")
    for name, value in settings.items():
        setattr(block, name, value)
    block.save()
    return block


def over_limit(name: str = "Northside Grocers", **fields: Any) -> Customer:
    """Owes 48,210.40 over a limit of 10,000."""
    return owing(name, credit_limit=Decimal(10_000), credit_limit_kind="amount", days=5, **fields)


def cart(cashier: Any, customer: Customer | None = None, **changes: Any) -> Cart:
    facts: dict[str, Any] = {
        "order": uuid4(),
        "customer": customer or over_limit(),
        "content": "12 × ESPR-1",
        "amount": Decimal("1200.00"),
        "currency": "USD",
        "tender": "on_account",
        "cashier": cashier,
        "terminal": "Till 3",
        "block": order_block(),
    }
    return Cart(**(facts | changes))


def in_group(user: Any, name: str) -> Any:
    user.groups.add(Group.objects.get_or_create(name=name)[0])
    return user
