"""A grant opens what it was given for, once, in its minutes; and a manager may answer from the console."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from customers.models import Customer, Employee
from holds.actions import holds, overrides
from holds.models import HoldBlock, Override, PinLog, ServiceHold
from holds.pins import GrantRefused
from netsuite.errors import Refusal
from netsuite.machine import Transition
from tests.conftest import user_in
from tests.factories.holds import held, owe, proposed
from tests.factories.pins import PIN, cart, in_group, manager, order_block, over_limit
from workflows.access import NotAllowed
from workflows.actions import proposals
from workflows.models import AutoDecision

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def now(frozen_today):
    return timezone.now()


@pytest.fixture
def lydia(now):
    return manager()


@pytest.fixture
def a_cart(cashier, now):
    return cart(cashier)


@pytest.fixture
def granted(a_cart, lydia, now):
    return overrides.override(cart=a_cart, manager_id=lydia.netsuite_id, pin=PIN, now=now)


def spend(granted, a_cart, at):
    return overrides.spend(secret=granted.secret, cart=a_cart, now=at)


def refused(granted, a_cart, at):
    with pytest.raises(GrantRefused) as caught, transaction.atomic():
        spend(granted, a_cart, at)
    assert (caught.value.code, caught.value.status) == ("grant_refused", 409)
    return caught.value


def state(override):
    return Override.objects.get(pk=override.pk).status


# --- spending -----------------------------------------------------------------------------------------


def test_a_grant_is_used_up_by_its_order(granted, a_cart, now):
    used = spend(granted, a_cart, now + 4 * MINUTE)
    assert (used.status, used.used_at) == ("used", now + 4 * MINUTE)
    last = Transition.objects.for_row(used).last()
    assert (last.verb, last.by) == ("use", "cashier")
    assert PinLog.objects.filter(outcome="used", override=used).count() == 1


def test_a_second_use_is_refused(granted, a_cart, now):
    spend(granted, a_cart, now)
    refusal = refused(granted, a_cart, now)
    assert (refusal.extra["why"], refusal.detail) == ("used", "This approval was used at 10:00. It holds once.")


def test_a_grant_unspent_after_a_rolled_back_order_still_holds(granted, a_cart, now):
    with transaction.atomic():
        spend(granted, a_cart, now)
        transaction.set_rollback(True)
    assert spend(granted, a_cart, now).status == "used"


@pytest.mark.parametrize(
    ("change", "why", "words"),
    [
        ({"order": uuid4()}, "other_order", "This approval is for another order."),
        ({"content": "13 × ESPR-1"}, "other_cart", "The order changed after the approval. Ask the manager again."),
        (
            {"amount": Decimal("1200.01")},
            "other_amount",
            "Approved were $1,200.00, the order is now $1,200.01. Ask the manager again.",
        ),
        ({"currency": "CAD"}, "other_amount", None),
        ({"tender": "paid_now"}, "other_tender", None),
    ],
)
def test_another_cart_is_refused(granted, a_cart, now, change, why, words):
    refusal = refused(granted, replace(a_cart, **change), now)
    assert refusal.extra["why"] == why
    assert words is None or refusal.detail == words
    assert state(granted.override) == "granted"


def test_another_cashier_is_refused(granted, a_cart, now):
    other = replace(a_cart, cashier=user_in("second", "Cashier"))
    assert refused(granted, other, now).extra["why"] == "other_cashier"


def test_another_customer_is_refused(granted, a_cart, now):
    other = replace(a_cart, customer=over_limit("Harbor Foods"))
    assert refused(granted, other, now).extra["why"] == "other_customer"


def test_another_page_is_refused(granted, a_cart, now):
    other = replace(a_cart, block=HoldBlock.objects.get(page="catalog"))
    assert refused(granted, other, now).extra["why"] == "other_block"


def test_after_five_minutes_it_is_over(granted, a_cart, now):
    assert spend_is_over(granted, a_cart, now + 5 * MINUTE) == "The approval ended at 10:05. Ask the manager again."


def spend_is_over(granted, a_cart, at):
    refusal = refused(granted, a_cart, at)
    assert refusal.extra["why"] == "expired"
    return refusal.detail


@pytest.mark.parametrize("secret", ["", "no such secret", "\x00", "\ud800", "x" * 10_000])
def test_an_invented_secret_opens_nothing(a_cart, now, secret):
    with pytest.raises(GrantRefused) as caught:
        overrides.spend(secret=secret, cart=a_cart, now=now)
    assert caught.value.extra["why"] == "unknown"


def test_an_asked_override_has_no_secret_to_find(a_cart, now):
    overrides.ask(cart=a_cart, note="", now=now)
    with pytest.raises(GrantRefused):
        overrides.spend(secret="", cart=a_cart, now=now)


def test_the_customers_facts_changed(granted, a_cart, now):
    owe(a_cart.customer, days=1, amount="10.00")
    refusal = refused(granted, a_cart, now)
    assert (refusal.extra["why"], refusal.detail) == (
        "facts_changed",
        "The customer’s account changed after the approval. Ask the manager again.",
    )


def test_the_block_no_longer_allows_a_pin(granted, a_cart, now):
    closed = replace(a_cart, block=order_block(allow_pin_override=False))
    assert refused(granted, closed, now).extra["why"] == "hold_changed"


def test_the_manager_left_meanwhile(granted, a_cart, lydia, now):
    Employee.objects.filter(pk=lydia.pk).update(is_inactive=True)
    refusal = refused(granted, a_cart, now)
    assert (refusal.extra["why"], refusal.detail) == (
        "manager_gone",
        "Lydia Brandt may not authorise any more. Ask another manager.",
    )


def test_a_refused_use_can_be_logged(granted, a_cart, now):
    refusal = refused(granted, replace(a_cart, order=uuid4()), now)
    overrides.note_refused(cart=a_cart, refusal=refusal, now=now)
    line = PinLog.objects.get(outcome="refused")
    assert (line.action, line.detail) == ("grant_use", "This approval is for another order.")


# --- a service hold ends it ---------------------------------------------------------------------------


def hold(customer, mike):
    return held(customer, mike)


def test_a_service_hold_ends_what_was_granted(granted, a_cart, mike, now):
    hold(a_cart.customer, mike)
    assert state(granted.override) == "void"
    refusal = refused(granted, replace(a_cart, customer=Customer.objects.get(pk=a_cart.customer.pk)), now)
    assert refusal.extra["why"] == "void"
    assert PinLog.objects.get(outcome="void").detail == "A service hold was placed."


def test_a_hold_that_does_not_come_into_force_ends_nothing(granted, a_cart, mike):
    proposal = proposed(a_cart.customer)
    proposals.reject(proposal=proposal, version=proposal.version, by=mike, reason="Promised")
    assert state(granted.override) == "granted"


def test_a_lift_ends_it_too(a_cart, lydia, mike, now):
    order_block(override_service_hold=True)
    service_hold = hold(a_cart.customer, mike)
    held_cart = replace(a_cart, block=order_block(), customer=Customer.objects.get(pk=a_cart.customer.pk))
    granted = overrides.override(cart=held_cart, manager_id=lydia.netsuite_id, pin=PIN, now=now)
    holds.lift(hold=ServiceHold.objects.get(pk=service_hold.pk), reason="Paid", by=mike)
    assert state(granted.override) == "void"


def test_a_service_hold_takes_no_pin_by_default(a_cart, lydia, mike, now):
    hold(a_cart.customer, mike)
    with pytest.raises(overrides.NotOverridable, match="Held by accounts receivable"):
        overrides.override(cart=a_cart, manager_id=lydia.netsuite_id, pin=PIN, now=now)


def test_a_new_approval_of_the_order_ends_the_old_one(granted, a_cart, lydia, now):
    again = overrides.override(cart=a_cart, manager_id=lydia.netsuite_id, pin=PIN, now=now)
    assert (state(granted.override), state(again.override)) == ("void", "granted")
    assert refused(granted, a_cart, now).extra["why"] == "void"


def test_void_by_order(granted, a_cart, now):
    assert overrides.void(order=a_cart.order, why="The order was cancelled.", by="cashier", now=now) == 1
    assert overrides.void(order=a_cart.order, why="The order was cancelled.", by="cashier", now=now) == 0


def test_what_was_used_is_not_ended(granted, a_cart, mike, now):
    spend(granted, a_cart, now)
    hold(a_cart.customer, mike)
    assert state(granted.override) == "used"


def test_expired_grants_and_forgotten_questions_end(granted, cashier, now):
    asked = overrides.ask(cart=cart(cashier, over_limit("Harbor Foods")), note="", now=now)
    assert overrides.void_expired(now=now + 4 * MINUTE) == 0
    assert overrides.void_expired(now=now + 5 * MINUTE) == 1
    assert overrides.void_expired(now=now + 30 * MINUTE) == 1
    reasons = {row.pk: row.decision_reason for row in Override.objects.filter(status="void")}
    assert reasons == {granted.override.pk: "Its time was over.", asked.pk: "Nobody answered in time."}


def test_the_database_keeps_one_live_override_an_order(granted):
    copy = Override.objects.get(pk=granted.override.pk)
    copy.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        copy.save(force_insert=True)


# --- asking a manager in the console ------------------------------------------------------------------


@pytest.fixture
def asked(a_cart, now):
    return overrides.ask(cart=a_cart, note="Regular, pays on Friday", now=now)


def test_a_question_waits_with_its_note(asked):
    assert (asked.status, asked.note, PinLog.objects.get().outcome) == ("asked", "Regular, pays on Friday", "asked")


def test_asking_twice_is_one_question(asked, a_cart, now):
    assert overrides.ask(cart=a_cart, note="Hello?", now=now + MINUTE) == asked
    assert Override.objects.count() == 1


def test_asking_about_a_changed_cart_is_a_new_question(asked, a_cart, now):
    again = overrides.ask(cart=replace(a_cart, content="13 × ESPR-1"), note="", now=now)
    assert (state(asked), state(again)) == ("void", "asked")


@pytest.mark.parametrize("note", ["n" * 501, "a\x00b"])
def test_a_note_is_short_plain_text(a_cart, now, note):
    with pytest.raises(Refusal) as caught:
        overrides.ask(cart=a_cart, note=note, now=now)
    assert (caught.value.status, Override.objects.count()) == (400, 0)


def test_a_manager_approves_and_the_cashier_collects(asked, a_cart, mike, now):
    overrides.decide(override=asked, grant=True, by=mike, now=now + 2 * MINUTE)
    granted = overrides.collect(override=asked, cashier=a_cart.cashier, now=now + 3 * MINUTE)
    assert granted.expires_at == now + 7 * MINUTE
    assert spend(granted, a_cart, now + 6 * MINUTE).decided_by == "mike"
    assert AutoDecision.objects.get(decision_type="hold_override").by == "mike"


def test_a_second_fetch_takes_the_place_of_the_first(asked, a_cart, mike, now):
    overrides.decide(override=asked, grant=True, by=mike, now=now)
    first = overrides.collect(override=asked, cashier=a_cart.cashier, now=now)
    second = overrides.collect(override=asked, cashier=a_cart.cashier, now=now)
    assert refused(first, a_cart, now).extra["why"] == "unknown"
    assert spend(second, a_cart, now).status == "used"


def test_nobody_else_collects(asked, mike, now):
    overrides.decide(override=asked, grant=True, by=mike, now=now)
    with pytest.raises(NotAllowed):
        overrides.collect(override=asked, cashier=mike, now=now)


def test_there_is_nothing_to_collect_before_the_answer(asked, cashier, now):
    with pytest.raises(Refusal) as caught:
        overrides.collect(override=asked, cashier=cashier, now=now)
    assert caught.value.code == "not_decided"


def test_a_decline_is_told_with_its_reason(asked, cashier, mike, now):
    overrides.decide(override=asked, grant=False, by=mike, reason="Third time this week", now=now)
    with pytest.raises(Refusal) as caught:
        overrides.collect(override=asked, cashier=cashier, now=now)
    assert (caught.value.code, caught.value.detail) == ("declined", "Declined: Third time this week")
    assert AutoDecision.objects.get().decision_type == "hold_override_declined"


def test_a_decline_needs_a_reason(asked, mike, now):
    with pytest.raises(Refusal, match="Say why"):
        overrides.decide(override=asked, grant=False, by=mike, now=now)


def test_a_used_grant_is_not_collected_again(asked, a_cart, mike, now):
    overrides.decide(override=asked, grant=True, by=mike, now=now)
    spend(overrides.collect(override=asked, cashier=a_cart.cashier, now=now), a_cart, now)
    with pytest.raises(GrantRefused, match="used already"):
        overrides.collect(override=asked, cashier=a_cart.cashier, now=now)


def test_five_minutes_after_the_answer_there_is_nothing_to_collect(asked, cashier, mike, now):
    overrides.decide(override=asked, grant=True, by=mike, now=now)
    with pytest.raises(GrantRefused, match="The approval ended"):
        overrides.collect(override=asked, cashier=cashier, now=now + 5 * MINUTE)


def test_the_second_manager_hears_who_was_first(asked, mike, committee, now):
    overrides.decide(override=asked, grant=True, by=mike, now=now)
    hector = in_group(user_in("hector"), "Till manager")
    with pytest.raises(Refusal) as caught:
        overrides.decide(override=Override.objects.get(), grant=False, by=hector, reason="No", now=now)
    assert (caught.value.code, caught.value.status) == ("already_decided", 409)
    assert caught.value.detail == "Already granted by mike at 10:00."


def test_nobody_answers_their_own_question(now):
    lead = user_in("lead", "Cashier", "Till manager")
    own = overrides.ask(cart=cart(lead), note="", now=now)
    with pytest.raises(NotAllowed, match="You asked for this yourself"):
        overrides.decide(override=own, grant=True, by=lead, now=now)


@pytest.mark.parametrize("who", ["cashier", "clerk", "rep", "committee"])
def test_others_may_not_answer(asked, now, who, request):
    with pytest.raises(NotAllowed):
        overrides.decide(override=asked, grant=True, by=request.getfixturevalue(who), now=now)
    assert state(asked) == "asked"


def test_a_part_of_the_system_may_not_answer(asked, now):
    with pytest.raises(NotAllowed):
        overrides.decide(override=asked, grant=True, by="schedule:overrides", now=now)


def test_a_named_manager_may_answer_without_the_role(asked, now):
    nora = user_in("nora")
    manager("Nora Quist", user=nora)
    assert overrides.decide(override=asked, grant=True, by=nora, now=now).status == "granted"


def test_facts_that_moved_since_the_question_end_it(asked, a_cart, mike, now):
    owe(a_cart.customer, days=1, amount="10.00")
    with pytest.raises(Refusal) as caught:
        overrides.decide(override=asked, grant=True, by=mike, now=now)
    assert (caught.value.code, state(asked)) == ("facts_changed", "void")


def test_a_manager_who_lost_the_right_since_takes_the_grant_along(asked, a_cart, mike, now):
    overrides.decide(override=asked, grant=True, by=mike, now=now)
    granted = overrides.collect(override=asked, cashier=a_cart.cashier, now=now)
    mike.groups.clear()
    assert refused(granted, a_cart, now).detail == "mike may not authorise any more. Ask another manager."
