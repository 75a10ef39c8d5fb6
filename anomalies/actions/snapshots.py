"""Take a day's figures: once final, as often as wanted before."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from anomalies.churn import Churn, signals
from anomalies.definitions import METRICS
from anomalies.held_orders import HeldOrder, held_orders
from anomalies.measures import Scope, measure
from anomalies.models import DailyMetric, SnapshotDay
from customers.models import Transaction
from netsuite.errors import Refusal

# The mirror still shows the end of yesterday in the first hours of a day: few orders come in then.
STILL_YESTERDAY = time(6)
KEPT_CHURN = 500
SIX_PLACES = Decimal("0.000001")
# Counted once the day is over, from the scores of its customers.
HEALTH = "health_at_risk"
WRITTEN = ["value", "is_partial", "is_backfilled", "computed_at"]


def take(*, day: date, now: datetime) -> SnapshotDay:
    """Count all figures of `day` and keep them; running it again writes the same rows.

    The running day is partial. A day that is over keeps what was counted of it when its orders and
    holds were still to be seen; those figures cannot be had later. Raises Refusal for a day to come.
    """
    local = now.astimezone(ZoneInfo(settings.TIME_ZONE_BUSINESS))
    if day > local.date():
        raise Refusal(f"{day} is still to come.", code="future_day", status=400)
    live = is_live(day, local)
    figures = measure(day, live=live)
    held = held_orders(day, since=_held_since(day)) if live else []
    silent = [_churn_json(each) for each in signals(day)[:KEPT_CHURN]] if live else []
    with transaction.atomic():
        kept = _day_row(day)
        partial = day == local.date()
        write(day, figures, partial=partial, backfilled=not live, now=now, keep_live=not live)
        if live:
            kept.orders, kept.definition = [_as_json(each) for each in held], settings.ORDERS_ON_HOLD
            kept.churn = silent
        kept.is_partial, kept.taken_at = partial, now
        kept.save()
    return kept


def is_live(day: date, local: datetime) -> bool:
    """Whether the mirror shows the end of `day`: it is today, or yesterday until early morning."""
    return day == local.date() or (day == local.date() - timedelta(days=1) and local.time() < STILL_YESTERDAY)


def _day_row(day: date) -> SnapshotDay:
    SnapshotDay.objects.get_or_create(date=day)
    return SnapshotDay.objects.select_for_update().get(date=day)


def write(
    day: date,
    figures: Mapping[Scope, Mapping[str, Decimal]],
    *,
    partial: bool,
    backfilled: bool,
    now: datetime,
    keep_live: bool,
) -> None:
    """Keep figures of `day`. Unless `keep_live`, what an earlier count found and this one did not goes."""
    rows = [
        DailyMetric(
            date=day,
            metric=metric,
            scope=scope,
            scope_value=value,
            value=checked(metric, figure),
            is_partial=partial,
            is_backfilled=backfilled,
            computed_at=now,
        )
        for (scope, value), found in figures.items()
        for metric, figure in found.items()
    ]
    unique = ["metric", "scope", "scope_value", "date"]
    DailyMetric.objects.bulk_create(
        rows, batch_size=1000, update_conflicts=True, unique_fields=unique, update_fields=WRITTEN
    )
    left = DailyMetric.objects.filter(date=day, computed_at__lt=now).exclude(metric__startswith="health_")
    # What was seen on the day cannot be had again: it stands, partial if it was.
    if not keep_live:
        left.delete()


def checked(metric: str, figure: Decimal) -> Decimal:
    """The figure as stored, six places. Raises ValueError for one that no metric can have."""
    if metric not in METRICS:
        raise ValueError(f"There is no metric {metric!r}.")
    if not figure.is_finite() or (METRICS[metric].unit == "count" and figure < 0):
        raise ValueError(f"{metric} cannot be {figure}.")
    return figure.quantize(SIX_PLACES)


def _held_since(day: date) -> Callable[[Transaction], date]:
    """Since which day an order is on hold: what the day before did not know is new, without a day before its issue."""
    before = SnapshotDay.objects.filter(date__lt=day).exclude(definition="").order_by("-date").first()
    if before is None:
        return lambda order: order.issued
    known = {row["id"]: date.fromisoformat(row["since"]) for row in before.orders}
    return lambda order: known.get(order.pk, day)


def _as_json(held: HeldOrder) -> dict[str, Any]:
    return {
        "id": held.order.pk,
        "number": str(held.order),
        "customer": held.customer.pk,
        "value": str(held.value),
        "reason": held.reason,
        "since": held.since.isoformat(),
        "region": held.customer.region,
        "tier": held.customer.tier,
        "rep": held.customer.sales_rep.netsuite_id if held.customer.sales_rep else "",
        "payment_method": held.customer.payment_method,
    }


def _churn_json(signal: Churn) -> dict[str, Any]:
    return {
        "customer": signal.customer,
        "last_order": signal.last_order.isoformat(),
        "days": signal.days,
        "interval": signal.interval,
        "revenue": str(signal.revenue),
    }


def backfill(*, first: date, last: date, now: datetime) -> int:
    """Compute the days from `first` to `last` that have no figures yet; returns how many were."""
    known = set(SnapshotDay.objects.filter(date__gte=first, date__lte=last).values_list("date", flat=True))
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    missing = [day for day in days if day not in known]
    for day in missing:
        take(day=day, now=now)
    return len(missing)
