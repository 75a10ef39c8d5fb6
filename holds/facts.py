"""The context queries of the hold contracts: each loads many customers at once."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Max, Min, Q, QuerySet, Sum

from customers.aging import OLDEST_FIRST, owed_rows, told_by
from customers.models import Customer, SyncState, Transaction
from customers.sync import SHOWN, oldest_read
from disputes.models import Dispute
from holds.models import Override, Pause, ServiceHold
from holds.rules import HoldNote, Line, Owed
from workflows.contracts import Reading
from workflows.models import AutoDecision

Rows = Sequence[Any]
NO_ORDERS = {"count": 0, "total": "0.00", "next_ship": None}


def line_of(thresholds: Mapping[str, Any]) -> Line:
    """The line as set in the console."""
    return Line(
        days=int(thresholds["days"]),
        amount=Decimal(str(thresholds["amount"])),
        strong_days=int(thresholds["strong_days"]),
        strong_amount=Decimal(str(thresholds["strong_amount"])),
    )


def _owed(rows: Rows, customer_ids: Sequence[int], day: date) -> dict[int, dict[str, Any]]:
    return {
        pk: {
            "ar_balance": str(found.ar_balance),
            "overdue_balance": str(found.overdue_balance),
            "days_overdue": found.days_overdue,
            "oldest_due": found.oldest_due.isoformat() if found.oldest_due else None,
            "open_invoices": found.open_invoices,
            "unapplied": str(found.aging.unapplied),
            "tier": found.tier,
        }
        for pk, found in told_by(rows, day).items()
    }


def _order_rows(customer_ids: Sequence[int], day: date) -> QuerySet[Any, Any]:
    rows = Transaction.objects.open_orders().filter(customer__in=customer_ids).order_by().values("customer")
    return rows.annotate(count=Count("pk"), total=Sum("total"), next_ship=Min("ship_date"))


def _orders(rows: Rows, customer_ids: Sequence[int], day: date) -> dict[int, dict[str, Any]]:
    return {
        row["customer"]: {"count": row["count"], "total": str(row["total"]), "next_ship": row["next_ship"]}
        for row in rows
    }


def _decision_rows(customer_ids: Sequence[int], day: date) -> QuerySet[Any, Any]:
    """Approved service holds in the decisions, without the one being carried out."""
    earlier = AutoDecision.objects.service_holds().exclude(run__status="awaiting_decision")
    rows = earlier.filter(customer__in=customer_ids).order_by().values("customer")
    return rows.annotate(times=Count("pk"))


def _lifted_rows(customer_ids: Sequence[int], day: date) -> QuerySet[Any, Any]:
    ended = ServiceHold.objects.filter(customer__in=customer_ids, status="lifted").order_by("-ended_at")
    return ended.values("customer", "placed_at", "ended_at", "end_reason")


def _outcomes(rows: Rows, customer_ids: Sequence[int], day: date) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    for hold in rows:
        notes = found.setdefault(hold["customer"], [])
        if len(notes) < 3 and hold["placed_at"] and hold["ended_at"]:
            notes.append({"days": (hold["ended_at"] - hold["placed_at"]).days, "how": hold["end_reason"]})
    return found


def _pause_rows(customer_ids: Sequence[int], day: date) -> QuerySet[Any, Any]:
    return Pause.objects.running(day).filter(customer__in=customer_ids).order_by("ends").values()


def _running(rows: Rows, customer_ids: Sequence[int], day: date) -> dict[int, dict[str, Any]]:
    return {row["customer_id"]: {"kind": row["kind"], "ends": row["ends"], "id": row["id"]} for row in rows}


def _past_pause_rows(customer_ids: Sequence[int], day: date) -> QuerySet[Any, Any]:
    over = Pause.objects.filter(Q(ends__lt=day) | Q(ended_at__isnull=False), customer__in=customer_ids)
    return over.order_by("pk").values("customer", "kind", "ends", "end_reason")


def sync_rows(customer_ids: Sequence[int] = (), day: date | None = None) -> QuerySet[Any, Any]:
    return SyncState.objects.filter(record_type__in=SHOWN).order_by().values_list("last_success_at", flat=True)


def _oldest(times: Sequence[datetime | None]) -> str | None:
    oldest = oldest_read(times)
    return oldest.isoformat() if oldest else None


def _override_rows(customer_ids: Sequence[int], _day: date) -> QuerySet[Override]:
    return Override.objects.unspent().filter(customer__in=customer_ids)


def _by_customer(rows: Rows, customer_ids: Sequence[int], day: date) -> dict[int, list[Any]]:
    return {pk: [row for row in rows if row.customer_id == pk] for pk in customer_ids}


def _invoice_rows(customer_ids: Sequence[int], day: date) -> QuerySet[Any, Any]:
    """Of one customer, whose rows come oldest first: only the first is read."""
    rows = Transaction.objects.filter(customer__in=customer_ids).invoices().open_on(day).order_by(*OLDEST_FIRST)
    return rows.values("customer", "tranid", "unpaid", "due")[:1]


# What they owe at the end of the day, base currency as text.
owed = Reading(lambda customer_ids, day: owed_rows(day, customer_ids), _owed)
# Sales orders not closed or cancelled: count, total and the next day one ships.
open_sos = Reading(_order_rows, _orders)
# How often each was held before.
prior_holds = Reading(_decision_rows, lambda rows, _ids, _day: {row["customer"]: row["times"] for row in rows})
# How earlier holds ended, newest first, at most three a customer.
hold_outcomes = Reading(_lifted_rows, _outcomes)
# Disputed amounts that do not count, base currency as text.
set_apart = Reading(
    lambda customer_ids, day: Dispute.objects.set_apart_rows(customer_ids, day),
    lambda rows, _ids, _day: {row["customer"]: str(row["total"]) for row in rows},
)
# The pause that ends last, for each customer that has one running.
running_pauses = Reading(_pause_rows, _running)
# The latest pause that is over, for the evidence.
last_pauses = Reading(_past_pause_rows, lambda rows, _ids, _day: {row["customer"]: dict(row) for row in rows})
# When the balances were last read from NetSuite, the same for all.
data_age = Reading(sync_rows, lambda times, customer_ids, _day: dict.fromkeys(customer_ids, _oldest(times)))

# What the steps need: the hold that is proposed or in force, its overrides, the invoice that is due longest.
BESIDE = {
    "hold": Reading(
        lambda customer_ids, _day: ServiceHold.objects.open().filter(customer__in=customer_ids).order_by(),
        lambda rows, _ids, _day: {hold.customer_id: hold for hold in rows},
    ),
    "overrides": Reading(_override_rows, _by_customer),
    "oldest_invoice": Reading(_invoice_rows, lambda rows, _ids, _day: {row["customer"]: row for row in rows}),
}


def oldest_sync() -> str | None:
    """The age that counts: of the record type that was read longest ago; ISO 8601, None before the first sync."""
    return _oldest(list(sync_rows()))


def owed_facts(customer: Customer, context: Mapping[str, Any]) -> Owed:
    """The rule's view of the context."""
    found = context["owed"]
    return Owed(
        ar_balance=Decimal(found["ar_balance"]),
        days_overdue=found["days_overdue"],
        set_apart=Decimal(context["set_apart"]),
    )


def last_declined(customer_ids: Sequence[int], since: date) -> set[int]:
    """Customers whose hold a person declined on or after the business day `since`."""
    rows = (
        AutoDecision.objects.filter(decision_type="service_hold_declined", customer__in=customer_ids)
        .order_by()
        .values("customer")
        .annotate(last=Max("at"))
    )
    zone = ZoneInfo(settings.TIME_ZONE_BUSINESS)
    return {row["customer"] for row in rows if row["last"].astimezone(zone).date() >= since}


def hold_note(customer: Customer) -> HoldNote | None:
    """The service hold in force: who, when, why. One query."""
    active = ServiceHold.objects.active().filter(customer=customer)
    hold = active.select_related("proposal__decided_by").first()
    if hold is None or hold.placed_at is None:
        return None
    person = hold.proposal.decided_by
    name = person.get_full_name() if person else ""
    return HoldNote(hold.pk, hold.placed_by, hold.placed_at, hold.proposal.decision_reason or hold.reason, name)
