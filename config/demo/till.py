"""The demo's shop: a catalog, a sales tax, who may authorise, and an order in every state, made by the actions."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model

from config.demo import staff
from config.demo.catalog import FIRST_ITEM, ITEMS
from config.demo.clock import business_moment, clock_at
from config.demo.stories import STORIES
from customers.models import Customer, Employee
from holds.models import HoldBlock
from netsuite.outbox import drain
from orders.actions import catalog, orders
from orders.models import Order, Product

if TYPE_CHECKING:
    from django.contrib.auth.models import User

TILL = "Till 3"
Lines = Sequence[tuple[str, int, int]]
"""(number of the item, quantity, discount in percent)"""


def open_shop(today: date) -> int:
    """Everything a cashier needs on the first morning; answers how many orders were taken."""
    users = get_user_model().objects
    mike, cashier = users.get(username="mike"), users.get(username="cashier")
    _fill_catalog(mike)
    _name_managers()
    told = list(_orders(cashier, mike, today))
    for days_ago, clock, take in told:
        with clock_at(business_moment(today, days_ago, clock)):
            take()
            drain(once=True)
    return len(told)


def _fill_catalog(by: "User") -> None:
    for number, (sku, name, price, unit) in enumerate(ITEMS):
        item = str(FIRST_ITEM + number)
        catalog.add_product(sku=sku, name=name, price=Decimal(price), unit=unit, netsuite_id=item, by=by)
    catalog.set_sales_tax(region="", percent=Decimal(6), by=by, reason="State tax on groceries for resale")


def _name_managers() -> None:
    """The managers whose PINs the terminal shows authorise on every page."""
    managers = Employee.objects.filter(email__in=[staff.address(key) for key, _name in staff.MANAGERS])
    for block in HoldBlock.objects.all():
        block.managers_by_name.add(*managers)


def _orders(cashier: "User", mike: "User", today: date) -> list[tuple[int, str, Callable[[], object]]]:
    """(days ago, clock, what happens)."""
    rice: Lines = (("RC-2000", 10, 0), ("FL-2500", 6, 0), ("TM-0625", 8, 5))
    oil: Lines = (("OL-5000", 12, 0), ("SP-0010", 4, 0))
    cheese: Lines = (("CH-0120", 5, 0), ("CH-0400", 1, 3), ("BT-2000", 4, 0))
    coffee: Lines = (("CF-0600", 3, 0), ("SG-2500", 4, 0), ("WT-0240", 20, 0))
    soon = today + timedelta(days=5)

    def draft(key: str, lines: Lines, **fields: Any) -> Order:
        return _draft(cashier, key, lines, **fields)

    def submitted(key: str, lines: Lines, **fields: Any) -> Callable[[], object]:
        return lambda: orders.submit(order=draft(key, lines, **fields), by=cashier)

    def held(key: str, lines: Lines, reason: str) -> Order:
        return orders.hold(order=draft(key, lines), by=cashier, reason=reason)

    def released() -> Order:
        order = held("wagonford", coffee, "Regular customer, no limit is set.")
        return orders.release(order=order, by=mike, reason="Limit to be set this week.", until=soon)

    def let_through() -> Order:
        order = held("harrowgate", cheese, "Needs it for the weekend.")
        orders.release(order=order, by=mike, reason="Deposit received for this order.", until=soon)
        return orders.submit(order=order, by=cashier)

    def cancelled() -> Order:
        return orders.cancel(order=draft("copperbrook", oil), by=cashier, reason="Took it elsewhere.")

    return [
        (2, "10:10", submitted("fennelgate", rice, po_number="FK-2214")),
        (1, "09:30", submitted("stonebarrow", coffee)),
        (1, "11:05", let_through),
        (1, "14:40", submitted("harrowgate", oil, tender="paid_now")),
        (1, "15:20", cancelled),
        (1, "15:50", released),
        (1, "16:15", lambda: held("harrowgate", rice, "Customer says a check is in the mail.")),
        (1, "16:30", lambda: held("cravenmoor", coffee, "Driver waits at the dock.")),
        (1, "16:45", lambda: draft("thornapple", cheese)),
    ]


def _draft(by: "User", key: str, lines: Lines, **fields: Any) -> Order:
    name = next(story.name for story in STORIES if story.key == key)
    order = orders.create(by=by, customer=Customer.objects.get(name=name), terminal=TILL, **fields)
    for sku, quantity, discount in lines:
        product, percent = Product.objects.get(sku=sku), Decimal(discount)
        orders.add_line(order=order, product=product, quantity=Decimal(quantity), discount_percent=percent, by=by)
    return order
