"""Six weeks of daily figures and what the alert rules made of them: one alert of earlier, the wave of yesterday.

Documents give what documents can give. Who was on hold on a past day they cannot: the demo lets every third
order wait some days, so that counts, values and customers of each day belong together.
"""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from math import sin
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth import get_user_model

from anomalies.actions import alerts
from anomalies.actions.evaluation import evaluate
from anomalies.actions.snapshots import checked, take
from anomalies.measures import measure
from anomalies.models import Alert, DailyMetric, SnapshotDay
from config.demo.clock import clock_at
from customers.models import Transaction

if TYPE_CHECKING:
    from django.contrib.auth.models import User

DAYS = 44
EARLIER = 17
WAITS = (2, 3, 3, 4, 6)
SHARE = 3
WORDS = {
    "large-order-on-hold": "Paid by wire the same day.",
    "customers-on-hold": "Year-end clean-up of old invoices, as planned.",
}


def watch(today: date) -> int:
    """Take and judge the days before `today` (business date); answers how many alerts are open."""
    users = get_user_model().objects
    mike, clerk = users.get(username="mike"), users.get(username="clerk")
    yesterday = today - timedelta(days=1)
    take(day=yesterday, now=_early(today))
    _history(yesterday)
    _an_earlier_one(today - timedelta(days=EARLIER), mike, clerk)
    SnapshotDay.objects.update(judged_at=_early(today))
    return len(evaluate(day=yesterday, now=_early(today)))


def _early(day: date) -> datetime:
    return datetime.combine(day, time(0, 10), ZoneInfo(settings.TIME_ZONE_BUSINESS))


def _history(last: date) -> None:
    """Every day before `last`."""
    seen = dict(DailyMetric.objects.filter(date=last, scope="all").values_list("metric", "value"))
    orders = list(_waiting_orders(last))
    for back in range(DAYS, 0, -1):
        day = last - timedelta(days=back)
        held = [order for order in orders if order.issued <= day < _released(order)]
        figures = dict(measure(day, live=False)["all", ""])
        figures |= _of_holds(held) | _of_limits(seen, back)
        DailyMetric.objects.bulk_create(
            DailyMetric(date=day, metric=metric, value=checked(metric, value), computed_at=_early(day))
            for metric, value in figures.items()
        )
        rows = [_as_json(order) for order in sorted(held, key=lambda order: -order.total)]
        SnapshotDay.objects.create(date=day, definition="A", taken_at=_early(day + timedelta(days=1)), orders=rows)


def _waiting_orders(last: date) -> Iterable[Transaction]:
    """Every third order of that time; it waited some days, then it shipped."""
    first = last - timedelta(days=DAYS + max(WAITS))
    rows = Transaction.objects.filter(type=Transaction.SALES_ORDER, issued__gte=first, issued__lt=last)
    rows = rows.exclude(status="A").select_related("customer__sales_rep").order_by("pk")
    return (order for order in rows if order.pk % SHARE == 0)


def _released(order: Transaction) -> date:
    return order.issued + timedelta(days=WAITS[order.pk // SHARE % len(WAITS)])


def _of_holds(held: list[Transaction]) -> dict[str, Decimal]:
    totals = [order.total for order in held]
    customers = len({order.customer_id for order in held})
    return {
        "orders_on_hold": Decimal(len(held)),
        "orders_on_hold_value": sum(totals, Decimal(0)),
        "orders_on_hold_largest": max(totals, default=Decimal(0)),
        "orders_on_hold_customers": Decimal(customers),
        "customers_on_hold": Decimal(customers),
    }


def _of_limits(seen: dict[str, Decimal], back: int) -> dict[str, Decimal]:
    """Utilisation swings a little around what it is now."""
    swing = Decimal(str(round(1 + 0.03 * sin(back / 3), 4)))
    return {name: seen[name] * swing for name in ("utilisation", "utilisation_p90") if name in seen}


def _as_json(order: Transaction) -> dict[str, Any]:
    customer = order.customer
    return {
        "id": order.pk,
        "number": str(order),
        "customer": customer.pk,
        "value": str(order.total),
        "reason": "over-limit",
        "since": order.issued.isoformat(),
        "region": customer.region,
        "tier": customer.tier,
        "rep": customer.sales_rep.netsuite_id if customer.sales_rep else "",
        "payment_method": customer.payment_method,
    }


def _an_earlier_one(day: date, mike: "User", clerk: "User") -> None:
    """What fired then was looked after and is over."""
    with clock_at(_early(day + timedelta(days=1))):
        evaluate(day=day, now=_early(day + timedelta(days=1)))
    zone = ZoneInfo(settings.TIME_ZONE_BUSINESS)
    with clock_at(datetime.combine(day + timedelta(days=1), time(8, 20), zone)):
        for alert in Alert.objects.open():
            alerts.acknowledge(alert=alert, by=clerk)
    with clock_at(datetime.combine(day + timedelta(days=2), time(15, 5), zone)):
        for alert in Alert.objects.open().select_related("rule"):
            alerts.resolve(alert=alert, by=mike, reason=WORDS.get(alert.rule.slug, "Looked into; as expected."))
