"""A till for tests: a browser with a name, signed in, and the steps people take on it."""

from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.test import Client

from customers.pins import hash_pin
from holds import blocks
from holds.models import HoldBlock
from orders.models import Order
from tests.factories.customers import CustomerFactory, EmployeeFactory
from tests.signed_in import signed_in

PIN = "480913"


class Till(Client):
    """Till 3 in a browser without JavaScript; `htmx=True` sends what its script would."""

    def __init__(self, user: Any) -> None:
        super().__init__()
        self.cookies = signed_in(user).cookies
        self.user = user
        self.post("/till/", {"name": "Till 3"})

    def form(self) -> HttpResponse:
        return self.get("/orders/new/")

    def order(self) -> Order:
        """The order at hand."""
        return Order.objects.get(key=self.session["till_order"])

    def seen(self) -> dict[str, Any]:
        """What every form of the page carries."""
        order = self.order()
        return {"order": str(order.key), "version": order.version}

    def step(self, name: str, **sent: Any) -> HttpResponse:
        """A form of the order page, as it stands now."""
        seen = self.seen() if "till_order" in self.session else {}
        return self.post(f"/orders/new/{name}/", {**seen, **sent})

    def pick(self, customer: Any) -> HttpResponse:
        return self.step("customer", customer=customer.netsuite_id)

    def add(self, product: Any) -> HttpResponse:
        return self.step("lines", sku=product.sku)

    def pin(self, manager: Any, pin: str = PIN) -> HttpResponse:
        return self.step("pin/try", manager=manager.netsuite_id, pin=pin)


def words(response: HttpResponse) -> str:
    """The page's text."""
    return response.content.decode()


def order_block(**settings: Any) -> HoldBlock:
    """The order form's hold block with other settings."""
    block = blocks.of_page("order")
    for name, value in settings.items():
        setattr(block, name, value)
    block.save()
    return block


def manager_of(block: HoldBlock, *, pin: str = PIN, name: str = "Aisha Karim", **fields: Any) -> Any:
    """An employee named on the block, with a PIN in its field."""
    first, last = name.split(" ", 1)
    hashes = {block.pin_field: hash_pin(pin)}
    employee = EmployeeFactory(first_name=first, last_name=last, pin_hashes=hashes, title="Store manager", **fields)
    block.managers_by_name.add(employee)
    return employee


def over_limit(name: str = "Harbor Deli Supply", **fields: Any) -> Any:
    """Owes 5,000 with a limit of 1,000."""
    amounts = {"ar_balance": Decimal("5000.17"), "credit_limit": Decimal(1000)}
    return CustomerFactory(name=name, **{**amounts, **fields})
