"""Releasing a customer beside the ideal of the provider: latency × calls ÷ calls at a time. And turning the switch on.

The provider is the real endpoint in its own process. Two workers drain, as `make run` has two.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bench.measure import Row, Size, side_by_side
from customers.clock import business_today
from customers.models import Customer
from netsuite import drain as draining
from orders.actions import provisioning
from orders.models import BillingContract, LicenseChange, Product, Provider, ProviderAccount, Subscription
from orders.providers.endpoint.process import EndpointProcess, start_endpoint
from orders.providers.endpoint.server import DEMO_SECRET

SUBSCRIPTIONS, SLOTS = 1000, 10
# A provider as they are, and one so fast that this machine is what limits.
USUAL, FAST = 0.4, 0.05
WORKERS = 2
CUSTOMERS = 100_000
PATIENCE = 600
DRAINER = "import django; django.setup(); from bench.provisioning import drain_for_ever; drain_for_ever()"


def measure(size: Size) -> list[Row]:
    """Releases of 1,000 subscriptions, and turning the switch on with as many customers as there are."""
    by = get_user_model().objects.create_superuser("bench-provisioning")
    provisioning.enable_credit_hold(on=True, by=by, reason="bench")
    return [_releases(USUAL, min(size.rounds, 2), by), _releases(FAST, size.rounds, by), _switch(size.rounds)]


def _releases(latency: float, rounds: int, by: Any) -> Row:
    ours: list[float] = []
    name = f"{1000 * latency:.0f} ms"
    with tempfile.TemporaryDirectory() as folder, _endpoint(Path(folder), latency) as endpoint, _drainers():
        provider = _provider(endpoint, f"bench-{name.split()[0]}")
        for number in range(rounds):
            customer = _customer(provider, number)
            provisioning.set_account_hold(customer=customer, credit_hold=True, by=by, reason="bench")
            _changes(customer, provider)
            ours.append(_release(customer, by))
    ideal = SUBSCRIPTIONS * latency / SLOTS
    return Row(f"release of 1,000 subscriptions, {name}", {"release": ours, "ideal": [ideal] * rounds})


def _release(customer: Customer, by: Any) -> float:
    """Seconds from setting the account to No to the last change provisioned."""
    mine = LicenseChange.objects.filter(subscription__customer=customer)
    began = perf_counter()
    provisioning.set_account_hold(customer=customer, credit_hold=False, by=by, reason="bench")
    provisioning.advance(by="bench", customer=customer)
    while mine.filter(status="awaiting").exists():
        if perf_counter() - began > PATIENCE:
            raise TimeoutError("the release does not end")
        time.sleep(0.02)
    took = perf_counter() - began
    assert mine.filter(status="provisioned").count() == SUBSCRIPTIONS, "not every change was provisioned"
    return took


def drain_for_ever() -> None:
    """One worker, until the process that started it is gone."""
    parent = os.getppid()
    while os.getppid() == parent:
        draining.drain(by="bench")
        time.sleep(0.5)


@contextmanager
def _endpoint(folder: Path, latency: float) -> Iterator[EndpointProcess]:
    with start_endpoint(folder / "held.sqlite3", folder / "requests.jsonl") as endpoint:
        endpoint.fault(latency={"seconds": latency})
        yield endpoint


@contextmanager
def _drainers() -> Iterator[None]:
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}
    running = [subprocess.Popen([sys.executable, "-c", DRAINER], env=env) for _ in range(WORKERS)]  # noqa: S603
    time.sleep(3)
    yield
    for process in running:
        process.terminate()
        process.wait()


def _provider(endpoint: EndpointProcess, slug: str) -> Provider:
    url = f"{endpoint.base_url}/bench"
    provider = Provider(slug=slug, name=slug, kind=Provider.AUTOMATIC, url=url, slots=SLOTS)
    provider.secret = DEMO_SECRET
    provider.save()
    return provider


def _customer(provider: Provider, number: int) -> Customer:
    customer = Customer.objects.create(netsuite_id=f"{provider.slug}-{number}", name=f"Bench {number}", currency="USD")
    ProviderAccount.objects.create(customer=customer, provider=provider, opened_at=timezone.now())
    return customer


def _changes(customer: Customer, provider: Provider) -> None:
    today, name = business_today(), customer.netsuite_id
    product = Product.objects.create(sku=name, name="Bench", price=5, provider=provider, currency="USD")
    contract = BillingContract.objects.create(number=f"BC-{name}", customer=customer, starts_on=today)
    shared = {"contract": contract, "customer": customer, "product": product, "provider": provider, "starts_on": today}
    shared |= {"quantity": 5, "price": 5, "created_by": "bench"}
    made = Subscription.objects.bulk_create(
        [Subscription(number=f"SU-{name}-{each}", **shared) for each in range(SUBSCRIPTIONS)]
    )
    first = {"sequence": 1, "kind": "new", "quantity_after": 5, "price_after": 5, "requested_by": "bench"}
    LicenseChange.objects.bulk_create(
        [LicenseChange(subscription=each, effective_on=today - timedelta(days=1), **first) for each in made]
    )


def _fill_up_to(count: int) -> None:
    missing = range(Customer.objects.count(), count)
    for first in range(missing.start, missing.stop, 5000):
        some = missing[first - missing.start :][:5000]
        Customer.objects.bulk_create(
            [Customer(netsuite_id=f"switch-{each}", name=f"Customer {each}", currency="USD") for each in some]
        )


def _switch(rounds: int) -> Row:
    """Turning it on, beside the bare UPDATE of one row. Raises AssertionError when it writes to any customer."""
    by = get_user_model().objects.get(username="bench-provisioning")
    _fill_up_to(CUSTOMERS)
    customers = f"{Customer.objects.count():,}"

    def off() -> None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE provisioning_settings SET enable_credit_hold = %s", [False])

    def on() -> None:
        provisioning.enable_credit_hold(on=True, by=by, reason="bench")

    def bare() -> None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE provisioning_settings SET enable_credit_hold = %s", [True])

    off()
    with CaptureQueriesContext(connection) as captured:
        on()
    written = [query["sql"] for query in captured if query["sql"].startswith(("UPDATE", "INSERT", "DELETE"))]
    assert not [sql for sql in written if '"customers"' in sql], written
    return side_by_side(f"switch on, {customers} customers", rounds, {"switch": on, "bare update": bare}, off)
