"""What customers owe, on any day, in set-based queries that run alike on SQLite and PostgreSQL.

A row that is still open counts with what is unpaid now; a row settled after the day asked for counts in full,
because NetSuite keeps no history of part payments. Base currency throughout.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, DateField, F, Min, Q, QuerySet, Sum, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from customers.models import MONEY, ZERO, Customer, SyncState, Transaction, TransactionQuerySet, owed_on
from customers.rules import CENT, OVERDUE_BUCKETS, Aging, Receivables, days_overdue

SUMMARY = "summary"
# The documents of more customers than this are found sooner by reading all of them once.
FEW = 5000
# The documents that make up a balance.
COUNTED = [Transaction.INVOICE, Transaction.CREDIT, Transaction.PAYMENT]
OLDEST_FIRST = ("due", "issued", "pk")


def receivables(as_of: date, customers: Iterable[int] | None = None) -> dict[int, Receivables]:
    """Receivables at the end of `as_of` by customer primary key, for those who owe or are owed something.

    `customers` limits it to these primary keys (a queryset of them stays a subquery). One query.
    """
    return told_by(owed_rows(as_of, customers), as_of)


def owed_rows(as_of: date, customers: Iterable[int] | None = None) -> QuerySet[Any, Any]:
    """The query of `receivables`: a row a customer."""
    rows = Transaction.objects.open_on(as_of)
    if customers is not None:
        rows = rows.filter(customer__in=customers)
    return rows.filter(type__in=COUNTED).order_by().values("customer").annotate(**aging_columns(as_of))


def told_by(rows: Iterable[Mapping[str, Any]], as_of: date) -> dict[int, Receivables]:
    """What rows of `owed_rows` say, by customer primary key."""
    return {row["customer"]: _receivables(row, as_of) for row in rows}


def receivables_of(customer: Customer, as_of: date) -> Receivables:
    """One customer's receivables; all zero when nothing is open."""
    return receivables(as_of, [customer.pk]).get(customer.pk, Receivables(as_of, Aging()))


def portfolio(as_of: date) -> Receivables:
    """All customers' receivables as one; also the figures of the aging card."""
    row = Transaction.objects.open_on(as_of).filter(type__in=COUNTED).aggregate(**aging_columns(as_of))
    return _receivables(row, as_of)


def refresh_summaries(customer_ids: Iterable[int] | None = None, *, today: date) -> int:
    """Recompute the summary on customers: AR balance, oldest due date, open orders. One UPDATE for many customers.

    `today` bounds what counts as issued. Of all customers (None) only those are written whose summary is not what
    their documents say; those named are written in any case, for the sake of their version. Returns how many were.
    """
    documents, customers = Transaction.objects.order_by(), Customer.objects.order_by()
    only = " OR ".join(f"customers.{name} IS DISTINCT FROM found.{name}" for name in _FIGURES)
    if customer_ids is not None:
        keys = list(customer_ids)
        named, only = _listed(keys), "found.named > 0"
        customers = customers.filter(pk__in=named)
        documents = documents.filter(customer__in=named) if len(keys) <= FEW else documents
    owed, amount = documents.open_on(today), owed_on(today)
    parts = [
        _counted(owed.invoices(), F("customer"), owed=amount, oldest=F("due"), invoices=Value(1)),
        _counted(owed.unapplied(), F("customer"), credited=amount),
        _counted(documents.open_orders(), F("customer"), ordered=F("total"), orders=Value(1)),
        _counted(customers, F("pk"), named=Value(1)),
    ]
    compiled = [part.query.sql_with_params() for part in parts]
    sql = _SUMMARIES.format(rows=" UNION ALL ".join(part for part, _ in compiled), only=only)
    with connection.cursor() as cursor:
        cursor.execute(sql, [value for _, params in compiled for value in params])
        return cursor.rowcount


def _listed(keys: Iterable[int]) -> RawSQL:
    """As many as there are in one parameter, in each part of the statement."""
    listed = ",".join(map(str, keys))
    if connection.vendor == "postgresql":
        return RawSQL("SELECT unnest(%s::bigint[])", [f"{{{listed}}}"])
    return RawSQL("SELECT value FROM json_each(%s)", [f"[{listed}]"])


def _counted(rows: QuerySet[Any], owner: F, **own: Any) -> QuerySet[Any, Any]:
    """What each row adds to its owner's summary, in the columns that _SUMMARIES adds up."""
    nothing = {
        "owed": ZERO,
        "credited": ZERO,
        "oldest": NO_DAY,
        "invoices": Value(0),
        "ordered": ZERO,
        "orders": Value(0),
        "named": Value(0),
    }
    columns = {f"x_{name}": value for name, value in ({"owner": owner} | nothing | own).items()}
    return rows.annotate(**columns).values(*columns)


NO_DAY = Value(None, output_field=DateField())
_FIGURES = ("ar_balance", "oldest_due", "open_invoices_count", "open_orders_total", "open_orders_count")
# One aggregate and one join by the key. Materialized: a planner that takes tables which were filled a moment ago for
# empty would compute it again for each customer.
_SUMMARIES = f"""UPDATE customers
    SET {", ".join(f"{name} = found.{name}" for name in _FIGURES)}, figures_version = figures_version + 1
    FROM (
        WITH added_up AS MATERIALIZED (
            SELECT x_owner, ROUND(SUM(x_owed) - SUM(x_credited), 2) AS ar_balance, MIN(x_oldest) AS oldest_due,
                SUM(x_invoices) AS open_invoices_count, ROUND(SUM(x_ordered), 2) AS open_orders_total,
                SUM(x_orders) AS open_orders_count, SUM(x_named) AS named
            FROM ({{rows}}) documents GROUP BY x_owner)
        SELECT * FROM added_up) found
    WHERE customers.id = found.x_owner AND ({{only}})"""  # noqa: S608 our own names


def adopt_newly_issued(today: date) -> int:
    """Take documents issued since the last adoption into the summaries; returns the customers refreshed."""
    moment = datetime.combine(today, time(), UTC)
    if SyncState.objects.filter(record_type=SUMMARY, watermark_at=moment).exists():
        return 0
    with transaction.atomic():
        state, _ = SyncState.objects.select_for_update().get_or_create(record_type=SUMMARY)
        last = state.watermark_at.date() if state.watermark_at else None
        refreshed = 0
        if last is None or last > today:
            refreshed = refresh_summaries(today=today)
        elif last < today:
            issued = Transaction.objects.filter(issued__gt=last, issued__lte=today)
            refreshed = refresh_summaries(list(issued.values_list("customer", flat=True).distinct()), today=today)
        state.watermark_at = moment
        state.save(update_fields=["watermark_at"])
    return refreshed


@dataclass(frozen=True)
class Payment:
    """One point of the payment chart: how long an invoice took, or has been open so far."""

    tranid: str
    issued: date
    due: date | None
    days: int
    days_late: int
    still_open: bool


def payment_behaviour(customer: Customer, *, today: date, limit: int = 36) -> list[Payment]:
    """The customer's latest `limit` invoices, oldest first, with days from issue to settlement."""
    newest = customer.transactions.invoices().filter(issued__lte=today).order_by("-issued", "-pk")[:limit]
    return [_payment(invoice, today) for invoice in reversed(newest)]


def open_invoices(customer: Customer, day: date) -> TransactionQuerySet:
    """Open invoices, oldest due date first."""
    return customer.transactions.invoices().open_on(day).order_by(*OLDEST_FIRST)


def open_orders(customer: Customer) -> TransactionQuerySet:
    return customer.transactions.open_orders().order_by("issued", "pk")


def unapplied_credits(customer: Customer, day: date) -> TransactionQuerySet:
    """Credit memos and payments with something left to apply."""
    return customer.transactions.unapplied().open_on(day).order_by("issued", "pk")


def aging_columns(as_of: date) -> dict[str, Any]:
    """The aging buckets, unapplied credits, oldest due date and number of invoices, as aggregates of documents."""
    invoice = Q(type=Transaction.INVOICE)
    amount = owed_on(as_of)

    def total(condition: Q) -> Coalesce:
        return Coalesce(Sum(amount, filter=condition), ZERO, output_field=MONEY)

    columns: dict[str, Any] = {
        "current": total(invoice & (Q(due__gte=as_of) | Q(due__isnull=True))),
        "unapplied": total(~invoice),
        "oldest": Min("due", filter=invoice),
        "invoices": Count("pk", filter=invoice),
    }
    for name, first, last in OVERDUE_BUCKETS:
        due = Q(due__lte=as_of - timedelta(days=first))
        if last is not None:
            due &= Q(due__gte=as_of - timedelta(days=last))
        columns[name] = total(invoice & due)
    return columns


def _receivables(row: Mapping[str, Any], as_of: date) -> Receivables:
    amounts = {name: _cents(row[name]) for name in ("current", "unapplied", *(b[0] for b in OVERDUE_BUCKETS))}
    return Receivables(as_of, Aging(**amounts), row["oldest"], row["invoices"])


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT)


def _payment(invoice: Transaction, today: date) -> Payment:
    settled = invoice.closed if invoice.closed and invoice.closed <= today else None
    until = settled or today
    return Payment(
        tranid=invoice.tranid,
        issued=invoice.issued,
        due=invoice.due,
        days=max(0, (until - invoice.issued).days),
        days_late=days_overdue(invoice.due, until),
        still_open=settled is None and (invoice.unpaid > 0 or invoice.closed is not None),
    )
