"""Kill switches: off, armed or on for a day; every flip audited."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from netsuite.errors import Refusal
from netsuite.models import Channel
from workflows.access import NotAllowed
from workflows.actions.switches import SWITCHES, SwitchedOff, flip, guard, stopped
from workflows.models import AutoDecision, KillSwitch, SwitchEvent

pytestmark = pytest.mark.django_db


def turn(state: str, by: object = "mike", name: str = "email_send", reason: str = "Month end") -> KillSwitch:
    return flip(name=name, state=state, by=by, reason=reason)


def test_all_switches_exist_and_are_off():
    assert dict(KillSwitch.objects.values_list("name", "state")) == dict.fromkeys(SWITCHES, "off")


def test_on_stops_and_says_so():
    turn("on")
    assert stopped("email_send", "send mail 7") is True
    assert list(SwitchEvent.objects.values_list("what", "stopped")) == [("send mail 7", True)]


def test_armed_lets_it_pass_and_logs():
    turn("armed")
    assert stopped("email_send", "send mail 7") is False
    assert list(SwitchEvent.objects.values_list("what", "stopped")) == [("send mail 7", False)]


def test_off_lets_it_pass_in_silence():
    assert (stopped("email_send", "send mail 7"), SwitchEvent.objects.count()) == (False, 0)


def test_one_switch_does_not_stop_another():
    turn("on", name="email_intake")
    assert stopped("email_send", "send mail 7") is False


def test_a_guard_refuses_with_the_reason_for_people():
    turn("on", name="high_risk_ops")
    with pytest.raises(SwitchedOff, match="“High-risk decisions” is switched off for now") as refused:
        guard("high_risk_ops", "approve 7")
    assert refused.value.status == 409


def test_on_ends_by_itself_after_a_day(time_machine):
    turn("on")
    time_machine.move_to(timezone.now() + timedelta(hours=23, minutes=59))
    assert stopped("email_send", "x") is True
    time_machine.move_to(timezone.now() + timedelta(minutes=2))
    assert stopped("email_send", "x") is False


def test_on_again_renews_the_day(time_machine):
    turn("on")
    time_machine.move_to(timezone.now() + timedelta(hours=20))
    turn("on")
    time_machine.move_to(timezone.now() + timedelta(hours=20))
    assert stopped("email_send", "x") is True


def test_armed_has_no_end(time_machine):
    turn("armed")
    time_machine.move_to(timezone.now() + timedelta(days=30))
    stopped("email_send", "x")
    assert SwitchEvent.objects.count() == 1


def test_each_flip_is_a_decision(mike):
    turn("on", mike)
    turn("off", mike, reason="Fixed")
    decisions = AutoDecision.objects.order_by("pk").values_list("by", "reason", "before", "after")
    assert list(decisions) == [
        ("mike", "Month end", {"state": "off"}, {"state": "on"}),
        ("mike", "Fixed", {"state": "on"}, {"state": "off"}),
    ]


def test_each_flip_stands_in_the_history(mike):
    turn("on", mike)
    assert KillSwitch.history.filter(name="email_send").latest("history_id").state == "on"


def test_a_flip_needs_a_reason(mike):
    with pytest.raises(Refusal, match="Say why"):
        turn("on", mike, reason=" ")
    assert KillSwitch.objects.get(name="email_send").state == "off"


def test_an_unknown_switch(mike):
    with pytest.raises(Refusal, match="no switch “everything”") as refused:
        turn("on", mike, name="everything")
    assert refused.value.status == 404


def test_an_unknown_state(mike):
    with pytest.raises(Refusal, match="not “half”"):
        turn("half", mike)


def test_an_operator_may_flip(operator):
    assert turn("on", operator).changed_by == "operator"


@pytest.mark.parametrize("role", ["rep", "clerk", "committee", "owner", "cashier", "integrator"])
def test_the_wrong_role_may_not_flip(role, request):
    with pytest.raises(NotAllowed):
        turn("on", request.getfixturevalue(role))
    assert stopped("email_send", "x") is False


# --- the switch of the push queue ----------------------------------------------------------------------


def channel() -> Channel:
    return Channel.named("netsuite")


def test_netsuite_writes_on_closes_the_channel():
    switch = turn("on", name="ns_writes")
    assert (channel().closed_until, channel().closed_reason) == (switch.expires_at, "Month end")
    assert channel().is_closed(timezone.now())


def test_and_off_opens_it():
    turn("on", name="ns_writes")
    turn("off", name="ns_writes")
    assert channel().lets_through(timezone.now())


def test_and_armed_lets_it_through_and_logs():
    turn("on", name="ns_writes")
    turn("armed", name="ns_writes")
    assert (channel().armed, channel().lets_through(timezone.now())) == (True, True)


def test_other_switches_leave_the_channel_alone():
    turn("on", name="email_send")
    assert channel().lets_through(timezone.now())


# --- the command --------------------------------------------------------------------------------------


def kill_switch(*arguments: str) -> str:
    out = StringIO()
    call_command("kill_switch", *arguments, stdout=out)
    return out.getvalue().splitlines()[-1]


def test_the_command_flips_and_answers():
    answer = json.loads(kill_switch("ns_writes", "on", "--reason", "Month end", "--json"))
    expires = KillSwitch.objects.get(name="ns_writes").expires_at
    assert answer == {"name": "ns_writes", "state": "on", "expires_at": expires.isoformat()}


def test_the_command_says_it_in_words():
    assert kill_switch("email_send", "armed", "--reason", "Trying it") == "Sending mail: Armed"


@pytest.mark.parametrize("arguments", [("everything", "on"), ("ns_writes", "half")])
def test_the_command_knows_the_names_and_states(arguments):
    with pytest.raises(CommandError, match="invalid choice"):
        kill_switch(*arguments, "--reason", "x")


def test_the_command_needs_a_reason():
    with pytest.raises(CommandError, match="Say why"):
        kill_switch("ns_writes", "on", "--reason", " ")
