"""Each card's page at many customers, beside the bare SQL that it runs."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from anomalies.cards import CARDS
from anomalies.models import DailyMetric, HealthScore, SnapshotDay
from bench.measure import Row, Size, side_by_side
from customers.clock import business_today
from customers.models import Customer, Transaction

CUSTOMERS = 100_000
DAYS = 60
HELD_EVERY, LIMITED_EVERY, ORDER_EVERY = 50, 2, 500
REGIONS, TIERS = 12, 4
Statement = tuple[str, Any]


def measure(size: Size, customers: int = CUSTOMERS) -> list[Row]:
    """One row a card: the whole page through the middleware, and its statements alone."""
    populate(customers, business_today())
    client = _signed_in()
    return [_row(slug, client, size.rounds, customers) for slug in CARDS]


def _row(slug: str, client: Client, rounds: int, customers: int) -> Row:
    address = reverse("card", args=[slug])
    statements = _statements(lambda: _open(client, address))
    sides = {"page": lambda: _open(client, address), "bare SQL": lambda: _run(statements)}
    return side_by_side(f"card {slug}, {customers:,}", rounds, sides, lambda: None)


def _open(client: Client, address: str) -> None:
    answer = client.get(address)
    if answer.status_code != 200:
        raise RuntimeError(f"{address}: {answer.status_code}")


def _statements(work: Callable[[], None]) -> list[Statement]:
    """What `work` reads, in its order."""
    seen: list[Statement] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("SELECT"):
            seen.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        work()
    return seen


def _run(statements: list[Statement]) -> None:
    with connection.cursor() as cursor:
        for sql, params in statements:
            cursor.execute(sql, params)
            cursor.fetchall()


def _signed_in() -> Client:
    user, _ = get_user_model().objects.get_or_create(
        username="bench-owner", defaults={"is_staff": True, "is_superuser": True}
    )
    client = Client(SERVER_NAME="localhost")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def populate(customers: int, today: date) -> None:
    """Customers with stored balances, an open invoice each, some orders on hold, and sixty days of figures."""
    stored = Customer.objects.bulk_create((_customer(n, today) for n in range(customers)), batch_size=5000)
    Transaction.objects.bulk_create((_invoice(customer, today) for customer in stored), batch_size=5000)
    yesterday = today - timedelta(days=1)
    scores = (_score(customer, n, yesterday) for n, customer in enumerate(stored))
    HealthScore.objects.bulk_create(scores, batch_size=5000)
    orders = [_order(customer, n, today) for n, customer in enumerate(stored) if n % ORDER_EVERY == 0]
    churn = [_silent(customer, today) for customer in stored[:ORDER_EVERY]]
    SnapshotDay.objects.create(date=yesterday, definition="A", scored_at=timezone.now(), orders=orders, churn=churn)
    DailyMetric.objects.bulk_create(_figures(yesterday), batch_size=5000, ignore_conflicts=True)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _customer(n: int, today: date) -> Customer:
    limit = Decimal(10_000) if n % LIMITED_EVERY else None
    return Customer(
        netsuite_id=f"card-{n}",
        name=f"Customer {n}",
        region=f"R{n % REGIONS}",
        tier=f"T{n % TIERS}",
        on_credit_hold=n % HELD_EVERY == 0,
        credit_limit=limit,
        credit_limit_kind="amount" if limit else "none",
        ar_balance=Decimal(n * 7919 % 12_000),
        oldest_due=today - timedelta(days=n % 150 - 20),
        open_invoices_count=1,
        record={"companyName": f"Customer {n}", "fields": "x" * 600},
    )


def _invoice(customer: Customer, today: date) -> Transaction:
    due = customer.oldest_due or today
    return Transaction(
        netsuite_id=f"{customer.netsuite_id}-invoice",
        type=Transaction.INVOICE,
        customer=customer,
        issued=due - timedelta(days=30),
        due=due,
        total=customer.ar_balance,
        unpaid=customer.ar_balance,
    )


def _score(customer: Customer, n: int, day: date) -> HealthScore:
    score = Decimal(n * 31 % 10_000) / 100
    band = "green" if score < 25 else "yellow" if score < 50 else "orange" if score < 75 else "red"
    return HealthScore(customer=customer, day=day, score=score, band=band, signals={"ar_aging_lagging": 0.5})


def _order(customer: Customer, n: int, today: date) -> dict[str, Any]:
    segment = {"region": customer.region, "tier": customer.tier, "rep": "", "payment_method": ""}
    known = {"id": n, "number": f"SO-{n}", "customer": customer.pk, "value": "1000.00", "reason": "over-limit"}
    return {**known, "since": today.isoformat(), **segment}


def _silent(customer: Customer, today: date) -> dict[str, Any]:
    last = today - timedelta(days=40)
    return {"customer": customer.pk, "last_order": last.isoformat(), "days": 40, "interval": 14.0, "revenue": "9000"}


def _figures(last: date) -> Iterator[DailyMetric]:
    scopes = [("all", ""), *(("region", f"R{n}") for n in range(REGIONS)), *(("tier", f"T{n}") for n in range(TIERS))]
    metrics = {metric for card in CARDS.values() for metric in card.metrics}
    for metric in sorted(metrics):
        for scope, value in scopes:
            for back in range(DAYS):
                day = last - timedelta(days=back)
                yield DailyMetric(date=day, metric=metric, scope=scope, scope_value=value, value=Decimal(back % 7))
