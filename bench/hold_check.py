"""The hold check of one customer beside three single-row reads, and the same over the API: the 99th percentile."""

from collections.abc import Callable
from time import perf_counter

from django.contrib.auth.models import Group, User
from django.utils import timezone
from rest_framework.test import APIClient

from bench.measure import Row, Size
from bench.population import populate
from customers.clock import business_today
from customers.models import Customer, SyncState
from holds import blocks
from holds.models import HoldBlock

CHECKS = 500


def measure(size: Size) -> list[Row]:
    """`CHECKS` checks a round, one customer after the other; each figure is the 99th percentile of its round."""
    populate(size.customers, business_today())
    keys = list(Customer.objects.order_by("pk").values_list("netsuite_id", flat=True)[:CHECKS])
    client = _client()

    def check(key: str) -> None:
        customer = Customer.objects.get(netsuite_id=key)
        blocks.verdict(customer, blocks.of_page("order"), now=timezone.now())

    def three_reads(key: str) -> None:
        Customer.objects.get(netsuite_id=key)
        HoldBlock.objects.get(page="order")
        SyncState.objects.order_by("pk").first()

    def by_api(key: str) -> None:
        client.get(f"/api/v1/customers/{key}/hold-status/")

    sides = {"hold check": check, "three reads": three_reads, "over the API": by_api}
    seconds: dict[str, list[float]] = {side: [] for side in sides}
    for _round in range(size.rounds):
        for side, work in sides.items():
            seconds[side].append(_p99(work, keys))
    return [Row("hold check, 99th percentile", seconds)]


def _p99(work: Callable[[str], None], keys: list[str]) -> float:
    took = []
    for key in keys:
        started = perf_counter()
        work(key)
        took.append(perf_counter() - started)
    return sorted(took)[int(len(took) * 0.99)]


def _client() -> APIClient:
    user, _ = User.objects.get_or_create(username="bench-till", defaults={"is_active": True})
    user.groups.add(Group.objects.get(name="Cashier"))
    client = APIClient()
    client.force_authenticate(user)
    return client
