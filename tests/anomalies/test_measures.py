"""A day's figures from documents and customers in the database."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest

from anomalies.churn import signals
from anomalies.held_orders import held_orders
from anomalies.measures import AGING, measure
from anomalies.rules import cei, countback_dso, dso
from customers.aging import refresh_summaries
from customers.models import Employee, Transaction
from customers.rules import bucket
from tests.factories.customers import (
    CreditFactory,
    CustomerFactory,
    EmployeeFactory,
    InvoiceFactory,
    PaymentFactory,
    SalesOrderFactory,
)

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 20)


def figures(scope: tuple[str, str] = ("all", ""), *, live: bool = False) -> dict[str, Decimal]:
    return measure(DAY, live=live)[scope]


def owing(amount: object, days_overdue: int, **customer: object) -> None:
    due = DAY - timedelta(days=days_overdue)
    InvoiceFactory(
        customer=CustomerFactory(**customer), total=Decimal(str(amount)), due=due, issued=due - timedelta(days=60)
    )


def blocked(total: int, status: str = "A", **customer: object) -> None:
    defaults = {"on_credit_hold": True}
    SalesOrderFactory(customer=CustomerFactory(**defaults | customer), total=Decimal(total), status=status, issued=DAY)


def test_the_aging_card_adds_up():
    for amount, late in ((1_840_000, 0), (980_000, 15), (490_000, 45), (160_000, 75), (80_000, 100), (60_000, 200)):
        owing(amount, late)
    found = figures()
    buckets = [found[f"aging_{name}"] for name in ("current", "1_30", "31_60", "61_90", "91_120", "120_plus")]
    assert sum(buckets) == found["ar_balance"] == 3_610_000
    assert [round(each / found["ar_balance"] * 100) for each in buckets] == [51, 27, 14, 4, 2, 2]
    assert round(found["share_60_plus"] * 100, 2) == Decimal("8.31")


def test_dso_is_ar_over_daily_sales():
    customer = CustomerFactory()
    InvoiceFactory(customer=customer, total=Decimal(134_000 * 30), issued=DAY - timedelta(days=29), closed=DAY)
    InvoiceFactory(customer=customer, total=Decimal(7_820_000), issued=DAY - timedelta(days=200))
    assert round(figures()["dso"], 1) == Decimal("58.4")


def test_dso_thirty_days_before_reads_that_day():
    earlier = DAY - timedelta(days=30)
    customer = CustomerFactory()
    InvoiceFactory(customer=customer, total=Decimal(130_000 * 30), issued=earlier, closed=earlier)
    InvoiceFactory(customer=customer, total=Decimal(6_140_000), issued=earlier - timedelta(days=90))
    assert round(measure(earlier, live=False)["all", ""]["dso"], 1) == Decimal("47.2")


def test_without_sales_there_is_no_dso():
    owing(100, 90)
    assert "dso" not in figures()


def test_average_days_delinquent_is_dso_minus_best_possible():
    owing(100, 10)
    InvoiceFactory(total=Decimal(300), issued=DAY - timedelta(days=3), due=DAY + timedelta(days=27))
    found = figures()
    assert (found["dso"], found["dso_best_possible"], found["add"]) == (40, 30, 10)


def test_unapplied_payments_lower_the_balance():
    owing(100, 10)
    PaymentFactory(unpaid=Decimal(30), issued=DAY)
    found = figures()
    assert (found["ar_balance"], found["unapplied"], found["overdue_balance"]) == (70, 30, 100)


def test_orders_on_hold_by_the_default_definition():
    blocked(84_000)
    blocked(500, status="B")
    blocked(900, on_credit_hold=False)
    found = figures(live=True)
    assert (found["orders_on_hold"], found["orders_on_hold_value"], found["orders_on_hold_customers"]) == (1, 84_000, 1)
    assert found["orders_on_hold_largest"] == 84_000


@pytest.mark.parametrize(("definition", "expected"), [("A", 100), ("B", 20), ("C", 3)])
def test_each_definition_counts_its_own(settings, definition: str, expected: int):
    settings.ORDERS_ON_HOLD = definition
    blocked(100)
    order = SalesOrderFactory(total=Decimal(20), status="D", record={"custbody_credit_hold": "T"})
    order.customer.save()
    SalesOrderFactory(customer=CustomerFactory(credit_hold_override="ON"), total=Decimal(3), status="E")
    assert figures(live=True)["orders_on_hold_value"] == expected


def test_a_day_of_the_past_has_no_orders_on_hold():
    blocked(84_000)
    assert "orders_on_hold" not in figures()


def test_every_scope_adds_up_to_all():
    rep = EmployeeFactory(netsuite_id="77")
    owing(100, 10, region="West", tier="A", sales_rep=rep, payment_method="Wire")
    owing(40, 10, region="East", tier="A", payment_method="Wire")
    owing(7, 10)
    found = measure(DAY, live=False)
    balances = {scope: each["ar_balance"] for scope, each in found.items()}
    assert balances == {
        ("all", ""): 147,
        ("region", "West"): 100,
        ("region", "East"): 40,
        ("tier", "A"): 140,
        ("rep", "77"): 100,
        ("payment_method", "Wire"): 140,
    }


def test_a_customer_with_two_orders_counts_once():
    customer = CustomerFactory(on_credit_hold=True, region="West")
    SalesOrderFactory.create_batch(2, customer=customer, status="A", total=Decimal(10))
    found = measure(DAY, live=True)["region", "West"]
    assert (found["orders_on_hold"], found["orders_on_hold_customers"], found["orders_on_hold_value"]) == (2, 1, 20)


def documents_of_all_kinds(rep: Employee) -> None:
    """Open and settled, before and after the day, with and without a due date, of two regions; always the same ones."""
    chance = Random(20261120)
    owners = [CustomerFactory(region="West", sales_rep=rep), CustomerFactory(region="East"), CustomerFactory()]
    for _ in range(300):
        issued = DAY - timedelta(days=chance.randrange(-5, 480))
        kind = chance.choice([InvoiceFactory, InvoiceFactory, InvoiceFactory, CreditFactory, PaymentFactory])
        kind(
            customer=chance.choice(owners),
            issued=issued,
            due=chance.choice([None, issued + timedelta(days=chance.randrange(90))]),
            closed=chance.choice([None, issued + timedelta(days=chance.randrange(120))]),
            total=Decimal(chance.randrange(100_000, 9_000_000)) / 100,
            unpaid=Decimal(chance.choice([0, chance.randrange(1, 100_000)])) / 100,
        )


def recomputed(documents: list[Transaction]) -> dict[str, Decimal | None]:
    """The figures of documents, one after the other as a person would."""
    begin, sums = DAY - timedelta(days=30), defaultdict(Decimal)
    for each in documents:
        invoice = each.type == Transaction.INVOICE
        for day, prefix in ((DAY, ""), (begin, "begin_")):
            later = each.closed is not None and each.closed > day
            if each.issued <= day and (later or each.closed is None):
                owed = each.total if later else each.unpaid
                sums[f"{prefix}balance"] += owed if invoice else -owed
                sums[prefix + (bucket(each.due, DAY) if invoice else "unapplied")] += owed
        if invoice and each.issued <= DAY:
            sums[each.issued.strftime("%Y-%m")] += each.total
            sums["sales"] += each.total if each.issued > begin else 0
    days = [20, 31, 30, 31, 31, 30, 31, 30, 31, 28, 31, 31, 30]
    months = [f"{2026 - (n > 10)}-{(10 - n) % 12 + 1:02}" for n in range(13)]
    return {
        **{metric: sums[name] for metric, name in AGING.items()},
        "unapplied": sums["unapplied"],
        "dso": dso(sums["balance"], sums["sales"], 30),
        "dso_countback": countback_dso(sums["balance"], [(n, sums[m]) for n, m in zip(days, months, strict=True)]),
        "cei": cei(sums["begin_balance"], sums["sales"], sums["balance"], sums["current"]),
    }


@pytest.mark.both_databases
def test_every_figure_equals_a_plain_recomputation():
    rep = EmployeeFactory(netsuite_id="77")
    documents_of_all_kinds(rep)
    found, documents = measure(DAY, live=False), list(Transaction.objects.select_related("customer"))
    west = [each for each in documents if each.customer.region == "West"]
    for scope, rows in ((("all", ""), documents), (("region", "West"), west), (("rep", "77"), west)):
        plain = recomputed(rows)
        assert {name: found[scope].get(name) for name in plain} == plain


def test_utilisation_is_weighted_and_has_a_percentile():
    for balance, limit in ((90, 100), (0, 900)):
        CustomerFactory(credit_limit=Decimal(limit), ar_balance=Decimal(balance))
    CustomerFactory(ar_balance=Decimal(10**6))
    found = figures(live=True)
    assert (found["utilisation"], found["utilisation_p90"]) == (Decimal("0.09"), Decimal("0.9"))


def test_the_same_queries_for_one_and_for_many(django_assert_num_queries, django_assert_max_num_queries):
    owing(100, 10, region="West")
    with django_assert_max_num_queries(14) as one:
        measure(DAY, live=True)
    for region in ("East", "North", "South"):
        owing(100, 10, region=region)
        blocked(50, region=region)
    with django_assert_num_queries(len(one)):
        measure(DAY, live=True)


def test_orders_on_hold_are_ranked_and_say_why():
    acme = CustomerFactory(name="Acme", on_credit_hold=True, credit_limit=Decimal(200_000))
    InvoiceFactory(customer=acme, total=Decimal(128_000), issued=DAY, due=DAY)
    SalesOrderFactory(customer=acme, tranid="SO-49102", total=Decimal(84_000), status="A")
    for number, total, invoices, late in (("SO-49091", 48_000, 2, 60), ("SO-49065", 22_000, 3, 90)):
        customer = CustomerFactory(on_credit_hold=True)
        due = DAY - timedelta(days=late)
        InvoiceFactory.create_batch(invoices, customer=customer, issued=due - timedelta(days=30), due=due)
        SalesOrderFactory(customer=customer, tranid=number, total=Decimal(total), status="A")
    over = CustomerFactory(on_credit_hold=True, credit_limit=Decimal(10_000))
    SalesOrderFactory(customer=over, tranid="SO-49077", total=Decimal(32_000), status="A")
    manual = CustomerFactory(on_credit_hold=True, credit_hold_override="ON")
    SalesOrderFactory(customer=manual, tranid="SO-49043", total=Decimal(18_000), status="A")
    for total in (9_000, 8_000, 6_000, 5_000, 4_000):
        blocked(total)
    refresh_summaries(today=DAY)
    found = held_orders(DAY)
    assert [(held.order.tranid, held.value, held.reason) for held in found[:5]] == [
        ("SO-49102", 84_000, "over-limit"),
        ("SO-49091", 48_000, "past-due-aged"),
        ("SO-49077", 32_000, "over-limit"),
        ("SO-49065", 22_000, "past-due-aged"),
        ("SO-49043", 18_000, "manual"),
    ]
    assert found[0].over_by == 12_000
    assert sum(held.value for held in found) == 236_000
    assert sum(held.value for held in found if held.value > 10_000) == 204_000


def order_days(customer, *days_ago: int, **fields: object) -> None:
    for ago in days_ago:
        SalesOrderFactory(customer=customer, issued=DAY - timedelta(days=ago), **fields)


def test_who_stopped_ordering_is_named_with_the_usual_interval():
    customer = CustomerFactory()
    InvoiceFactory(customer=customer, total=Decimal(6_000), issued=DAY - timedelta(days=100))
    order_days(customer, 64, 50, 43, 29)
    [signal] = signals(DAY)
    assert (signal.customer, signal.days, signal.interval, signal.revenue) == (customer.pk, 29, 14, 6_000)


@pytest.mark.parametrize(
    ("days_ago", "revenue", "status"),
    [
        ((57, 43, 28), 6_000, "B"),  # exactly twice the interval
        ((60, 46), 6_000, "B"),  # two orders only
        ((60, 46, 32), 5_000, "B"),  # not above 5,000
        ((60, 46, 32), 6_000, "C"),  # cancelled
        ((400, 386, 372), 6_000, "B"),  # older than a year
    ],
)
def test_who_is_no_churn_signal(days_ago: tuple[int, ...], revenue: int, status: str):
    customer = CustomerFactory()
    InvoiceFactory(customer=customer, total=Decimal(revenue), issued=DAY - timedelta(days=100))
    order_days(customer, *days_ago, status=status)
    assert signals(DAY) == []


def test_disputes_and_holds_are_counted_on_their_business_day():
    from disputes.models import Dispute

    customer = CustomerFactory(region="West")
    late_evening = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)  # 21:00 of the 20th in New York
    Dispute.objects.create(customer=customer, reason_text="Short.", opened_by="mike", opened_at=late_evening)
    found = measure(DAY, live=False)["region", "West"]
    assert (found["new_disputes"], found["disputes_open"]) == (1, 1)
    assert measure(DAY + timedelta(days=1), live=False)["region", "West"]["new_disputes"] == 0
