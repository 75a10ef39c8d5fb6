"""The customers behind an alert, as the preview of an action shows them. Base currency."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Avg

from anomalies.habits import is_prompt, usual_delay, words_of
from anomalies.held_orders import on_credit_hold, over_limit
from anomalies.models import Alert, SnapshotDay
from customers.models import Customer, Transaction
from customers.rules import days_overdue, exposure

LOOK_BACK = timedelta(days=365)
ROUND_TO = Decimal(1_000)


@dataclass(frozen=True)
class Member:
    """One customer of a group: blocked orders and their value, days late today, and how it usually pays."""

    customer: Customer
    orders: int
    value: Decimal
    days_late: int
    delay: int | None

    @property
    def prompt(self) -> bool:
        return is_prompt(self.delay)

    @property
    def usual(self) -> str:
        return words_of(self.delay)

    @property
    def over_by(self) -> Decimal | None:
        return over_limit(self.customer)

    @property
    def is_over(self) -> bool:
        return (self.over_by or Decimal(0)) > 0

    @property
    def proposed_limit(self) -> Decimal | None:
        """The next full thousand above AR and open orders; None where no limit is set."""
        limit = self.customer.credit_limit
        if self.over_by is None or limit is None:
            return None
        exposed = max(exposure(self.customer.ar_balance, self.customer.open_orders_total), limit)
        return (exposed // ROUND_TO + 1) * ROUND_TO


def orders_of(alert: Alert) -> list[dict]:
    """The blocked orders that the alert is about, largest first, as they were seen on its day."""
    if "wave" in alert.payload:
        return list(alert.payload["wave"]["orders"])
    if not alert.rule_as_was.get("metric", "").startswith("orders_on_hold"):
        return []
    snapshot = SnapshotDay.objects.filter(date=alert.date).first()
    rows = snapshot.orders if snapshot else []
    found = [{**row, "days_held": max(0, (alert.date - date.fromisoformat(row["since"])).days)} for row in rows]
    if alert.rule_as_was["metric"] == "orders_on_hold_largest":
        found = [row for row in found if Decimal(row["value"]) > alert.line]
    return found


def still_blocked(orders: Iterable[dict]) -> set[int]:
    """Which of these orders are on credit hold now. One query."""
    return set(on_credit_hold().filter(pk__in=[order["id"] for order in orders]).values_list("pk", flat=True))


def members(orders: Sequence[dict], *, today: date, before: date) -> list[Member]:
    """The customers of these orders, largest value first. Payment habits of the year `before` a day. Two queries."""
    values: dict[int, list[Decimal]] = defaultdict(list)
    for order in orders:
        values[order["customer"]].append(Decimal(order["value"]))
    customers = Customer.objects.select_related("sales_rep").in_bulk(list(values))
    delays = usual_delays(customers, before)
    found = [
        Member(
            customer,
            len(values[pk]),
            sum(values[pk], Decimal(0)),
            days_overdue(customer.oldest_due, today),
            delays.get(pk),
        )
        for pk, customer in customers.items()
    ]
    return sorted(found, key=lambda member: (-member.value, member.customer.pk))


def usual_delays(customers: Iterable[int], before: date) -> dict[int, int | None]:
    """Median days after due, by customer, of invoices settled in the year before a day. One query."""
    paid = Transaction.objects.invoices().filter(customer__in=customers, due__isnull=False)
    paid = paid.filter(closed__gte=before - LOOK_BACK, closed__lt=before).order_by()
    pairs: dict[int, list[tuple[date, date]]] = defaultdict(list)
    for pk, due, closed in paid.values_list("customer", "due", "closed"):
        if due is not None and closed is not None:
            pairs[pk].append((due, closed))
    return {pk: usual_delay(found) for pk, found in pairs.items()}


def tiers_by_limit() -> list[str]:
    """The tiers, the one with the largest average credit limit first. One query."""
    limited = Customer.objects.active().exclude(tier="").filter(credit_limit_kind=Customer.LIMIT_AMOUNT)
    rows = limited.order_by().values("tier").annotate(mean=Avg("credit_limit")).order_by("-mean", "tier")
    return [row["tier"] for row in rows]
