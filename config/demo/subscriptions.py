"""The demo's subscriptions: a provider of each kind, items sold by the licence, and subscriptions in each state."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model

from config.demo import endpoint, staff
from config.demo.catalog import FIRST_ITEM, ITEMS
from config.demo.clock import business_moment, clock_at
from config.demo.stories import STORIES
from customers.models import Customer
from netsuite.outbox import drain
from orders.actions import catalog, orders, providers, provisioning
from orders.models import Product, Provider
from orders.providers.endpoint.server import DEMO_SECRET

if TYPE_CHECKING:
    from django.contrib.auth.models import User

BY = "schedule:provisioning"
CLOUD = "larder-cloud"
REFUSED = "The company is licensed through another reseller already. Ask support to move the licence."
PROVIDERS: tuple[dict[str, object], ...] = (
    {"slug": "cold-room-team", "name": "Cold room team", "kind": "manual", "team_email": staff.address("coldroom")},
    {"slug": "with-larder", "name": "Comes with Larder Cloud", "kind": "linked"},
    {"slug": "included", "name": "Included, nothing to do", "kind": "nothing"},
)
ITEMS_BY_LICENCE = (
    ("LC-0100", "Larder Cloud, stock and ordering", "24.00", "monthly", CLOUD, ""),
    ("LC-0110", "Larder Cloud, mobile scanner", "6.00", "monthly", "with-larder", "LC-0100"),
    ("LC-0900", "Larder Cloud, audit archive", "240.00", "yearly", CLOUD, ""),
    ("CR-0200", "Cold room sensor, monitored", "18.50", "monthly", "cold-room-team", ""),
    ("RL-0300", "Recipe library", "9.00", "monthly", "included", ""),
)
"""(number, name, price a licence and period, billed, provider, item that it follows)"""
Lines = Sequence[tuple[str, int]]
WHOLE: Lines = (("LC-0100", 8), ("LC-0110", 8), ("CR-0200", 3))


def sell(today: date, port: int) -> int:
    """Providers, catalog and orders, provisioned as far as may be; answers how many orders were taken."""
    users = get_user_model().objects
    mike, owner, rep = (users.get(username=name) for name in ("mike", "owner", "rep"))
    _providers(mike, port)
    _catalog(mike)
    with clock_at(business_moment(today, 6, "09:15")):
        _order(mike, "fennelgate", (*WHOLE, ("RL-0300", 1)))
    with clock_at(business_moment(today, 4, "11:30")):
        provisioning.enable_credit_hold(on=True, by=owner, reason="Quarter end: no new licences on overdue accounts")
    _provision()
    _refused(mike, port, today)
    _held(mike, rep, today)
    return 3


def follow(port: int) -> None:
    """The endpoint listens on another port than before: the demo's provider follows it."""
    mike = get_user_model().objects.get(username="mike")
    for provider in Provider.objects.filter(slug=CLOUD).exclude(url=endpoint.address(port)):
        fields = {"url": endpoint.address(port), "reason": "The demo's endpoint moved"}
        providers.change_provider(provider=provider, by=mike, **fields)


def _refused(mike: "User", port: int, today: date) -> None:
    endpoint.refuse(port, sku="LC-0900", message=REFUSED)
    with clock_at(business_moment(today, 2, "10:40")):
        _order(mike, "stonebarrow", (("LC-0900", 2),))
    _provision()
    endpoint.refuse(port)


def _held(mike: "User", rep: "User", today: date) -> None:
    """An account whose credit hold is Yes: sold and invoiced, and it waits."""
    customer = _customer("thornapple")
    with clock_at(business_moment(today, 3, "15:05")):
        provisioning.set_account_hold(customer=customer, credit_hold=True, by=mike, reason="Two invoices past due")
    with clock_at(business_moment(today, 1, "13:20")):
        _order(rep, "thornapple", WHOLE)
    _provision()


def _provision() -> None:
    """As the worker does: accounts open, changes go out, what follows them goes next."""
    for _ in range(3):
        drain()
        provisioning.advance(by=BY)
    drain()


def _providers(by: "User", port: int) -> None:
    url = endpoint.address(port)
    providers.add_provider(slug=CLOUD, name="Larder Cloud", kind="automatic", url=url, secret=DEMO_SECRET, by=by)
    for fields in PROVIDERS:
        providers.add_provider(by=by, **fields)  # type: ignore[arg-type]


def _catalog(by: "User") -> None:
    known = {provider.slug: provider for provider in Provider.objects.all()}
    for number, (sku, name, price, frequency, provider, follows) in enumerate(
        ITEMS_BY_LICENCE, FIRST_ITEM + len(ITEMS)
    ):
        catalog.add_product(
            sku=sku,
            name=name,
            price=Decimal(price),
            unit="licence",
            netsuite_id=str(number),
            provider=known[provider],
            follows=Product.objects.get(sku=follows) if follows else None,
            frequency=frequency,
            by=by,
        )


def _order(by: "User", key: str, lines: Lines) -> None:
    order = orders.create(by=by, customer=_customer(key))
    for sku, quantity in lines:
        orders.add_line(order=order, product=Product.objects.get(sku=sku), quantity=Decimal(quantity), by=by)
    orders.submit(order=order, by=by)


def _customer(key: str) -> Customer:
    return Customer.objects.get(name=next(story.name for story in STORIES if story.key == key))
