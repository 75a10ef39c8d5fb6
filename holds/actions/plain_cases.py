"""Stage the plain cases of an aging tick in one statement, where the database can (PostgreSQL).

A case is plain when nothing but its figures has to be told: no pause, no dispute, no earlier decision, no order about
to ship. It gets the very rows that `runner.stage_many` writes; a test compares the two column by column.
"""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Case, Exists, Min, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from customers.models import MONEY, ZERO, Customer, Transaction, TransactionQuerySet, owed_on
from disputes.models import Dispute
from holds import warnings
from holds.facts import line_of, oldest_sync
from holds.models import Pause
from workflows.fingerprint import canonical, fingerprint
from workflows.models import AutoDecision
from workflows.stages import Loaded
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
    "overdue": "overdue",
    "unapplied": "unapplied",
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


def stage(loaded: Loaded, customers: QuerySet[Customer], *, by: str, source: str, today: date) -> int:
    """Run, proposal, hold, history and transitions of each, all or nothing; answers how many were proposed.

    `customers` are plain, cross the line today and have neither hold nor open proposal; one that got a proposal
    meanwhile is left out.
    """
    facts, values = _facts(customers, today).query.sql_with_params()
    named = {f"fact{number}": value for number, value in enumerate(values)}
    facts %= tuple(f"%({name})s" for name in named)
    with connection.cursor() as cursor:
        statement = STATEMENT.replace("{columns}", ", ".join(FACTS)).replace("{facts}", facts)
        cursor.execute(statement, {**named, **_given(loaded, by, source, today)})
        return int(cursor.fetchone()[0])


def _facts(customers: QuerySet[Customer], today: date) -> QuerySet[Any, Any]:
    """One row a customer with the columns `FACTS`; amounts in base currency."""
    mine = Transaction.objects.filter(customer=OuterRef("pk"))
    owed, ships = mine.open_on(today), mine.open_orders().order_by().values("customer")
    has_rep = Q(sales_rep__isnull=False, sales_rep__is_inactive=False) & ~Q(sales_rep__email="")
    return customers.annotate(
        overdue=_total(owed.overdue(today), today),
        unapplied=_total(owed.unapplied(), today),
        next_ship=Subquery(ships.annotate(first=Min("ship_date")).values("first")),
        has_rep=Case(When(has_rep, then=Value(True)), default=Value(False)),
        has_address=Case(When(email="", then=Value(False)), default=Value(True)),
    ).values_list(*FACTS.values())


def _total(rows: TransactionQuerySet, today: date) -> Coalesce:
    summed = rows.order_by().values("customer").annotate(total=Sum(owed_on(today))).values("total")
    return Coalesce(Subquery(summed, output_field=MONEY), ZERO, output_field=MONEY)


def _given(loaded: Loaded, by: str, source: str, today: date) -> dict[str, Any]:
    """What is the same for all proposals of one tick."""
    now, line, synced_at = timezone.now(), line_of(loaded.thresholds), oldest_sync()
    change = {"entitystatus": Customer.HOLD, "credit_hold": "ON"}
    return {
        "by": by,
        "source": source,
        "now": now,
        "said_at": canonical(now).strip('"'),
        "today": today,
        "workflow_type": loaded.contract.workflow_type,
        "queries": ", ".join(query.name for query in loaded.contract.queries),
        "definition_version": loaded.definition.version,
        "risk_level": loaded.definition.risk_level,
        "reason": f"Aging tick of {today.isoformat()}",
        "change": canonical(change),
        "content_hash": fingerprint(change),
        "currency": settings.BASE_CURRENCY,
        "symbol": SYMBOLS.get(settings.BASE_CURRENCY, f"{settings.BASE_CURRENCY} "),
        "counts": [word.capitalize() for word in COUNT_WORDS[1:]],
        "line": canonical({"days": line.days, "amount": str(line.amount)}),
        "strong_line": canonical({"days": line.strong_days, "amount": str(line.strong_amount)}),
        "strong_days": line.strong_days,
        "strong_amount": Decimal(line.strong_amount),
        "synced_at": synced_at,
        "stale": _listed(warnings.stale(synced_at)),
        "no_rep": _listed(warnings.NO_REP),
        "no_address": _listed(warnings.NO_ADDRESS),
        "differs": canonical({value: [warnings.differs(value)] for value in ("ON", "OFF")}),
    }


def _listed(warning: dict[str, str] | None) -> str:
    return canonical([warning] if warning else [])
