"""What each card says of a day, and the rows behind it, from rows in the database."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from anomalies.actions.evaluation import evaluate
from anomalies.actions.snapshots import take
from anomalies.cards import CARDS, card, paging
from anomalies.cards.base import Filters
from anomalies.cards.page import ages
from anomalies.cards.readings import reading, readings
from anomalies.health_scores import score_day
from anomalies.models import Alert, AlertRule, DailyMetric
from customers.aging import refresh_summaries
from customers.models import Customer
from tests.factories.alerts import early_after, fired
from tests.factories.customers import CreditFactory, CustomerFactory, EmployeeFactory, InvoiceFactory, SalesOrderFactory
from tests.factories.metrics import history, spread

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 17, tzinfo=UTC)


@pytest.fixture(autouse=True)
def noon(time_machine):
    time_machine.move_to(NOON, tick=False)


def counted() -> None:
    """The running day, counted at noon."""
    refresh_summaries(today=DAY)
    take(day=DAY, now=NOON)


def rows(slug: str, user, **picked: str) -> list:
    """All rows as shown; `scope`, `value` and `search` narrow them too."""
    scope, value, search = (picked.pop(name, "") for name in ("scope", "value", "search"))
    found = card(slug).rows(day=DAY, filters=Filters(scope or "all", value, search, picked), user=user)
    return list(paging.everything(card(slug), found, DAY))


def names(slug: str, user, **picked: str) -> list[str]:
    return [row.name for row in rows(slug, user, **picked)]


def owing(amount: object, late: int, name: str = "", **customer: object) -> Customer:
    named = {"name": name} if name else {}
    due, owner = DAY - timedelta(days=late), CustomerFactory(**named, **customer)
    InvoiceFactory(customer=owner, total=Decimal(str(amount)), due=due, issued=due - timedelta(days=60))
    return owner


def held_orders() -> Customer:
    """The ten orders of the worked example; Acme is over its limit by 12,000."""
    acme = CustomerFactory(name="Acme", on_credit_hold=True, credit_limit=Decimal(200_000))
    InvoiceFactory(customer=acme, total=Decimal(128_000), issued=DAY, due=DAY)
    ordered(acme, "SO-49102", 84_000)
    for number, total, invoices, late in (("SO-49091", 48_000, 2, 60), ("SO-49065", 22_000, 3, 90)):
        customer, due = CustomerFactory(on_credit_hold=True), DAY - timedelta(days=late)
        InvoiceFactory.create_batch(invoices, customer=customer, issued=due - timedelta(days=30), due=due)
        ordered(customer, number, total)
    ordered(CustomerFactory(on_credit_hold=True, credit_limit=Decimal(10_000)), "SO-49077", 32_000)
    ordered(CustomerFactory(on_credit_hold=True, credit_hold_override="ON"), "SO-49043", 18_000)
    for place, total in enumerate((9_000, 8_000, 6_000, 5_000, 4_000)):
        ordered(CustomerFactory(on_credit_hold=True), f"SO-4900{place}", total)
    return acme


def ordered(customer: Customer, number: str, total: int) -> None:
    SalesOrderFactory(customer=customer, tranid=number, total=Decimal(total), status="A", issued=DAY)


def test_orders_on_hold_add_up_and_say_why(mike):
    held_orders()
    counted()
    found = rows("orders-on-credit-hold", mike)
    assert [(row.values["order"], row.values["value"], row.below) for row in found[:5]] == [
        ("SO-49102", 84_000, "$12,000 over $200,000"),
        ("SO-49091", 48_000, "two invoices 60 days overdue"),
        ("SO-49077", 32_000, "$22,000 over $10,000"),
        ("SO-49065", 22_000, "three invoices 60 days overdue"),
        ("SO-49043", 18_000, ""),
    ]
    assert sum(row.values["value"] for row in found) == 236_000
    assert sum(row.values["value"] for row in rows("orders-on-credit-hold", mike, size="high")) == 204_000
    assert [row.values["order"] for row in rows("orders-on-credit-hold", mike, reason="manual")] == ["SO-49043"]
    read = reading(card("orders-on-credit-hold"), DAY)
    assert (read.value, read.also["orders_on_hold_value"], read.is_partial) == (10, 236_000, True)


def test_dso_up_eleven_days_needs_attention_and_fires():
    AlertRule.objects.exclude(slug="dso-increase").update(enabled=False)
    earlier, customer = DAY - timedelta(days=30), CustomerFactory()
    InvoiceFactory(customer=customer, total=Decimal(130_000 * 30), issued=earlier, closed=earlier)
    InvoiceFactory(customer=customer, total=Decimal(134_000 * 30), issued=DAY - timedelta(days=29), closed=DAY)
    owed = InvoiceFactory(customer=customer, total=Decimal(6_140_000), issued=DAY - timedelta(days=200))
    take(day=earlier, now=NOON)
    owed.total = owed.unpaid = Decimal(7_820_000)
    owed.save()
    take(day=DAY, now=early_after(DAY))
    read = reading(card("dso-increase"), DAY)
    said = (round(read.value, 1), read.change, read.state)
    assert said == (Decimal("58.4"), Decimal("11.2"), "needs_attention")
    [alert] = evaluate(day=DAY, now=early_after(DAY))
    assert reading(card("dso-increase"), DAY).alerts == (alert,)


def test_dso_from_eighteen_to_twenty_four_is_stable_and_silent():
    earlier, customer = DAY - timedelta(days=30), CustomerFactory()
    InvoiceFactory(customer=customer, total=Decimal(3_000), issued=earlier, closed=earlier)
    InvoiceFactory(customer=customer, total=Decimal(3_000), issued=DAY - timedelta(days=29), closed=DAY)
    owed = InvoiceFactory(customer=customer, total=Decimal(1_800), issued=DAY - timedelta(days=200), due=DAY)
    take(day=earlier, now=NOON)
    owed.total = owed.unpaid = Decimal(2_400)
    owed.save()
    take(day=DAY, now=early_after(DAY))
    read = reading(card("dso-increase"), DAY)
    assert (read.value, read.change, read.state) == (24, 6, "stable")
    assert evaluate(day=DAY, now=early_after(DAY)) == []


def test_the_ages_of_the_worked_example(mike):
    for amount, late in ((1_840_000, 0), (980_000, 15), (490_000, 45), (160_000, 75), (80_000, 100), (60_000, 200)):
        owing(amount, late, f"Late {late}")
    refresh_summaries(today=DAY)
    take(day=DAY, now=early_after(DAY))
    read = reading(card("aging-buckets"), DAY)
    shown = ages(card("aging-buckets"), read)
    assert [round(row.share * 100) for row in shown["age_rows"]] == [51, 27, 14, 4, 2, 2]
    assert shown["aging"].invoiced == read.also["ar_balance"] == 3_610_000
    assert (round(read.value * 100, 2), read.state) == (Decimal("8.31"), "performing")
    assert evaluate(day=DAY, now=early_after(DAY)) == []
    assert names("aging-buckets", mike, oldest="d61_90") == ["Late 75"]
    assert names("aging-buckets", mike, oldest="d120_plus") == ["Late 200"]


def test_what_is_not_applied_stands_in_a_column_of_its_own(mike):
    customer = owing(100, 45)
    CreditFactory(customer=customer, total=Decimal(30), issued=DAY)
    counted()
    [row] = rows("aging-buckets", mike)
    assert (row.values["d31_60"], row.values["unapplied"], row.values["balance"]) == (100, 30, 70)


def test_use_of_limits_is_ranked_by_list_and_held_customers_are_always_there(mike):
    for name, balance, held in (("Low", 10, False), ("Held", 20, True), ("Near", 80, False), ("Over", 130, False)):
        limit = {"credit_limit": Decimal(100), "on_credit_hold": held}
        CustomerFactory(name=name, ar_balance=Decimal(balance), **limit)
    CustomerFactory(name="Limit of nothing", ar_balance=Decimal(5), credit_limit=Decimal(0))
    CustomerFactory(name="No limit", ar_balance=Decimal(10**6), on_credit_hold=True)
    assert names("credit-utilisation", mike) == ["Over", "Near", "Held"]
    assert names("credit-utilisation", mike, at="100") == ["Over", "Held"]
    assert names("credit-utilisation", mike, at="held") == ["Held"]
    assert rows("credit-utilisation", mike)[0].values["available"] == -30


def test_customers_on_hold_by_who_holds_them(mike):
    CustomerFactory(name="Ours", entitystatus="hold", ar_balance=Decimal(5))
    CustomerFactory(name="NetSuite’s", on_credit_hold=True, ar_balance=Decimal(9))
    CustomerFactory(name="Free")
    CustomerFactory(name="Gone", on_credit_hold=True, is_inactive=True)
    assert names("customers-on-hold", mike) == ["NetSuite’s", "Ours"]
    assert names("customers-on-hold", mike, kind="service") == ["Ours"]


def test_who_stopped_ordering_comes_from_the_snapshot(mike):
    customer = owing(6_000, 40, "Quiet")
    for ago in (64, 50, 43, 29):
        SalesOrderFactory(customer=customer, issued=DAY - timedelta(days=ago))
    counted()
    [row] = rows("churn-signals", mike)
    assert (row.name, row.values["days"], row.values["interval"], row.values["revenue"]) == ("Quiet", 29, 14, 6_000)
    assert reading(card("churn-signals"), DAY).value == 1


def test_health_is_ranked_and_says_what_it_is_made_of(mike):
    owing(100, 90, "Late", region="West")
    CustomerFactory(name="Well", region="East")
    score_day(day=DAY, now=early_after(DAY))
    found = rows("customer-health", mike)
    assert [(row.name, row.values["score"], row.values["because"]) for row in found] == [
        ("Late", 10, "old invoices"),
        ("Well", 0, ""),
    ]
    assert names("customer-health", mike, scope="region", value="East") == ["Well"]
    assert names("customer-health", mike, band="red") == []
    read = reading(card("customer-health"), DAY)
    assert (read.value, read.also["health_green"], read.state) == (0, 2, "performing")


def test_a_customer_who_owes_most_with_what_it_bought(mike):
    customer = owing(900, 45, "Slow")
    InvoiceFactory(customer=customer, total=Decimal(300), issued=DAY, closed=DAY)
    refresh_summaries(today=DAY)
    [row] = rows("dso-increase", mike)
    assert (row.values["balance"], row.values["sales"], row.values["dso"]) == (900, 300, 90)


@pytest.mark.parametrize("slug", [slug for slug in CARDS if slug != "churn-signals"])
def test_a_sales_rep_finds_the_rows_of_their_own_customers_only(rep, slug: str):
    employee = EmployeeFactory(user=rep)
    for name, owner in (("Mine", employee), ("Theirs", EmployeeFactory())):
        fields = {"sales_rep": owner, "on_credit_hold": True, "credit_limit": Decimal(100)}
        ordered(owing(500, 90, name, **fields), f"SO-{name}", 100)
    counted()
    score_day(day=DAY, now=early_after(DAY))
    assert names(slug, rep) == ["Mine"]
    assert names(slug, rep, search="Theirs") == []


def test_a_segment_has_its_own_figure():
    history("utilisation", "0.5", until=DAY)
    history("utilisation", "0.9", until=DAY, scope="region", scope_value="West")
    everybody, west = (
        reading(card("credit-utilisation"), DAY),
        reading(card("credit-utilisation"), DAY, scope="region", scope_value="West"),
    )
    assert [(read.value, read.state, read.why) for read in (everybody, west)] == [
        (Decimal("0.5"), "performing", "50.0 % is at most 60.0 %."),
        (Decimal("0.9"), "needs_attention", "90.0 % is above 85.0 %."),
    ]


def test_a_running_day_is_shown_but_no_point_of_the_picture():
    history("customers_on_hold", 2, 3, 4, until=DAY)
    DailyMetric.objects.filter(date=DAY).update(is_partial=True)
    read = reading(card("customers-on-hold"), DAY)
    assert (read.value, read.is_partial, [point.value for point in read.points]) == (4, True, [2, 3])
    assert (read.change, read.state) == (1, "stable")


def test_without_a_figure_the_card_says_so():
    read = reading(card("dso-increase"), DAY)
    assert (read.value, read.day, read.state, read.why) == (None, None, "unknown", "Not enough data: 0 of 20 days.")


def test_an_open_alert_on_the_headline_wants_somebody():
    alert = fired(DAY, value=12)
    DailyMetric.objects.filter(date=DAY).update(value=1)
    read = reading(card("customers-on-hold"), DAY)
    assert (read.alerts, read.state) == ((alert,), "needs_attention")
    Alert.objects.update(snoozed_until=NOON + timedelta(days=1))
    assert reading(card("customers-on-hold"), DAY).state == "performing"


def test_all_cards_cost_three_queries_however_long_the_history(django_assert_num_queries):
    history("orders_on_hold", *spread(18, 6), until=DAY)
    history("dso", *range(40), until=DAY)
    fired(DAY)
    with django_assert_num_queries(3):
        found = readings(DAY)
    assert [read.slug for read in found] == list(CARDS)


def test_pages_of_equal_figures_follow_each_other_without_a_gap(mike):
    for number in range(5):
        CustomerFactory(name=f"Same {number}", ar_balance=Decimal(7), on_credit_hold=True)
    one = card("customers-on-hold")
    found, cursor = [], ""
    while not found or cursor:
        page = paging.page(one, one.rows(day=DAY, filters=Filters(), user=mike), cursor=cursor, size=2)
        found, cursor = [*found, *(row.name for row in page.rows)], page.next
    assert found == [f"Same {number}" for number in range(5)]
