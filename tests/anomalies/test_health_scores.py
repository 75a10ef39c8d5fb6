"""The health of customers, kept every night."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from anomalies import health_scores, tasks
from anomalies.actions.snapshots import take
from anomalies.health_scores import score_day
from anomalies.models import DailyMetric, HealthScore, SnapshotDay
from customers.health import customer_health
from customers.models import Customer
from orders.actions import orders
from orders.models import Order
from tests.factories.customers import CreditFactory, CustomerFactory, InvoiceFactory, SalesOrderFactory
from tests.factories.orders import ProductFactory
from workflows.models import ReflexionEntry

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 15)
NOW = datetime(2026, 3, 16, 5, 0, tzinfo=UTC)


def days_ago(days: int) -> date:
    return DAY - timedelta(days=days)


def at_noon(days: int) -> datetime:
    return datetime(2026, 3, 15, 16, tzinfo=UTC) - timedelta(days=days)


def bought(customer: Customer, days: int, products: list, mike) -> Order:
    """An order of these products that was submitted so many days ago."""
    order = orders.create(by=mike, customer=customer)
    for product in products:
        orders.add_line(order=order, product=product, quantity=Decimal(1), by=mike)
    orders.submit(order=Order.objects.get(pk=order.pk), by=mike)
    Order.objects.filter(pk=order.pk).update(submitted_at=at_noon(days))
    return order


def noted(customer: Customer, days: int) -> None:
    ReflexionEntry.objects.create(
        workflow_type="service_hold_trigger", customer=customer, tags="x", narrative="Paid late.", at=at_noon(days)
    )


def worked_example(mike) -> Customer:
    """4 orders in 30 days, 27 in the 90 before, every 7 days; 2 memos, 1 note, 3,000 of 20,000 over 60; 6 of 10 items.

    Four orders in 30 days cannot stand beside a gap of 35 days: here they are of one day, 28 days ago, and 28 is four
    times the interval, from where on the gap counts in full just as 35 does.
    """
    customer = CustomerFactory(name="Example Foods")
    products = ProductFactory.create_batch(10)
    bought(customer, 200, products, mike)
    bought(customer, 59, products[:4], mike)
    bought(customer, 28, products[2:6], mike)
    for week in range(13):
        SalesOrderFactory.create_batch(
            4 if week == 0 else 3 if week < 4 else 2, customer=customer, issued=days_ago(28 + 7 * week)
        )
    for days in (3, 20):
        CreditFactory(customer=customer, issued=days_ago(days), total=Decimal(50), unpaid=Decimal(0))
    noted(customer, 10)
    InvoiceFactory(customer=customer, issued=days_ago(95), due=days_ago(65), total=Decimal(3000))
    InvoiceFactory(customer=customer, issued=days_ago(20), due=days_ago(-10), total=Decimal(17_000))
    return customer


def test_the_worked_example_from_rows_of_the_database(mike, time_machine):
    time_machine.move_to(NOW)
    customer = worked_example(mike)
    score_day(day=DAY, now=NOW)
    kept = HealthScore.objects.get(customer=customer)
    assert (kept.score, kept.band) == (Decimal("53.89"), "orange")
    assert kept.signals == {
        "order_velocity_decline": 0.5556,
        "order_recency_gap": 1.0,
        "dispute_frequency": 0.6667,
        "reflexion_friction": 0.2,
        "ar_aging_lagging": 0.3,
        "order_spread_narrowing": 0.4,
        "email_response_latency": 0.0,
    }


def test_the_customer_page_says_the_same(mike, time_machine):
    time_machine.move_to(NOW)
    customer = worked_example(mike)
    assert (customer_health(customer, today=DAY, friction_entries=1).score) == 53.89


def test_items_are_those_of_submitted_orders(mike, time_machine):
    time_machine.move_to(NOW)
    customer, product = CustomerFactory(), ProductFactory()
    bought(customer, 240, [product], mike)
    bought(customer, 60, [product, ProductFactory()], mike)
    bought(customer, 59, [product], mike)
    draft = orders.create(by=mike, customer=customer)
    orders.add_line(order=draft, product=ProductFactory(), quantity=Decimal(1), by=mike)
    assert health_scores.items_ordered([customer.pk, CustomerFactory().pk], DAY) == {customer.pk: (1, 2)}


def test_notes_count_for_sixty_days_up_to_the_day():
    customer = CustomerFactory()
    for days in (-1, 0, 59, 60):
        noted(customer, days)
    assert health_scores.friction([customer.pk], DAY) == {customer.pk: 2}


def test_a_day_is_scored_once():
    customer = CustomerFactory()
    first = score_day(day=DAY, now=NOW)
    HealthScore.objects.filter(customer=customer).update(score=99)
    again = score_day(day=DAY, now=NOW)
    assert (first.customers, again.customers, again.is_complete) == (1, 0, True)
    assert HealthScore.objects.get().score == 99


def test_a_run_that_ends_early_is_continued_and_shown_only_when_whole(monkeypatch):
    monkeypatch.setattr(health_scores, "BATCH", 2)
    CustomerFactory.create_batch(3)
    first = score_day(day=DAY, now=NOW, seconds=0)
    assert (first.customers, first.is_complete, HealthScore.objects.newest().count()) == (2, False, 0)
    second = score_day(day=DAY, now=NOW, seconds=0)
    third = score_day(day=DAY, now=NOW, seconds=0)
    assert (second.customers, third.customers, third.is_complete) == (1, 0, True)
    assert HealthScore.objects.newest().count() == 3


def test_a_batch_costs_the_same_statements_for_one_and_for_five(django_assert_num_queries):
    CustomerFactory()
    with django_assert_num_queries(17):
        score_day(day=DAY, now=NOW)
    CustomerFactory.create_batch(4)
    with django_assert_num_queries(17):
        score_day(day=DAY + timedelta(days=1), now=NOW)


def test_bands_of_the_newest_whole_day():
    red, green = CustomerFactory.create_batch(2)
    CustomerFactory(is_inactive=True)
    score_day(day=DAY, now=NOW)
    HealthScore.objects.filter(customer=red).update(score=80, band="red")
    HealthScore.objects.create(customer=green, day=DAY + timedelta(days=1), score=60, band="orange")
    assert HealthScore.objects.newest().bands() == {"green": 1, "yellow": 0, "orange": 0, "red": 1}
    assert HealthScore.objects.newest().worst_first().first().customer == red


def test_old_days_are_forgotten_but_the_first_of_a_month():
    customer = CustomerFactory()
    for day in (date(2026, 2, 1), date(2026, 2, 7), date(2026, 2, 8)):
        HealthScore.objects.create(customer=customer, day=day, score=0, band="green")
    score_day(day=DAY, now=NOW)
    assert list(HealthScore.objects.values_list("day", flat=True)) == [DAY, date(2026, 2, 8), date(2026, 2, 1)]


def test_the_task_scores_yesterday(time_machine):
    time_machine.move_to(NOW)
    CustomerFactory()
    assert [tasks.count_today()["scored"], tasks.count_today()["scored"]] == [1, 0]
    assert SnapshotDay.objects.get(date=DAY).scored_at >= NOW


def test_poor_health_is_a_figure_of_the_day_by_segment(mike, time_machine):
    time_machine.move_to(NOW)
    Customer.objects.filter(pk=worked_example(mike).pk).update(region="West")
    CustomerFactory(region="East")
    score_day(day=DAY, now=NOW)
    rows = DailyMetric.objects.filter(date=DAY, metric="health_at_risk").values_list("scope_value", "value")
    assert dict(rows) == {"": 1, "East": 0, "West": 1}


def test_counting_the_day_again_keeps_the_figure():
    CustomerFactory()
    score_day(day=DAY, now=NOW)
    take(day=DAY, now=NOW + timedelta(hours=1))
    assert DailyMetric.objects.filter(date=DAY, metric="health_at_risk").count() == 1
