"""Taking a day's figures."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from anomalies import tasks
from anomalies.actions.snapshots import backfill, checked, take
from anomalies.models import DailyMetric, SnapshotDay
from netsuite.errors import Refusal
from tests.factories.customers import CustomerFactory, InvoiceFactory, SalesOrderFactory

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 17, tzinfo=UTC)
AFTER_MIDNIGHT = datetime(2026, 11, 21, 5, 10, tzinfo=UTC)  # 00:10 in New York
NEXT_NOON = datetime(2026, 11, 21, 17, tzinfo=UTC)


@pytest.fixture
def held_order():
    customer = CustomerFactory(on_credit_hold=True, region="West")
    return SalesOrderFactory(customer=customer, status="A", total=Decimal(500), issued=DAY)


def figure(metric: str, day: date = DAY, scope_value: str = "") -> DailyMetric:
    scope = "region" if scope_value else "all"
    return DailyMetric.objects.get(metric=metric, date=day, scope=scope, scope_value=scope_value)


def test_the_running_day_is_partial(held_order):
    assert take(day=DAY, now=NOON).is_partial
    assert figure("orders_on_hold").is_partial


def test_just_after_midnight_yesterday_becomes_final(held_order):
    take(day=DAY, now=NOON)
    SalesOrderFactory(customer=held_order.customer, status="A", issued=DAY)
    assert not take(day=DAY, now=AFTER_MIDNIGHT).is_partial
    row = figure("orders_on_hold", scope_value="West")
    assert (row.value, row.is_partial, row.is_backfilled) == (2, False, False)


def test_taken_twice_it_is_the_same_rows(held_order):
    take(day=DAY, now=NOON)
    before = sorted(DailyMetric.objects.values_list("pk", "metric", "value"))
    take(day=DAY, now=NOON)
    assert sorted(DailyMetric.objects.values_list("pk", "metric", "value")) == before


def test_a_scope_that_is_gone_leaves_no_figure(held_order):
    take(day=DAY, now=NOON)
    held_order.customer.region = "East"
    held_order.customer.save()
    take(day=DAY, now=NOON + timedelta(minutes=15))
    values = DailyMetric.objects.filter(metric="orders_on_hold", scope="region").values_list("scope_value", flat=True)
    assert list(values) == ["East"]


def test_what_was_seen_on_the_day_stands_partial_when_the_night_was_missed(held_order):
    take(day=DAY, now=NOON)
    held_order.delete()
    take(day=DAY, now=NEXT_NOON)
    assert (figure("orders_on_hold").value, figure("orders_on_hold").is_partial) == (1, True)
    assert (figure("ar_balance").is_partial, figure("ar_balance").is_backfilled) == (False, True)


def test_a_day_to_come_is_refused():
    with pytest.raises(Refusal) as refused:
        take(day=DAY + timedelta(days=1), now=NOON)
    assert refused.value.code == "future_day"


def test_an_order_is_on_hold_since_the_first_day_that_showed_it(held_order):
    take(day=DAY - timedelta(days=1), now=NOON - timedelta(days=1))
    new = SalesOrderFactory(customer=held_order.customer, status="A", issued=date(2026, 10, 1))
    orders = take(day=DAY, now=NOON).orders
    assert {row["id"]: row["since"] for row in orders} == {held_order.pk: "2026-11-20", new.pk: "2026-11-20"}
    later = take(day=DAY + timedelta(days=1), now=NEXT_NOON).orders
    assert {row["since"] for row in later} == {"2026-11-20"}


def test_before_the_first_snapshot_an_order_counts_from_its_issue(held_order):
    [row] = take(day=DAY, now=NOON).orders
    assert (row["since"], row["region"], row["value"]) == ("2026-11-20", "West", "500.00")


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-1"])
def test_no_figure_that_cannot_be_is_kept(value: str):
    with pytest.raises(ValueError, match="cannot be"):
        checked("orders_on_hold", Decimal(value))


def test_a_balance_may_be_negative():
    assert checked("ar_balance", Decimal("-3.5")) == Decimal("-3.500000")


def test_earlier_days_are_computed_from_documents_once():
    InvoiceFactory(issued=DAY - timedelta(days=5), total=Decimal(100))
    first = DAY - timedelta(days=6)
    assert backfill(first=first, last=DAY - timedelta(days=1), now=NOON) == 6
    assert [figure("ar_balance", first + timedelta(days=n)).value for n in range(3)] == [0, 100, 100]
    assert backfill(first=first, last=DAY - timedelta(days=1), now=NOON) == 0
    assert not DailyMetric.objects.filter(metric="orders_on_hold").exists()


def test_the_job_finishes_yesterday_judges_it_and_counts_today(held_order, time_machine):
    time_machine.move_to(AFTER_MIDNIGHT)
    tasks.count_today()
    kept = {row.date: (row.is_partial, row.judged_at is not None) for row in SnapshotDay.objects.all()}
    assert kept == {DAY: (False, True), DAY + timedelta(days=1): (True, False)}


def test_a_day_whose_judgement_was_interrupted_is_judged_by_the_next_run(time_machine):
    take(day=DAY, now=AFTER_MIDNIGHT)
    time_machine.move_to(NEXT_NOON)
    tasks.count_today()
    assert SnapshotDay.objects.get(date=DAY).judged_at == NEXT_NOON


def test_gaps_are_filled_a_few_at_a_time(time_machine):
    time_machine.move_to(NOON)
    assert [tasks.fill_gaps(), SnapshotDay.objects.count()] == [3, 3]
