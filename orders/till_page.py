"""What the order form shows: the order at hand, the verdict on its customer, and what stands in the way."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.conf import settings
from django.contrib.auth.models import User

from customers.models import Customer
from holds import blocks
from holds.models import HoldBlock, Override
from holds.pins import Cart, mismatch
from holds.rules import HoldVerdict
from orders import gate
from orders.carts import cart_of
from orders.models import OPEN, Order, OrderLine, Release

Leave = Literal["", "asked", "granted", "declined", "void"]
OPEN_SHOWN = 5
CHANGED = "The order changed since you asked. Ask again."


@dataclass(frozen=True)
class OrderPage:
    """All the page rests on, read once. `leave` is how far a manager's leave for this very cart has come."""

    block: HoldBlock
    order: Order | None
    customer: Customer | None
    lines: tuple[OrderLine, ...] = ()
    verdict: HoldVerdict | None = None
    override: Override | None = None
    leave: Leave = ""
    leave_ended: str = ""
    release: Release | None = None
    waiting: tuple[Order, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether it can be changed."""
        return self.order is None or self.order.status == "draft"

    @property
    def is_let_through(self) -> bool:
        """On hold, but a person let this order go."""
        return self.leave == "granted" or self.release is not None

    @property
    def obstacle(self) -> str:
        """Why the order cannot be submitted now, for a cashier; empty when it can."""
        if self.customer is None:
            return "Pick a customer." if self.lines else "Pick a customer and add a line."
        if not self.lines:
            return "Add a line."
        if self.verdict is None or not self.verdict.on_hold or self.is_let_through:
            return ""
        return why_blocked(self.verdict)

    @property
    def currency(self) -> str:
        known = self.order.currency if self.order else self.customer and self.customer.currency
        return known or settings.BASE_CURRENCY

    @property
    def tenders(self) -> list[tuple[str, str]]:
        """The terms with the customer's own: `On account, net 30`."""
        terms = self.customer.terms if self.customer else ""
        words = f"On account, {terms[:1].lower()}{terms[1:]}" if terms else "On account"
        return [(Order.ON_ACCOUNT, words), (Order.PAID_NOW, "Paid now")]


def why_blocked(verdict: HoldVerdict) -> str:
    """One sentence under the button that cannot be pressed."""
    if verdict.overridable:
        return "Blocked: customer on hold. A manager PIN opens it once, for this order."
    return f"Blocked: customer on hold{' by AR' if verdict.source == 'service_hold' else ''}."


def order_page(order: Order | None, customer: Customer | None, *, by: User, grant: str, now: datetime) -> OrderPage:
    """Facts first; `grant` is the secret that this browser holds for the order, or empty."""
    block = blocks.of_page(gate.PAGE)
    if order is None:
        verdict = blocks.verdict(customer, block, now=now) if customer else None
        return OrderPage(block, None, customer, verdict=verdict, waiting=waiting_for(by))
    lines = tuple(order.lines.select_related("product"))
    if order.customer is None:
        return OrderPage(block, order, None, lines, waiting=waiting_for(by))
    verdict = blocks.verdict(order.customer, block, tender=blocks.tender_of(order.tender), now=now)
    if not verdict.on_hold:
        return OrderPage(block, order, order.customer, lines, verdict)
    override, cart = latest_override(order), cart_of(order, cashier=by, block=block)
    leave, ended = leave_of(override, cart, verdict, has_secret=bool(grant), now=now)
    release = gate.release_for(order, verdict)
    return OrderPage(block, order, order.customer, lines, verdict, override, leave, ended, release)


def latest_override(order: Order) -> Override | None:
    """What was last asked or granted for the order, however it ended."""
    asked = Override.objects.filter(order_ref=order.key).select_related("manager", "cashier", "customer", "block")
    return asked.order_by("-asked_at", "-pk").first()


def leave_of(
    override: Override | None, cart: Cart, verdict: HoldVerdict, *, has_secret: bool, now: datetime
) -> tuple[Leave, str]:
    """How far it has come, and for one that ended why. A grant whose secret this browser lacks counts as asked for."""
    if override is None or override.status == "used":
        return "", ""
    if override.status == "declined":
        return "declined", ""
    if override.status == "asked":
        return ("asked", "") if override.cart == cart.fingerprint else ("void", CHANGED)
    _key, words = mismatch(override, cart, now)
    if not words and override.facts != verdict.fingerprint:
        words = "The customer’s account changed. Ask the manager again."
    return ("void", words) if words else ("granted", "") if has_secret else ("asked", "")


def waiting_for(cashier: User) -> tuple[Order, ...]:
    """The cashier's own orders that are neither submitted nor cancelled, newest first."""
    mine = Order.objects.filter(cashier=cashier, status__in=OPEN, lines__isnull=False)
    return tuple(mine.select_related("customer").distinct().order_by("-pk")[:OPEN_SHOWN])
