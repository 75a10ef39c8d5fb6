from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers import rules
from customers.rules import Aging, HealthInputs

TODAY = date(2026, 5, 5)


def due(days_ago: int) -> date:
    return TODAY - timedelta(days=days_ago)


def test_an_invoice_due_today_is_not_overdue():
    assert rules.days_overdue(TODAY, TODAY) == 0


def test_days_overdue_never_fall_below_zero():
    assert rules.days_overdue(due(-10), TODAY) == 0


def test_an_invoice_without_due_date_is_never_overdue():
    assert rules.days_overdue(None, TODAY) == 0


@pytest.mark.parametrize(
    ("late", "name"),
    [
        (-5, "current"),
        (0, "current"),
        (1, "d1_30"),
        (30, "d1_30"),
        (31, "d31_60"),
        (60, "d31_60"),
        (61, "d61_90"),
        (90, "d61_90"),
        (91, "d91_120"),
        (120, "d91_120"),
        (121, "d120_plus"),
        (4000, "d120_plus"),
    ],
)
def test_buckets_meet_without_gap(late, name):
    assert rules.bucket(due(late), TODAY) == name


@pytest.mark.parametrize(
    ("days", "tier"),
    [
        (0, "none"),
        (29, "none"),
        (30, "statement"),
        (59, "statement"),
        (60, "direct_mail"),
        (89, "direct_mail"),
        (90, "hold_orders_and_call"),
        (119, "hold_orders_and_call"),
        (120, "collections"),
    ],
)
def test_collection_tiers(days, tier):
    assert rules.collection_tier(days) == tier


@pytest.mark.parametrize(
    ("amount", "rate", "base"),
    [("100.00", "0.70", "70.00"), ("0.05", "0.50", "0.02"), ("0.15", "0.50", "0.08"), ("-0.05", "0.50", "-0.02")],
)
def test_conversion_rounds_half_to_even(amount, rate, base):
    assert rules.to_base(Decimal(amount), Decimal(rate)) == Decimal(base)


@given(st.decimals(-(10**9), 10**9, places=2), st.decimals("0.01", 100, places=4))
def test_conversion_is_off_by_at_most_half_a_cent(amount, rate):
    assert abs(rules.to_base(amount, rate) - amount * rate) <= Decimal("0.005")


@pytest.mark.parametrize(
    ("kind", "limit", "left"),
    [("none", None, None), ("unlimited", None, None), ("amount", Decimal(50), Decimal(-10))],
)
def test_available_credit_knows_three_limit_states(kind, limit, left):
    assert rules.available(kind, limit, Decimal(60)) == left


@pytest.mark.parametrize(
    ("kind", "limit", "ratio"),
    [
        ("none", None, None),
        ("unlimited", None, None),
        ("amount", Decimal(80), Decimal("0.75")),
        ("amount", Decimal(0), None),
    ],
)
def test_utilisation_knows_three_limit_states(kind, limit, ratio):
    assert rules.utilisation(kind, limit, Decimal(60)) == ratio


def test_acme_is_over_its_limit_by_twelve_thousand():
    exposed = rules.exposure(Decimal(128_000), Decimal(84_000))
    assert rules.available("amount", Decimal(200_000), exposed) == Decimal(-12_000)


def test_balance_is_net_of_unapplied_credits_and_buckets_are_gross():
    aging = Aging(current=Decimal(100), d61_90=Decimal(50), unapplied=Decimal(30))
    assert (aging.balance, aging.invoiced, aging.overdue, aging.over_60) == (120, 150, 50, 50)


WORKED_EXAMPLE = HealthInputs(
    orders_last_30=4,
    orders_prior_90=27,
    days_since_order=35,
    median_interval=7,
    credit_memos_30=2,
    friction_entries_60=1,
    over_60=Decimal(3000),
    total_open=Decimal(20_000),
    skus_last_60=6,
    skus_day_60_to_240=10,
)


def test_health_of_the_worked_example():
    health = rules.health(WORKED_EXAMPLE)
    assert (health.score, health.band) == (53.89, "orange")


def test_health_points_of_the_worked_example():
    points = {signal.name: round(signal.points, 2) for signal in rules.health(WORKED_EXAMPLE).signals}
    assert points == {
        "order_velocity_decline": 13.89,
        "order_recency_gap": 20,
        "dispute_frequency": 10,
        "reflexion_friction": 3,
        "ar_aging_lagging": 3,
        "order_spread_narrowing": 4,
        "email_response_latency": 0,
    }


def test_health_without_any_fact_is_zero():
    assert rules.health(HealthInputs()).score == 0


@pytest.mark.parametrize(
    ("score", "band"),
    [(0, "green"), (24.99, "green"), (25, "yellow"), (49.99, "yellow"), (50, "orange"), (74.99, "orange"), (75, "red")],
)
def test_health_bands(score, band):
    assert rules.health_band(score) == band


@given(
    st.builds(
        HealthInputs,
        orders_last_30=st.integers(0, 500),
        orders_prior_90=st.integers(0, 500),
        days_since_order=st.none() | st.integers(0, 4000),
        median_interval=st.none() | st.floats(0, 365),
        credit_memos_30=st.integers(0, 50),
        friction_entries_60=st.integers(0, 50),
        skus_last_60=st.none() | st.integers(0, 900),
        skus_day_60_to_240=st.none() | st.integers(0, 900),
    )
)
def test_health_stays_between_zero_and_hundred(facts):
    assert 0 <= rules.health(facts).score <= 100


def test_median_interval_counts_days_not_orders():
    days = [TODAY, TODAY, due(7), due(7), due(14), due(28)]
    assert rules.median_order_interval(days) == 7


def test_median_interval_needs_two_order_days():
    assert rules.median_order_interval([TODAY, TODAY]) is None


def test_median_interval_looks_at_the_last_twelve_order_days():
    old = [due(1000 + 100 * n) for n in range(20)]
    assert rules.median_order_interval([due(2 * n) for n in range(12)] + old) == 2
