"""A manager's PIN at the till: who may, how many tries, and what a malformed one gets."""

import logging
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from customers.models import Employee
from holds.actions import overrides
from holds.models import Override, PinBudget, PinLog
from holds.pins import LIMITS, BadPin, PinLocked, PinRejected, authorised, managers, words_of_wrong
from netsuite.models import Push
from tests.conftest import user_in
from tests.factories.pins import PIN, WRONG, cart, in_group, manager, order_block
from workflows.models import AutoDecision

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def now(frozen_today):
    return timezone.now()


@pytest.fixture
def lydia(now):
    return manager()


def enter(a_cart, employee, now, pin=PIN):
    return overrides.override(cart=a_cart, manager_id=employee.netsuite_id, pin=pin, now=now)


def refused(a_cart, employee, now, pin=WRONG):
    with pytest.raises((PinRejected, PinLocked)) as caught:
        enter(a_cart, employee, now, pin)
    return caught.value


def outcomes():
    return list(PinLog.objects.order_by("at", "pk").values_list("outcome", flat=True))


# --- who may authorise --------------------------------------------------------------------------------


def test_managers_are_those_named_and_those_in_a_role(lydia):
    hector = manager("Hector Salinas", named=False, user=in_group(user_in("hector"), "Night shift"))
    manager("Nora Quist", named=False)
    order_block().managers_by_role.set(hector.user.groups.all())
    assert [each.name for each in managers(order_block())] == ["Lydia Brandt", "Hector Salinas"]


def test_each_manager_says_whether_there_is_a_pin(lydia):
    manager("Hector Salinas", pin="")
    assert [(each.name, each.has_pin) for each in managers(order_block())] == [
        ("Lydia Brandt", True),
        ("Hector Salinas", False),
    ]


def test_one_who_is_named_and_in_two_roles_stands_once(lydia):
    lydia.user = in_group(in_group(user_in("lydia"), "Till manager"), "Night shift")
    lydia.save()
    order_block().managers_by_role.set(lydia.user.groups.all())
    assert list(authorised(order_block())) == [lydia]


def test_whoever_left_or_may_not_sign_in_is_no_manager(lydia):
    manager("Hector Salinas", is_inactive=True)
    manager("Nora Quist", user=user_in("nora", is_active=False))
    assert list(authorised(order_block())) == [lydia]


# --- the right PIN ------------------------------------------------------------------------------------


def test_the_right_pin_grants_once_for_five_minutes(cashier, lydia, now):
    a_cart = cart(cashier)
    granted = enter(a_cart, lydia, now)
    row = granted.override
    assert (row.status, row.manager, row.expires_at - now) == ("granted", lydia, 5 * MINUTE)
    assert (row.order_ref, row.amount, row.cashier, row.cart) == (
        a_cart.order,
        a_cart.amount,
        cashier,
        a_cart.fingerprint,
    )


def test_the_secret_is_kept_nowhere(cashier, lydia, now):
    granted = enter(cart(cashier), lydia, now)
    assert granted.secret not in str(list(Override.objects.values())) + str(list(PinLog.objects.values()))
    assert granted.secret not in repr(granted)


def test_it_is_a_decision_in_the_audit(cashier, lydia, now):
    a_cart = cart(cashier)
    enter(a_cart, lydia, now)
    decision = AutoDecision.objects.get(decision_type="hold_override")
    assert (decision.by, decision.customer) == (f"employee:{lydia.netsuite_id}", a_cart.customer)
    assert decision.evidence["amount"] == "1200.00"


def test_it_is_logged_and_queued_for_netsuite(cashier, lydia, now):
    a_cart = cart(cashier)
    enter(a_cart, lydia, now)
    line, push = PinLog.objects.get(), Push.objects.get()
    assert (line.outcome, line.entity_id, line.customer, line.amount) == (
        "accepted",
        lydia.netsuite_id,
        a_cart.customer,
        a_cart.amount,
    )
    assert (push.operation, push.record_type, push.record_id) == ("upsert", "customrecord_brm_pin_log", str(line.pk))
    assert push.body["custrecord_brm_pin_entity_id"] == lydia.netsuite_id
    assert push.body["custrecord_brm_pin_outcome"] == "accepted"
    assert push.body["custrecord_brm_pin_amount"] == "1200.00"
    assert push.body["custrecord_brm_pin_time"] == f"{now:%Y-%m-%dT%H:%M:%SZ}"


def test_a_block_with_a_pin_field_of_its_own_asks_for_that_pin(cashier, lydia, now):
    a_cart = cart(cashier, block=order_block(pin_field="custentity_till_code"))
    assert refused(a_cart, lydia, now, PIN).code == "pin_rejected"


def test_a_manager_who_is_the_cashier_may_enter_their_own_pin(cashier, now):
    lydia = manager(user=cashier)
    assert enter(cart(cashier), lydia, now).override.status == "granted"


# --- nothing to override ------------------------------------------------------------------------------


def test_a_customer_who_is_not_on_hold_needs_no_pin(cashier, lydia, now):
    a_cart = cart(cashier, block=order_block(mode="off"))
    with pytest.raises(overrides.NotOverridable, match="not on hold"):
        enter(a_cart, lydia, now)
    assert PinBudget.objects.count() == 0


def test_a_block_may_allow_no_pin(cashier, lydia, now):
    a_cart = cart(cashier, block=order_block(allow_pin_override=False))
    with pytest.raises(overrides.NotOverridable) as caught:
        enter(a_cart, lydia, now)
    assert (caught.value.status, outcomes()) == (409, [])


# --- wrong PINs ---------------------------------------------------------------------------------------


def test_a_wrong_pin_says_how_many_tries_are_left(cashier, lydia, now):
    refusal = refused(cart(cashier), lydia, now)
    assert (refusal.status, refusal.code, refusal.extra["tries_left"]) == (403, "pin_rejected", 4)
    assert refusal.detail == "Wrong PIN. 4 tries left, then locked for 15 minutes."
    assert outcomes() == ["rejected"]


def test_the_words_count_down():
    assert words_of_wrong(1) == "Wrong PIN. 1 try left, then locked for 15 minutes."
    assert words_of_wrong(0) == "Wrong PIN. No tries left: locked for 15 minutes."


def test_the_sixth_is_locked_out_even_when_it_is_right(cashier, lydia, now):
    a_cart = cart(cashier)
    assert [refused(a_cart, lydia, now).extra["tries_left"] for _ in range(5)] == [4, 3, 2, 1, 0]
    refusal = refused(a_cart, lydia, now + MINUTE, PIN)
    assert (refusal.status, refusal.code, refusal.extra["retry_after"]) == (429, "pin_locked", 14 * 60)
    assert refusal.detail == "Too many wrong PINs. Try again in 14 min."
    assert sorted(outcomes()) == ["locked"] + ["rejected"] * 5


def test_the_lock_ends_after_fifteen_minutes(cashier, lydia, now):
    a_cart = cart(cashier)
    for _ in range(5):
        refused(a_cart, lydia, now)
    assert refused(a_cart, lydia, now + 15 * MINUTE - timedelta(seconds=1)).code == "pin_locked"
    assert refused(a_cart, lydia, now + 15 * MINUTE).extra["tries_left"] == 4


def test_the_right_pin_gives_the_tries_back(cashier, lydia, now):
    a_cart = cart(cashier)
    for _ in range(4):
        refused(a_cart, lydia, now)
    enter(a_cart, lydia, now)
    assert refused(a_cart, lydia, now).extra["tries_left"] == 4
    counted = {each.scope: each.tries for each in PinBudget.objects.all()}
    assert counted == {"manager": 1, "terminal": 5, "cashier": 5, "site": 5}


def ten_wrong(a_cart, lydia, now):
    for number in range(10):
        refused(a_cart, lydia, now + number // 5 * 15 * MINUTE)
    return now + 30 * MINUTE


def test_ten_in_a_row_disable_the_pin_until_a_reset(cashier, lydia, now):
    a_cart = cart(cashier)
    later = ten_wrong(a_cart, lydia, now)
    refusal = refused(a_cart, lydia, later + timedelta(days=30), PIN)
    assert (refusal.code, refusal.extra["retry_after"]) == ("pin_locked", None)
    assert refusal.detail == "Too many wrong PINs in a row. An AR manager has to reset this PIN."


def test_a_right_one_between_keeps_the_pin_alive(cashier, lydia, now):
    a_cart = cart(cashier)
    for _ in range(5):
        refused(a_cart, lydia, now)
    enter(a_cart, lydia, now + 15 * MINUTE)
    for _ in range(5):
        refused(a_cart, lydia, now + 16 * MINUTE)
    assert enter(a_cart, lydia, now + 40 * MINUTE).override.status == "granted"


def test_other_managers_are_not_locked_with_one(cashier, lydia, now):
    a_cart, hector = cart(cashier), manager("Hector Salinas", pin="350817")
    for _ in range(5):
        refused(a_cart, lydia, now)
    assert enter(a_cart, hector, now, "350817").override.manager == hector


# --- guesses spread over managers, tills and cashiers --------------------------------------------------


def test_a_till_is_locked_after_ten_wrong_pins_of_different_managers(cashier, clerk, lydia, now):
    a_cart, hector = cart(cashier), manager("Hector Salinas")
    for each in (lydia, hector):
        for _ in range(5):
            refused(a_cart, each, now)
    nora = manager("Nora Quist")
    other = replace(a_cart, cashier=clerk)
    refusal = refused(other, nora, now, PIN)
    assert refusal.detail == "Too many wrong PINs at this till. Try again in 15 min."
    assert PinBudget.objects.get(scope="manager", name=nora.netsuite_id).tries == 0


def test_inventing_tills_does_not_help_a_cashier(cashier, now):
    a_cart = cart(cashier)
    for number in range(10):
        refused(replace(a_cart, terminal=f"Till {number}"), manager(f"Manager {number}"), now)
    refusal = refused(replace(a_cart, terminal="Till 99"), manager("Nora Quist"), now, PIN)
    assert refusal.detail == "Too many wrong PINs by you. Try again in 15 min."


def test_the_site_is_locked_with_an_alarm(cashier, now, caplog):
    a_cart = cart(cashier)
    with caplog.at_level(logging.ERROR):
        for number in range(LIMITS["site"].tries):
            somebody = user_in(f"cashier{number}", "Cashier")
            refused(replace(a_cart, terminal=f"Till {number}", cashier=somebody), manager(f"Manager {number}"), now)
    refusal = refused(replace(a_cart, terminal="Till 99"), manager("Nora Quist"), now, PIN)
    assert refusal.detail == "Too many wrong PINs here. Try again in 15 min."
    assert [record.message.split(",")[0] for record in caplog.records] == ["PIN tries used up: Site"]


def test_a_quarter_of_an_hour_later_the_till_forgets(cashier, lydia, now):
    a_cart, hector = cart(cashier), manager("Hector Salinas")
    for _ in range(5):
        refused(a_cart, lydia, now)
    for _ in range(4):
        refused(a_cart, hector, now)
    refused(a_cart, manager("Nora Quist"), now + 15 * MINUTE)
    assert PinBudget.objects.get(scope="terminal").tries == 1


# --- people who may not -------------------------------------------------------------------------------


def test_an_unknown_manager_costs_a_try_and_leaves_no_trace_of_the_name(cashier, lydia, now):
    a_cart = cart(cashier)
    for number in range(5):
        with pytest.raises(PinRejected, match="may not authorise"):
            overrides.override(cart=a_cart, manager_id=f"99{number}", pin=PIN, now=now)
    with pytest.raises(PinLocked):
        overrides.override(cart=a_cart, manager_id="4711", pin=PIN, now=now)
    assert set(PinLog.objects.values_list("entity_id", flat=True)) == {"unknown"}
    assert list(PinBudget.objects.filter(scope="manager").values_list("name", flat=True)) == ["unknown"]


@pytest.mark.parametrize("manager_id", ["12\x00", "9" * 10_000, "", "Ⅷ"])
def test_an_impossible_manager_is_an_unknown_one(cashier, now, manager_id):
    with pytest.raises(PinRejected):
        overrides.override(cart=cart(cashier), manager_id=manager_id, pin=PIN, now=now)


def test_the_right_pin_of_somebody_not_authorised_opens_nothing(cashier, now):
    nora = manager("Nora Quist", named=False)
    refusal = refused(cart(cashier), nora, now, PIN)
    assert (refusal.code, refusal.detail) == ("pin_rejected", overrides.NOT_HIS)
    assert (outcomes(), Override.objects.count()) == (["refused"], 0)


def test_a_manager_who_left_is_refused(cashier, lydia, now):
    Employee.objects.filter(pk=lydia.pk).update(is_inactive=True)
    assert refused(cart(cashier), lydia, now, PIN).detail == overrides.NOT_HIS


def test_a_manager_without_a_pin_looks_like_a_wrong_pin(cashier, now):
    refusal = refused(cart(cashier), manager("Hector Salinas", pin=""), now)
    assert refusal.detail == "Wrong PIN. 4 tries left, then locked for 15 minutes."


def test_every_refusal_hashes_once(cashier, lydia, now, monkeypatch):
    """Nobody learns from the time it takes whether a manager exists or has a PIN."""
    seen = []
    monkeypatch.setattr(overrides, "pin_matches", lambda pin_hash, pin: seen.append(bool(pin_hash)) or False)
    a_cart = cart(cashier)
    for each in (lydia, manager("Hector Salinas", pin=""), manager("Nora Quist", named=False)):
        refused(a_cart, each, now)
    with pytest.raises(PinRejected):
        overrides.override(cart=a_cart, manager_id="4711", pin=WRONG, now=now)
    assert seen == [True, False, False, False]


# --- what is no PIN -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pin",
    ["", "482", "48a153", "4" * 10_240, "４８２１５３", "482153\x00", " 482153", "1234", "0000", "٤٨٢١", None, 482153],
)
def test_what_can_be_nobodys_pin_is_refused_unread(cashier, lydia, now, pin):
    with pytest.raises(BadPin) as caught:
        enter(cart(cashier), lydia, now, pin)
    assert (caught.value.status, caught.value.code) == (400, "bad_pin")
    assert (PinBudget.objects.count(), outcomes()) == (0, [])
    assert not pin or str(pin) not in caught.value.detail


@pytest.mark.parametrize("terminal", ["Till\n3", "Till\x00", "T" * 65])
def test_a_terminal_is_one_short_line(cashier, lydia, now, terminal):
    with pytest.raises(overrides.Refusal) as caught:
        enter(cart(cashier, terminal=terminal), lydia, now)
    assert (caught.value.status, caught.value.code) == (400, "bad_terminal")


# --- reset --------------------------------------------------------------------------------------------


def test_an_ar_manager_resets_a_disabled_pin(cashier, mike, lydia, now):
    a_cart = cart(cashier)
    later = ten_wrong(a_cart, lydia, now)
    overrides.reset_pin(employee=lydia, by=mike, reason="Spoke to her", now=later)
    assert enter(a_cart, lydia, later).override.status == "granted"
    assert AutoDecision.objects.filter(decision_type="pin_reset", by="mike").count() == 1
    assert PinLog.objects.filter(outcome="reset", manager=lydia, detail="Spoke to her").count() == 1


def test_a_second_reset_says_there_is_nothing_to_reset(cashier, mike, lydia, now):
    refused(cart(cashier), lydia, now)
    overrides.reset_pin(employee=lydia, by=mike, reason="Spoke to her")
    with pytest.raises(overrides.Refusal) as caught:
        overrides.reset_pin(employee=lydia, by=mike, reason="Spoke to her")
    assert (caught.value.code, caught.value.status) == ("nothing_to_reset", 409)


def test_a_reset_needs_a_reason(mike, lydia):
    with pytest.raises(overrides.Refusal, match="Say why"):
        overrides.reset_pin(employee=lydia, by=mike, reason="  ")


def test_a_cashier_may_not_reset(cashier, lydia):
    with pytest.raises(overrides.NotAllowed):
        overrides.reset_pin(employee=lydia, by=cashier, reason="Please")


def test_nobody_resets_their_own_pin(cashier, mike, now):
    own = manager("Mike Osei", user=mike)
    refused(cart(cashier), own, now)
    with pytest.raises(overrides.NotAllowed, match="Somebody else"):
        overrides.reset_pin(employee=own, by=mike, reason="It was me")


# --- the log and the queue ----------------------------------------------------------------------------


def test_hammering_a_locked_pad_does_not_fill_the_queue(cashier, lydia, now):
    a_cart = cart(cashier)
    for _ in range(12):
        refused(a_cart, lydia, now)
    assert sorted(outcomes()) == ["locked"] * 7 + ["rejected"] * 5
    assert Push.objects.filter(record_type="customrecord_brm_pin_log").count() == 6
