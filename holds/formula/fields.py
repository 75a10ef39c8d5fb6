"""The customer fields of formulas: their values for one customer, and as columns for all.

Names and values are NetSuite's: numbers in base currency, texts, true and false. A blank is None, whatever its
kind. Custom fields are what the sync read: texts, check boxes as T and F. A name that no customer has is no field.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.cache import cache
from django.db.models import (
    Case,
    Expression,
    F,
    FloatField,
    IntegerField,
    OuterRef,
    QuerySet,
    Subquery,
    Sum,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Greatest, NullIf, Round

from customers.aging import receivables_of
from customers.models import MONEY, ZERO, Customer, Transaction, owed_on
from customers.rules import days_overdue
from holds.formula.columns import DaysSince, IsOtherType, JsonText

# An unlimited credit limit: more than any amount or sum of amounts that a customer's row can hold.
UNLIMITED = 1e15
# Seconds for which an answer about a custom field is remembered. "No" fails closed, so it may be a little late.
REMEMBER_YES, REMEMBER_NO = 600, 10

Read = Callable[[Customer, date], object]
Build = Callable[[date], Any]


@dataclass(frozen=True)
class MirroredField:
    """One field by its value and its column. `kind` is number, text or flag; `blank` says that it may be None."""

    kind: str
    read: Read
    build: Build
    help: str
    blank: bool = False


def _number(name: str, help: str) -> MirroredField:
    return MirroredField("number", lambda customer, _: float(getattr(customer, name)), lambda _: _float(F(name)), help)


def _text(name: str, help: str) -> MirroredField:
    return MirroredField(
        "text",
        lambda customer, _: getattr(customer, name) or None,
        lambda _: NullIf(F(name), Value(""), output_field=TextField()),
        help,
        blank=True,
    )


def _flag(name: str, help: str) -> MirroredField:
    return MirroredField("flag", lambda customer, _: bool(getattr(customer, name)), lambda _: F(name), help)


def _float(column: Any) -> Cast:
    return Cast(column, FloatField())


def _limit(customer: Customer, _day: date) -> float | None:
    if customer.credit_limit_kind == Customer.LIMIT_UNLIMITED:
        return UNLIMITED
    return None if customer.credit_limit is None else float(customer.credit_limit)


def _limit_column(_day: date) -> Case:
    unlimited = When(credit_limit_kind=Customer.LIMIT_UNLIMITED, then=Value(UNLIMITED))
    return Case(unlimited, default=_float(F("credit_limit")), output_field=FloatField())


def _overdue_column(day: date) -> Cast:
    rows = Transaction.objects.filter(customer=OuterRef("pk")).overdue(day)
    summed = rows.order_by().values("customer").annotate(total=Sum(owed_on(day))).values("total")
    return _float(Round(Coalesce(Subquery(summed, output_field=MONEY), ZERO, output_field=MONEY), precision=2))


def _days_column(day: date) -> Cast:
    late = Coalesce(DaysSince("oldest_due", day), Value(0), output_field=IntegerField())
    return _float(Greatest(late, Value(0)))


MIRRORED: dict[str, MirroredField] = {
    "balance": _number("ar_balance", "What is owed, due or not, in base currency"),
    "creditlimit": MirroredField("number", _limit, _limit_column, "Blank where none is set", blank=True),
    "unbilledorders": _number("open_orders_total", "Open sales orders, in base currency"),
    "overduebalance": MirroredField(
        "number",
        lambda customer, day: _overdue(customer, day),
        _overdue_column,
        "What is past its due date, in base currency",
    ),
    "daysoverdue": MirroredField(
        "number",
        lambda customer, day: float(days_overdue(customer.oldest_due, day)),
        _days_column,
        "Days since the oldest open due date, 0 when nothing is late",
    ),
    "creditholdoverride": _text("credit_hold_override", "AUTO, ON or OFF"),
    "oncredithold": _flag("on_credit_hold", "Whether NetSuite itself holds"),
    "isinactive": _flag("is_inactive", "Whether the customer is inactive"),
    "terms": _text("terms", "Such as Net 30"),
    "currency": _text("currency", "Such as USD"),
    "id": _text("netsuite_id", "The internal id, a text"),
    "internalid": _text("netsuite_id", "The internal id, a text"),
    "entityid": _text("entity_id", "The customer's number"),
    "companyname": _text("name", "The name"),
    "email": _text("email", "The e-mail address"),
    "phone": _text("phone", "The telephone number"),
}


class CustomerRecord(Mapping[str, object]):
    """One customer as NetSuite's record: read name by name, so that a costly field costs only who asks for it.

    KeyError for a name that is no field of this account. `today` is the business date.
    """

    def __init__(self, customer: Customer, *, today: date) -> None:
        self.customer = customer
        self.today = today

    def __getitem__(self, name: str) -> object:
        if name in MIRRORED:
            return MIRRORED[name].read(self.customer, self.today)
        if name in self.customer.record:
            return _plain(self.customer.record[name])
        if _is_custom(name):
            return None
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter({**MIRRORED, **self.customer.record})

    def __len__(self) -> int:
        return len({**MIRRORED, **self.customer.record})


def _plain(value: object) -> object:
    return float(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else value


def record_of(customer: Customer, *, today: date) -> CustomerRecord:
    """The customer's fields by NetSuite's names; `today` is the business date that days overdue count to.

    Only `overduebalance`, and a custom field that is blank for this customer, ask the database.
    """
    return CustomerRecord(customer, today=today)


def known(names: Iterable[str]) -> frozenset[str]:
    """Those of `names` that are fields: mirrored ones, and what at least one customer's record has."""
    return frozenset(name for name in names if name in MIRRORED or _is_custom(name))


def _is_custom(name: str) -> bool:
    key = f"formula-field:{name}"
    found = cache.get(key)
    if found is None:
        found = Customer.objects.filter(record__has_key=name).exists()
        cache.set(key, found, REMEMBER_YES if found else REMEMBER_NO)
    return found


def with_overdue(customers: QuerySet[Customer], *, today: date) -> QuerySet[Customer]:
    """The same customers, `overduebalance` read along: without it each costs a query."""
    return customers.annotate(overdue_today=_overdue_column(today))


def _overdue(customer: Customer, day: date) -> float:
    read_along = getattr(customer, "overdue_today", None)
    return float(receivables_of(customer, day).overdue_balance) if read_along is None else read_along


@dataclass(frozen=True)
class Column:
    """A field over all customers; NULL is blank. `doubt` is true of a row whose value `sql` cannot show."""

    kind: str
    sql: Any
    blank: bool
    doubt: Expression | None = None


def column(name: str, *, today: date) -> Column | None:
    """The field as an expression over Customer; None for a name that is no field."""
    if name in MIRRORED:
        field = MIRRORED[name]
        return Column(field.kind, field.build(today), field.blank)
    if name not in known([name]):
        return None
    return Column("text", JsonText("record", name), True, IsOtherType("record", name))
