"""Which proposals a search finds, in the order of their list.

Those of the customers that the words find (`customers.search`), and of the customer of the invoice, order or credit
memo with that number. When there are none: those whose reason or reference has the words.

Whatever is typed, some thousand rows are read at most. A few hits are found by index and then sorted; where very many
fit, the list is read in its own order and sifted.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db import connection
from django.db.models import QuerySet, Subquery

from customers import search
from customers.models import Customer, Transaction
from workflows import keyset
from workflows.models import ProposedAction

PAPERS, SOME = 100, 300
NEAR = (250,)
TEXTS = ("entity_ref", "rationale")
BY_REASON = f"SELECT id FROM proposed_actions WHERE search_words({', '.join(TEXTS)}) @@ to_tsquery('simple', %s)"  # noqa: S608


def page(rows: QuerySet[ProposedAction], words: str, *, by: Sequence[str], cursor: str) -> keyset.Page:
    """One page of those of `rows` that the words find."""
    found = search.first_keys(Customer.objects.all(), words, search.FEW + 1)
    if len(found) > search.FEW:
        return keyset.page(rows, by=by, cursor=cursor, sieve=keyset.Sieve("customer_id", _named(words)))
    if customers := {*found, *_of_paper(words)}:
        return _of_customers(rows, customers, by, cursor)
    return _by_reason(rows, words, by, cursor)


def _of_customers(rows: QuerySet[ProposedAction], customers: set[int], by: Sequence[str], cursor: str) -> keyset.Page:
    """Where they are a good part of all customers, the beginning of the list holds enough of them."""
    if len(customers) > SOME:
        sieve = keyset.Sieve("customer_id", customers.intersection, steps=(250, 750))
        near = keyset.page(rows, by=by, cursor=cursor, sieve=sieve)
        if not near.looked_at:
            return near
    return keyset.page(_first(rows, customer__in=customers), by=by, cursor=cursor)


def _by_reason(rows: QuerySet[ProposedAction], words: str, by: Sequence[str], cursor: str) -> keyset.Page:
    """What most reasons say stands near; only what does not is worth asking the index for."""
    typed = search.typed(words)
    near = keyset.page(rows, by=by, cursor=cursor, sieve=keyset.Sieve("id", _with_reason(typed), NEAR))
    if not near.looked_at:
        return near
    keys = _with_reason(typed)(None)
    if len(keys) <= search.FEW:
        return keyset.page(_first(rows, pk__in=keys), by=by, cursor=cursor)
    return keyset.page(rows, by=by, cursor=cursor, sieve=keyset.Sieve("id", _with_reason(typed)))


class Found(Subquery):
    """Rows to be found before the order of the list is looked at, which might lead through all of it."""

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return self.as_sql(compiler, connection, template="(%(subquery)s OFFSET 0)")


def _first(rows: QuerySet[ProposedAction], **having: Any) -> QuerySet[ProposedAction]:
    return rows.filter(pk__in=Found(rows.filter(**having).select_related(None).values("pk")))


def _named(words: str) -> Callable[[set[int | None]], set[int]]:
    def fitting(customers: set[int | None]) -> set[int]:
        return search.fitting(Customer.objects.all(), words, [key for key in customers if key])

    return fitting


def _of_paper(number: str) -> list[int]:
    """Customers of the invoice, order or credit memo with this number, as typed or in capitals."""
    rows = Transaction.objects.filter(tranid__in={number, number.upper()}).order_by()
    return list(rows.values_list("customer", flat=True).distinct()[:PAPERS])


def _with_reason(words: list[str]) -> Callable[[Iterable[int] | None], set[int]]:
    """Which of these proposals, or of all at most one more than a few, have the words in reason or reference."""

    def fitting(keys: Iterable[int] | None) -> set[int]:
        if not words or keys == set():
            return set()
        if connection.vendor != "postgresql":
            rows = ProposedAction.objects.all() if keys is None else ProposedAction.objects.filter(pk__in=keys)
            fit = search.compared(rows, words, *TEXTS).order_by().values_list("pk", flat=True)
            return set(fit[: search.FEW + 1] if keys is None else fit)
        more, value = ("LIMIT %s", search.FEW + 1) if keys is None else ("IS TRUE AND id = ANY(%s)", list(keys))
        with connection.cursor() as cursor:
            cursor.execute(f"{BY_REASON} {more}", [search.tsquery(words), value])
            return {key for (key,) in cursor.fetchall()}

    return fitting
