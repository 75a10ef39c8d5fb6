"""The hold check of one customer beside a bare read of its row and beside the models asked one by one; many clients."""

from collections.abc import Callable
from time import perf_counter

from django.contrib.auth.models import Group, User
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from bench.clients import p99
from bench.measure import Row, Size
from bench.population import populate
from customers.clock import business_today
from customers.models import Customer, SyncState
from holds.hold_check import check
from holds.models import HoldBlock
from netsuite.prepared import prepared

CHECKS, CLIENTS = 500, 8


def measure(size: Size) -> list[Row]:
    """Seconds of one check as the median of `CHECKS`; then the 99th percentile of one client and of `CLIENTS`."""
    populate(size.customers, business_today())
    keys = _some(CHECKS)
    return [_one(size.rounds, keys), _many(size.rounds, keys)]


def check_some(count: int) -> Callable[[], None]:
    """`count` checks of customers by chance."""
    keys = _some(count)

    def checks() -> None:
        for key in keys:
            _check(key)

    return checks


def _some(count: int) -> list[str]:
    for record_type in ("customers", "transactions"):
        SyncState.objects.update_or_create(record_type=record_type, defaults={"last_success_at": timezone.now()})
    return list(Customer.objects.order_by("?").values_list("netsuite_id", flat=True)[:count])


def _one(rounds: int, keys: list[str]) -> Row:
    client = _client()
    sides = {
        "hold check": _check,
        "bare read of one row": _bare,
        "the same, prepared": _bare_prepared,
        "three queries of the ORM": _three,
        "one row by the ORM": lambda key: Customer.objects.get(netsuite_id=key),
        "over the API": lambda key: client.get(f"/api/v1/customers/{key}/hold-status/"),
    }
    seconds: dict[str, list[float]] = {side: [] for side in sides}
    for _round in range(rounds):
        for side, work in sides.items():
            seconds[side].append(_median(work, keys))
    return Row("hold check", seconds, {"bare read of one row": 2, "three queries of the ORM": 1 / 5})


def _many(rounds: int, keys: list[str]) -> Row:
    seconds: dict[str, list[float]] = {f"{CLIENTS} clients": [], "one client": []}
    for _round in range(rounds):
        seconds[f"{CLIENTS} clients"].append(p99(_check, [keys] * CLIENTS))
        seconds["one client"].append(p99(_check, [keys]))
    return Row("hold check, 99th percentile", seconds, {"one client": 10})


def _check(key: str) -> None:
    check(key, "order-form", now=timezone.now())


def _bare(key: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM customers WHERE netsuite_id = %s", [key])
        cursor.fetchone()


def _bare_prepared(key: str) -> None:
    with prepared():
        _bare(key)


def _three(key: str) -> None:
    """Customer, block and the age of the figures, without any rule."""
    Customer.objects.get(netsuite_id=key)
    HoldBlock.objects.get(slug="order-form")
    list(SyncState.objects.filter(record_type__in=["customers", "transactions"]))


def _median(work: Callable[[str], object], keys: list[str]) -> float:
    took = []
    for key in keys:
        started = perf_counter()
        work(key)
        took.append(perf_counter() - started)
    return sorted(took)[len(took) // 2]


def _client() -> APIClient:
    user, _ = User.objects.get_or_create(username="bench-till", defaults={"is_active": True})
    user.groups.add(Group.objects.get(name="Cashier"))
    client = APIClient()
    client.force_authenticate(user)
    return client
