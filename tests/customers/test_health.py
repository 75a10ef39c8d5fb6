from datetime import date, timedelta
from decimal import Decimal

import pytest

from customers.health import customer_health, customers_health, health_inputs
from customers.rules import HealthInputs
from tests.factories.customers import CreditFactory, CustomerFactory, InvoiceFactory, SalesOrderFactory

pytestmark = pytest.mark.django_db
TODAY = date(2026, 5, 5)


def days_ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def facts(customer, **known):
    return health_inputs([customer], today=TODAY, **known)[customer.pk]


@pytest.fixture
def acme():
    return CustomerFactory()


def test_a_new_customer_has_no_facts(acme):
    assert facts(acme) == HealthInputs()


def test_orders_are_counted_in_their_windows(acme):
    for days in (0, 29, 30, 119, 120, -1):
        SalesOrderFactory(customer=acme, issued=days_ago(days))
    SalesOrderFactory(customer=acme, issued=days_ago(1), status="C")
    SalesOrderFactory(issued=days_ago(1))
    found = facts(acme)
    assert (found.orders_last_30, found.orders_prior_90) == (2, 2)


def test_the_gap_is_measured_against_the_customers_own_rhythm(acme):
    for days in (35, 42, 49, 49, 56):
        SalesOrderFactory(customer=acme, issued=days_ago(days))
    found = facts(acme)
    assert (found.days_since_order, found.median_interval) == (35, 7)


def test_only_the_last_twelve_order_days_make_the_rhythm(acme):
    for number in range(30):
        SalesOrderFactory(customer=acme, issued=days_ago(number * (2 if number < 12 else 50)))
    assert facts(acme).median_interval == 2


def test_credit_memos_of_thirty_days(acme):
    for days in (0, 29, 30):
        CreditFactory(customer=acme, issued=days_ago(days))
    assert facts(acme).credit_memos_30 == 2


def test_old_debt_is_measured_against_all_open_invoices(acme):
    for days, total in [(61, 3000), (60, 7000), (-5, 10_000)]:
        InvoiceFactory(customer=acme, issued=days_ago(90), due=days_ago(days), total=Decimal(total))
    found = facts(acme)
    assert (found.over_60, found.total_open) == (3000, 20_000)


def test_what_the_layers_above_know_is_passed_in(acme):
    found = facts(acme, friction={acme.pk: 4}, skus={acme.pk: (6, 10)})
    assert (found.friction_entries_60, found.skus_last_60, found.skus_day_60_to_240) == (4, 6, 10)


def test_a_page_of_customers_costs_three_queries(acme, django_assert_num_queries):
    page = [acme, SalesOrderFactory(issued=days_ago(3)).customer, InvoiceFactory().customer]
    with django_assert_num_queries(3):
        assert len(customers_health(page, today=TODAY, skus={})) == 3


def test_one_customer_scores_as_on_the_page(acme):
    CreditFactory(customer=acme, issued=days_ago(1))
    page = customers_health([acme], today=TODAY, friction={acme.pk: 2})
    assert customer_health(acme, today=TODAY, friction_entries=2) == page[acme.pk]
    assert page[acme.pk].score == 11.0
