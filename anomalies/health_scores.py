"""The health of all customers, kept once a business day in batches: memory stays flat whatever their number."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from time import monotonic

from django.db.models import Count, Max, Q

from anomalies.actions.snapshots import HEALTH, write
from anomalies.measures import Scope, bounds, grouped, scopes_of
from anomalies.models import HealthScore, SnapshotDay
from anomalies.models.health import BANDS
from customers.health import customers_health
from customers.models import Customer
from customers.rules import Health
from orders.models import OrderLine
from workflows.models import ReflexionEntry

BATCH = 1000
FRICTION_DAYS = 60
RECENT_DAYS, EARLIER_DAYS = 60, 240
# Every day of five weeks, and the first of each month before.
KEPT_DAYS = 35
CENT = Decimal("0.01")
PLACES = 4


@dataclass(frozen=True)
class Scored:
    """How many customers one run scored, and whether that was the last of the day."""

    day: date
    customers: int
    is_complete: bool


def score_day(*, day: date, now: datetime, seconds: float | None = None) -> Scored:
    """Score every active customer as at the end of `day`, once; later runs find it done.

    With `seconds` it stops after the batch in which they are over; the next run goes on where it stopped.
    Reads of `seconds` are of a monotonic clock, not of `now`.
    """
    kept, _ = SnapshotDay.objects.get_or_create(date=day)
    if kept.scored_at:
        return Scored(day, 0, True)
    until, done = monotonic() + seconds if seconds is not None else None, 0
    for batch in _batches(after=_last_scored(day)):
        _keep(batch, day)
        done += len(batch)
        if until is not None and monotonic() > until:
            return Scored(day, done, False)
    write(day, _by_band(day), partial=False, backfilled=False, now=now, keep_live=True)
    SnapshotDay.objects.filter(pk=kept.pk).update(scored_at=now)
    drop_old(day)
    return Scored(day, done, True)


def _by_band(day: date) -> dict[Scope, dict[str, Decimal]]:
    """Customers by band, and those whose health is orange or red, by scope. One query."""
    bands = {f"health_{band}": Count("pk", filter=Q(band=band)) for band, _ in BANDS}
    columns = {HEALTH: Count("pk", filter=Q(band__in=["orange", "red"])), **bands}
    found: dict[Scope, dict[str, Decimal]] = {("all", ""): dict.fromkeys(columns, Decimal(0))}
    for cell, sums in grouped(HealthScore.objects.of_day(day), "customer__", columns):
        for scope in scopes_of(cell):
            figures = found.setdefault(scope, dict.fromkeys(columns, Decimal(0)))
            for name in columns:
                figures[name] += sums[name]
    return found


def drop_old(day: date) -> None:
    """Forget days older than five weeks, except the first of each month."""
    HealthScore.objects.filter(day__lt=day - timedelta(days=KEPT_DAYS)).exclude(day__day=1).delete()


def _last_scored(day: date) -> int:
    return HealthScore.objects.of_day(day).aggregate(last=Max("customer"))["last"] or 0


def _batches(*, after: int) -> Iterable[list[Customer]]:
    """Active customers by key, a thousand at a time."""
    last = after
    while batch := list(Customer.objects.active().filter(pk__gt=last).order_by("pk").only("pk")[:BATCH]):
        yield batch
        last = batch[-1].pk


def _keep(batch: Sequence[Customer], day: date) -> None:
    keys = [customer.pk for customer in batch]
    found = customers_health(batch, today=day, friction=friction(keys, day))
    rows = [_row(key, day, health) for key, health in found.items()]
    HealthScore.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["customer", "day"], update_fields=["score", "band", "signals"]
    )


def _row(key: int, day: date, health: Health) -> HealthScore:
    values = {signal.name: round(signal.value, PLACES) for signal in health.signals}
    score = Decimal(str(health.score)).quantize(CENT)
    return HealthScore(customer_id=key, day=day, score=score, band=health.band, signals=values)


def friction(keys: Sequence[int], day: date) -> dict[int, int]:
    """Friction notes of the 60 days up to and with `day`, by customer. One query."""
    first, last = bounds(day - timedelta(days=FRICTION_DAYS - 1))[0], bounds(day)[1]
    notes = ReflexionEntry.objects.filter(customer__in=keys, at__gte=first, at__lt=last)
    rows = notes.order_by().values("customer").annotate(n=Count("pk"))
    return {row["customer"]: row["n"] for row in rows}


def items_ordered(keys: Sequence[int], day: date) -> dict[int, tuple[int, int]]:
    """Distinct products of orders submitted here in the 60 days up to `day`, and in the 180 before. One query.

    Customers without such an order are left out: NetSuite's orders are mirrored without their lines.
    """
    first = bounds(day - timedelta(days=EARLIER_DAYS - 1))[0]
    recent, last = bounds(day - timedelta(days=RECENT_DAYS - 1))[0], bounds(day)[1]
    ordered = Q(order__status="submitted", order__submitted_at__gte=first, order__submitted_at__lt=last)
    rows = OrderLine.objects.filter(ordered, order__customer__in=keys).order_by().values("order__customer")
    counted = rows.annotate(
        lately=Count("product", distinct=True, filter=Q(order__submitted_at__gte=recent)),
        earlier=Count("product", distinct=True, filter=Q(order__submitted_at__lt=recent)),
    )
    return {row["order__customer"]: (row["lately"], row["earlier"]) for row in counted}
