"""The demo's account as a pure function of the day, the clock that is set back, and the command's refusals."""

import datetime as dt
from collections import Counter, defaultdict
from decimal import Decimal

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.utils import timezone

from config.checks import DEMO_LOGINS, DEMO_MARK
from config.demo import account, logins, past, staff, wave
from config.demo.clock import business_moment, clock_at
from config.demo.stories import STORIES
from config.demo.words import domain
from customers.clock import business_today
from tests.factories.customers import CustomerFactory, EmployeeFactory

MONDAY = dt.date(2026, 3, 16)
PINS = {key: "482913" for key, _ in staff.MANAGERS}
LINE_DAYS, LINE_AMOUNT = 60, 10_000
CROSSING = 19
DAYS = [MONDAY, dt.date(2026, 1, 1), dt.date(2026, 8, 23), dt.date(2028, 2, 29)]


@pytest.fixture(scope="module")
def built():
    return account.build(MONDAY, pins=PINS)


def open_invoices(found):
    rows = [row for row in found.transactions if row["type"] == "CustInvc" and row["foreignamountunpaid"]]
    by_customer = defaultdict(list)
    for row in rows:
        by_customer[row["entity_externalid"]].append(row)
    return by_customer


def crossing(found, today) -> set[str]:
    """Customers at least 60 days overdue with at least 10,000 open, in base currency."""
    names = set()
    for customer, rows in open_invoices(found).items():
        owed = sum(row["foreignamountunpaid"] * row["exchangerate"] for row in rows)
        oldest = min(dt.date.fromisoformat(row["duedate"]) for row in rows)
        if (today - oldest).days >= LINE_DAYS and owed >= LINE_AMOUNT:
            names.add(customer)
    return names


def test_the_same_day_and_seed_give_the_same_account(built):
    assert account.build(MONDAY, pins=PINS) == built


def test_another_seed_gives_another_account(built):
    assert account.build(MONDAY, pins=PINS, seed=1).customers != built.customers


def test_there_are_four_hundred_customers(built):
    assert len(built.customers) == len({row["companyname"] for row in built.customers}) == 400


@pytest.mark.parametrize("today", DAYS)
def test_there_are_about_nine_thousand_documents(today):
    found = account.build(today, pins=PINS)
    assert 8_000 <= len(found.transactions) <= 10_000
    assert set(Counter(row["type"] for row in found.transactions)) == {"CustInvc", "SalesOrd", "CustPymt", "CustCred"}


@pytest.mark.parametrize("today", DAYS)
def test_only_the_told_customers_cross_the_line(today):
    told = {account.external_id(story.key) for story in STORIES} - {account.external_id("thornapple")}
    assert crossing(account.build(today, pins=PINS), today) == told
    assert len(told) == CROSSING


@pytest.mark.parametrize("today", DAYS)
def test_nothing_is_dated_after_today(today):
    found = account.build(today, pins=PINS)
    assert max(row["trandate"] for row in found.transactions) <= today.isoformat()
    assert max(row.get("closedate") or "" for row in found.transactions) <= today.isoformat()


def test_what_is_settled_has_a_day_and_no_rest(built):
    invoices = [row for row in built.transactions if row["type"] == "CustInvc"]
    assert [row["tranid"] for row in invoices if bool(row["closedate"]) == bool(row["foreignamountunpaid"])] == []


def test_invoices_and_payments_and_credits_add_up(built):
    """Per customer: billed = paid + credited + still open."""
    totals = defaultdict(float)
    for row in built.transactions:
        if row["type"] != "SalesOrd":
            totals[row["entity_externalid"]] += row["foreigntotal"] - (
                row["foreignamountunpaid"] if row["type"] == "CustInvc" else 0
            )
    assert {customer: round(rest, 2) for customer, rest in totals.items() if abs(rest) > 0.01} == {}


def test_numbers_are_given_once_and_by_date(built):
    invoices = [row for row in built.transactions if row["type"] == "CustInvc"]
    numbers = [int(row["tranid"].removeprefix("INV-")) for row in invoices]
    assert numbers == sorted(set(numbers))
    assert [row["trandate"] for row in invoices] == sorted(row["trandate"] for row in invoices)


def test_limits_come_in_three_kinds(built):
    kinds = Counter(
        "unlimited" if row.get("custentity_unlimited_credit") else "amount" if row["creditlimit"] else "none"
        for row in built.customers
    )
    assert set(kinds) == {"unlimited", "amount", "none"}
    assert kinds["amount"] > 300


def test_some_orders_ship_tomorrow(built):
    tomorrow = (MONDAY + dt.timedelta(days=1)).isoformat()
    ships = [row for row in built.transactions if row.get("shipdate") == tomorrow and row["status"] in "ABDEF"]
    assert {account.external_id("harrowgate"), account.external_id("larkmeadow")} <= {
        row["entity_externalid"] for row in ships
    }


def test_every_address_ends_in_example(built):
    addresses = [row["email"] for row in [*built.customers, *built.employees] if row["email"]]
    assert len(addresses) > 400
    assert [address for address in addresses if not address.endswith(".example")] == []


def test_a_firm_becomes_a_host_name():
    assert domain("Millrace Pool & Spa & Sons") == "millrace-pool-spa-sons.example"


def test_pins_are_six_digits_and_differ():
    pins = staff.new_pins()
    assert set(pins) == {key for key, _ in staff.MANAGERS}
    assert len({*pins.values()}) == len(pins)
    assert all(len(pin) == 6 and pin.isdigit() for pin in pins.values())


@pytest.mark.parametrize("pin", ["111111", "123123", "123456", "987654", "112233"])
def test_weak_pins_are_known(pin):
    assert staff.is_weak(pin)


def test_a_good_pin_is_none_of_them():
    assert not staff.is_weak("482913")


def test_pins_stand_with_the_managers_only(built):
    held = [row["externalid"] for row in built.employees if "custentity_brm_pincode" in row]
    assert held == [staff.external_id(key) for key, _ in staff.MANAGERS]


# --- the clock ------------------------------------------------------------------------------------


def test_the_clock_stands_where_it_was_set():
    then = dt.datetime(2026, 1, 5, 15, 0, tzinfo=dt.UTC)
    with clock_at(then):
        assert abs(timezone.now() - then) < dt.timedelta(seconds=5)
        assert business_today() == dt.date(2026, 1, 5)


def test_the_clock_is_right_again_afterwards():
    with pytest.raises(ZeroDivisionError), clock_at(dt.datetime(2026, 1, 5, 15, 0, tzinfo=dt.UTC)):
        1 / 0  # noqa: B018  an action fails
    assert abs(timezone.now() - dt.datetime.now(dt.UTC)) < dt.timedelta(seconds=5)


def test_the_clock_runs_on():
    with clock_at(dt.datetime(2026, 1, 5, 15, 0, tzinfo=dt.UTC)):
        assert timezone.now() < timezone.now()


@pytest.mark.parametrize(("days_ago", "day"), [(0, MONDAY), (1, dt.date(2026, 3, 13)), (3, dt.date(2026, 3, 13))])
def test_the_past_happens_on_working_days(days_ago, day):
    moment = business_moment(MONDAY, days_ago, "09:20")
    assert (moment.date(), moment.hour, moment.tzinfo.key) == (day, 9, "America/New_York")


@pytest.mark.parametrize("today", [MONDAY + dt.timedelta(days=days) for days in range(7)])
def test_every_hold_is_proposed_before_it_is_approved(today):
    moments = [business_moment(today, event.days_ago, event.clock) for event in past.hold("harrowgate", 12, "x")]
    assert moments == sorted(moments)


# --- logins ---------------------------------------------------------------------------------------


def test_logins_carry_the_mark_that_production_refuses(db):
    logins.create()
    found = get_user_model().objects.filter(email__endswith=DEMO_MARK).values_list("username", flat=True)
    assert sorted(found) == sorted(DEMO_LOGINS)


def test_logins_share_one_password(db):
    password = logins.create()
    assert all(user.check_password(password) for user in get_user_model().objects.filter(username__in=DEMO_LOGINS))


def test_each_login_has_its_role(db):
    logins.create()
    roles = {user.username: [group.name for group in user.groups.all()] for user in get_user_model().objects.all()}
    assert {name: roles[name] for name in DEMO_LOGINS} == {name: [role] for name, role in logins.ROLE_OF.items()}


def test_making_them_again_changes_the_password_only(db):
    first = logins.create()
    second = logins.create()
    mike = get_user_model().objects.get(username="mike")
    assert (mike.check_password(first), mike.check_password(second)) == (False, True)
    assert get_user_model().objects.count() == len(DEMO_LOGINS)


def test_rep_becomes_the_sales_rep(db):
    logins.create()
    dana = EmployeeFactory(email=staff.address("dana"))
    EmployeeFactory(email=staff.address("marcus"))
    assert logins.link_rep() == dana
    assert get_user_model().objects.get(username="rep").employee == dana


# --- the command ----------------------------------------------------------------------------------


def test_production_gets_no_demo(db, settings):
    settings.DEVELOPMENT = False
    with pytest.raises(CommandError, match="production has no demo"):
        call_command("demo_data")


def test_a_real_account_gets_no_demo(db, settings):
    settings.NETSUITE_BASE_URL = ""
    with pytest.raises(CommandError, match="names no sandbox"):
        call_command("demo_data")


def test_customers_in_place_are_left_alone(db, settings):
    settings.NETSUITE_BASE_URL = "http://127.0.0.1:9"
    CustomerFactory()
    with pytest.raises(CommandError, match="customers already"):
        call_command("demo_data")
    assert not get_user_model().objects.filter(username__in=DEMO_LOGINS).exists()


def test_there_is_no_past_before_the_first_sync(db, settings):
    settings.NETSUITE_BASE_URL = "http://127.0.0.1:9"
    with pytest.raises(CommandError, match="run sync_netsuite first"):
        call_command("demo_data", after_sync=True)


def test_the_kept_plan_promises_what_was_paid():
    """Its payments in NetSuite equal the instalments due so far."""
    story = next(story for story in STORIES if story.key == "fennelgate")
    paid = [amount for bill in story.bills for _, amount in bill.parts]
    assert (paid, Decimal(6000)) == ([6000.0, 6000.0], Decimal(str(paid[0])))


@pytest.mark.parametrize("today", DAYS)
def test_a_wave_of_one_region_waits_for_approval(today):
    found = account.build(today, pins=PINS)
    yesterday = (today - dt.timedelta(days=1)).isoformat()
    waiting = [row for row in found.transactions if (row["type"], row.get("status")) == ("SalesOrd", "A")]
    new = {row["entity_externalid"] for row in waiting if row["trandate"] == yesterday}
    regions = Counter(row["custentity_region"] for row in found.customers if row["externalid"] in new)
    assert regions.most_common(1)[0][0] == wave.REGION
    assert regions[wave.REGION] >= wave.IN_REGION
