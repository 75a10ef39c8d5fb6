"""Stage the plain cases of an aging tick in one statement, where the database can (PostgreSQL).

A case is plain when nothing but its figures has to be told: no pause, no dispute, no earlier decision, no order about
to ship. It gets the very rows that `runner.stage_many` writes; a test compares the two column by column.
"""

from datetime import date
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Case, Exists, Func, Min, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.utils import timezone

from customers.models import Customer, Transaction, owed_on
from disputes.models import Dispute
from holds import warnings
from holds.facts import line_of, oldest_sync
from holds.models import Pause
from holds.rules import Line
from workflows.fingerprint import canonical, fingerprint
from workflows.models import AutoDecision
from workflows.stages import Loaded, stage_log
from workflows.wording import COUNT_WORDS, SYMBOLS

STATEMENT = Path(__file__).with_suffix(".sql").read_text()
FACTS = {
    "customer": "pk",
    "netsuite_id": "netsuite_id",
    "ar": "ar_balance",
    "oldest_due": "oldest_due",
    "invoices": "open_invoices_count",
    "orders": "open_orders_count",
    "orders_total": "open_orders_total",
    "limit_kind": "credit_limit_kind",
    "credit_limit": "credit_limit",
    "override": "credit_hold_override",
    "sums": "sums",
    "next_ship": "next_ship",
    "has_rep": "has_rep",
    "has_address": "has_address",
    "figures_version": "figures_version",
}


def supported() -> bool:
    return connection.vendor == "postgresql"


def plain(today: date) -> Q:
    """Customers whose proposal needs no story."""
    mine = {"customer": OuterRef("pk")}
    ships = Q(ship_date__range=(today, today + warnings.SHIPS_SOON))
    return (
        ~Exists(Pause.objects.filter(**mine))
        & ~Exists(Dispute.objects.filter(**mine, amount__isnull=False))
        & ~Exists(AutoDecision.objects.filter(**mine))
        & ~Exists(Transaction.objects.open_orders().filter(ships, **mine))
    )


def stage(
    loaded: Loaded, customers: QuerySet[Customer], *, by: str, source: str, today: date
) -> tuple[int, int | None]:
    """Run, proposal, hold, history and transitions of each, all or nothing.

    `customers` are plain, cross the line today and have neither hold nor open proposal; one that got a proposal
    meanwhile is left out. Answers how many were proposed, and the last key looked at, None when there was nobody.
    """
    facts, values = _facts(customers, today).query.sql_with_params()
    named = {f"fact{number}": value for number, value in enumerate(values)}
    facts %= tuple(f"%({name})s" for name in named)
    with connection.cursor() as cursor:
        statement = STATEMENT.replace("{columns}", ", ".join(FACTS)).replace("{facts}", facts)
        cursor.execute(statement, {**named, **_given(loaded, by, source, today)})
        staged, last = cursor.fetchone()
        return staged, last


def _facts(customers: QuerySet[Customer], today: date) -> QuerySet[Any, Any]:
    """One row a customer with the columns `FACTS`; amounts in base currency."""
    mine = Transaction.objects.filter(customer=OuterRef("pk"))
    owed, ships = mine.open_on(today).order_by().values("customer"), mine.open_orders().order_by().values("customer")
    overdue = Sum(owed_on(today), filter=Q(type=Transaction.INVOICE, due__lt=today))
    unapplied = Sum(owed_on(today), filter=Q(type__in=[Transaction.CREDIT, Transaction.PAYMENT]))
    # Two sums of one reading of the documents: an SQL subquery answers one value.
    sums = owed.annotate(sums=Func(overdue, unapplied, template="ARRAY[%(expressions)s]")).values("sums")
    has_rep = Q(sales_rep__isnull=False, sales_rep__is_inactive=False) & ~Q(sales_rep__email="")
    return customers.annotate(
        sums=Subquery(sums),
        next_ship=Case(
            When(open_orders_count__gt=0, then=Subquery(ships.annotate(first=Min("ship_date")).values("first")))
        ),
        has_rep=Case(When(has_rep, then=Value(True)), default=Value(False)),
        has_address=Case(When(email="", then=Value(False)), default=Value(True)),
    ).values_list(*FACTS.values())


def _given(loaded: Loaded, by: str, source: str, today: date) -> dict[str, Any]:
    """What is the same for all proposals of one tick."""
    line, change = line_of(loaded.thresholds), {"entitystatus": Customer.HOLD, "credit_hold": "ON"}
    return {
        "by": by,
        "source": source,
        "now": timezone.now(),
        "today": today,
        "workflow_type": loaded.contract.workflow_type,
        "definition_version": loaded.definition.version,
        "risk_level": loaded.definition.risk_level,
        "reason": f"Aging tick of {today.isoformat()}",
        "change": canonical(change),
        "content_hash": fingerprint(change),
        "currency": settings.BASE_CURRENCY,
        "symbol": SYMBOLS.get(settings.BASE_CURRENCY, f"{settings.BASE_CURRENCY} "),
        "counts": [word.capitalize() for word in COUNT_WORDS[1:]],
        "strong_days": line.strong_days,
        "strong_amount": Decimal(line.strong_amount),
        **_documents(loaded, line, today),
    }


def _documents(loaded: Loaded, line: Line, today: date) -> dict[str, str]:
    """The JSON that is the same for all: fields of evidence and context, and a story for each kind of customer."""
    synced_at = oldest_sync()
    context = {"prior_holds": 0, "set_apart": "0.00", "pause": None, "last_pause": None, "synced_at": synced_at}
    evidence = {
        "as_of": today,
        "line": {"days": line.days, "amount": str(line.amount)},
        "strong_line": {"days": line.strong_days, "amount": str(line.strong_amount)},
        "crosses": True,
    }
    return {
        "context": _fields({**context, "hold_outcomes": []}),
        "evidence": _fields({**context, **evidence}),
        "stories": canonical(_stories(loaded, synced_at)),
    }


def _fields(values: dict[str, Any]) -> str:
    """The inside of a JSON object."""
    return canonical(values)[1:-1]


def _stories(loaded: Loaded, synced_at: str | None) -> dict[str, Any]:
    """What is warned of and logged, by the facts that it depends on: rep, address and NetSuite's own hold field."""
    stories = {}
    queries = [query.name for query in loaded.contract.queries]
    for has_rep, has_address, override in product((True, False), (True, False), dict(Customer.OVERRIDES)):
        checked = [
            warnings.stale(synced_at),
            None if has_rep else warnings.NO_REP,
            None if has_address else warnings.NO_ADDRESS,
            warnings.differs(override) if override in ("ON", "OFF") else None,
        ]
        found = [warning for warning in checked if warning]
        stories[f"{'ft'[has_rep]} {'ft'[has_address]} {override}"] = {
            "warnings": found,
            "stages": stage_log(queries, [], found, "waiting"),
            "current_state": {"entitystatus": "", "credit_hold": override or "AUTO"},
        }
    return stories
