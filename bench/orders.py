"""Submitting an order: the slowest of a hundred, with one cashier and with eight at once, and the locks it takes.

Through the API of the web server as it is deployed, and by the action alone with a process a cashier.
"""

from collections.abc import Sequence
from contextlib import contextmanager
from decimal import Decimal
from threading import Event, Thread
from typing import Any

from django.contrib.auth.models import Group, User
from django.db import connection, connections

from bench.clients import WARM_UP, Work, p99
from bench.measure import Row, Size
from bench.population import populate
from bench.web import posting
from customers.clock import business_today
from customers.models import Customer
from orders.actions import orders
from orders.models import Order, Product

CLIENTS, ORDERS = 8, 200
# Modes that make another transaction's writes wait for the whole table.
TABLE_LOCKS = "('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')"


def measure(size: Size) -> list[Row]:
    """The 99th percentile of one submit, `ORDERS` by each cashier, every order of another customer."""
    populate(max(size.customers, CLIENTS * (ORDERS + WARM_UP)), business_today())
    cashier = _cashier()
    product = Product.objects.create(sku="OL-5000", name="Olive oil", price=Decimal("38.50"), currency="USD")

    def row(name: str, submit: Work) -> Row:
        seconds: dict[str, list[float]] = {f"{CLIENTS} cashiers": [], "one cashier": []}
        locked = 0
        for _round in range(size.rounds):
            for side, clients in ((f"{CLIENTS} cashiers", CLIENTS), ("one cashier", 1)):
                portions = _drafts(cashier, product, clients)
                with _watching_locks() as seen:
                    seconds[side].append(p99(submit, portions))
                locked += len(seen)
        return Row(f"{name}, 99th percentile", seconds, {"one cashier": 5}, {"table locks seen": locked})

    with posting(cashier) as post:
        through_web = row("order submit", lambda order: post(f"/api/v1/orders/{order.pk}/submit/"))
    return [through_web, row("order submit, the action alone", lambda order: orders.submit(order=order, by=cashier))]


def _cashier() -> User:
    cashier, _ = User.objects.get_or_create(username="bench-cashier")
    cashier.groups.add(Group.objects.get(name="Cashier"))
    return cashier


def _drafts(cashier: User, product: Product, clients: int) -> list[list[Order]]:
    """For each client its own orders; the first of each are to warm up."""
    owners = iter(Customer.objects.order_by("pk")[: clients * (ORDERS + WARM_UP)])
    return [[_draft(cashier, product, next(owners)) for _ in range(ORDERS + WARM_UP)] for _ in range(clients)]


def _draft(cashier: User, product: Product, customer: Customer) -> Order:
    order = orders.create(by=cashier, customer=customer, tender=Order.PAID_NOW)
    orders.add_line(order=order, product=product, quantity=Decimal(2), by=cashier)
    order.refresh_from_db()
    return order


@contextmanager
def _watching_locks() -> Any:
    """Table locks of other connections on our tables, looked for a hundred times a second; PostgreSQL only."""
    seen: set[Sequence[Any]] = set()
    if connection.vendor != "postgresql":
        yield seen
        return
    ended = Event()
    connections.close_all()
    watcher = Thread(target=_look, args=(ended, seen))
    watcher.start()
    try:
        yield seen
    finally:
        ended.set()
        watcher.join()


def _look(ended: Event, seen: set[Sequence[Any]]) -> None:
    while not ended.wait(0.01):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT relation::regclass::text, mode FROM pg_locks WHERE locktype = 'relation'"  # noqa: S608
                f" AND mode IN {TABLE_LOCKS} AND pid <> pg_backend_pid() AND relation::regclass::text NOT LIKE 'pg_%%'"
            )
            seen.update(tuple(row) for row in cursor.fetchall())
    connection.close()
