"""Carrying out changes: held or not, by each kind of provider, in order, once, across crashes; and the team's mail."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customers.models import Customer
from holds.actions import holds
from netsuite import bell, outbox
from netsuite.errors import Refusal
from netsuite.machine import LostRace, Transition
from netsuite.models import Push
from orders import outcomes, tasks
from orders.actions import provisioning, subscriptions
from orders.actions.provisioning import Progress, advance, progress
from orders.models import (
    Invoice,
    LicenseChange,
    ProviderAccount,
    ProvisioningNotice,
    ProvisioningSettings,
    Subscription,
)
from orders.provisioning import carrying, gate, team_mail
from tests.factories.customers import CustomerFactory
from tests.factories.holds import held, owing
from tests.factories.subscriptions import (
    TEAM,
    answered,
    held_account,
    of,
    open_accounts,
    product,
    provider,
    states,
    subscribed,
    subscription,
)
from workflows.access import NotAllowed
from workflows.actions import switches
from workflows.models import AutoDecision

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 16)
WHY = "Paid"


@pytest.fixture(autouse=True)
def _today(frozen_today):
    """Everything happens on one Monday."""


@pytest.fixture
def held_one(mike) -> Customer:
    return held_account(mike, CustomerFactory(name="Harbor Deli"))


def run(**fields: Any) -> Progress:
    return advance(by="schedule:provisioning", **fields)


def first(order: Any) -> LicenseChange:
    return LicenseChange.objects.filter(subscription=of(order)[0]).get(sequence=1)


# --- the four providers --------------------------------------------------------------------------------


def test_nothing_to_do_is_not_applicable(mike):
    order = subscribed(mike, "nothing")
    assert (run(), states()) == (Progress(0, 0, 1, 0), ["not_applicable"])
    assert first(order).settled_by == "schedule:provisioning"


def test_an_automatic_one_waits_for_the_account_then_goes_to_the_provider(mike):
    order = subscribed(mike, "automatic")
    assert run() == Progress(0, 0, 0, 1)
    assert gate.verdict_on(first(order)).source == "account_opening"
    open_accounts()  # The outcome itself lets it go.
    push = first(order).push
    assert (push.record_id, push.body["quantity"], states()) == (str(first(order).key), 5, ["awaiting"])
    assert run() == Progress(0, 0, 0, 0)


def test_the_providers_yes_settles_it(mike):
    order = subscribed(mike, "automatic")
    open_accounts()
    answered(first(order).push)
    mine = of(order)[0]
    assert (states(), mine.provisioned_quantity, first(order).settled_by) == (["provisioned"], 5, "provider:automatic")
    assert mine.history.first().provisioned_quantity == 5


def test_the_providers_no_stands_in_its_own_words(mike):
    order = subscribed(mike, "automatic")
    open_accounts()
    answered(first(order).push, refusal="No such SKU")
    assert (states(), first(order).error) == (["failed"], "No such SKU")
    assert [change.error for change in progress(order.customer).failures] == ["No such SKU"]


def test_an_account_that_cannot_be_opened_says_why(mike):
    subscribed(mike, "automatic")
    account = ProviderAccount.objects.get()
    answered(account.push, refusal="Who is that?")
    account.refresh_from_db()
    assert (account.error, account.opened_at, run().asked) == ("Who is that?", None, 0)


def test_a_manual_one_asks_the_team_and_waits_for_a_person(mike, clerk):
    order = subscribed(mike, "manual")
    assert run() == Progress(1, 0, 0, 0)
    assert (ProvisioningNotice.objects.get().address, states()) == (TEAM, ["awaiting"])
    provisioning.mark_provisioned(change=first(order), by=clerk, reason="Done in the portal")
    assert (states(), of(order)[0].provisioned_quantity, first(order).settled_by) == (["provisioned"], 5, "clerk")
    assert AutoDecision.objects.get(decision_type="change_provisioned").reason == "Done in the portal"


def test_a_linked_one_follows_its_parent(mike, clerk, django_capture_on_commit_callbacks):
    order = subscribed(mike, "manual", "linked")
    assert (run().asked, states()) == (1, ["awaiting", "awaiting"])
    with django_capture_on_commit_callbacks(execute=True):
        provisioning.mark_provisioned(change=first(order), by=clerk, reason=WHY)
    assert (states(), [each.provisioned_quantity for each in of(order)]) == (["provisioned"] * 2, [5, 5])


def test_a_linked_one_follows_an_automatic_parent_at_once(mike):
    order = subscribed(mike, "automatic", "linked")
    open_accounts()
    answered(first(order).push)
    assert states() == ["provisioned", "provisioned"]


def test_a_whole_chain_follows(mike, clerk, django_capture_on_commit_callbacks):
    order = subscribed(mike, "manual", "linked")
    parent, child = of(order)
    grandchild = product("linked", follows=child.product)
    subscriptions.subscribe(customer=order.customer, items=[subscriptions.Item(grandchild, 1)], by=mike)
    run()
    with django_capture_on_commit_callbacks(execute=True):
        provisioning.mark_provisioned(change=parent.changes.get(), by=clerk, reason=WHY)
    assert states() == ["provisioned"] * 3


def test_out_of_time_it_stops_and_the_next_run_goes_on(mike):
    subscribed(mike, "nothing")
    assert run(for_seconds=0) == Progress(0, 0, 0, 1)
    assert run(for_seconds=60) == Progress(0, 0, 1, 0)


# --- held, and let go ----------------------------------------------------------------------------------


def test_while_held_only_provisioning_waits(mike, held_one):
    subscribed(mike, "automatic", "manual", "linked", "nothing", customer=held_one)
    open_accounts()
    assert run() == Progress(0, 0, 0, 4)
    assert (states(), Invoice.objects.get().total, ProvisioningNotice.objects.count()) == (["awaiting"] * 4, 200, 0)
    assert set(Push.objects.values_list("record_type", flat=True)) == {"invoice", "automatic"}


def test_setting_the_account_to_no_provisions_each_by_its_provider(mike, clerk, held_one):
    order = subscribed(mike, "automatic", "manual", "linked", "nothing", customer=held_one)
    open_accounts()
    provisioning.set_account_hold(customer=held_one, credit_hold=False, by=clerk, reason=WHY)
    assert run() == Progress(2, 0, 1, 1)
    answered(first(order).push)
    assert states() == ["provisioned", "awaiting", "provisioned", "not_applicable"]
    decision = AutoDecision.objects.get(decision_type="account_hold_cleared")
    assert (decision.by, decision.customer, decision.after) == ("clerk", held_one, {"credit_hold": False})


def test_switching_off_lets_the_held_ones_go(mike, held_one):
    subscribed(mike, "nothing", customer=held_one)
    run()
    provisioning.enable_credit_hold(on=False, by=mike, reason="Over")
    assert (run().skipped, Customer.objects.get(pk=held_one.pk).credit_hold) == (1, True)


def test_with_the_switch_off_the_flag_stops_nothing(mike):
    customer = CustomerFactory(credit_hold=True)
    subscribed(mike, "nothing", customer=customer)
    assert run().skipped == 1


def test_a_service_hold_waits_while_the_switch_is_on_and_lifting_it_releases(
    mike, held_one, django_capture_on_commit_callbacks, monkeypatch
):
    customer = owing(credit_limit=1_000_000)
    order = subscribed(mike, "nothing", customer=customer)
    hold = held(customer, mike)
    assert (run(customer=customer).waiting, gate.verdict_on(first(order)).source) == (1, "service_hold")
    connection.run_on_commit.clear()  # As if what went before were committed.
    rung: list[str] = []
    monkeypatch.setattr(bell, "async_task", lambda task, **options: rung.append(task))
    with django_capture_on_commit_callbacks(execute=True):
        holds.lift(hold=hold, reason=WHY, by=mike)
    assert "orders.tasks.provision_waiting" in rung
    assert tasks.provision_waiting()["skipped"] == 1


def test_switching_on_changes_no_account_and_takes_as_many_statements_for_any_number_of_them(mike):
    def statements() -> list[str]:
        mike.has_perm("orders.change_provisioningsettings")
        with CaptureQueriesContext(connection) as captured:
            provisioning.enable_credit_hold(on=True, by=mike, reason="We provision what is paid")
        provisioning.enable_credit_hold(on=False, by=mike, reason="Back")
        return [q["sql"] for q in captured]

    ProvisioningSettings.current()
    few = statements()
    Customer.objects.bulk_create(CustomerFactory.build_batch(300))
    many = statements()
    assert (len(many), [sql for sql in many if '"customers"' in sql]) == (len(few), [])
    assert len([sql for sql in many if sql.startswith("UPDATE")]) == 1
    assert Customer.objects.filter(credit_hold=True).count() == 0


def test_the_switch_keeps_who_when_and_why(mike):
    provisioning.enable_credit_hold(on=True, by=mike, reason="We provision what is paid")
    settings = ProvisioningSettings.current()
    past = settings.history.first()
    assert (settings.enable_credit_hold, settings.by, past.history_user) == (True, "mike", mike)
    assert past.history_change_reason == "We provision what is paid"
    with pytest.raises(Refusal) as refusal:
        provisioning.enable_credit_hold(on=True, by=mike, reason="Again")
    assert (refusal.value.code, AutoDecision.objects.count()) == ("nothing_to_change", 1)


def test_a_flag_that_stands_that_way_is_refused(mike):
    with pytest.raises(Refusal) as refusal:
        provisioning.set_account_hold(customer=CustomerFactory(), credit_hold=False, by=mike, reason=WHY)
    assert (refusal.value.code, AutoDecision.objects.count()) == ("nothing_to_change", 0)


# --- order, day, and what failed -----------------------------------------------------------------------


def test_changes_of_one_subscription_go_one_after_the_other(mike):
    mine = subscription(mike, "automatic")
    subscriptions.change_quantity(subscription=mine, quantity=8, by=mike, reason=WHY)
    open_accounts()
    one, two = mine.changes.order_by("sequence")
    assert (one.push is not None, two.push, gate.verdict_on(two).source) == (True, None, "order")
    answered(one.push)
    two.refresh_from_db()
    assert (two.push.body["quantity"], two.push.generation) == (8, 2)


def test_an_earlier_failed_one_blocks_until_it_is_tried_again(mike, clerk):
    mine = subscription(mike, "automatic")
    subscriptions.change_quantity(subscription=mine, quantity=8, by=mike, reason=WHY)
    open_accounts()
    one = mine.changes.get(sequence=1)
    answered(one.push, refusal="Not now")
    assert (run().asked, states()) == (0, ["failed", "awaiting"])
    one.refresh_from_db()
    provisioning.retry(change=one, by=clerk, reason="They fixed it")
    assert (run().asked, states()) == (1, ["awaiting", "awaiting"])
    one.refresh_from_db()
    assert (one.error, one.push.generation, one.push.record_id) == ("", 2, str(one.key))
    answered(one.push)
    answered(mine.changes.get(sequence=2).push)
    assert states() == ["provisioned", "provisioned"]


def test_a_retry_passes_the_gate_again(mike, clerk):
    order = subscribed(mike, "automatic")
    open_accounts()
    answered(first(order).push, refusal="Not now")
    held_account(mike, order.customer)
    provisioning.retry(change=first(order), by=clerk, reason="Try")
    assert (run().asked, gate.verdict_on(first(order)).source) == (0, "account")


def test_a_push_sent_again_from_the_queue_settles_its_change(mike):
    order = subscribed(mike, "automatic")
    open_accounts()
    change = first(order)
    answered(change.push, refusal="Not now")
    Push.objects.filter(pk=change.push_id).update(status="queued")
    answered(change.push)
    verbs = [each.verb for each in Transition.objects.for_row(change)]
    assert (states(), verbs) == (["provisioned"], ["create", "fail", "retry", "provision"])


def test_a_future_change_waits_for_its_day(mike, time_machine):
    mine = subscription(mike)
    run()
    on = TODAY + timedelta(days=3)
    subscriptions.change_quantity(subscription=mine, quantity=8, effective_on=on, by=mike, reason=WHY)
    assert run() == Progress(0, 0, 0, 1)
    time_machine.move_to(f"{on}T14:00Z")
    assert run().skipped == 1


def test_changes_of_nothing_to_do_go_in_one_run(mike):
    mine = subscription(mike)
    for quantity in (6, 7, 8):
        subscriptions.change_quantity(subscription=mine, quantity=quantity, by=mike, reason=WHY)
    assert (run().skipped, states()) == (4, ["not_applicable"] * 4)


# --- people --------------------------------------------------------------------------------------------


def test_nobody_marks_what_waits(mike, clerk, held_one):
    order = subscribed(mike, "manual", customer=held_one)
    with pytest.raises(Refusal) as refusal:
        provisioning.mark_provisioned(change=first(order), by=clerk, reason=WHY)
    assert (refusal.value.code, refusal.value.extra) == ("waits", {"source": "account"})
    assert "credit hold is Yes" in refusal.value.detail


def test_nobody_marks_what_answers_for_itself(mike, clerk):
    order = subscribed(mike, "automatic")
    with pytest.raises(Refusal) as refusal:
        provisioning.mark_provisioned(change=first(order), by=clerk, reason=WHY)
    assert refusal.value.code == "not_manual"


def test_the_second_click_finds_it_done(mike, clerk):
    order = subscribed(mike, "manual")
    run()
    seen = first(order)
    provisioning.mark_provisioned(change=seen, by=clerk, reason=WHY)
    for verb in (provisioning.mark_provisioned, provisioning.retry):
        with pytest.raises(LostRace):
            verb(change=seen, by=mike, reason=WHY)
    assert Transition.objects.for_row(seen).count() == 2


def test_the_wrong_role_may_not(mike, rep, cashier):
    order = subscribed(mike, "manual")
    for refused in (
        lambda: provisioning.mark_provisioned(change=first(order), by=rep, reason=WHY),
        lambda: provisioning.retry(change=first(order), by=cashier, reason=WHY),
        lambda: provisioning.enable_credit_hold(on=True, by=rep, reason=WHY),
        lambda: provisioning.set_account_hold(customer=order.customer, credit_hold=True, by=rep, reason=WHY),
    ):
        with pytest.raises(NotAllowed):
            refused()


def test_every_verb_wants_a_reason(mike):
    change = first(subscribed(mike, "manual"))
    for refused in (
        lambda: provisioning.mark_provisioned(change=change, by=mike, reason=" "),
        lambda: provisioning.retry(change=change, by=mike, reason=""),
        lambda: provisioning.enable_credit_hold(on=True, by=mike, reason=""),
        lambda: provisioning.set_account_hold(customer=CustomerFactory(), credit_hold=True, by=mike, reason=""),
    ):
        with pytest.raises(Refusal) as refusal:
            refused()
        assert refusal.value.code == "reason_required"


def test_progress_counts_what_the_release_set_going(mike, clerk, held_one, time_machine):
    subscribed(mike, "nothing", customer=CustomerFactory())
    order = subscribed(mike, "automatic", "manual", "nothing", customer=held_one)
    open_accounts()
    assert (progress(held_one).waiting, progress(held_one).total) == (3, 3)
    time_machine.move_to("2026-03-16T15:00Z")
    provisioning.set_account_hold(customer=held_one, credit_hold=False, by=clerk, reason=WHY)
    run()
    answered(first(order).push, refusal="Not now")
    found = progress(held_one)
    assert (found.done, found.failed, found.asked, found.waiting, found.total) == (1, 1, 1, 0, 3)
    assert (found.is_over, found.since is not None) == (False, True)


# --- crashes -------------------------------------------------------------------------------------------


def test_a_crash_between_batches_loses_and_repeats_nothing(mike, monkeypatch):
    customer = CustomerFactory()
    for _ in range(2):
        subscribed(mike, "nothing", "manual", "nothing", customer=customer)
    monkeypatch.setattr(carrying.work_off, "__kwdefaults__", {**carrying.work_off.__kwdefaults__, "batch": 2})
    real, calls = carrying._work_off_some, []

    def dying(*args: Any, **fields: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise SystemExit
        return real(*args, **fields)

    monkeypatch.setattr(carrying, "_work_off_some", dying)
    with pytest.raises(SystemExit):
        run()
    assert (states().count("not_applicable"), ProvisioningNotice.objects.count()) == (1, 1)
    assert run() == Progress(1, 0, 3, 0)
    assert (states().count("not_applicable"), ProvisioningNotice.objects.count()) == (4, 2)


def test_one_bad_row_stops_no_other(mike, monkeypatch):
    bad, good = (subscription(mike) for _ in range(2))
    real = carrying._skip

    def broken(change: LicenseChange, by: str, now: Any) -> None:
        if change.subscription_id == bad.pk:
            raise RuntimeError
        real(change, by, now)

    monkeypatch.setitem(carrying.CARRY_OUT, "nothing", broken)
    assert (run(), states()) == (Progress(0, 0, 1, 1), ["awaiting", "not_applicable"])
    assert good.changes.get().status == "not_applicable"


def test_outcomes_that_a_crash_lost_are_found(mike, monkeypatch):
    order = subscribed(mike, "automatic", "linked")
    monkeypatch.setattr(outcomes, "push_settled", lambda push: None)
    answered(ProviderAccount.objects.get().push)
    assert tasks.catch_up()["taken_over"] == 1
    answered(first(order).push)
    assert states() == ["awaiting", "awaiting"]
    assert (tasks.catch_up()["taken_over"], states()) == (1, ["provisioned", "provisioned"])
    assert tasks.catch_up()["taken_over"] == 0


def test_a_crash_after_a_second_try_that_was_taken_is_found_too(mike, monkeypatch):
    order = subscribed(mike, "automatic")
    answered(ProviderAccount.objects.get().push)
    refused = first(order).push
    answered(refused, "No seats left.")
    outbox.retry(push_ids=[refused.pk], by="mike")
    monkeypatch.setattr(outcomes, "push_settled", lambda push: None)
    answered(refused)
    assert (tasks.catch_up()["taken_over"], states()) == (1, ["provisioned"])
    assert tasks.catch_up()["taken_over"] == 0


def test_a_thousand_subscriptions_take_few_statements_each(mike, held_one):
    """Reading is by the batch; what is left is the push and the claim of each change."""
    order = subscribed(mike, "automatic", customer=CustomerFactory())
    open_accounts()
    model = of(order)[0]
    rows = [
        Subscription(
            **{f: getattr(model, f) for f in ("contract", "customer", "product", "provider", "price", "starts_on")},
            number=f"SUB-{number}",
            quantity=1,
        )
        for number in range(120)
    ]
    new = {"sequence": 1, "kind": "new", "quantity_after": 1, "price_after": 1, "effective_on": TODAY}
    LicenseChange.objects.bulk_create(
        LicenseChange(subscription=each, **new) for each in Subscription.objects.bulk_create(rows)
    )
    with CaptureQueriesContext(connection) as captured:
        assert run().asked == 120
    said = [q["sql"] for q in captured if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert len(said) <= 120 * 5 + 50


# --- the team's mail -----------------------------------------------------------------------------------


def send() -> dict[str, int]:
    return team_mail.send_due(now=timezone.now())


def test_a_team_gets_one_mail_with_all_that_is_new(mike, settings):
    settings.PUBLIC_URL = ""
    for _ in range(2):
        subscribed(mike, "manual")
    subscription(mike, "manual")
    run()
    assert (send(), send()) == ({"sent": 1}, {})
    [message] = mail.outbox
    assert (message.to, message.subject) == ([TEAM], "Three subscriptions to provision")
    assert message.body.count("New: five licences. Effective 16 Mar 2026.") == 3


def test_each_team_has_its_own_mail(mike):
    subscribed(mike, "manual")
    seats = product("manual")
    seats.provider = provider("manual", slug="other", team_email="other@holdgate.example")
    seats.save()
    subscriptions.subscribe(customer=CustomerFactory(), items=[subscriptions.Item(seats, 1)], by=mike)
    run()
    assert send() == {"sent": 2}
    assert sorted(message.to[0] for message in mail.outbox) == [TEAM, "other@holdgate.example"]


def test_what_was_done_before_the_mail_left_is_not_asked_for(mike, clerk):
    order = subscribed(mike, "manual")
    run()
    provisioning.mark_provisioned(change=first(order), by=clerk, reason=WHY)
    assert (send(), mail.outbox) == ({}, [])
    assert ProvisioningNotice.objects.get().error == "Not sent: settled before."


def test_a_sender_that_died_is_not_repeated_but_said(mike):
    subscribed(mike, "manual")
    run()
    ProvisioningNotice.objects.update(claimed_at=timezone.now() - timedelta(hours=1), message_id="<x>")
    assert (send(), mail.outbox) == ({}, [])
    assert ProvisioningNotice.objects.get().error.startswith("Nobody knows whether it arrived")


def test_the_mail_switch_stops_it_and_nothing_is_lost(mike):
    subscribed(mike, "manual")
    run()
    switches.flip(name="email_send", state="on", by=mike, reason="Test")
    assert (send(), mail.outbox) == ({}, [])
    switches.flip(name="email_send", state="off", by=mike, reason="Over")
    assert send() == {"sent": 1}
