"""One push on its way: what each answer of the other system leads to."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from netsuite import channels, outbox
from netsuite.errors import NetsuiteError
from netsuite.models import Push
from tests.conftest import NOW
from tests.netsuite.conftest import (
    LONG_AGO,
    attempts_of,
    channel,
    end_lease,
    fresh,
    hold,
    lease,
    make_due,
    refused,
    server_error,
    throttled,
    time_out,
    unauthorised,
)

pytestmark = pytest.mark.django_db


def deliver(push: Push) -> Push:
    outbox.drain(once=True)
    return fresh(push)


# --- success ---------------------------------------------------------------------------------------


@pytest.fixture
def proving(remote):
    """A system whose writes may be repeated, and whose answers say what it holds."""
    remote.proves_writes = True
    return remote


def test_a_write_that_proves_itself_is_one_call(proving):
    push = deliver(hold("ON"))
    assert (push.status, proving.calls, push.prior) == ("applied", [("write", "107")], None)
    assert push.evidence["read_back"] == {"credit_hold": "ON"}


def test_after_an_unknown_outcome_it_is_read_first_all_the_same(proving):
    proving.after_write = lambda push: (_ for _ in ()).throw(time_out())
    push = deliver(hold("ON"))
    assert (push.status, attempts_of(push)) == ("uncertain", [("write", "uncertain")])
    make_due(push)
    assert (deliver(push).status, proving.calls) == ("applied", [("write", "107"), ("read", "107")])


def test_an_answer_that_shows_another_value_proves_nothing(proving):
    proving.ignores_writes = True
    push = deliver(hold("ON"))
    assert (push.status, push.last_error_code) == ("retrying", "read_back_mismatch")


def test_applied_needs_the_write_and_the_read_back(remote):
    push = deliver(hold("ON"))
    assert push.status == "applied"
    assert remote.calls == [("read", "107"), ("write", "107"), ("read", "107")]
    assert (push.evidence["read_back"], push.evidence["http_status"]) == ({"credit_hold": "ON"}, 204)
    assert push.prior == {"credit_hold": "AUTO"}
    assert (push.lease_token, push.lease_until) == (None, None)


def test_the_attempt_is_committed_before_the_call(remote):
    seen: list[tuple[str, object]] = []
    push = hold("ON")
    remote.before_write = lambda sent: seen.append(push.attempts.values_list("outcome", "finished_at").get())
    deliver(push)
    assert seen == [("", None)]


def test_a_value_that_is_there_already_is_not_written(remote):
    remote.records["107"]["credit_hold"] = "ON"
    push = deliver(hold("ON"))
    assert (push.status, remote.writes, attempts_of(push)) == ("applied", [], [("write", "already")])


def test_a_create_by_external_id(remote):
    push = hold(record_type="customrecord_brm_pin_log", record_id="a1b2", key="pin:a1b2", operation="upsert")
    push = deliver(push)
    assert (push.status, push.prior, remote.records["a1b2"]) == ("applied", None, {"credit_hold": "ON"})


def test_upper_apps_hear_of_it_and_cannot_break_it(remote, outcomes):
    def broken(push: Push) -> None:
        raise RuntimeError("mail server down")

    outbox.ON_OUTCOME.insert(0, broken)
    try:
        hold("ON")
        assert outbox.drain()["applied"] == 1
    finally:
        outbox.ON_OUTCOME.remove(broken)
    assert outcomes == [(1, "applied")]


def test_a_write_that_changes_nothing_is_not_applied(remote):
    remote.ignores_writes = True
    push = deliver(hold("ON"))
    assert (push.status, push.last_error_code) == ("retrying", "read_back_mismatch")
    for _ in range(2):
        make_due(push)
        push = deliver(push)
    assert (push.status, len(remote.writes)) == ("failed", 3)


# --- failures that are tried again -------------------------------------------------------------------


def test_the_schedule_of_a_cycle(remote):
    remote.fail_next("write", server_error(), times=3)
    push = hold("ON")
    waits = []
    with time_machine.travel(NOW, tick=False) as clock:
        for _ in range(3):
            push = deliver(push)
            waits.append((push.next_attempt_at - timezone.now()).total_seconds())
            clock.move_to(push.next_attempt_at)
    assert push.status == "waiting"
    assert 24 <= waits[0] <= 36
    assert 96 <= waits[1] <= 144
    assert waits[2] == 900
    assert len(remote.writes) == 3


def test_a_push_that_waits_is_not_touched_before_its_time(remote):
    remote.fail_next("write", server_error())
    push = deliver(hold("ON"))
    assert (deliver(push).attempts_in_cycle, len(remote.writes)) == (1, 1)


def test_the_drainer_starts_the_next_cycle(remote):
    remote.fail_next("write", server_error(), times=3)
    push = hold("ON")
    with time_machine.travel(NOW, tick=False) as clock:
        for _ in range(3):
            push = deliver(push)
            clock.move_to(push.next_attempt_at)
        push = deliver(push)
    assert (push.status, push.cycle, push.attempts_in_cycle) == ("applied", 2, 1)
    assert list(push.attempts.order_by("number").values_list("cycle", flat=True)) == [1, 1, 1, 2]


def test_a_record_changed_meanwhile_is_tried_once_more(remote):
    changed = NetsuiteError("Record has been changed", kind="refused", code="USER_ERROR", retry_once=True)
    remote.fail_next("write", changed, times=2)
    push = deliver(hold("ON"))
    assert push.status == "retrying"
    make_due(push)
    assert deliver(push).status == "failed"


def test_a_failed_first_read_writes_nothing(remote):
    remote.fail_next("read", time_out())
    push = deliver(hold("ON"))
    assert (push.status, remote.writes, attempts_of(push)) == ("retrying", [], [("write", "retry")])


# --- refused for good ---------------------------------------------------------------------------------


def test_a_permanent_refusal_stops_after_one(remote):
    remote.fail_next("write", refused("This record has been locked by a user defined workflow."))
    push = deliver(hold("ON"))
    make_due(push)
    assert deliver(push).status == "failed"
    assert push.last_error_detail == "This record has been locked by a user defined workflow."
    assert len(remote.writes) == 1


# --- the outcome is unknown ---------------------------------------------------------------------------


def test_a_time_out_after_the_write_landed_is_confirmed_by_reading(remote):
    remote.after_write = lambda push: (_ for _ in ()).throw(time_out())
    push = deliver(hold("ON"))
    assert push.status == "uncertain"
    make_due(push)
    push = deliver(push)
    assert (push.status, len(remote.writes)) == ("applied", 1)
    assert attempts_of(push) == [("write", "uncertain"), ("verify", "applied")]


def test_a_time_out_before_the_write_landed_leads_to_a_new_write(remote):
    remote.fail_next("write", time_out())
    push = deliver(hold("ON"))
    make_due(push)
    push = deliver(push)
    assert (push.status, len(remote.writes)) == ("applied", 2)
    assert attempts_of(push) == [("write", "uncertain"), ("verify", "retry"), ("write", "applied")]


def test_a_failed_read_back_is_a_doubt_not_a_success(remote):
    remote.fail_next("read", None, server_error())
    push = deliver(hold("ON"))
    assert (push.status, push.evidence) == ("uncertain", None)


def test_a_refused_sign_in_of_the_read_back_is_a_doubt_too(remote):
    remote.fail_next("read", None, unauthorised())
    push = deliver(hold("ON"))
    assert (push.status, channel().paused_reason) == ("uncertain", "Invalid login attempt.")


def test_a_doubt_that_is_throttled_stays_a_doubt(remote):
    remote.fail_next("write", time_out())
    push = deliver(hold("ON"))
    remote.fail_next("read", throttled())
    make_due(push)
    push = deliver(push)
    assert (push.status, push.attempts_in_cycle) == ("uncertain", 1)


def test_three_doubts_wait_for_the_drainer_and_are_still_read_first(remote):
    remote.fail_next("write", time_out(), times=3)
    push = hold("ON")
    for _ in range(3):
        push = deliver(push)
        make_due(push)
    assert push.status == "waiting"
    remote.records["107"]["credit_hold"] = "ON"
    push = deliver(push)
    assert (push.status, attempts_of(push)[-1]) == ("applied", ("verify", "applied"))


# --- drift --------------------------------------------------------------------------------------------


def test_a_value_changed_by_hand_is_never_overwritten(remote):
    remote.records["107"]["credit_hold"] = "OFF"
    push = deliver(hold("ON", expected={"credit_hold": "AUTO"}))
    assert (push.status, push.last_error_code, remote.writes) == ("failed", "drift", [])
    assert push.attempts.get().evidence == {"found": {"credit_hold": "OFF"}, "expected": {"credit_hold": "AUTO"}}
    assert remote.records["107"]["credit_hold"] == "OFF"


def test_without_an_expectation_any_value_may_be_replaced(remote):
    remote.records["107"]["credit_hold"] = "OFF"
    assert deliver(hold("ON")).status == "applied"


def test_a_lift_before_the_hold_left_is_no_drift(remote):
    remote.records["107"]["credit_hold"] = "OFF"
    hold("ON", expected={"credit_hold": "OFF"})
    push = deliver(hold("AUTO", expected={"credit_hold": "ON"}))
    assert (push.status, remote.records["107"]["credit_hold"]) == ("applied", "AUTO")


def test_a_hold_that_may_have_landed_is_no_drift_for_the_next_wish(remote):
    remote.after_write = lambda push: (_ for _ in ()).throw(time_out())
    deliver(hold("ON", expected={"credit_hold": "AUTO"}))
    remote.after_write = lambda push: None
    push = deliver(hold("OFF", expected={"credit_hold": "AUTO"}))
    assert push.status == "applied"


def test_an_unsent_wish_is_no_excuse_for_a_foreign_value(remote):
    hold("ON", expected={"credit_hold": "AUTO"})
    remote.records["107"]["credit_hold"] = "ON"
    push = deliver(hold("OFF", expected={"credit_hold": "AUTO"}))
    assert push.last_error_code == "drift"


# --- the whole account --------------------------------------------------------------------------------


def test_throttling_stops_everybody_and_counts_for_nobody(remote):
    remote.fail_next("write", throttled(retry_after=7))
    with time_machine.travel(NOW, tick=False):
        push, other = deliver(hold("ON")), hold("ON", customer="108")
        assert channel().backoff_until == NOW + timedelta(seconds=7)
        assert deliver(other).attempts.count() == 0
    assert (push.status, push.attempts_in_cycle, attempts_of(push)) == ("queued", 0, [("write", "throttled")])
    with time_machine.travel(NOW + timedelta(seconds=8)):
        assert deliver(push).status == "applied"
    assert channel().throttle_count == 0


def test_a_back_off_is_never_brought_forward(db):
    channels.back_off("netsuite", 60)
    until = channel().backoff_until
    channels.back_off("netsuite", 1)
    assert channel().backoff_until == until


def test_a_refused_sign_in_pauses_the_queue_and_says_so(remote):
    remote.fail_next("read", unauthorised())
    push, other = deliver(hold("ON")), hold("ON", customer="108")
    assert (push.status, push.attempts_in_cycle, attempts_of(push)) == ("queued", 0, [("write", "auth")])
    assert (channel().paused_reason, deliver(other).attempts.count()) == ("Invalid login attempt.", 0)


def test_a_paused_queue_goes_on_when_a_person_says_so(remote):
    channels.pause("netsuite", "Invalid login attempt.")
    push = hold("ON")
    assert deliver(push).status == "queued"
    assert channels.resume("netsuite", by="mike") is True
    assert deliver(push).status == "applied"


def test_a_closed_channel_sends_nothing_until_it_opens(remote):
    channels.close("netsuite", until=timezone.now() + timedelta(hours=24), reason="month end")
    push = deliver(hold("ON"))
    assert (push.status, remote.calls) == ("queued", [])
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        assert deliver(push).status == "applied"


def test_a_channel_closed_after_the_read_stops_the_write(remote):
    def close_now() -> None:
        channels.close("netsuite", until=timezone.now() + timedelta(hours=1), reason="stop")

    push = hold("ON")
    real_read = remote.read
    remote.read = lambda *call: (real_read(*call), close_now())[0]
    push = deliver(push)
    assert (push.status, push.attempts_in_cycle, remote.writes) == ("queued", 0, [])
    assert attempts_of(push) == [("write", "late_refused")]


def test_an_armed_channel_logs_what_it_would_block(remote):
    channels.arm("netsuite", reason="month end")
    push = deliver(hold("ON"))
    assert (push.status, push.attempts.get().evidence["would_be_blocked"]) == ("applied", "month end")


# --- our own errors and lost leases ---------------------------------------------------------------------


def test_a_poison_push_is_put_off_counted_and_stopped(remote):
    remote.fail_next("write", ZeroDivisionError("ours"), times=9)
    push = hold("ON")
    states = []
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            outbox.drain(once=True)
        push = fresh(push)
        states.append((push.status, push.poison_count, push.last_error_code))
        make_due(push)
    assert states == [("retrying", 1, "crashed"), ("retrying", 2, "crashed"), ("failed", 3, "poison")]
    assert len(remote.writes) == 3


def test_poison_does_not_hold_up_the_others(remote):
    remote.fail_next("write", ZeroDivisionError("ours"))
    hold("ON")
    healthy = hold("ON", customer="108")
    with pytest.raises(ZeroDivisionError):
        outbox.drain()
    assert fresh(healthy).status == "applied"


def test_a_crash_after_the_write_is_read_back(remote):
    remote.after_write = lambda push: (_ for _ in ()).throw(ZeroDivisionError("ours"))
    push = hold("ON")
    with pytest.raises(ZeroDivisionError):
        outbox.drain()
    make_due(push)
    push = deliver(push)
    assert (push.status, attempts_of(push)[-1]) == ("applied", ("verify", "applied"))


def test_a_worker_that_thaws_before_its_write_writes_nothing_and_the_push_is_taken_over(remote):
    push = hold("ON")
    real_read = remote.read

    def freeze_once(*call):
        remote.read = real_read
        end_lease(push)
        return real_read(*call)

    remote.read = freeze_once
    push = deliver(push)
    assert attempts_of(push) == [("write", "late_refused"), ("write", "applied")]
    assert (push.status, push.poison_count, remote.writes) == ("applied", 1, ["107"])


def test_a_late_settlement_is_refused_and_logged(remote):
    push = hold("ON")

    def another_worker_takes_over(sent: Push) -> None:
        remote.after_write = lambda sent: None
        end_lease(push)
        outbox.drain(once=True)

    remote.after_write = another_worker_takes_over
    outbox.drain(once=True)
    assert fresh(push).status == "applied"
    assert attempts_of(push) == [("write", "late_refused"), ("verify", "applied")]
    late = push.attempts.get(number=1)
    assert late.error_code == "lease_lost"
    assert late.evidence["late"]["http_status"] == 204


def test_a_push_that_kills_its_workers_is_stopped(remote):
    push = hold("ON")
    lease(push, until=LONG_AGO, poison_count=2)
    push = deliver(push)
    assert (push.status, push.last_error_code, remote.calls) == ("failed", "poison", [])


def test_a_dead_worker_of_an_old_wish_is_not_replaced(remote):
    old = hold("ON")
    lease(old, until=LONG_AGO)
    new = hold("OFF")
    assert deliver(new).status == "applied"
    assert (fresh(old).status, remote.writes, remote.records["107"]["credit_hold"]) == ("superseded", ["107"], "OFF")


def test_a_wish_in_flight_gives_way_when_it_comes_back_unapplied(remote):
    old = hold("ON")

    def lift(push: Push) -> None:
        remote.before_write = lambda push: None
        hold("OFF")

    remote.before_write = lift
    remote.fail_next("write", server_error())
    outbox.drain(once=True)
    assert fresh(old).status == "superseded"
    assert remote.records["107"]["credit_hold"] == "OFF"


def test_a_live_lease_keeps_the_key_to_itself(remote):
    old = hold("ON")
    lease(old)
    remote.slots = 5
    assert deliver(hold("OFF")).status == "queued"


def test_live_leases_count_against_the_accounts_slots(remote):
    busy = hold("ON", customer="200")
    lease(busy)
    push = hold("ON")
    assert deliver(push).status == "queued"
    remote.slots = 2
    assert deliver(push).status == "applied"
