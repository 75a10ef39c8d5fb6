"""Real exports, loaded with no help, give the receivables that an independent calculation gives."""

import csv
import json
from collections import defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
import time_machine
from django.core.management import call_command

from customers import aging
from customers.models import Customer, Transaction
from customers.sync import refresh_open_ar
from netsuite.client import Client

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
OPEN, SETTLED = DATA / "open_invoices_b2b.csv", DATA / "invoices_settled_disputed.csv"
EXPECTED = DATA / "expected_open_invoices_by_customer.csv"

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not OPEN.exists(), reason="not run: no data"),
]

OPEN_DAYS = [
    (date(2020, 4, 30), 8_718, 275_967_104, 2),
    (date(2020, 5, 15), 9_695, 306_211_206, 114),
    (date(2020, 5, 31), 9_700, 306_243_423, 280),
    (date(2020, 6, 30), 9_700, 306_243_423, 408),
    (date(2020, 7, 31), 9_700, 306_243_423, 452),
]
SETTLED_DAYS = [
    (date(2012, 6, 30), 3),
    (date(2012, 12, 31), 1),
    (date(2013, 3, 31), 1),
    (date(2013, 6, 30), 0),
    (date(2013, 11, 30), 0),
]
BUCKETS = {"current": "current", "b1_30": "d1_30", "b31_60": "d31_60", "b61_90": "d61_90"}


def load(path: Path, *options: str) -> dict:
    out = StringIO()
    call_command("load_receivables", str(path), "--rate", "CAD=0.70", "--json", *options, stdout=out)
    return json.loads(out.getvalue().splitlines()[-1])


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 16, tzinfo=UTC)


def crossing(day: date, days: int = 60, amount: int = 10_000) -> int:
    return Customer.objects.crossing(as_of=day, days=days, amount=Decimal(amount)).count()


def assert_portfolio_as_expected() -> None:
    for day, invoices, balance, customers in OPEN_DAYS:
        owed = aging.portfolio(day)
        assert (owed.open_invoices, round(owed.ar_balance), crossing(day)) == (invoices, balance, customers)


@pytest.fixture
def expected() -> dict[date, dict[str, dict[str, str]]]:
    by_day: dict[date, dict[str, dict[str, str]]] = defaultdict(dict)
    with EXPECTED.open(newline="") as stream:
        for row in csv.DictReader(stream):
            by_day[date.fromisoformat(row["as_of"])][row["cust"]] = row
    return by_day


def test_open_invoices_load_into_the_mirror_without_help():
    answer = load(OPEN, "--to", "hub")
    assert (answer["rows"], answer["customers"], answer["errors"], answer["loaded"]) == (9_700, 526, 0, True)
    assert_portfolio_as_expected()


def test_every_customer_owes_what_was_calculated_independently(expected):
    load(OPEN, "--to", "hub")
    names = dict(Customer.objects.values_list("pk", "entity_id"))
    for day, rows in expected.items():
        owed = {names[pk]: one for pk, one in aging.receivables(day).items()}
        assert owed.keys() == rows.keys()
        for key, one in owed.items():
            row, tolerance = rows[key], Decimal("0.01") * one.open_invoices
            assert (one.days_overdue, one.open_invoices) == (int(row["days_overdue"]), int(row["n_open"]))
            assert one.ar_balance == pytest.approx(Decimal(row["ar_balance"]), abs=tolerance)
            assert one.overdue_balance == pytest.approx(Decimal(row["overdue_balance"]), abs=tolerance)
            for column, bucket in BUCKETS.items():
                assert getattr(one.aging, bucket) == pytest.approx(Decimal(row[column]), abs=tolerance)


def test_the_summary_of_the_day_crosses_like_the_documents():
    load(OPEN, "--to", "hub")
    for day, _, _, customers in OPEN_DAYS:
        with time_machine.travel(noon(day)):
            aging.adopt_newly_issued(day)
            aging.refresh_summaries(today=day)
            assert crossing(day) == customers


def test_the_summary_grows_by_adoption_alone():
    first, last = OPEN_DAYS[0], OPEN_DAYS[-1]
    with time_machine.travel(noon(first[0])):
        load(OPEN, "--to", "hub")
        aging.adopt_newly_issued(first[0])
        assert sum(Customer.objects.values_list("open_invoices_count", flat=True)) == first[1]
    aging.adopt_newly_issued(last[0])
    assert sum(Customer.objects.values_list("open_invoices_count", flat=True)) == last[1]


def test_settled_invoices_were_open_until_they_were_paid():
    answer = load(SETTLED, "--to", "hub")
    assert (answer["settled"], answer["customers"], answer["date_order"]) == (2_466, 100, "mdy")
    assert [crossing(day, 15, 100) for day, _ in SETTLED_DAYS] == [count for _, count in SETTLED_DAYS]
    assert [crossing(day) for day, _ in SETTLED_DAYS] == [0] * 5
    assert Transaction.objects.filter(record__custbody_disputed="T").count() == 561


def test_loading_twice_changes_nothing():
    load(OPEN, "--to", "hub")
    load(OPEN, "--to", "hub")
    assert (Customer.objects.count(), Transaction.objects.count()) == (526, 9_700)


def test_the_way_through_netsuite_gives_the_same_receivables(sandbox):
    answer = load(OPEN)
    assert (answer["loaded"], sandbox.counts()["txn"]) == (True, 9_700)
    out = StringIO()
    call_command("sync_netsuite", "--json", stdout=out, stderr=StringIO())
    summary = json.loads(out.getvalue().splitlines()[-1])
    assert (summary["errors"], summary["skipped"], summary["rows"]["transactions"]) == ({}, 0, 9_700)
    assert_portfolio_as_expected()


def test_an_incremental_sync_and_a_refresh_keep_what_the_full_one_gave(sandbox):
    load(SETTLED)
    for arguments in ([], [], ["--full"]):
        call_command("sync_netsuite", *arguments, stdout=StringIO(), stderr=StringIO())
    assert refresh_open_ar(client=Client.from_settings(), today=date(2013, 6, 30)).errors == {}
    assert Transaction.objects.count() == 2_466
    assert [crossing(day, 15, 100) for day, _ in SETTLED_DAYS] == [count for _, count in SETTLED_DAYS]
