"""The service-hold line on paper: who would have been proposed, and when."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest
import time_machine as clock

from anomalies.models import AlertRule
from anomalies.whatif import line_page
from anomalies.whatif.history import documents
from anomalies.whatif.line import Replay, differing, replay
from anomalies.whatif.spans import (
    Document,
    Limit,
    above,
    first_free,
    next_weekday,
    on_weekdays,
    overdue,
    overdue_days,
    owed,
)
from customers.aging import receivables, refresh_summaries
from customers.models import Customer, Transaction
from holds.actions.pauses import grant_grace
from holds.models import ServiceHold
from holds.rules import Line
from tests.factories.customers import CreditFactory, CustomerFactory, InvoiceFactory, PaymentFactory
from tests.factories.holds import held

pytestmark = pytest.mark.django_db
# A Sunday; the period begins on Monday 1 September.
LAST = date(2025, 11, 30)
FIRST = date(2025, 9, 1)
TODAY = Line(60, Decimal(10_000))
STRICTER, LAXER = Line(30, Decimal(5_000)), Line(90, Decimal(10_000))


def late(customer: Customer, crosses: date, *, total: int = 12_000, closed: date | None = None, days: int = 60) -> None:
    """An invoice that is `days` overdue on `crosses`."""
    due = crosses - timedelta(days=days)
    InvoiceFactory(customer=customer, issued=due - timedelta(days=30), due=due, total=Decimal(total), closed=closed)


def one(line: Line = TODAY, **more) -> Replay:
    return replay([line], first=more.get("first", FIRST), last=more.get("last", LAST))[0]


def days_of(found: Replay) -> list[date]:
    return sorted(proposal.day for proposal in found.all)


# --- the sweep, pure ----------------------------------------------------------------------------------------


def test_a_weekend_neither_proposes_nor_ends_anything():
    monday = FIRST.toordinal()
    saturday = monday + 5
    assert on_weekdays([(saturday, saturday + 2)]) == []
    assert on_weekdays([(saturday, saturday + 4)]) == [(monday + 7, saturday + 4)]
    assert on_weekdays([(monday, saturday), (saturday + 1, saturday + 9)]) == [(monday, monday + 14)]


def test_the_first_day_without_a_pause():
    monday = FIRST.toordinal()
    assert first_free((monday, monday + 30), [(monday - 3, monday + 5)]) == monday + 7
    assert first_free((monday, monday + 4), [(monday - 3, monday + 5)]) is None
    assert next_weekday(monday + 5) == monday + 7


def test_a_credit_takes_a_customer_below_the_line_while_it_is_open():
    day = FIRST.toordinal()
    invoice = Document(1, day - 100, day - 60, None, 1_200_000)
    credit = Document(-1, day + 3, None, day + 5, 300_000)
    assert above([invoice, credit], Limit(60, 1_000_000), day, day + 9) == [(day, day + 3), (day + 5, day + 10)]


# --- from rows ----------------------------------------------------------------------------------------------


def scattered(seed: int) -> list[Customer]:
    """Documents of all kinds at random days, some open, some settled, some never due."""
    pick, found = Random(seed), CustomerFactory.create_batch(12)
    rows = []
    for number in range(160):
        issued = LAST - timedelta(days=pick.randrange(-5, 260))
        kind = pick.choice(["CustInvc"] * 6 + ["CustCred", "CustPymt", "SalesOrd"])
        total = Decimal(pick.randrange(100, 900_000)) / 100
        closed = issued + timedelta(days=pick.randrange(0, 200)) if pick.random() < 0.7 else None
        rest = Decimal(0) if closed else total if pick.random() < 0.7 else total / 2
        due = issued + timedelta(days=pick.choice([0, 14, 30])) if kind == "CustInvc" and pick.random() < 0.9 else None
        rows.append(
            Transaction(
                netsuite_id=f"w{seed}-{number}",
                type=kind,
                customer=pick.choice(found),
                issued=issued,
                due=due,
                closed=closed,
                total=total,
                unpaid=rest.quantize(Decimal("0.01")),
            )
        )
    Transaction.objects.bulk_create(rows)
    return found


@pytest.mark.both_databases
def test_balances_and_days_equal_the_aging_on_every_day_looked_at():
    customers = scattered(7)
    papers = dict(documents([c.pk for c in customers], FIRST - timedelta(days=1), LAST))
    for day in (FIRST, FIRST + timedelta(days=17), FIRST + timedelta(days=60), LAST):
        known = receivables(day, [c.pk for c in customers])
        for pk, mine in papers.items():
            on = day.toordinal()
            found = (Decimal(owed(mine, on)) / 100, overdue_days(mine, on), Decimal(overdue(mine, on)) / 100)
            expected = (
                (known[pk].ar_balance, known[pk].days_overdue, known[pk].overdue_balance) if pk in known else (0, 0, 0)
            )
            assert found == expected


@pytest.mark.both_databases
@pytest.mark.parametrize("line", [TODAY, STRICTER, Line(0, Decimal(1))])
def test_who_is_above_equals_whom_the_tick_finds(line):
    scattered(11)
    standing = one(line).standing
    for day in (FIRST, FIRST + timedelta(days=45), LAST):
        crossing = Customer.objects.crossing(as_of=day, days=line.days, amount=line.amount)
        assert standing[(day - FIRST).days] == crossing.count()


def test_a_crossing_is_proposed_once_on_its_first_weekday():
    late(CustomerFactory(), date(2025, 10, 4))  # a Saturday
    assert days_of(one()) == [date(2025, 10, 6)]


def test_the_line_is_inclusive_on_both_sides():
    late(CustomerFactory(), date(2025, 10, 1), total=10_000)
    assert days_of(one()) == [date(2025, 10, 1)]
    assert days_of(one(Line(60, Decimal("10000.01")))) == []


def test_below_the_line_and_above_again_is_proposed_again():
    customer = CustomerFactory()
    late(customer, date(2025, 9, 10), closed=date(2025, 9, 18))
    late(customer, date(2025, 10, 15))
    found = one()
    assert (days_of(found), found.again, len(found.proposals)) == ([date(2025, 9, 10), date(2025, 10, 15)], 1, 1)


def test_while_the_proposal_stands_nothing_new_is_proposed():
    customer = CustomerFactory()
    late(customer, date(2025, 9, 10), closed=date(2025, 10, 20))
    late(customer, date(2025, 10, 15))
    assert days_of(one()) == [date(2025, 9, 10)]


def test_who_was_above_before_the_period_is_counted_apart():
    late(CustomerFactory(), FIRST - timedelta(days=20))
    found = one()
    assert (days_of(found), found.before) == ([], 1)


def test_an_inactive_customer_is_left_out():
    late(CustomerFactory(is_inactive=True), date(2025, 10, 1))
    assert days_of(one()) == []


def test_a_pause_keeps_the_proposal_away_until_it_is_over(mike):
    customer = CustomerFactory()
    late(customer, date(2025, 10, 1))
    with clock.travel(datetime(2025, 9, 29, 14, tzinfo=UTC), tick=False):
        grant_grace(customer=customer, until=date(2025, 10, 10), reason="Lockbox is late", by=mike)
    assert days_of(one()) == [date(2025, 10, 13)]


def test_paid_anyway_counts_who_settled_within_fourteen_days():
    day = date(2025, 10, 1)
    late(CustomerFactory(), day, closed=day + timedelta(days=14))
    late(CustomerFactory(), day, closed=day + timedelta(days=15))
    late(CustomerFactory(), date(2025, 11, 20))  # too early to tell
    found = one()
    assert (len(found.all), found.paid_anyway, len(found.told)) == (3, 1, 2)


def test_who_was_held_in_fact_is_not_counted_as_paid_anyway(mike):
    day, customer = date(2025, 10, 1), CustomerFactory(ar_balance=12_000, oldest_due=date(2025, 8, 2))
    late(customer, day, closed=day + timedelta(days=5))
    hold = held(customer, mike)
    ServiceHold.objects.filter(pk=hold.pk).update(placed_at=datetime(2025, 10, 3, 14, tzinfo=UTC))
    found = one()
    assert (found.held_in_fact, found.paid_anyway, len(found.told)) == (1, 0, 0)


def test_the_value_at_stake_is_the_balance_on_the_day():
    customer = CustomerFactory()
    late(customer, date(2025, 10, 1))
    CreditFactory(customer=customer, issued=date(2025, 9, 1), total=Decimal(500))
    PaymentFactory(customer=customer, issued=date(2025, 11, 1), total=Decimal(700), unpaid=Decimal(700))
    assert (one().at_stake, one().all[0].days_overdue) == (Decimal(11_500), 60)


def test_stricter_proposes_more_and_laxer_fewer():
    early, small, gone = CustomerFactory(name="Early"), CustomerFactory(name="Small"), CustomerFactory(name="Gone")
    late(early, date(2025, 10, 1))
    late(small, date(2025, 10, 1), total=6_000)
    late(gone, date(2025, 10, 1), closed=date(2025, 10, 20))
    now, strict, lax = replay([TODAY, STRICTER, LAXER], first=FIRST, last=LAST)
    assert [len(each.all) for each in (now, strict, lax)] == [2, 3, 1]
    assert {pk for pk, *_ in differing(now, lax)} == {early.pk, gone.pk}
    assert [(len(was), len(would)) for pk, was, would in differing(now, strict) if pk == small.pk] == [(0, 1)]
    assert differing(now, now) == []


def test_it_takes_three_queries_for_one_and_for_many(django_assert_num_queries):
    late(CustomerFactory(), date(2025, 10, 1))
    with django_assert_num_queries(3):
        one()
    for _ in range(4):
        late(CustomerFactory(), date(2025, 10, 1))
    with django_assert_num_queries(3):
        one()


def test_alerts_of_a_rule_that_watches_holds():
    AlertRule.objects.filter(slug="customers-on-hold").update(threshold=1)
    for _ in range(2):
        late(CustomerFactory(), date(2025, 10, 1), closed=date(2025, 10, 30))
    shown = line_page.compare(TODAY, LAXER, FIRST, LAST)
    [alerts] = [each for each in shown.figures if each.title == "Alerts: Customers on hold"]
    assert (shown.heading, alerts.now, alerts.tried) == ("2 fewer holds proposed", "1", "0")


def test_the_replay_of_today_is_what_the_tick_would_stage_today(time_machine):
    time_machine.move_to(datetime(2025, 11, 28, 15, tzinfo=UTC))
    late(CustomerFactory(), date(2025, 11, 28))
    refresh_summaries(today=date(2025, 11, 28))
    tick = Customer.objects.crossing(as_of=date(2025, 11, 28), days=60, amount=Decimal(10_000))
    assert list(one(last=date(2025, 11, 28)).proposals) == [tick.get().pk]
