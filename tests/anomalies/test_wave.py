"""The credit hold spike of the worked example, from rows in the database to the figures on the page."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from anomalies import wave
from anomalies.actions.evaluation import evaluate
from anomalies.actions.snapshots import take
from anomalies.default_rules import SPIKE
from anomalies.models import Alert, AlertRule, SnapshotDay
from holds.models import HoldBlock
from tests.factories.customers import CustomerFactory, SalesOrderFactory
from tests.factories.metrics import history, spread

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 20)
EVE = DAY - timedelta(days=1)
NOW = datetime(2026, 11, 21, 5, 10, tzinfo=UTC)
WEST, ELSEWHERE = 22, 16


@pytest.fixture
def spike() -> Alert:
    """84 orders of 38 customers worth 1,420,000, 22 of the customers in the West; 200 customers in all."""
    AlertRule.objects.exclude(slug=SPIKE).update(enabled=False)
    regions = ["West"] * WEST + ["East"] * ELSEWHERE
    held = [CustomerFactory(on_credit_hold=True, region=region, tier="B") for region in regions]
    for region, size in (("West", 18), ("East", 64), ("North", 80)):
        CustomerFactory.create_batch(size, region=region, tier="B")
    for number in range(84):
        total = Decimal(90_000) if number == 0 else Decimal(1_330_000) / 83
        SalesOrderFactory(customer=held[number % 38], status="A", total=round(total, 2), issued=DAY)
    history("orders_on_hold", *spread(18, 6), until=EVE)
    history("orders_on_hold_value", *spread(310_000, 50_000), until=EVE)
    history("orders_on_hold_customers", *spread(12, 3), until=EVE)
    take(day=DAY, now=NOW)
    [alert] = evaluate(day=DAY, now=NOW)
    return alert


def shown(alert: Alert) -> dict[str, dict]:
    return {row["metric"]: row for row in alert.payload["wave"]["compared"]}


def test_it_fires_eleven_sigma_above(spike):
    assert (spike.value, round(spike.line, 4), round(Decimal(spike.payload["sigmas"]), 4)) == (84, 30, 11)


def test_value_and_customers_stand_beside_what_is_usual(spike):
    rows = shown(spike)
    percent = {metric: round(Decimal(row["change"]) * 100) for metric, row in rows.items()}
    assert percent == {"orders_on_hold": 367, "orders_on_hold_value": 358, "orders_on_hold_customers": 217}
    assert Decimal(rows["orders_on_hold_customers"]["today"]) == 38
    assert abs(Decimal(rows["orders_on_hold_value"]["today"]) - 1_420_000) < 1


def test_the_region_is_named_with_the_share_to_be_expected(spike):
    first = spike.payload["wave"]["concentration"][0]
    assert (first["dimension"], first["value"], first["hit"], first["drawn"]) == ("region", "West", 22, 38)
    assert (round(first["share"], 3), first["expected"], first["stands_out"]) == (0.579, 0.2, True)


def test_a_tier_like_the_customer_base_is_not_named(spike):
    [tier] = [row for row in spike.payload["wave"]["concentration"] if row["dimension"] == "tier"]
    assert not tier["stands_out"]


def test_its_orders_are_ranked(spike):
    values = [Decimal(order["value"]) for order in spike.payload["wave"]["orders"]]
    assert (len(values), values[0], values == sorted(values, reverse=True)) == (84, 90_000, True)


def kept(day: date, *orders: int) -> None:
    rows = [{"id": each, "since": day.isoformat(), "customer": 1, "value": "1", "reason": "other"} for each in orders]
    SnapshotDay.objects.create(date=day, definition="A", orders=rows)


@pytest.mark.parametrize(
    ("today", "came", "went", "words"),
    [
        ((3, 4, 5, 6, 7, 8, 9), 6, 1, "More came in: 6 new, usually 1."),
        ((2, 3), 0, 0, "Fewer were released: 0 out, usually 1."),
    ],
)
def test_more_new_ones_or_fewer_released(today: tuple[int, ...], came: int, went: int, words: str):
    kept(DAY - timedelta(days=3), 0, 1)
    kept(DAY - timedelta(days=2), 1, 2)
    kept(DAY - timedelta(days=1), 2, 3)
    found = wave.flow(DAY - timedelta(days=1), [])
    assert (found["new_in"], found["out"]) == (1, 1)
    kept(DAY, *today)
    found = wave.flow(DAY, [])
    assert (found["new_in"], found["out"], found["words"]) == (came, went, words)


def test_a_change_of_policy_in_the_window_is_listed(mike, time_machine):
    time_machine.move_to(datetime(2026, 11, 10, 12, tzinfo=UTC))
    block = HoldBlock.objects.get(page="order")
    block.mode, block._history_user, block._change_reason = "on", mike, "Year end."
    block.save()
    [change] = wave.changes(DAY - timedelta(days=30), DAY)
    assert (change["by"], change["what"], change["why"]) == ("mike", f"Hold block {block}", "Year end.")
    assert wave.changes(date(2026, 11, 11), DAY) == []


def test_the_effect_on_dso_is_what_is_not_billed():
    history("ar_balance", 3_000_000, until=DAY)
    history("dso", 45, until=DAY)
    history("orders_on_hold_value", *[310_000] * 30, 1_310_000, until=DAY)
    effect = wave.dso_effect(DAY)
    assert {name: Decimal(value) for name, value in effect.items()} == {
        "now": 45,
        "extra": 1_000_000,
        "then": 90,
        "rise": 45,
    }


def test_without_sales_no_effect_is_made_up():
    assert wave.dso_effect(DAY) is None
