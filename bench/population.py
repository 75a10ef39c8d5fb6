"""Customers and invoices in bulk: ten open invoices each, every tenth customer crosses the line.

Written by `INSERT … SELECT` from one specimen each, so that a million invoices take seconds on either database.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

from django.db import connection, models

from bench.measure import INVOICES
from customers.aging import refresh_summaries
from customers.models import Customer, Transaction

CROSSING_EVERY = 10


def populate(customers: int, today: date) -> None:
    """`customers` rows, numbered from 1, and ten open invoices each; summaries refreshed."""
    specimen = Customer.objects.create(
        netsuite_id="0", entity_id="C0", name="Customer 0", currency="USD", credit_hold_override="AUTO"
    )
    series = "(WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %s) SELECT i FROM n) series"
    own = {
        name: f"{word} || i" for name, word in (("netsuite_id", "''"), ("entity_id", "'C'"), ("name", "'Customer '"))
    }
    copies(specimen, own, series, [customers])
    for n in range(INVOICES):
        for crosses in (True, False):
            _invoices(specimen, n, crosses, today)
    specimen.delete()
    refresh_summaries(today=today)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _invoices(owner: Customer, n: int, crosses: bool, today: date) -> None:
    """The n-th invoice of every customer that crosses, or of every one that does not."""
    due = today - timedelta(days=70 - n if crosses else n - 5)
    amount = Decimal("1500.00") if crosses else Decimal("400.00")
    specimen = Transaction.objects.create(
        netsuite_id="0",
        type=Transaction.INVOICE,
        customer=owner,
        issued=due - timedelta(days=30),
        due=due,
        status="A",
        currency="USD",
        total=amount,
        unpaid=amount,
        total_foreign=amount,
        unpaid_foreign=amount,
    )
    own = {
        "netsuite_id": f"owner.netsuite_id || '-{n}'",
        "tranid": f"'INV' || owner.netsuite_id || '-{n}'",
        "customer_id": "owner.id",
    }
    which = "=" if crosses else "<>"
    owners = f"(SELECT id, netsuite_id FROM customers WHERE CAST(netsuite_id AS int) % %s {which} 0 AND id <> %s) owner"  # noqa: S608
    copies(specimen, own, owners.replace(" % ", " %% "), [CROSSING_EVERY, owner.pk])
    specimen.delete()


def copies(specimen: models.Model, own: Mapping[str, str], source: str, values: list[int]) -> None:
    """A copy of the specimen for each row of `source`, with columns of its `own`."""
    table = specimen._meta.db_table
    columns = [str(field.column) for field in specimen._meta.concrete_fields if not field.primary_key]
    taken = ", ".join(own.get(column, f"specimen.{column}") for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {taken} FROM {table} specimen, {source} "  # noqa: S608
            "WHERE specimen.id = %s",
            [*values, specimen.pk],
        )
