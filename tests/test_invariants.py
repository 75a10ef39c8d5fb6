"""Each invariant is broken once by hand, and the checker must name it; a clean story passes them all."""

import json
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from django.utils.module_loading import autodiscover_modules

from anomalies.models import Alert
from customers.models import Customer, Employee
from disputes.models import FetchedMail, InboundEmail
from holds.actions import holds, overrides
from holds.models import Override, PinLog, ServiceHold
from holds.pins import PinRejected
from netsuite import outbox
from netsuite.invariants import INVARIANTS, Evidence
from netsuite.machine import Transition
from netsuite.models import Push, PushAttempt
from orders.actions import orders
from orders.models import Order
from tests.conftest import user_in
from tests.factories.alerts import fired
from tests.factories.holds import held, owing, proposed
from tests.factories.mails import arrived
from tests.factories.orders import parked
from tests.factories.pins import PIN, WRONG, cart, manager
from tests.netsuite.conftest import FakeRemote
from tests.orders import seeded
from workflows import audit
from workflows.actions import emails, proposals
from workflows.models import AutoDecision, EmailAttempt, OutboundEmail, ProposedAction, WorkflowStep

pytestmark = pytest.mark.django_db

autodiscover_modules("invariants")
LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)
Story = SimpleNamespace


@pytest.fixture
def story(mike, monkeypatch, time_machine) -> Story:
    """Northside is held and told by mail; Harbor was held and lifted; a third proposal waits; a PIN let an order go."""
    netsuite = FakeRemote()
    monkeypatch.setitem(outbox.TRANSPORTS, "netsuite", lambda: netsuite)
    northside, harbor = (held(in_netsuite(netsuite, name), mike) for name in ("Northside Grocers", "Harbor Foods"))
    outbox.drain()
    holds.lift(hold=ServiceHold.objects.get(pk=harbor.pk), reason="Paid", by=mike)
    outbox.drain()
    for email in OutboundEmail.objects.filter(run=northside.run):
        emails.approve(email=email, version=1, by=mike)
    time_machine.move_to(timezone.now() + timedelta(minutes=11))
    emails.send_due(now=timezone.now())
    waiting = proposed(owing("Waiting Foods"))
    lydia, override = let_through(mike)
    outbox.drain()
    audit.seal()
    sent = OutboundEmail.objects.get(run=northside.run, kind="customer_notice")
    told = {"hold": northside, "proposal": northside.proposal, "lifted": harbor, "sent": sent, "waiting": waiting}
    return Story(**told, manager=lydia, override=override, mail=arrived())


def let_through(cashier: Any) -> tuple[Employee, Override]:
    """A wrong PIN, the right one, and the order that used the grant."""
    lydia, order, now = manager(), cart(cashier), timezone.now()
    with pytest.raises(PinRejected):
        overrides.override(cart=order, manager_id=lydia.netsuite_id, pin=WRONG, now=now)
    granted = overrides.override(cart=order, manager_id=lydia.netsuite_id, pin=PIN, now=now)
    return lydia, overrides.spend(secret=granted.secret, cart=order, now=now)


def in_netsuite(netsuite: FakeRemote, name: str) -> Customer:
    customer = owing(name)
    netsuite.records[customer.netsuite_id] = {"credit_hold": "AUTO"}
    return customer


def broken(evidence: Evidence | None = None) -> dict[str, list[str]]:
    """What each check that is broken says, by the name of the check."""
    answers = {each.broken.__name__: list(each.broken(evidence or Evidence())) for each in INVARIANTS}
    return {name: problems for name, problems in answers.items() if problems}


def rows(model: Any, row: Any) -> Any:
    return model.objects.filter(pk=row.pk)


def test_a_clean_story_passes_them_all(story):
    assert broken() == {}


def test_clean_subscriptions_pass_them_all(mike):
    for kind in ("automatic", "manual", "nothing"):
        seeded.seats(kind)
    assert broken() == {}


# --- breaking them, one by one ------------------------------------------------------------------------


def second_decision(story: Story) -> str:
    copy = AutoDecision.objects.get(proposal=story.proposal)
    copy.pk = None
    copy.save(force_insert=True)
    audit.seal()
    return f"Proposal {story.proposal.pk} has 2 decisions."


def other_change(story: Story) -> str:
    rows(ProposedAction, story.proposal).update(proposed_change_json={"entitystatus": "", "credit_hold": "OFF"})
    return f"Proposal {story.proposal.pk} was changed after it was decided."


def other_text(story: Story) -> str:
    rows(OutboundEmail, story.sent).update(body="You owe us a million.")
    return f"Mail {story.sent.pk} is not the text that was approved."


def other_text_sent(story: Story) -> str:
    rows(OutboundEmail, story.sent).update(sent_hash="0" * 64)
    return f"Mail {story.sent.pk} was sent with another text than approved."


def other_push(story: Story) -> str:
    push = Push.objects.first()
    Push.objects.filter(pk=push.pk).update(body={"credit_hold": "OFF"})
    return f"Push {push.pk} was changed after it was queued."


def state_by_hand(story: Story) -> str:
    rows(ProposedAction, story.proposal).update(status="failed")
    return f"proposedaction {story.proposal.pk} is failed, its last transition says applied."


def forbidden_transition(story: Story) -> str:
    Transition.objects.for_row(story.proposal).filter(verb="approve").update(verb="confirm")
    return "proposedaction: confirm from pending to approved is not a transition."


def skipped_transition(story: Story) -> str:
    Transition.objects.for_row(story.proposal).filter(verb="start_applying").delete()
    return f"proposedaction {story.proposal.pk}: confirm starts from applying, the row was approved."


def row_from_nowhere(story: Story) -> str:
    Transition.objects.for_row(story.waiting).delete()
    return f"proposedaction {story.waiting.pk} has no transitions."


def half_an_approval(story: Story) -> str:
    WorkflowStep.objects.filter(run=story.hold.run, step="ns_order_block").delete()
    return f"Proposal {story.proposal.pk} is carried out with 2 drafts, 3 steps, 1 decisions, 1 holds and a push."


def approval_without_push(story: Story) -> str:
    Push.objects.filter(run_id=str(story.hold.run.run_id)).update(run_id="")
    return f"Proposal {story.proposal.pk} is carried out with 2 drafts, 4 steps, 1 decisions, 1 holds and no push."


def applied_without_proof(story: Story) -> str:
    push = Push.objects.first()
    Push.objects.filter(pk=push.pk).update(evidence={"http_status": 204, "read_back": {}})
    return f"Push {push.pk} is applied without proof."


def generations_out_of_order(story: Story) -> str:
    key = f"customer:{story.lifted.customer.netsuite_id}"
    Push.objects.filter(key=key, generation=2).update(applied_at=LONG_AGO)
    return f"{key}: generation 1 was applied after 2."


def fourth_attempt(story: Story) -> str:
    push = Push.objects.first()
    for number in (2, 3, 4):
        PushAttempt.objects.create(push=push, number=number, cycle=1, by="x", lease_token=uuid.uuid4())
    return f"Push {push.pk} made 4 attempts in cycle 1."


def nameless_attempt(story: Story) -> str:
    attempt = PushAttempt.objects.first()
    PushAttempt.objects.filter(pk=attempt.pk).update(by="")
    return f"Attempt {attempt} names nobody."


def flag_taken_off(story: Story) -> str:
    rows(Customer, story.hold.customer).update(entitystatus="")
    return f"Customer {story.hold.customer_id}: hold in force True, flagged False."


def netsuite_changed_in_silence(story: Story) -> str:
    rows(Customer, story.hold.customer).update(credit_hold_override="OFF")
    return "Northside Grocers: approved is ON, NetSuite has OFF."


def second_delivery(story: Story) -> str:
    EmailAttempt.objects.create(email=story.sent, recipient=story.sent.to_email, outcome="sent")
    return f"Mail {story.sent.pk} was delivered 2 times after 1 approvals."


def foreign_recipient(story: Story) -> str:
    EmailAttempt.objects.filter(email=story.sent).update(recipient="somebody@else.example")
    return f"Mail {story.sent.pk} went to somebody@else.example, which nobody approved."


def impatient_sender(story: Story) -> str:
    at = story.sent.approved_at + timedelta(seconds=5)
    EmailAttempt.objects.filter(email=story.sent).update(started_at=at)
    return f"Mail {story.sent.pk} was sent before its undo window was over."


def unapproved_mail(story: Story) -> str:
    draft = OutboundEmail.objects.filter(run=story.lifted.run).first()
    EmailAttempt.objects.create(email=draft, recipient=draft.to_email, outcome="refused")
    return f"Mail {draft.pk} was sent without approval."


def own_proposal(story: Story) -> str:
    rows(ProposedAction, story.proposal).update(proposed_by="mike")
    return f"Proposal {story.proposal.pk} was approved by mike, who proposed it."


def nameless_decision(story: Story) -> str:
    decision = AutoDecision.objects.get(proposal=story.proposal)
    rows(AutoDecision, decision).update(by="")
    return f"Decision {decision.pk} does not say who or why."


def nameless_transition(story: Story) -> str:
    Transition.objects.for_row(story.proposal).filter(verb="approve").update(by="")
    return f"proposedaction {story.proposal.pk}: approve names nobody."


def batch_decision(story: Story) -> str:
    at = timezone.now()
    ProposedAction.objects.exclude(decided_at=None).update(decided_at=at)
    return f"2 proposals were decided by one person at {at}."


def rewritten_decision(story: Story) -> str:
    decision = AutoDecision.objects.get(proposal=story.proposal)
    rows(AutoDecision, decision).update(reason="never said")
    return f"Decision {decision.pk} was changed after it was sealed (link {decision.seal.seq})."


def change_without_history(story: Story) -> str:
    rows(ServiceHold, story.hold).update(reason="quietly changed")
    return f"service hold {story.hold.pk}: history lacks reason."


def push_in_flight_for_ever(story: Story) -> str:
    push = Push.objects.order_by("pk").last()
    lease = {"lease_token": uuid.uuid4(), "lease_until": LONG_AGO}
    Push.objects.filter(pk=push.pk).update(status="sending", **lease)
    return f"Push {push.pk} has been in flight since 2001-01-01T00:00:00+00:00; its worker is gone."


def nobody_drains(story: Story) -> str:
    push = Push.objects.order_by("pk").last()
    Push.objects.filter(pk=push.pk).update(status="queued", next_attempt_at=LONG_AGO, created_at=LONG_AGO)
    return f"Push {push.pk} was due at 2001-01-01T00:00:00+00:00; nothing drains."


def mail_in_flight_for_ever(story: Story) -> str:
    rows(OutboundEmail, story.sent).update(status="sending", lease_until=LONG_AGO)
    return f"Mail {story.sent.pk} has been sending since {LONG_AGO}."


def mail_never_sent(story: Story) -> str:
    rows(OutboundEmail, story.sent).update(status="approved", send_after=LONG_AGO)
    return f"Mail {story.sent.pk} should have gone out at {LONG_AGO}."


def forgotten_deferral(story: Story) -> str:
    rows(ProposedAction, story.waiting).update(status="deferred", deferred_until=date(2001, 1, 1))
    return f"Proposal {story.waiting.pk} was put off until 2001-01-01 and did not come back."


def lost_push(story: Story) -> str:
    Transition.objects.create(machine="push", row_id=4711, verb="create", target="queued", by="mike")
    there = Push.objects.count()
    return f"{there + 1} of push were created, {there} are there."


def sixth_check(story: Story) -> str:
    at = timezone.now() + timedelta(hours=1)
    for number in range(6):
        moment = at + timedelta(seconds=number)
        PinLog.objects.create(outcome="rejected", manager=story.manager, entity_id=story.manager.netsuite_id, at=moment)
    return f"Manager {story.manager.netsuite_id}: 6 wrong PINs were checked up to {moment.isoformat()}, 5 allowed."


def eleventh_check_in_a_row(story: Story) -> str:
    for number in range(11):
        at = timezone.now() + timedelta(hours=1 + number)
        PinLog.objects.create(outcome="rejected", manager=story.manager, entity_id=story.manager.netsuite_id, at=at)
    return f"Manager {story.manager.netsuite_id}: 11 wrong PINs in a row were checked, 10 allowed."


def grant_used_twice(story: Story) -> str:
    use = Transition.objects.for_row(story.override).get(verb="use")
    use.pk = None
    use.save(force_insert=True)
    return f"Override {story.override.pk} was used 2 times."


def grant_used_late(story: Story) -> str:
    at = story.override.expires_at + timedelta(seconds=1)
    rows(Override, story.override).update(used_at=at)
    return f"Override {story.override.pk} was used at {at}, outside its minutes."


def grant_without_end(story: Story) -> str:
    rows(Override, story.override).update(expires_at=story.override.decided_at + timedelta(hours=1))
    return f"Override {story.override.pk} holds longer than 5 minutes."


def use_nobody_logged(story: Story) -> str:
    PinLog.objects.filter(override=story.override, outcome="used").delete()
    return f"Override {story.override.pk} is used and has 0 lines about it in the PIN log."


def order_let_go(story: Story) -> Order:
    """Of a customer on hold, released and submitted."""
    mike = User.objects.get(username="mike")
    order = parked(user_in("priya", "Cashier"))
    return orders.submit(order=orders.release(order=order, by=mike, reason="Cheque seen"), by=mike)


def inputs_changed(story: Story) -> str:
    order = order_let_go(story)
    order.verdict["inputs"]["record"]["balance"] = 1.0
    rows(Order, order).update(verdict=order.verdict)
    return f"Order {order}: its verdict does not follow from its formula and inputs."


def formula_changed(story: Story) -> str:
    order = order_let_go(story)
    rows(Order, order).update(formula="false")
    return f"Order {order}: the formula beside the verdict is another one."


def overrides_verdict_changed(story: Story) -> str:
    rows(Override, story.override).update(verdict={**story.override.verdict, "on_hold": False})
    return f"Override {story.override.pk}: its verdict does not follow from its formula and inputs."


def leave_taken_away(story: Story) -> str:
    order = order_let_go(story)
    rows(Order, order).update(leave=None)
    return f"Order {order} went through on hold, without anybody's leave."


def leave_of_another_order(story: Story) -> str:
    order = order_let_go(story)
    rows(Order, order).update(leave=None, override=story.override)
    return f"Order {order} went through with override {story.override.pk}, which was not used for it."


def submitted_in_silence(story: Story) -> str:
    order = order_let_go(story)
    rows(Order, order).update(push=None)
    return f"Order {order} was submitted without a push."


def second_mail(index: str, **fields: Any) -> InboundEmail:
    """A copy that the database's own index would refuse."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX {index}")
    copy = InboundEmail.objects.get()
    InboundEmail.objects.update(**fields)
    for name, value in {**fields, "pk": None, "email_uuid": uuid.uuid4()}.items():
        setattr(copy, name, value)
    copy._state.adding = True
    copy.save(force_insert=True)
    return copy


def second_row_of_a_message(story: Story) -> str:
    second_mail("one_row_a_message", message_id="<1@x>")
    return "2 mails have the message id <1@x>."


def second_row_of_a_text(story: Story) -> str:
    second_mail("one_row_a_body", message_id="")
    return "2 mails without an id have the same text."


def mail_in_no_state(story: Story) -> str:
    rows(InboundEmail, story.mail).update(status="lost")
    return f"Mail {story.mail.pk} is in no state: lost."


def message_read_and_not_stored(story: Story) -> str:
    FetchedMail.objects.create(mailbox="ar@imap/INBOX", uidvalidity=1, uid=17)
    return "Message 17 of ar@imap/INBOX counts as read and is not stored."


def mail_routed_nowhere(story: Story) -> str:
    rows(InboundEmail, story.mail).update(status="routed", classification="invoice_dispute")
    return f"Mail {story.mail.pk} is routed to no dispute."


def mail_sorted_as_nothing(story: Story) -> str:
    rows(InboundEmail, story.mail).update(status="sorted")
    return f"Mail {story.mail.pk} is sorted as nothing."


def mail_put_aside_in_silence(story: Story) -> str:
    rows(InboundEmail, story.mail).update(status="quarantined")
    return f"Mail {story.mail.pk} was put aside without a reason."


def mail_waits_in_silence(story: Story) -> str:
    rows(InboundEmail, story.mail).update(status="unsure")
    return f"Mail {story.mail.pk} waits for a person and does not say why."


def other_value(story: Story) -> str:
    alert = fired()
    rows(Alert, alert).update(value=13)
    return f"Alert {alert.pk}: its value does not follow from its figures."


def other_figures(story: Story) -> str:
    alert = fired()
    rows(Alert, alert).update(payload={**alert.payload, "points": [["2026-03-15", "4"]]})
    return f"Alert {alert.pk}: its outcome does not follow from its figures."


def same_day_again(story: Story) -> str:
    first, second = fired(), fired(date(2026, 3, 14), slug="churn", metric="churn_signals")
    rows(Alert, second).update(rule_as_was=first.rule_as_was, date=first.date, payload=first.payload)
    rows(Alert, second).update(value=first.value, line=first.line)
    return "Rule customers-on-hold has 2 alerts for 2026-03-15."


SEEDED: dict[str, list[Callable[[Story], str]]] = {
    "one_decision_a_proposal": [second_decision],
    "approved_content_is_unchanged": [other_change, other_text, other_text_sent],
    "pushed_content_is_unchanged": [other_push],
    "transitions_follow_the_machine": [state_by_hand, forbidden_transition, skipped_transition, row_from_nowhere],
    "approvals_are_whole": [half_an_approval, approval_without_push],
    "applied_has_evidence": [applied_without_proof],
    "one_lease_and_rising_generations": [generations_out_of_order],
    "attempts_keep_to_the_cycle": [fourth_attempt, nameless_attempt],
    "holds_agree": [flag_taken_off, netsuite_changed_in_silence],
    "one_delivery_a_release": [second_delivery],
    "mails_waited_and_were_released": [foreign_recipient, impatient_sender, unapproved_mail],
    "four_eyes": [own_proposal],
    "decisions_say_who_and_why": [nameless_decision],
    "transitions_name_an_actor": [nameless_transition],
    "no_batches": [batch_decision],
    "chain_verifies": [rewritten_decision],
    "pin_checks_keep_to_the_limit": [sixth_check, eleventh_check_in_a_row],
    "grants_are_used_once": [grant_used_twice, grant_used_late, grant_without_end, use_nobody_logged],
    "verdicts_recompute": [inputs_changed, formula_changed, overrides_verdict_changed],
    "held_orders_had_leave": [leave_taken_away, leave_of_another_order],
    "submitted_orders_are_pushed": [submitted_in_silence],
    "inbound_mail_is_unique": [
        *(second_row_of_a_message, second_row_of_a_text, mail_in_no_state, message_read_and_not_stored),
    ],
    "inbound_mail_says_why": [
        *(mail_routed_nowhere, mail_sorted_as_nothing, mail_put_aside_in_silence, mail_waits_in_silence),
    ],
    "history_is_current": [change_without_history],
    "pushes_do_not_linger": [push_in_flight_for_ever, nobody_drains],
    "nothing_overdue": [mail_in_flight_for_ever, mail_never_sent, forgotten_deferral],
    "nothing_vanished": [lost_push],
    "alerts_recompute": [other_value, other_figures],
    "one_alert_a_day": [same_day_again],
}
CASES = [(name, seed) for name, seeds in SEEDED.items() for seed in seeds]


@pytest.mark.parametrize(("name", "seed"), CASES, ids=lambda part: getattr(part, "__name__", ""))
def test_a_seeded_bug_is_named(story, name, seed):
    words = seed(story)
    assert broken()[name][0] == words


@pytest.mark.parametrize(("name", "seed"), seeded.CASES, ids=lambda part: getattr(part, "__name__", ""))
def test_a_bug_seeded_into_a_subscription_is_named(mike, name, seed):
    words = seed()
    assert broken()[name][0] == words


# --- held against the sandbox's request log -----------------------------------------------------------


def request_of(request_id: object, at: datetime, method: str = "PATCH") -> dict[str, Any]:
    path = "/services/rest/record/v1/customer/107"
    return {"method": method, "path": path, "time": at.isoformat(), "request_id": str(request_id)}


def test_every_write_that_has_its_attempt_passes(story):
    lines = [request_of(a.request_id, a.started_at + timedelta(milliseconds=9)) for a in PushAttempt.objects.all()]
    assert broken(Evidence(lines)) == {}


def test_a_write_that_nobody_planned_is_named(story):
    at = timezone.now()
    problems = broken(Evidence([request_of(uuid.uuid4(), at)]))
    assert problems == {
        "requests_have_attempts": [
            f"PATCH /services/rest/record/v1/customer/107 at {at.isoformat()} belongs to no attempt."
        ]
    }


def test_a_write_before_its_attempt_was_committed_is_named(story):
    attempt = PushAttempt.objects.first()
    line = request_of(attempt.request_id, attempt.started_at - timedelta(seconds=1))
    assert broken(Evidence([line])) == {
        "requests_have_attempts": [f"Attempt {attempt} was committed after its request {line['path']}."]
    }


def test_reading_needs_no_attempt(story):
    assert broken(Evidence([request_of("", timezone.now(), method="GET")])) == {}


def test_none_of_the_numbers_is_missing():
    assert {each.number for each in INVARIANTS} == set(range(1, 23))


def test_every_invariant_has_its_seeded_bug():
    assert {each.broken.__name__ for each in INVARIANTS} == {*SEEDED, *seeded.SEEDED, "requests_have_attempts"}


# --- the command --------------------------------------------------------------------------------------


def verify(*flags: str) -> tuple[int, str]:
    out, code = StringIO(), 0
    try:
        call_command("verify_invariants", *flags, stdout=out)
    except SystemExit as exit_:
        code = int(exit_.code or 0)
    return code, out.getvalue()


def test_the_command_lists_what_holds(story):
    code, out = verify()
    assert (code, " 1 ok     One decision per proposal" in out.splitlines()) == (0, True)


def test_the_command_names_what_is_broken_and_exits_with_one(story):
    words = rewritten_decision(story)
    code, out = verify("--json")
    assert (code, json.loads(out)["broken"]) == (
        1,
        [{"invariant": 19, "title": "The audit chain verifies", "problem": words}],
    )


def test_the_command_reads_the_sandboxs_log(story, tmp_path: Path):
    log = tmp_path / "requests.jsonl"
    log.write_text(json.dumps(request_of(uuid.uuid4(), timezone.now())) + "\n\n")
    code, out = verify("--sandbox-log", str(log))
    assert (code, "belongs to no attempt" in out) == (1, True)


def test_the_command_without_the_log_it_was_told_to_read(tmp_path: Path):
    with pytest.raises(CommandError, match="Cannot read"):
        verify("--sandbox-log", str(tmp_path / "nothing"))


def test_rejections_and_deferrals_keep_them_too(story, mike):
    proposals.reject(proposal=story.waiting, version=1, by=mike, reason="Promised")
    audit.seal()
    assert broken() == {}
