"""What people do with an alert, and what they stage from it."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from anomalies import group, plans
from anomalies.actions import alerts, staging
from anomalies.grounds import of_alert
from anomalies.models import Alert
from customers.clock import business_today
from customers.models import Customer, Transaction
from holds.models import LimitExtension, Pause
from netsuite.errors import Refusal
from netsuite.models import Push
from tests.factories.alerts import DAY, NOW, spike_alert
from tests.factories.holds import held, owing
from workflows.access import NotAllowed
from workflows.actions import proposals
from workflows.contracts import handler
from workflows.evidence import about
from workflows.models import AutoDecision, ProposedAction, ReflexionEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def alert(time_machine) -> Alert:
    time_machine.move_to(NOW + timedelta(hours=9))
    return spike_alert()


def recommended(alert: Alert) -> dict[str, plans.Plan]:
    orders = group.orders_of(alert)
    found = group.members(orders, today=business_today(), before=alert.date)
    segment = plans.standing_out(alert.payload["wave"]["concentration"])
    return {plan.kind: plan for plan in plans.recommend(found, segment, group.tiers_by_limit())}


def ids(plan: plans.Plan) -> list[int]:
    return [member.customer.pk for member in plan.members]


def approve(proposal: ProposedAction, by, reason: str = "Agreed") -> ProposedAction:
    return proposals.approve(proposal=proposal, version=1, by=by, reason=reason)


def test_acknowledge_says_who_and_when(alert, mike):
    alerts.acknowledge(alert=alert, by=mike)
    fresh = Alert.objects.get(pk=alert.pk)
    assert (fresh.status, fresh.acknowledged_by) == ("acknowledged", "mike")
    decision = AutoDecision.objects.get(decision_type="alert_acknowledged")
    assert (decision.by, decision.reason) == ("mike", alerts.SEEN)


def test_a_second_click_learns_who_was_quicker(alert, mike, clerk):
    alerts.acknowledge(alert=alert, by=mike)
    with pytest.raises(alerts.AlreadyHandled, match="Already acknowledged by mike at 21 Nov 2026") as lost:
        alerts.acknowledge(alert=alert, by=clerk)
    assert (lost.value.status, AutoDecision.objects.filter(decision_type="alert_acknowledged").count()) == (409, 1)


def test_resolve_needs_a_reason_and_ends_it(alert, mike):
    with pytest.raises(Refusal, match="Say how it ended"):
        alerts.resolve(alert=alert, by=mike, reason=" ")
    alerts.resolve(alert=alert, by=mike, reason="Lockbox mail came.")
    fresh = Alert.objects.get(pk=alert.pk)
    assert (fresh.status, fresh.resolved_by, fresh.resolution) == ("resolved", "mike", "Lockbox mail came.")
    with pytest.raises(alerts.AlreadyHandled, match="Already resolved by mike"):
        alerts.snooze(alert=alert, until=timezone.now() + timedelta(days=1), by=mike, reason="Later")


def test_a_snoozed_alert_is_open_and_out_of_sight(alert, mike):
    alerts.snooze(alert=alert, until=timezone.now() + timedelta(days=2), by=mike, reason="Known.")
    now = timezone.now()
    assert [Alert.objects.open().count(), Alert.objects.awake(now).count()] == [1, 0]
    assert Alert.objects.awake(now + timedelta(days=3)).count() == 1


@pytest.mark.parametrize("days", [-1, 31])
def test_it_sleeps_at_most_thirty_days(alert, mike, days):
    with pytest.raises(Refusal, match="within the next 30 days"):
        alerts.snooze(alert=alert, until=timezone.now() + timedelta(days=days), by=mike, reason="Known.")


def test_who_may_not_handle_alerts_changes_nothing(alert, rep):
    for act in (
        lambda: alerts.acknowledge(alert=alert, by=rep),
        lambda: alerts.resolve(alert=alert, by=rep, reason="x"),
        lambda: staging.stage_calls(ground=of_alert(alert), customers=[1], by=rep, reason="x"),
        lambda: staging.wait(ground=of_alert(alert), order=1, until=business_today(), by=rep, note="x"),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert (Alert.objects.get().status, ProposedAction.objects.count()) == ("open", 0)


def test_twenty_two_get_time_eighteen_of_them_pay_promptly_and_four_remain(alert):
    grace = recommended(alert)["grace"]
    assert (grace.title, len(grace.members), grace.prompt, grace.remaining) == ("14-day grace for West", 22, 18, 4)
    first = grace.members[0]
    assert (first.value, first.orders, first.days_late, first.usual) == (
        max(member.value for member in grace.members),
        3,
        business_today().toordinal() - DAY.toordinal() + 63,
        "within 5 days of due",
    )
    assert {member.usual for member in grace.members} == {"within 5 days of due", "61 days after due"}


def test_the_top_tier_gets_limits_and_the_others_calls(alert):
    found = recommended(alert)
    assert [(plan.kind, plan.title, len(plan.members)) for plan in found.values()] == [
        ("grace", "14-day grace for West", 22),
        ("limit", "Limit extension, A", 6),
        ("calls", "Priority calls, B", 10),
    ]


def test_without_a_segment_nobody_gets_time(alert):
    found = group.members(group.orders_of(alert), today=DAY, before=DAY)
    assert [plan.kind for plan in plans.recommend(found, None, ["A"])] == ["limit", "calls"]


def test_staged_grace_periods_wait_and_pause_when_approved(alert, mike, clerk):
    staged = staging.stage_grace(
        ground=of_alert(alert), customers=ids(recommended(alert)["grace"]), by=clerk, reason="Lockbox."
    )
    assert (len(staged.proposals), staged.left_out, Pause.objects.count()) == (22, [], 0)
    proposal = staged.proposals[0]
    assert proposal.rationale == "Credit hold spike of 20 Nov 2026: Lockbox."
    approve(proposal, mike)
    pause = Pause.objects.get()
    assert (pause.customer, pause.kind, pause.ends) == (
        proposal.customer,
        "grace_period",
        business_today() + timedelta(days=14),
    )
    assert ProposedAction.objects.get(pk=proposal.pk).status == "applied"


def test_who_has_one_already_is_left_out_with_the_reason(alert, mike):
    first, second = ids(recommended(alert)["grace"])[:2]
    staging.stage_grace(ground=of_alert(alert), customers=[first], by=mike, reason="Lockbox.")
    staged = staging.stage_grace(ground=of_alert(alert), customers=[first, second], by=mike, reason="Lockbox.")
    assert [p.customer_id for p in staged.proposals] == [second]
    assert staged.left_out == [(Customer.objects.get(pk=first), "One is proposed already.")]
    with pytest.raises(Refusal, match="Nothing was staged"):
        staging.stage_grace(ground=of_alert(alert), customers=[first], by=mike, reason="Again.")


def test_a_stranger_cannot_be_slipped_in(alert, mike):
    stranger = Customer.objects.filter(on_credit_hold=False).first()
    with pytest.raises(Refusal, match="does not belong to the alert"):
        staging.stage_grace(ground=of_alert(alert), customers=[stranger.pk], by=mike, reason="x")


def test_a_grace_period_says_that_a_service_hold_stays(mike, frozen_today):
    hold = held(owing("Northside Grocers"), mike)
    proposal = ProposedAction(
        action_type="grace_period", customer=hold.customer, proposed_change_json={"until": "2026-11-30"}
    )
    assert handler("grace_period").effects(proposal)[1] == (
        f"{hold.customer} is on {'an automatic' if hold.origin == 'automatic' else 'a manual'} service hold."
        " It stays: lift it on its own page."
    )


def test_approving_a_grace_period_lifts_no_hold(alert, mike, clerk):
    customer = Customer.objects.get(pk=ids(recommended(alert)["grace"])[0])
    Customer.objects.filter(pk=customer.pk).update(entitystatus="hold")
    [proposal] = staging.stage_grace(ground=of_alert(alert), customers=[customer.pk], by=clerk, reason="x").proposals
    approve(proposal, mike)
    customer.refresh_from_db()
    assert (customer.entitystatus, Push.objects.count()) == ("hold", 0)


def test_a_call_keeps_what_was_said_and_later_proposals_quote_it(alert, clerk):
    one = ids(recommended(alert)["calls"])[0]
    [proposal] = staging.stage_calls(ground=of_alert(alert), customers=[one], by=clerk, reason="Late.").proposals
    with pytest.raises(Refusal, match="Write what was said"):
        approve(proposal, clerk, "")
    approve(ProposedAction.objects.get(pk=proposal.pk), clerk, "Pays on Friday.")
    assert ReflexionEntry.objects.get().narrative == "Called by clerk: Pays on Friday."
    quoted = about(proposal.customer, business_today()).standing
    assert [(one.what, one.effect) for one in quoted] == [("Priority call", "Called by clerk: Pays on Friday.")]


def test_extensions_go_to_the_credit_committee(alert, clerk, committee):
    plan = recommended(alert)["limit"]
    amounts = {member.customer.pk: member.proposed_limit for member in plan.members}
    until = business_today() + timedelta(days=30)
    staged = staging.stage_extensions(ground=of_alert(alert), amounts=amounts, until=until, by=clerk, reason="Season.")
    proposal = staged.proposals[0]
    assert (len(staged.proposals), proposal.risk_level) == (6, 3)
    exposed = proposal.customer.ar_balance + proposal.customer.open_orders_total
    assert Decimal(proposal.proposed_change_json["credit_limit"]) == (exposed // 1000 + 1) * 1000
    approve(proposal, committee)
    assert LimitExtension.objects.get().ends == until


def test_a_released_order_is_pushed_once_another_person_approves(alert, mike, committee):
    order = group.orders_of(alert)[0]
    proposal = staging.release_order(ground=of_alert(alert), order=order["id"], by=mike, reason="Paid by wire.")
    with pytest.raises(Refusal, match="You proposed this yourself"):
        approve(proposal, mike)
    with pytest.raises(Refusal, match="proposed already"):
        staging.release_order(ground=of_alert(alert), order=order["id"], by=mike, reason="Again")
    approve(ProposedAction.objects.get(pk=proposal.pk), committee)
    push = Push.objects.get()
    row = Transaction.objects.get(pk=order["id"])
    assert (push.record_type, push.record_id, push.body) == (
        "salesOrder",
        row.netsuite_id,
        {"orderStatus": {"id": "B"}},
    )
    assert (push.expected, ProposedAction.objects.get().status) == ({"orderStatus": {"id": "A"}}, "applying")


def test_an_order_that_is_not_blocked_any_more_is_not_released(alert, mike):
    order = group.orders_of(alert)[0]
    Transaction.objects.filter(pk=order["id"]).update(status="B")
    with pytest.raises(Refusal, match="is not on credit hold any more"):
        staging.release_order(ground=of_alert(alert), order=order["id"], by=mike, reason="x")


def test_wait_is_a_note_with_a_day(alert, mike):
    order = group.orders_of(alert)[0]["id"]
    until = business_today() + timedelta(days=5)
    waiting = staging.wait(ground=of_alert(alert), order=order, until=until, by=mike, note="Wire on the way.")
    assert (waiting.until, waiting.note, waiting.by) == (until, "Wire on the way.", "mike")
    with pytest.raises(Refusal, match="at most 90 days"):
        staging.wait(ground=of_alert(alert), order=order, until=business_today(), by=mike, note="x")


def test_nothing_is_staged_from_a_resolved_alert(alert, mike):
    one = ids(recommended(alert)["calls"])[0]
    alerts.resolve(alert=alert, by=mike, reason="Over.")
    with pytest.raises(alerts.AlreadyHandled):
        staging.stage_calls(ground=of_alert(alert), customers=[one], by=mike, reason="x")
