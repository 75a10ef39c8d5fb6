"""The default formula: evaluated customer by customer, and over all customers in one query beside the bare SQL."""

from collections.abc import Iterator
from decimal import Decimal

from django.db import connection
from django.db.models import Expression

from bench.measure import Row, Size, side_by_side
from customers.clock import business_today
from customers.models import Customer
from holds.formula import parse
from holds.formula.fields import record_of
from holds.models import DEFAULT_FORMULA

CUSTOMERS = 100_000
EVALUATIONS = 10_000
BARE = "SELECT COUNT(*) FROM customers WHERE ar_balance > COALESCE(credit_limit, 0)"


def measure(size: Size) -> list[Row]:
    """`EVALUATIONS` single verdicts, each of a customer's record; and one query over `CUSTOMERS` customers more."""
    Customer.objects.bulk_create(_customers(), batch_size=5000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return [_evaluations(size.rounds), _query(size.rounds)]


def _customers() -> Iterator[Customer]:
    """A third over the limit, a third below, a third without a limit."""
    for n in range(CUSTOMERS):
        limit = None if n % 3 == 0 else Decimal(n % 9000)
        kind = Customer.LIMIT_NONE if limit is None else Customer.LIMIT_AMOUNT
        yield Customer(
            netsuite_id=str(10**7 + n),
            name=f"Debtor {n}",
            ar_balance=Decimal(n * 7 % 900_000) / 100,
            credit_limit=limit,
            credit_limit_kind=kind,
        )


def _evaluations(rounds: int) -> Row:
    formula, today = parse(DEFAULT_FORMULA), business_today()
    customers = list(Customer.objects.filter(name__startswith="Debtor")[:EVALUATIONS])

    def evaluate() -> None:
        for customer in customers:
            formula.holds(record_of(customer, today=today))

    def compare() -> None:
        for customer in customers:
            float(customer.ar_balance or 0) > float(customer.credit_limit or 0)  # noqa: B015 only its time counts

    sides = {"formula": evaluate, "bare Python": compare}
    return side_by_side(f"formula × {EVALUATIONS:,} evaluations", rounds, sides, lambda: None)


def _query(rounds: int) -> Row:
    held = parse(DEFAULT_FORMULA).expression(today=business_today())
    assert held is not None
    return side_by_side(
        f"formula, {CUSTOMERS:,} in a query",
        rounds,
        {"formula": lambda: _count(held), "bare SQL": _bare},
        lambda: None,
    )


def _count(held: Expression) -> None:
    Customer.objects.filter(held).count()


def _bare() -> None:
    with connection.cursor() as cursor:
        cursor.execute(BARE)
        cursor.fetchone()
