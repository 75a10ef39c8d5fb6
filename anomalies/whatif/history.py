"""The documents of customers over a period, one customer at a time: a stream, never all in memory."""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db.models import F, Func, IntegerField, Q, QuerySet

from anomalies.whatif.spans import Document
from customers.models import Customer, Transaction

CHUNK = 5000
FIELDS = ("customer_id", "type", "issued", "due", "closed", "total", "unpaid")
CENTS = Decimal(100)


class DaysBetween(Func):
    """Whole days from the first date column to the second; NULL for NULL."""

    output_field = IntegerField()
    arity = 2

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        (since, since_params), (to, to_params) = (compiler.compile(part) for part in self.get_source_expressions())
        return f"CAST(julianday({to}) - julianday({since}) AS INTEGER)", (*to_params, *since_params)

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        (since, since_params), (to, to_params) = (compiler.compile(part) for part in self.get_source_expressions())
        return f"({to} - {since})", (*to_params, *since_params)


def ever_late(days: int, first: date, last: date) -> QuerySet[Customer]:
    """Active customers with an invoice that was `days` overdue on some day of the period. A superset is enough."""
    late = Transaction.objects.invoices().filter(Q(closed__gt=first) | Q(closed=None, unpaid__gt=0))
    line = date.fromordinal(max(1, last.toordinal() - days))
    late = late.filter(issued__lte=last, due__lte=line)
    late = late.annotate(paid_after=DaysBetween(F("due"), F("closed")))
    late = late.filter(Q(closed=None) | Q(paid_after__gt=days))
    return Customer.objects.active().filter(pk__in=late.order_by().values("customer"))


def documents(
    customers: QuerySet[Customer] | Iterable[int], first: date, last: date
) -> Iterator[tuple[int, list[Document]]]:
    """What was open at the end of some day from `first` to `last`, by customer primary key. One query."""
    counted = [Transaction.INVOICE, Transaction.CREDIT, Transaction.PAYMENT]
    keys: Any = customers.order_by().values("pk") if isinstance(customers, QuerySet) else customers
    rows = Transaction.objects.filter(customer__in=keys, type__in=counted, issued__lte=last)
    rows = rows.filter(Q(closed__gt=first) | Q(closed=None, unpaid__gt=0)).order_by("customer")
    for pk, group in groupby(rows.values_list(*FIELDS).iterator(chunk_size=CHUNK), key=itemgetter(0)):
        yield pk, [document_of(row) for row in group]


def document_of(row: tuple[Any, ...]) -> Document:
    _customer, kind, issued, due, closed, total, unpaid = row
    return Document(
        sign=1 if kind == Transaction.INVOICE else -1,
        issued=issued.toordinal(),
        due=due.toordinal() if due else None,
        closed=closed.toordinal() if closed else None,
        cents=int((total if closed else unpaid) * CENTS),
    )
