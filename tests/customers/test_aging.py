from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers import aging
from customers.models import Customer
from customers.rules import Aging, Receivables
from tests.factories.customers import (
    CreditFactory,
    CustomerFactory,
    InvoiceFactory,
    PaymentFactory,
    SalesOrderFactory,
)

pytestmark = pytest.mark.django_db
TODAY = date(2026, 5, 5)


def days_ago(days: int) -> date:
    return TODAY - timedelta(days=days)


@pytest.fixture
def acme():
    return CustomerFactory(name="Acme")


def test_every_bucket_gets_its_invoice(acme):
    for late, total in [(-1, "1"), (1, "2"), (31, "4"), (61, "8"), (91, "16"), (121, "32")]:
        InvoiceFactory(customer=acme, issued=days_ago(200), due=days_ago(late), total=Decimal(total))
    assert aging.receivables_of(acme, TODAY).aging == Aging(*[Decimal(n) for n in (1, 2, 4, 8, 16, 32)])


def test_buckets_agree_with_the_rule_on_every_day(acme):
    from customers.rules import bucket

    for late in (0, 1, 30, 31, 60, 61, 90, 91, 120, 121):
        customer = CustomerFactory()
        InvoiceFactory(customer=customer, issued=days_ago(300), due=days_ago(late), total=Decimal(9))
        assert getattr(aging.receivables_of(customer, TODAY).aging, bucket(days_ago(late), TODAY)) == 9


def test_balance_is_net_of_credits_and_unapplied_payments(acme):
    InvoiceFactory(customer=acme, total=Decimal("1000.00"))
    CreditFactory(customer=acme, total=Decimal("150.10"))
    PaymentFactory(customer=acme, total=Decimal("500.00"), unpaid=Decimal("49.90"))
    owed = aging.receivables_of(acme, TODAY)
    assert (owed.ar_balance, owed.aging.unapplied) == (Decimal("800.00"), Decimal("200.00"))


def test_an_invoice_not_due_yet_counts_in_the_balance_only(acme):
    InvoiceFactory(customer=acme, issued=TODAY, due=days_ago(-30))
    owed = aging.receivables_of(acme, TODAY)
    assert (owed.ar_balance, owed.overdue_balance, owed.days_overdue) == (Decimal("1000.00"), Decimal(0), 0)


def test_an_invoice_counts_from_the_day_it_is_issued(acme):
    InvoiceFactory(customer=acme, issued=TODAY)
    assert aging.receivables_of(acme, days_ago(1)) == Receivables(days_ago(1), Aging())
    assert aging.receivables_of(acme, TODAY).open_invoices == 1


def test_an_invoice_settled_on_the_day_is_not_open_at_its_end(acme):
    InvoiceFactory(customer=acme, issued=days_ago(90), closed=days_ago(10))
    assert aging.receivables_of(acme, days_ago(10)).open_invoices == 0


def test_an_invoice_settled_later_counts_in_full_before(acme):
    InvoiceFactory(customer=acme, issued=days_ago(90), due=days_ago(60), closed=days_ago(10))
    owed = aging.receivables_of(acme, days_ago(11))
    assert (owed.ar_balance, owed.days_overdue) == (Decimal("1000.00"), 49)


def test_a_part_paid_invoice_counts_with_its_rest(acme):
    InvoiceFactory(customer=acme, unpaid=Decimal("400.00"))
    assert aging.receivables_of(acme, TODAY).ar_balance == Decimal("400.00")


def test_days_overdue_follow_the_oldest_open_invoice(acme):
    InvoiceFactory(customer=acme, issued=days_ago(100), due=days_ago(70), closed=days_ago(1))
    InvoiceFactory(customer=acme, issued=days_ago(90), due=days_ago(60))
    InvoiceFactory(customer=acme, issued=days_ago(50), due=days_ago(20))
    assert aging.receivables_of(acme, TODAY).days_overdue == 60


def test_due_before_issue_is_taken_as_it_stands(acme):
    InvoiceFactory(customer=acme, issued=days_ago(5), due=days_ago(65))
    assert aging.receivables_of(acme, TODAY).days_overdue == 65


def test_receivables_take_one_query_for_many(acme, django_assert_num_queries):
    others = [InvoiceFactory().customer for _ in range(3)]
    with django_assert_num_queries(1):
        owed = aging.receivables(TODAY, [customer.pk for customer in others])
    assert sorted(owed) == [customer.pk for customer in others]


def test_portfolio_adds_all_customers_up(acme):
    InvoiceFactory(customer=acme, total=Decimal("10.10"))
    InvoiceFactory(total=Decimal("20.20"))
    CreditFactory(total=Decimal("5.00"))
    whole = aging.portfolio(TODAY)
    assert (whole.ar_balance, whole.open_invoices) == (Decimal("25.30"), 2)


def test_portfolio_of_nobody_is_zero():
    assert aging.portfolio(TODAY) == Receivables(TODAY, Aging())


def test_summary_holds_what_the_documents_say(acme):
    InvoiceFactory(customer=acme, issued=days_ago(90), due=days_ago(60), total=Decimal("9999.99"))
    InvoiceFactory(customer=acme, issued=days_ago(9), due=days_ago(1), total=Decimal("0.02"))
    CreditFactory(customer=acme, total=Decimal("0.01"))
    SalesOrderFactory(customer=acme, total=Decimal("75.25"))
    aging.refresh_summaries(today=TODAY)
    acme.refresh_from_db()
    assert acme.ar_balance == Decimal("10000.00")
    assert acme.oldest_due == days_ago(60)
    assert acme.open_invoices_count == 2
    assert acme.open_orders_total == Decimal("75.25")
    assert acme.open_orders_count == 1


def test_summary_of_ten_thousand_in_cents_meets_the_inclusive_line(acme):
    for _ in range(10):
        InvoiceFactory(customer=acme, issued=days_ago(90), due=days_ago(60), total=Decimal("999.90"))
    InvoiceFactory(customer=acme, issued=days_ago(90), due=days_ago(60), total=Decimal("1.00"))
    aging.refresh_summaries(today=TODAY)
    assert Customer.objects.filter(ar_balance__gte=Decimal(10_000)).get() == acme


@pytest.mark.parametrize("status", ["C", "G", "H"])
def test_orders_cancelled_billed_or_closed_are_no_exposure(acme, status):
    SalesOrderFactory(customer=acme, status=status)
    aging.refresh_summaries(today=TODAY)
    acme.refresh_from_db()
    assert (acme.open_orders_total, acme.open_orders_count) == (Decimal("0.00"), 0)


def test_summary_is_refreshed_for_the_given_customers_only(acme):
    other = InvoiceFactory().customer
    InvoiceFactory(customer=acme)
    assert aging.refresh_summaries([acme.pk], today=TODAY) == 1
    other.refresh_from_db()
    assert other.ar_balance == Decimal("0.00")


@pytest.mark.both_databases
@pytest.mark.parametrize("few", [0, 5000])
def test_one_or_many_named_are_written_alone_and_the_others_only_where_wrong(acme, monkeypatch, few):
    monkeypatch.setattr(aging, "FEW", few)
    other = InvoiceFactory().customer
    InvoiceFactory(customer=acme)
    assert aging.refresh_summaries([acme.pk], today=TODAY) == 1
    versions = dict(Customer.objects.values_list("pk", "figures_version"))
    assert (versions[acme.pk], versions[other.pk]) == (1, 0)
    assert aging.refresh_summaries(today=TODAY) == 1
    assert aging.refresh_summaries(today=TODAY) == 0
    assert aging.refresh_summaries([], today=TODAY) == 0
    assert aging.refresh_summaries([acme.pk], today=TODAY) == 1
    assert dict(Customer.objects.values_list("pk", "figures_version")) == {acme.pk: 2, other.pk: 1}


def test_a_paid_customer_falls_back_to_zero(acme):
    invoice = InvoiceFactory(customer=acme)
    aging.refresh_summaries(today=TODAY)
    invoice.unpaid, invoice.closed = Decimal(0), TODAY
    invoice.save()
    aging.refresh_summaries(today=TODAY)
    acme.refresh_from_db()
    assert (acme.ar_balance, acme.oldest_due, acme.open_invoices_count) == (Decimal("0.00"), None, 0)


def test_a_future_invoice_enters_the_summary_on_its_day(acme):
    InvoiceFactory(customer=acme, issued=days_ago(-3))
    aging.adopt_newly_issued(TODAY)
    acme.refresh_from_db()
    assert acme.open_invoices_count == 0
    assert aging.adopt_newly_issued(days_ago(-3)) == 1
    acme.refresh_from_db()
    assert acme.open_invoices_count == 1


def test_adoption_twice_on_a_day_touches_nobody(acme):
    InvoiceFactory(customer=acme)
    assert aging.adopt_newly_issued(TODAY) == 1
    assert aging.adopt_newly_issued(TODAY) == 0


def test_payment_behaviour_tells_days_to_pay_oldest_first(acme):
    InvoiceFactory(customer=acme, tranid="A", issued=days_ago(80), due=days_ago(50), closed=days_ago(40))
    InvoiceFactory(customer=acme, tranid="B", issued=days_ago(20), due=days_ago(-10))
    points = aging.payment_behaviour(acme, today=TODAY)
    assert [(p.tranid, p.days, p.days_late, p.still_open) for p in points] == [("A", 40, 10, False), ("B", 20, 0, True)]


def test_open_documents_of_one_customer(acme):
    InvoiceFactory(tranid="someone else's")
    InvoiceFactory(customer=acme, tranid="paid", closed=days_ago(1))
    older = InvoiceFactory(customer=acme, issued=days_ago(70), due=days_ago(40))
    newer = InvoiceFactory(customer=acme, issued=days_ago(60), due=days_ago(30))
    order = SalesOrderFactory(customer=acme)
    SalesOrderFactory(customer=acme, status="H")
    credit = CreditFactory(customer=acme)
    CreditFactory(customer=acme, unpaid=Decimal(0), closed=days_ago(3))
    assert list(aging.open_invoices(acme, TODAY)) == [older, newer]
    assert list(aging.open_orders(acme)) == [order]
    assert list(aging.unapplied_credits(acme, TODAY)) == [credit]


@pytest.mark.postgresql_only
@pytest.mark.both_databases
def test_the_summaries_are_added_up_once_also_where_the_planner_takes_the_tables_for_empty():
    InvoiceFactory(issued=TODAY)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE pg_class SET reltuples = 0, relpages = 9 WHERE relname IN ('customers', 'transactions')")
    with CaptureQueriesContext(connection) as captured:
        aging.refresh_summaries(today=TODAY)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {captured.captured_queries[-1]['sql']}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert plan.count("CTE added_up") == plan.count("CTE Scan on added_up") == 1
