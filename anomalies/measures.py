"""A day's figures from the mirror: one grouped query a source, rolled up to every scope in memory.

A cell is one combination of region, tier, sales rep and payment method. A customer is in exactly one
cell, so counts and sums of cells add up to any scope; no query is asked per segment. Base currency.
"""

import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.db.models import Case, Count, F, Max, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce

from anomalies.churn import signals
from anomalies.held_orders import on_credit_hold
from anomalies.rules import cei, countback_dso, dso, percentile
from customers.aging import COUNTED, portfolio
from customers.models import HELD_ANYWHERE, MONEY, ZERO, Customer, Employee, Transaction
from customers.rules import CENT, OVERDUE_BUCKETS
from disputes.models import Dispute
from holds.models import ServiceHold

SALES_DAYS = 30
COUNTBACK_MONTHS = 13
P90 = Decimal("0.9")
DIMENSIONS = {
    "region": "region",
    "tier": "tier",
    "rep": "sales_rep__netsuite_id",
    "payment_method": "payment_method",
}
LARGEST = frozenset({"orders_on_hold_largest"})
LIVE = (
    *("orders_on_hold", "orders_on_hold_value", "orders_on_hold_largest", "orders_on_hold_customers"),
    "customers_on_hold",
)
Cell = tuple[str, str, str, str]
Scope = tuple[str, str]
Sums = dict[str, Decimal]


@dataclass
class Day:
    """What was counted for one scope: sums by name, utilisations of customers."""

    sums: Sums = field(default_factory=lambda: defaultdict(Decimal))
    utilisations: list[Decimal] = field(default_factory=list)


def measure(day: date, *, live: bool) -> dict[Scope, dict[str, Decimal]]:
    """All figures of `day` by (scope, value of the scope), then metric.

    What only the moment knows (orders and customers on hold, open orders, limits) is counted when
    `live`, that is when the mirror shows the end of `day`.
    """
    scopes: dict[Scope, Day] = defaultdict(Day)
    scopes["all", ""] = Day()
    for cell, sums in _sources(day, live=live):
        for scope in scopes_of(cell):
            found = scopes[scope].sums
            for name, amount in sums.items():
                found[name] = max(found[name], amount) if name in LARGEST else found[name] + amount
    if live:
        for cell, used in _utilisations():
            for scope in scopes_of(cell):
                scopes[scope].utilisations.append(used)
    return {scope: _figures(found, day, live=live) for scope, found in scopes.items()}


def scopes_of(cell: Cell) -> Iterator[Scope]:
    """The scopes a cell counts in: all, and one of each dimension that is filled in."""
    yield "all", ""
    yield from ((scope, value) for scope, value in zip(DIMENSIONS, cell, strict=True) if value)


def cells(prefix: str = "") -> dict[str, Any]:
    """The four dimensions as columns to group by, over the relation `prefix`."""
    return {f"cell_{scope}": Coalesce(F(f"{prefix}{path}"), Value("")) for scope, path in DIMENSIONS.items()}


def _cell(row: Mapping[str, Any]) -> Cell:
    return row["cell_region"], row["cell_tier"], row["cell_rep"], row["cell_payment_method"]


def _sources(day: date, *, live: bool) -> Iterator[tuple[Cell, Sums]]:
    """Additive figures by cell, from every source."""
    yield from _documents(day)
    yield from _holds(day)
    yield from _disputes(day)
    yield from _churn(day)
    if live:
        yield from _now()


def dso_on(day: date, *, days: int = SALES_DAYS) -> Decimal | None:
    """DSO of all customers at the end of `day` over that many days of credit sales; None without sales."""
    sold = Transaction.objects.invoices().filter(issued__gt=day - timedelta(days=days), issued__lte=day)
    return dso(portfolio(day).ar_balance, sold.aggregate(sales=_sum("total"))["sales"], days)


def _now() -> Iterator[tuple[Cell, Sums]]:
    orders = {
        "orders_on_hold": Count("pk"),
        "orders_on_hold_value": _sum("total"),
        "orders_on_hold_largest": Max("total"),
        "orders_on_hold_customers": Count("customer", distinct=True),
    }
    yield from grouped(on_credit_hold(), "customer__", orders)
    on_hold = Customer.objects.active().filter(HELD_ANYWHERE)
    yield from grouped(on_hold, "", {"customers_on_hold": Count("pk")})
    limited = Customer.objects.active().filter(credit_limit_kind=Customer.LIMIT_AMOUNT, credit_limit__gt=0)
    used = {"exposure": Coalesce(Sum(F("ar_balance") + F("open_orders_total")), ZERO), "limits": _sum("credit_limit")}
    yield from grouped(limited, "", used)


def _holds(day: date) -> Iterator[tuple[Cell, Sums]]:
    first, last = bounds(day)
    placed = ServiceHold.objects.filter(placed_at__gte=first, placed_at__lt=last)
    yield from grouped(placed, "customer__", {"new_holds": Count("pk")})


def _disputes(day: date) -> Iterator[tuple[Cell, Sums]]:
    first, last = bounds(day)
    new, unsettled = Q(opened_at__gte=first), Q(resolved_at=None) | Q(resolved_at__gte=last)
    counts = {"new_disputes": Count("pk", filter=new), "disputes_open": Count("pk", filter=unsettled)}
    yield from grouped(Dispute.objects.filter(new | unsettled, opened_at__lt=last), "customer__", counts)


def _churn(day: date) -> Iterator[tuple[Cell, Sums]]:
    silent = [signal.customer for signal in signals(day)]
    for start in range(0, len(silent), 500):
        rows = Customer.objects.filter(pk__in=silent[start : start + 500])
        yield from grouped(rows, "", {"churn_signals": Count("pk")})


def _documents(day: date) -> Iterator[tuple[Cell, Sums]]:
    """Invoices, credits and payments, read once: what is open, what was when the sales days began, what was sold."""
    begin, months, periods = day - timedelta(days=SALES_DAYS), _months(day), _periods(day)
    reps = dict(Employee.objects.values_list("pk", "netsuite_id"))
    for region, tier, rep, method, kind, settled, age, period, unpaid, total in _added_up(_coded(day)):
        invoice, owed, sums = kind == Transaction.INVOICE, unpaid if settled == "never" else total, Sums()
        since = periods[period] if period is not None else date.min
        if settled in ("never", "later"):
            sums[age if invoice else "unapplied"] = owed
        if settled != "before" and since <= begin:
            sums["begin_invoiced" if invoice else "begin_unapplied"] = owed
        if invoice and since > begin:
            sums["sales"] = total
        if invoice and period is not None:
            sums[f"sold_{months.index(since.replace(day=1))}"] = total
        if sums:
            yield (region, tier, reps.get(rep, ""), method), sums


def _coded(day: date) -> QuerySet[Any, Any]:
    """Each document that counts in a figure: its customer's cell, what tells in which figures, and its amounts."""
    begin, periods = day - timedelta(days=SALES_DAYS), _periods(day)
    late = [When(due__gte=day - timedelta(days=last), then=Value(name)) for name, _, last in OVERDUE_BUCKETS if last]
    oldest = OVERDUE_BUCKETS[-1][0]
    told = {
        "region": F("customer__region"),
        "tier": F("customer__tier"),
        "rep": F("customer__sales_rep"),
        "payment_method": F("customer__payment_method"),
        "kind": F("type"),
        "settled": Case(
            When(closed=None, then=Value("never")),
            When(closed__gt=day, then=Value("later")),
            When(closed__gt=begin, then=Value("since")),
            default=Value("before"),
        ),
        "age": Case(When(Q(due__gte=day) | Q(due=None), then=Value("current")), *late, default=Value(oldest)),
        "period": Case(*(When(issued__gte=first, then=Value(number)) for number, first in enumerate(periods))),
    }
    counts = Q(closed=None, unpaid__gt=0) | Q(closed__gt=begin) | Q(type=Transaction.INVOICE, issued__gte=periods[-1])
    rows = Transaction.objects.filter(counts, type__in=COUNTED, issued__lte=day).order_by()
    return rows.annotate(**told).values_list(*told, "unpaid", "total")


def _added_up(rows: QuerySet[Any, Any]) -> Iterator[tuple[Any, ...]]:
    """The amounts, which are the last two columns, added up by the eight before. One query."""
    # PostgreSQL takes each combination for a group of its own and sorts them all, unless a limit hides what they are.
    inner, values = rows[: sys.maxsize].query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_ADDED_UP.format(documents=inner), values)
        for *codes, unpaid, total in cursor:
            yield *codes, Decimal(unpaid).quantize(CENT), Decimal(total).quantize(CENT)


_ADDED_UP = """SELECT region, tier, rep, payment_method, kind, settled, age, period, SUM(unpaid), SUM(total)
    FROM ({documents}) documents GROUP BY 1, 2, 3, 4, 5, 6, 7, 8"""


@lru_cache(maxsize=1)
def _months(day: date) -> tuple[date, ...]:
    """The first days of the running month and of those before it that sales are read of; each scope asks."""
    months = [day.replace(day=1)]
    while len(months) <= COUNTBACK_MONTHS:
        months.append((months[-1] - timedelta(days=1)).replace(day=1))
    return tuple(months)


def _periods(day: date) -> list[date]:
    """The first days of the months, and of the sales days: no figure needs to know better when it was issued."""
    return sorted({*_months(day), day - timedelta(days=SALES_DAYS - 1)}, reverse=True)


def _utilisations() -> Iterator[tuple[Cell, Decimal]]:
    limited = Customer.objects.active().filter(credit_limit_kind=Customer.LIMIT_AMOUNT, credit_limit__gt=0)
    rows = limited.order_by().annotate(**cells()).values("ar_balance", "open_orders_total", "credit_limit", *_names())
    for row in rows.iterator(chunk_size=5000):
        yield _cell(row), (row["ar_balance"] + row["open_orders_total"]) / row["credit_limit"]


def grouped(rows: QuerySet, prefix: str, columns: Mapping[str, Any]) -> Iterator[tuple[Cell, Sums]]:
    """The columns summed by cell; `prefix` leads from the rows to their customer. One query."""
    grouped = rows.order_by().annotate(**cells(prefix)).values(*_names()).annotate(**columns)
    for row in grouped:
        yield _cell(row), {name: Decimal(row[name]) for name in columns if _is_amount(row[name])}


def _is_amount(value: Any) -> bool:
    return isinstance(value, (int, Decimal))


def _names() -> list[str]:
    return [f"cell_{scope}" for scope in DIMENSIONS]


def _sum(name: str) -> Coalesce:
    return Coalesce(Sum(name), ZERO, output_field=MONEY)


def bounds(day: date) -> tuple[datetime, datetime]:
    """The first moment of a business day and of the next."""
    zone = ZoneInfo(settings.TIME_ZONE_BUSINESS)
    start = datetime.combine(day, time(), zone)
    end = datetime.combine(day + timedelta(days=1), time(), zone)
    return start.astimezone(UTC), end.astimezone(UTC)


AGING = {
    "aging_current": "current",
    "aging_1_30": "d1_30",
    "aging_31_60": "d31_60",
    "aging_61_90": "d61_90",
    "aging_91_120": "d91_120",
    "aging_120_plus": "d120_plus",
}


def _figures(found: Day, day: date, *, live: bool) -> dict[str, Decimal]:
    """The metrics of one scope; a figure that is not defined (no sales, no limit) is left out."""
    sums = found.sums
    figures: dict[str, Decimal | None] = {metric: sums[column] for metric, column in AGING.items()}
    invoiced = sum((sums[column] for column in AGING.values()), Decimal(0))
    balance, current = invoiced - sums["unapplied"], sums["current"]
    old = sums["d61_90"] + sums["d91_120"] + sums["d120_plus"]
    days_sales = dso(balance, sums["sales"], SALES_DAYS)
    best = dso(current, sums["sales"], SALES_DAYS)
    figures |= {
        "ar_balance": balance,
        "overdue_balance": invoiced - current,
        "unapplied": sums["unapplied"],
        "share_60_plus": old / invoiced if invoiced else None,
        "dso": days_sales,
        "dso_best_possible": best,
        "add": days_sales - best if days_sales is not None and best is not None else None,
        "dso_countback": countback_dso(balance, _sold(sums, day)),
        "cei": cei(sums["begin_invoiced"] - sums["begin_unapplied"], sums["sales"], balance, current),
    }
    figures |= {name: sums[name] for name in ("new_holds", "disputes_open", "new_disputes", "churn_signals")}
    if live:
        figures |= {name: sums[name] for name in LIVE}
        figures["utilisation"] = sums["exposure"] / sums["limits"] if sums["limits"] else None
        figures["utilisation_p90"] = percentile(found.utilisations, P90)
    return {name: value for name, value in figures.items() if value is not None}


def _sold(sums: Sums, day: date) -> list[tuple[int, Decimal]]:
    """(days, sales) of the running month so far, then of each month before, without a gap."""
    months = _months(day)[:COUNTBACK_MONTHS]
    ends = [day + timedelta(days=1), *months]
    return [((end - first).days, sums[f"sold_{n}"]) for n, (first, end) in enumerate(zip(months, ends, strict=False))]
