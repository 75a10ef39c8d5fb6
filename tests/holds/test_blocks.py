"""Hold blocks at work: each setting, the age of the figures, stored verdicts that recompute, what is seeded."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customers.models import SyncState
from customers.sync import CUSTOMERS, TRANSACTIONS
from holds import blocks
from holds.models import HoldBlock
from holds.rules import TENDERS
from netsuite.errors import Refusal
from tests.factories.customers import CustomerFactory
from tests.factories.holds import held, owing

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def block(frozen_today):
    synced()
    return blocks.of_page("order")


def synced(ago: timedelta = timedelta()) -> None:
    for record_type in (CUSTOMERS, TRANSACTIONS):
        SyncState.objects.update_or_create(
            record_type=record_type, defaults={"last_success_at": timezone.now() - ago, "last_error": ""}
        )


def over_limit(**fields):
    return CustomerFactory(ar_balance=Decimal("12000.00"), credit_limit=Decimal("10000.00"), **fields)


def within_limit(**fields):
    return CustomerFactory(ar_balance=Decimal("8000.00"), credit_limit=Decimal("10000.00"), **fields)


def verdict(customer, block, **changes):
    """The verdict with some settings changed, not saved."""
    tender = changes.pop("tender", "on_account")
    for name, value in changes.items():
        setattr(block, name, value)
    return blocks.verdict(customer, block, tender=tender, now=timezone.now())


def test_three_blocks_are_there_from_the_start():
    found = HoldBlock.objects.values_list("page", "slug", "mode", "hold_field", "formula")
    formula = "parseFloat(customer.balance || 0) > parseFloat(customer.creditlimit || 0)"
    assert list(found) == [
        ("order", "order-form", "auto", "creditholdoverride", formula),
        ("customer", "customer-page", "auto", "creditholdoverride", formula),
        ("catalog", "catalog", "auto", "creditholdoverride", formula),
    ]


def test_till_managers_may_authorise_from_the_start():
    [manager] = blocks.of_page("order").managers_by_role.all()
    assert manager == Group.objects.get(name="Till manager")


def test_seeding_again_changes_nothing(block):
    HoldBlock.objects.filter(pk=block.pk).update(mode="off", slug="till")
    block.managers_by_role.clear()
    blocks.sync_blocks()
    block.refresh_from_db()
    assert (block.mode, block.slug, block.managers_by_role.count(), HoldBlock.objects.count()) == ("off", "till", 0, 3)


def test_an_unknown_name_lists_those_there_are():
    with pytest.raises(Refusal) as refused:
        blocks.block("checkout")
    assert refused.value.status == 404
    assert refused.value.detail == ("There is no hold block “checkout”. There are: order-form, customer-page, catalog.")


# --- one test a setting ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("balance", "limit", "source"),
    [
        ("10000.00", "10000.00", "none"),
        ("10000.01", "10000.00", "formula"),
        ("0.01", None, "formula"),
        ("0.00", None, "none"),
        ("-5.00", "0.00", "none"),
    ],
)
def test_the_default_formula(block, balance, limit, source):
    customer = CustomerFactory(ar_balance=Decimal(balance), credit_limit=limit and Decimal(limit))
    assert verdict(customer, block).source == source


def test_another_formula(block):
    assert verdict(over_limit(), block, formula="customer.daysoverdue > 30").source == "none"
    late = owing(days=31, credit_limit=Decimal(1_000_000))
    found = verdict(late, block)
    assert (found.source, found.reason) == ("formula", "Invoices are past due.")


def test_mode_on(block):
    found = verdict(within_limit(credit_hold_override="OFF"), block, mode="on")
    assert (found.on_hold, found.source) == (True, "mode_on")


def test_mode_off(block):
    found = verdict(over_limit(credit_hold_override="ON"), block, mode="off")
    assert (found.on_hold, found.source) == (False, "none")


@pytest.mark.parametrize(
    ("says", "source"), [("ON", "hold_field"), ("OFF", "none"), ("AUTO", "formula"), ("", "formula")]
)
def test_the_hold_field(block, says, source):
    assert verdict(over_limit(credit_hold_override=says), block).source == source


@pytest.mark.parametrize(
    ("value", "source"),
    [("ON", "hold_field"), ("Off", "none"), ({"id": "ON", "refName": "On"}, "hold_field"), (None, "formula")],
)
def test_another_hold_field_is_read_from_the_record(block, value, source):
    customer = over_limit(credit_hold_override="OFF", record={"custentity_till": value})
    assert verdict(customer, block, hold_field="custentity_till").source == source


def test_a_true_override_of_a_saved_search_switches_holds_off(block):
    customer = over_limit(record={"custentity_creditholdoverride": "T"})
    assert verdict(customer, block, hold_field="custentity_creditholdoverride").source == "none"


def test_the_accounts_own_values_of_the_hold_field(block, settings):
    settings.NETSUITE_HOLD_FIELD = "custentity_hold:AUTO=1,ON=2,OFF=3"
    customer = within_limit(record={"custentity_hold": "2"})
    assert verdict(customer, block, hold_field="custentity_hold").source == "hold_field"


def test_an_unreadable_hold_field_holds(block):
    found = verdict(within_limit(record={"custentity_till": "2"}), block, hold_field="custentity_till")
    assert (found.on_hold, found.source, found.label) == (True, "error", "On hold")


@pytest.mark.parametrize(
    "formula", ["customer.custentity_nowhere > 1", "parseFloat(customer.phone) > 1", "customer.balance", "1 >"]
)
def test_a_formula_that_gives_no_answer_holds(block, formula):
    found = verdict(within_limit(), block, formula=formula)
    assert (found.on_hold, found.source, found.label) == (True, "error", "On hold")
    assert found.reason == "Could not evaluate the rule: ask AR."


@pytest.mark.parametrize(("tenders", "on_hold"), [("on_account", False), ("all", True)])
def test_applies_to(block, tenders, on_hold):
    assert verdict(over_limit(), block, tenders=tenders, tender="paid_now").on_hold is on_hold


@pytest.mark.parametrize("allowed", [True, False])
def test_allow_pin_override(block, allowed):
    assert verdict(over_limit(), block, allow_pin_override=allowed).overridable is allowed


@pytest.mark.parametrize("mode", ["on", "off", "auto"])
@pytest.mark.parametrize("tender", ["on_account", "paid_now"])
def test_a_service_hold_stops_every_order_in_every_mode(block, mike, mode, tender):
    customer = held(owing(credit_hold_override="OFF"), mike).customer
    found = verdict(customer, block, mode=mode, tender=tender)
    assert (found.on_hold, found.source, found.overridable) == (True, "service_hold", False)


@pytest.mark.parametrize("also", [True, False])
def test_override_service_hold(block, mike, also):
    customer = held(owing(), mike).customer
    assert verdict(customer, block, override_service_hold=also).overridable is also


def test_a_service_hold_says_who_when_and_why(block, mike):
    mike.first_name, mike.last_name = "Mike", "Ferris"
    mike.save()
    note = verdict(held(owing(), mike, reason="94 days late").customer, block).note
    assert (note.by, note.name, note.why, note.since) == ("mike", "Mike Ferris", "94 days late", timezone.now())


def test_the_labels(block):
    changes = {"label_on_hold": "Stop", "label_approved": "Go"}
    assert verdict(over_limit(), block, **changes).label == "Stop"
    assert verdict(within_limit(), block, **changes).label == "Go"


def test_show_label(block):
    assert verdict(over_limit(), block, show_label=False).show_label is False


def test_words_for_the_cashier_name_no_amount(block, mike):
    customers = [over_limit(), within_limit(), held(owing(), mike, reason="Late").customer]
    said = [verdict(customer, block) for customer in customers]
    assert not any(sign in f"{one.reason} {one.advice} {one.warning}" for one in said for sign in ("$", "000", "48"))


# --- the age of the figures -----------------------------------------------------------------------------


def test_fresh_figures_need_no_word(block):
    synced(timedelta(hours=2))
    found = verdict(over_limit(), block)
    assert (found.stale, found.stale_since, found.warning) == (False, None, "")


def test_old_figures_are_said(block):
    synced(timedelta(hours=2, seconds=1))
    found = verdict(over_limit(), block)
    assert found.stale_since == timezone.now() - timedelta(hours=2, seconds=1)
    assert found.warning == "Customer data is of 16 Mar 2026, 07:59: a payment since then is not in it."


def test_the_older_of_the_two_reads_counts(block):
    SyncState.objects.filter(record_type=TRANSACTIONS).update(last_success_at=timezone.now() - timedelta(days=1))
    assert verdict(within_limit(), block).warning == (
        "Customer data is of 15 Mar 2026, 10:00: ask AR before a large order."
    )


def test_figures_never_read(block):
    SyncState.objects.all().delete()
    found = verdict(within_limit(), block)
    assert (found.stale, found.stale_since) == (True, None)
    assert found.warning == "Customer data was never read from NetSuite: ask AR before a large order."


# --- kept with an order, and recomputed ------------------------------------------------------------------


def cases(mike):
    return {
        "formula": (over_limit(), {}),
        "approved": (within_limit(), {}),
        "hold_field": (within_limit(credit_hold_override="ON"), {}),
        "mode_on": (within_limit(), {"mode": "on"}),
        "error": (within_limit(), {"mode": "auto", "formula": "customer.custentity_nowhere > 1"}),
        "service_hold": (held(owing(), mike).customer, {"mode": "off"}),
    }


def test_a_stored_verdict_recomputes(block, mike):
    synced(timedelta(hours=3))
    for name, (customer, changes) in cases(mike).items():
        for tender in TENDERS:
            found = verdict(customer, block, tender=tender, **changes)
            kept = json.loads(json.dumps(blocks.stored(found)))
            assert blocks.recompute(kept) == found, name
            assert blocks.recompute(kept).fingerprint == kept["fingerprint"], name


@pytest.mark.parametrize(
    ("part", "value"),
    [("record", {"balance": 1.0, "creditlimit": 10000.0}), ("hold_field", "OFF"), ("entitystatus", "hold")],
)
def test_a_stored_verdict_changed_by_hand_does_not(block, part, value):
    kept = blocks.stored(verdict(over_limit(), block))
    kept["inputs"] = {**kept["inputs"], part: value}
    again = blocks.recompute(kept)
    assert (again.source, again.fingerprint) != (kept["source"], kept["fingerprint"])


def test_only_what_the_formula_names_is_kept(block):
    assert verdict(over_limit(), block).inputs == {
        "entitystatus": "",
        "hold_field": "AUTO",
        "record": {"balance": 12000.0, "creditlimit": 10000.0},
    }


def test_a_payment_changes_the_fingerprint_time_does_not(block):
    customer = over_limit()
    first = blocks.verdict(customer, block, now=timezone.now())
    later = blocks.verdict(customer, block, now=timezone.now() + timedelta(minutes=4))
    customer.ar_balance = Decimal("11999.99")
    paid = blocks.verdict(customer, block, now=timezone.now())
    assert (first.fingerprint == later.fingerprint, first.fingerprint == paid.fingerprint) == (True, False)


@pytest.mark.parametrize("is_held", [True, False])
def test_a_check_reads_one_row_beside_customer_and_block(block, mike, is_held):
    customer = held(owing(), mike).customer if is_held else over_limit()
    with CaptureQueriesContext(connection) as captured:
        blocks.verdict(customer, block, now=timezone.now())
    assert len(captured) == 1
