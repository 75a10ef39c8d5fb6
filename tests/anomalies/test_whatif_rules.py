"""An alert rule and a hold block's formula on paper."""

from dataclasses import replace as changed
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest

from anomalies.actions.evaluation import evaluate
from anomalies.default_rules import SPIKE
from anomalies.models import Alert, AlertRule, SnapshotDay
from anomalies.whatif import formula, rule_page
from anomalies.whatif.alert_rule import behind, replay
from anomalies.whatif.comparison import difference, shared, signed
from customers.models import Customer
from holds import blocks
from holds.models import HoldBlock
from netsuite.errors import Refusal
from tests.factories.customers import CustomerFactory, InvoiceFactory, SalesOrderFactory
from tests.factories.metrics import history

pytestmark = pytest.mark.django_db
LAST = date(2025, 11, 30)
FIRST = LAST - timedelta(days=29)
WAVE = [17, 19] * 20 + [26, 18, 28, 30, 18, 18, 19, 17, 18, 40]


def spike(**fields) -> AlertRule:
    rule = AlertRule.objects.get(slug=SPIKE)
    for name, value in fields.items():
        setattr(rule, name, value)
    return rule


def tried(**sent: str) -> AlertRule:
    return rule_page.tried_rule(spike(), sent)


def opened(rule: AlertRule) -> list[date]:
    return [alert.day for alert in replay(spike(), rule, first=FIRST, last=LAST)[1].fired]


def evaluated(last: date, days: int) -> list[date]:
    """What the nightly judgement itself opens, day after day."""
    for back in range(days - 1, -1, -1):
        day = last - timedelta(days=back)
        evaluate(day=day, now=datetime.combine(day + timedelta(days=1), time(6), UTC))
    return sorted(Alert.objects.values_list("date", flat=True))


@pytest.mark.parametrize("fields", [{}, {"for_days": 2, "floor": 24}, {"keep_firing_days": 3, "window": 20}])
def test_the_replay_opens_what_the_nightly_judgement_opens(fields):
    AlertRule.objects.exclude(slug=SPIKE).update(enabled=False)
    history("orders_on_hold", *WAVE, until=LAST)
    spike(**fields).save()
    expected = [day for day in evaluated(LAST, len(WAVE)) if day >= FIRST]
    assert opened(spike()) == expected
    assert expected


def test_a_smaller_k_opens_more_and_a_larger_one_fewer():
    history("orders_on_hold", *WAVE, until=LAST)
    now, strict = replay(spike(), tried(k="1"), first=FIRST, last=LAST)
    _, lax = replay(spike(), tried(k="9"), first=FIRST, last=LAST)
    assert len(lax.fired) < len(now.fired) <= len(strict.fired)
    assert (lax.days_above < now.days_above, now.judged) == (True, 30)


@pytest.mark.parametrize(("orders", "customers", "days"), [(22, 13, 0), (23, 11, 0), (23, 12, 1)])
def test_equal_days_need_the_step_of_both_figures(orders, customers, days):
    history("orders_on_hold", *[18] * 45, orders, until=LAST)
    history("orders_on_hold_customers", *[9] * 45, customers, until=LAST)
    assert len(opened(spike())) == days


def test_a_smaller_step_cannot_be_tried_and_k_does_not_matter_there():
    history("orders_on_hold", *[18] * 45, 22, until=LAST)
    assert opened(tried(k="0.1", step="1")) == []


def test_a_higher_floor_silences_and_too_many_days_needed_judge_nothing():
    history("orders_on_hold", *WAVE, until=LAST)
    assert opened(tried(floor="100")) == []
    _, found = replay(spike(), tried(window="366", minimum_days="300"), first=FIRST, last=LAST)
    assert (found.fired, found.judged) == ([], 0)


def test_a_tried_rule_is_checked_like_a_saved_one_and_never_saved():
    with pytest.raises(Refusal):
        tried(k="lots")
    assert tried(k="3").k == 3
    assert AlertRule.objects.get(slug=SPIKE).k == 2


def test_missing_days_are_left_out():
    history("orders_on_hold", *[17, 19] * 20, until=LAST - timedelta(days=5))
    history("orders_on_hold", 40, until=LAST)
    assert opened(spike()) == [LAST]


def test_an_alert_that_is_explained_is_not_opened():
    rule = AlertRule.objects.get(slug="dso-increase")
    history("dso", *[40] * 60, *[60] * 20, until=LAST)
    history("orders_on_hold", *WAVE[:-20], *[18] * 10, *[90] * 20, until=LAST)
    alone, _ = replay(rule, rule, first=FIRST, last=LAST)
    AlertRule.objects.filter(slug=SPIKE).update(enabled=False)
    free, _ = replay(rule, rule, first=FIRST, last=LAST)
    assert [a.day for a in free.fired] == [LAST - timedelta(days=19)]
    # The spike is over once its own wave has become usual; the rise that is left then stands alone.
    assert [a.day > LAST - timedelta(days=19) for a in alone.fired] == [True]


def test_an_absolute_line_is_replayed_for_every_segment():
    rule = AlertRule.objects.get(slug="customers-on-hold")
    rule.scope = "region"
    rule.save()
    for region, values in (("West", [4, 6, 6, 4]), ("East", [7, 4, 8, 4])):
        history("customers_on_hold", *values, until=LAST, scope="region", scope_value=region)
    now, lower = replay(rule, rule_page.tried_rule(rule, {"threshold": "7"}), first=FIRST, last=LAST)
    assert sorted((a.scope_value, a.day.day) for a in now.fired) == [("East", 27), ("East", 29), ("West", 28)]
    assert [(a.scope_value, a.day.day, a.closed) for a in lower.fired] == [("East", 29, LAST)]


def test_who_was_behind_the_orders_and_paid_anyway():
    day = LAST - timedelta(days=20)
    prompt, slow, fine = CustomerFactory.create_batch(3)
    InvoiceFactory(
        customer=prompt, issued=day - timedelta(days=60), due=day - timedelta(days=30), closed=day + timedelta(days=14)
    )
    InvoiceFactory(
        customer=slow, issued=day - timedelta(days=60), due=day - timedelta(days=30), closed=day + timedelta(days=15)
    )
    orders = [{"id": n, "customer": c.pk, "value": "100.50"} for n, c in enumerate((prompt, slow, fine, slow))]
    SnapshotDay.objects.create(date=day, definition="A", orders=orders)
    history("orders_on_hold", *WAVE[:-1], 18, until=LAST)
    alert = replay(spike(), spike(), first=FIRST, last=LAST)[0].fired[0]
    alert.day = day
    found = behind([alert], last=LAST)
    assert (found.customers, found.value, found.told, found.paid) == (3, Decimal("402.00"), 2, 1)


# --- the formula --------------------------------------------------------------------------------------------

DEFAULT = "parseFloat(customer.balance || 0) > parseFloat(customer.creditlimit || 0)"


def owes(customer: Customer, since: date, total: int, closed: date | None = None) -> None:
    InvoiceFactory(customer=customer, issued=since, due=since + timedelta(days=30), total=Decimal(total), closed=closed)


def stops(*texts: str) -> list[list[date]]:
    policy = blocks.policy_of(HoldBlock.objects.get(page="order"))
    found = formula.replay([changed(policy, formula=text) for text in texts], first=FIRST, last=LAST)
    return [sorted(stop.day for stop in one.all) for one in found.replays]


def test_an_order_is_judged_by_the_balance_of_its_day():
    customer = CustomerFactory(credit_limit=Decimal(1000), ar_balance=Decimal(9000))
    owes(customer, FIRST + timedelta(days=5), 1500, closed=FIRST + timedelta(days=15))
    for days in (4, 5, 14, 15):
        SalesOrderFactory(customer=customer, issued=FIRST + timedelta(days=days))
    stricter, laxer = "customer.balance > 0", "customer.balance > 1500"
    both = [FIRST + timedelta(days=5), FIRST + timedelta(days=14)]
    assert stops(DEFAULT, stricter, laxer) == [both, both, []]


def test_overdue_balance_and_days_are_those_of_the_day():
    customer = CustomerFactory()
    owes(customer, FIRST - timedelta(days=30), 500)
    for days in (0, 1, 10):
        SalesOrderFactory(customer=customer, issued=FIRST + timedelta(days=days))
    late = [FIRST + timedelta(days=1), FIRST + timedelta(days=10)]
    assert stops("customer.overduebalance >= 500", "customer.daysoverdue >= 10") == [late, late[1:]]


def test_cancelled_orders_and_inactive_customers_are_left_out():
    SalesOrderFactory(customer=CustomerFactory(), issued=FIRST, status="C")
    SalesOrderFactory(customer=CustomerFactory(is_inactive=True), issued=FIRST)
    SalesOrderFactory(customer=CustomerFactory(), issued=FIRST - timedelta(days=1))
    assert stops("1 == 1") == [[]]


def test_the_hold_field_comes_first_and_a_failing_formula_holds():
    for says in ("ON", "OFF", "AUTO"):
        SalesOrderFactory(customer=CustomerFactory(credit_hold_override=says), issued=FIRST)
    assert [len(found) for found in stops("1 == 2", "customer.nosuchfield > 1")] == [1, 2]


def test_free_again_within_fourteen_days():
    soon, never = CustomerFactory(credit_limit=Decimal(100)), CustomerFactory(credit_limit=Decimal(100))
    owes(soon, FIRST, 500, closed=FIRST + timedelta(days=14))
    owes(never, FIRST, 500)
    for customer in (soon, never):
        SalesOrderFactory(customer=customer, issued=FIRST)
    SalesOrderFactory(customer=never, issued=LAST)
    policy = blocks.policy_of(HoldBlock.objects.get(page="order"))
    [found] = formula.replay([policy], first=FIRST, last=LAST).replays
    assert (found.told, found.free_again, len(found.all)) == (2, 1, 3)


def test_the_replay_writes_nothing():
    customer = CustomerFactory(entitystatus="hold", ar_balance=Decimal(9000))
    SalesOrderFactory(customer=customer, issued=FIRST)
    stops(DEFAULT)
    customer.refresh_from_db()
    assert (customer.entitystatus, customer.ar_balance) == ("hold", 9000)


def test_too_many_orders_shorten_the_period(monkeypatch):
    monkeypatch.setattr(formula, "MOST_ORDERS", 2)
    for days in (0, 5, 6, 7):
        SalesOrderFactory(issued=FIRST + timedelta(days=days))
    policy = blocks.policy_of(HoldBlock.objects.get(page="order"))
    looked = formula.replay([policy], first=FIRST, last=LAST)
    assert (looked.first, looked.orders) == (FIRST + timedelta(days=6), 2)


def test_differences_in_words():
    assert difference(3, 1, "hold", "proposed") == "2 fewer holds proposed"
    assert difference(1, 2, "alert", "opened") == "1 more alert opened"
    assert difference(2, 2, "hold", "proposed") == "As many holds proposed as under today’s rule"
    assert [signed(4), signed(-4), signed(0)] == ["+4", "−4", "none"]
    assert shared("x", (1, 4), (1, 2)).change == "+25.0 points"
    assert shared("x", (1, 4), (0, 0)).tried == "nothing to tell by"
