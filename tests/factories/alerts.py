"""A credit hold spike from rows in the database, as the worked example has it."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.conf import settings

from anomalies.actions.evaluation import evaluate
from anomalies.actions.snapshots import take
from anomalies.default_rules import SPIKE
from anomalies.models import Alert, AlertRule
from customers.aging import refresh_summaries
from customers.models import Customer
from tests.factories.customers import CustomerFactory, EmployeeFactory, InvoiceFactory, SalesOrderFactory
from tests.factories.metrics import history, spread

DAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 21, 5, 10, tzinfo=UTC)
IN_WEST, ELSEWHERE, PROMPT = 22, 16, 18


def spike_alert(day: date = DAY) -> Alert:
    """84 orders of 38 customers worth 1,420,000; 22 of the customers in the West, 18 of these pay promptly.

    Elsewhere: six of the top tier A are over their limit, ten of tier B are late. 200 customers in all.
    """
    AlertRule.objects.exclude(slug=SPIKE).update(enabled=False)
    rep = EmployeeFactory(first_name="Dana", last_name="Whitfield")
    held = [_in_west(number, rep, day) for number in range(IN_WEST)] + [
        _elsewhere(number, day) for number in range(ELSEWHERE)
    ]
    for region, size in (("West", 18), ("East", 64), ("North", 80)):
        CustomerFactory.create_batch(size, region=region, tier="B")
    for number in range(84):
        total = Decimal(90_000) if number == 0 else Decimal(1_330_000) / 83
        SalesOrderFactory(customer=held[number % 38], status="A", total=round(total, 2), issued=day)
    refresh_summaries(today=day)
    history("orders_on_hold", *spread(18, 6), until=day - timedelta(days=1))
    history("orders_on_hold_value", *spread(310_000, 50_000), until=day - timedelta(days=1))
    history("orders_on_hold_customers", *spread(12, 3), until=day - timedelta(days=1))
    now = early_after(day)
    take(day=day, now=now)
    [alert] = evaluate(day=day, now=now)
    return alert


def early_after(day: date) -> datetime:
    """Ten past midnight, business time, when the mirror still shows the end of `day`."""
    return datetime.combine(day + timedelta(days=1), time(0, 10), ZoneInfo(settings.TIME_ZONE_BUSINESS))


def _in_west(number: int, rep: object, day: date) -> Customer:
    customer = CustomerFactory(
        on_credit_hold=True, region="West", tier="B", payment_method="Lockbox cheque", sales_rep=rep
    )
    late = 3 if number < PROMPT else 61
    for months in (4, 6, 8):
        due = day - timedelta(days=30 * months)
        InvoiceFactory(customer=customer, issued=due - timedelta(days=30), due=due, closed=due + timedelta(days=late))
    InvoiceFactory(customer=customer, issued=day - timedelta(days=93), due=day - timedelta(days=63), total=500)
    return customer


def _elsewhere(number: int, day: date) -> Customer:
    if number < 6:
        return CustomerFactory(on_credit_hold=True, region="East", tier="A", credit_limit=Decimal(20_000))
    customer = CustomerFactory(on_credit_hold=True, region="North", tier="B")
    InvoiceFactory(customer=customer, issued=day - timedelta(days=120), due=day - timedelta(days=90), total=700)
    return customer


def fired(
    day: date = date(2026, 3, 15),
    *,
    slug: str = "customers-on-hold",
    metric: str = "customers_on_hold",
    value: int = 12,
) -> Alert:
    """An open alert of a plain rule: so many customers on hold, line 5."""
    history(metric, value, until=day)
    AlertRule.objects.exclude(slug=slug).update(enabled=False)
    [alert] = evaluate(day=day, now=datetime(2026, 3, 16, 6, tzinfo=UTC))
    AlertRule.objects.update(enabled=True)
    return alert
