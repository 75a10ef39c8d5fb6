"""The context queries of the hold contracts: each loads many customers at once."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Max, Min, Sum
from django.utils import timezone

from customers.aging import receivables
from customers.models import Customer, Transaction
from customers.sync import freshness
from disputes.models import Dispute
from holds.models import Pause, ServiceHold
from holds.rules import HoldNote, Line, Owed
from workflows.models import AutoDecision

NO_ORDERS = {"count": 0, "total": "0.00", "next_ship": None}


def line_of(thresholds: Mapping[str, Any]) -> Line:
    """The line as set in the console."""
    return Line(
        days=int(thresholds["days"]),
        amount=Decimal(str(thresholds["amount"])),
        strong_days=int(thresholds["strong_days"]),
        strong_amount=Decimal(str(thresholds["strong_amount"])),
    )


def owed(customer_ids: Sequence[int], day: date) -> dict[int, dict[str, Any]]:
    """What they owe at the end of `day`, base currency as text."""
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
        for pk, found in receivables(day, customer_ids).items()
    }


def open_sos(customer_ids: Sequence[int], day: date) -> dict[int, dict[str, Any]]:
    """Sales orders not closed or cancelled: count, total and the next day one ships."""
    rows = Transaction.objects.open_orders().filter(customer__in=customer_ids).order_by().values("customer")
    counted = rows.annotate(count=Count("pk"), total=Sum("total"), next_ship=Min("ship_date"))
    return {
        row["customer"]: {"count": row["count"], "total": str(row["total"]), "next_ship": row["next_ship"]}
        for row in counted
    }


def prior_holds(customer_ids: Sequence[int], day: date) -> dict[int, int]:
    """How often each was held before: approved service holds in the decisions, without the one being carried out."""
    earlier = AutoDecision.objects.service_holds().exclude(run__status="awaiting_decision")
    rows = earlier.filter(customer__in=customer_ids).order_by().values("customer")
    return {row["customer"]: row["times"] for row in rows.annotate(times=Count("pk"))}


def hold_outcomes(customer_ids: Sequence[int], day: date) -> dict[int, list[dict[str, Any]]]:
    """How earlier holds ended, newest first, at most three a customer."""
    found: dict[int, list[dict[str, Any]]] = {}
    ended = ServiceHold.objects.filter(customer__in=customer_ids, status="lifted").order_by("-ended_at")
    for hold in ended.only("customer_id", "placed_at", "ended_at", "end_reason"):
        notes = found.setdefault(hold.customer_id, [])
        if len(notes) < 3 and hold.placed_at and hold.ended_at:
            notes.append({"days": (hold.ended_at - hold.placed_at).days, "how": hold.end_reason})
    return found


def set_apart(customer_ids: Sequence[int], day: date) -> dict[int, str]:
    """Disputed amounts that do not count, base currency as text."""
    return {pk: str(amount) for pk, amount in Dispute.objects.set_apart(list(customer_ids), day).items()}


def running_pauses(customer_ids: Sequence[int], day: date) -> dict[int, dict[str, Any]]:
    """The pause that ends last, for each customer that has one running."""
    rows = Pause.objects.running(day).filter(customer__in=customer_ids).order_by("ends")
    return {pause.customer_id: {"kind": pause.kind, "ends": pause.ends, "id": pause.pk} for pause in rows}


def last_pauses(customer_ids: Sequence[int], day: date) -> dict[int, dict[str, Any]]:
    """The latest pause that is over, for the evidence."""
    over = Pause.objects.filter(customer__in=customer_ids, ends__lt=day) | Pause.objects.filter(
        customer__in=customer_ids, ended_at__isnull=False
    )
    rows = over.order_by("pk").values("customer", "kind", "ends", "end_reason")
    return {row["customer"]: dict(row) for row in rows}


def data_age(customer_ids: Sequence[int], day: date) -> dict[int, str | None]:
    """When the balances were last read from NetSuite, the same for all."""
    oldest = oldest_sync()
    return dict.fromkeys(customer_ids, oldest)


def oldest_sync() -> str | None:
    """The age that counts: of the record type that was read longest ago; ISO 8601, None before the first sync."""
    times = [state.last_success_at for state in freshness(now=timezone.now())]
    return None if not times or None in times else min(t for t in times if t).isoformat()


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
