"""The list of disputes: its filters, and the shortcuts above it."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import QueryDict
from django.utils import timezone

from disputes.models import Dispute
from netsuite.console import choices_of

STATES = [("unsettled", "Not settled"), *choices_of(Dispute, "status")]
CLOCKS = [("late", "Late"), ("unanswered", "Not answered"), ("today", "Due within 24 h")]
AGES = [("day", "Within a day"), ("week", "2 to 7 days ago"), ("month", "8 to 30 days ago"), ("older", "Longer ago")]
SIZES = [("small", "Up to 1,000"), ("middle", "1,000 to 10,000"), ("large", "Over 10,000"), ("none", "No amount")]
QUEUES = [("mine", "Routed to me")]
_DAYS = {"day": (0, 1), "week": (1, 7), "month": (7, 30)}
SMALL, LARGE = Decimal(1000), Decimal(10_000)


def by_queue(rows: Any, value: str, user: Any) -> QuerySet:
    return rows.in_queue_of(user) if value == "mine" else rows


def by_status(rows: Any, value: str) -> QuerySet:
    return rows.open() if value == "unsettled" else rows.filter(status=value)


def by_clock(rows: Any, value: str) -> QuerySet:
    now = timezone.now()
    if value == "unanswered":
        return rows.open().filter(responded_at=None)
    if value == "today":
        soon = Q(responded_at=None, respond_by__range=(now, now + timedelta(days=1)))
        return rows.open().filter(soon | Q(resolve_by__range=(now, now + timedelta(days=1))))
    return rows.overdue(now) if value == "late" else rows


def by_age(rows: Any, value: str) -> QuerySet:
    now = timezone.now()
    if value == "older":
        return rows.filter(opened_at__lte=now - timedelta(days=30))
    if value not in _DAYS:
        return rows
    least, most = _DAYS[value]
    return rows.filter(opened_at__gt=now - timedelta(days=most), opened_at__lte=now - timedelta(days=least))


def by_size(rows: Any, value: str) -> QuerySet:
    """Base currency; a dispute without an amount is in none of the sizes."""
    wanted = {
        "small": Q(amount__lte=SMALL),
        "middle": Q(amount__gt=SMALL, amount__lte=LARGE),
        "large": Q(amount__gt=LARGE),
        "none": Q(amount=None),
    }
    return rows.filter(wanted[value]) if value in wanted else rows


@dataclass(frozen=True)
class Shortcut:
    word: str
    count: int
    query: str
    chosen: bool


def shortcuts(user: Any, query: QueryDict) -> list[Shortcut]:
    """What people come for, with how many; a queue of one's own for whoever disputes are routed to."""
    rows, now = Dispute.objects.visible_to(user).order_by(), timezone.now()
    late = Q(responded_at=None, respond_by__lt=now) | Q(resolve_by__lt=now)
    found = rows.open().aggregate(
        all=Count("pk"),
        late=Count("pk", filter=late),
        unanswered=Count("pk", filter=Q(responded_at=None)),
        mine=Count("pk", filter=Q(status="escalated", owner__user=user)),
    )
    is_rep = hasattr(user, "employee") and user.employee.is_sales_rep
    lines = [
        ("Not settled", "all", "status=unsettled"),
        ("Late", "late", "clock=late"),
        ("Not answered", "unanswered", "clock=unanswered"),
    ]
    if is_rep or found["mine"]:
        lines.insert(0, ("Routed to me", "mine", "queue=mine"))
    return [Shortcut(word, found[name], line, query.urlencode() == line) for word, name, line in lines]
