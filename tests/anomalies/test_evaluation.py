"""From a day's figures to alerts."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from anomalies.actions.evaluation import evaluate
from anomalies.default_rules import SPIKE, sync_rules
from anomalies.models import Alert, AlertRule, DailyMetric
from netsuite.machine import move
from tests.factories.metrics import history, spread

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 20)
EVE = DAY - timedelta(days=1)
NOW = datetime(2026, 11, 21, 5, 10, tzinfo=UTC)


@pytest.fixture
def only_spike():
    AlertRule.objects.exclude(slug=SPIKE).update(enabled=False)
    return AlertRule.objects.get(slug=SPIKE)


def spike(value: object = 84) -> None:
    history("orders_on_hold", *spread(18, 6), until=EVE)
    history("orders_on_hold", value, until=DAY)


def judge_day(day: date = DAY) -> list[Alert]:
    return evaluate(day=day, now=NOW)


def close(alert: Alert) -> None:
    words = {"resolved_by": "mike", "resolution": "Seen.", "resolved_at": NOW}
    move(alert, "resolve", by="mike", reason="Seen.", **words)


def test_eighty_four_against_eighteen_fires(only_spike):
    spike()
    [alert] = judge_day()
    assert (alert.value, round(alert.line, 4), alert.date) == (84, 30, DAY)
    assert round(Decimal(alert.payload["sigmas"]), 4) == 11
    assert round(Decimal(alert.payload["baseline"]["mean"]), 4) == 18
    assert round(Decimal(alert.payload["baseline"]["sigma"]), 4) == 6


def test_a_second_evaluation_of_the_day_opens_nothing(only_spike):
    spike()
    assert [len(judge_day()), len(judge_day()), Alert.objects.count()] == [1, 0, 1]


def test_a_closed_alert_does_not_come_back_on_the_same_day(only_spike):
    spike()
    close(judge_day()[0])
    assert judge_day() == []


def test_on_the_next_day_it_may(only_spike):
    spike()
    close(judge_day()[0])
    history("orders_on_hold", 200, until=DAY + timedelta(days=1))
    assert len(judge_day(DAY + timedelta(days=1))) == 1


def test_while_it_is_open_the_next_day_only_prolongs_it(only_spike):
    spike()
    [alert] = judge_day()
    history("orders_on_hold", 300, until=DAY + timedelta(days=1))
    assert judge_day(DAY + timedelta(days=1)) == []
    alert.refresh_from_db()
    assert (alert.date, alert.last_breach) == (DAY, DAY + timedelta(days=1))


def test_it_closes_by_itself_when_the_figure_is_back(only_spike):
    spike()
    [alert] = judge_day()
    history("orders_on_hold", 18, until=DAY + timedelta(days=1))
    judge_day(DAY + timedelta(days=1))
    alert.refresh_from_db()
    assert (alert.status, alert.resolution) == ("resolved", "Below the line since 2026-11-21.")


def test_it_keeps_firing_as_long_as_the_rule_asks(only_spike):
    AlertRule.objects.filter(slug=SPIKE).update(keep_firing_days=2)
    spike()
    judge_day()
    for days in (1, 2):
        history("orders_on_hold", 18, until=DAY + timedelta(days=days))
        judge_day(DAY + timedelta(days=days))
        assert Alert.objects.get().status == ("open" if days == 1 else "resolved")


def test_a_rule_may_ask_for_two_days_in_a_row(only_spike):
    AlertRule.objects.filter(slug=SPIKE).update(for_days=2)
    spike()
    assert judge_day() == []
    history("orders_on_hold", 120, until=DAY + timedelta(days=1))
    assert len(judge_day(DAY + timedelta(days=1))) == 1


def test_a_partial_day_is_not_judged(only_spike):
    spike()
    DailyMetric.objects.filter(date=DAY).update(is_partial=True)
    assert judge_day() == []


@pytest.mark.parametrize("days", [3, 19])
def test_too_few_days_open_nothing(only_spike, days: int):
    history("orders_on_hold", *[10] * days, until=EVE)
    history("orders_on_hold", 500, until=DAY)
    assert judge_day() == []


def test_a_calm_month_needs_five_more_orders_and_three_more_customers(only_spike):
    history("orders_on_hold", *[0] * 30, 5, until=DAY)
    history("orders_on_hold_customers", *[0] * 30, 2, until=DAY)
    assert judge_day() == []
    DailyMetric.objects.filter(metric="orders_on_hold_customers", date=DAY).update(value=3)
    assert len(judge_day()) == 1


def test_a_changed_rule_does_not_rewrite_what_was_found(only_spike):
    spike()
    [alert] = judge_day()
    AlertRule.objects.filter(slug=SPIKE).update(k=20)
    judge_day()
    alert.refresh_from_db()
    assert (alert.status, alert.rule_as_was["k"]) == ("open", "2.00")


def test_a_rule_that_is_off_is_silent(only_spike):
    AlertRule.objects.update(enabled=False)
    spike()
    assert judge_day() == []


def dso_rises() -> None:
    AlertRule.objects.filter(slug="dso-increase").update(enabled=True)
    history("dso", "47.2", until=DAY - timedelta(days=30))
    history("dso", "58.4", until=DAY)


def test_dso_up_eleven_days_fires(only_spike):
    dso_rises()
    assert [alert.rule.slug for alert in judge_day()] == ["dso-increase"]


def test_the_spike_explains_the_dso(only_spike):
    dso_rises()
    spike()
    assert [alert.rule.slug for alert in judge_day()] == [SPIKE]


def test_when_the_spike_is_over_the_dso_may_speak(only_spike):
    dso_rises()
    spike()
    close(judge_day()[0])
    assert [alert.rule.slug for alert in judge_day()] == ["dso-increase"]


def test_each_scope_has_its_own_alert(only_spike):
    AlertRule.objects.filter(slug=SPIKE).update(scope="region")
    for region, value in (("West", 84), ("East", 18), ("North", 90)):
        history("orders_on_hold", *spread(18, 6), value, until=DAY, scope="region", scope_value=region)
    assert sorted(alert.scope_value for alert in judge_day()) == ["North", "West"]


def test_rules_edited_in_the_console_stay(only_spike):
    AlertRule.objects.filter(slug=SPIKE).update(k=3)
    sync_rules()
    assert AlertRule.objects.get(slug=SPIKE).k == 3


def test_the_same_queries_for_one_scope_and_for_fifty(only_spike, django_assert_num_queries):
    AlertRule.objects.filter(slug=SPIKE).update(scope="region")
    history("orders_on_hold", *spread(18, 6), 18, until=DAY, scope="region", scope_value="West")
    judge_day()
    with django_assert_num_queries(7):
        judge_day()
    for number in range(50):
        history("orders_on_hold", *spread(18, 6), 18, until=DAY, scope="region", scope_value=f"R{number}")
    with django_assert_num_queries(7):
        judge_day()
