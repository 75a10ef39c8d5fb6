"""The one way a row changes state."""

import itertools

import pytest
from django_fsm import TransitionNotAllowed

from netsuite.machine import LostRace, Transition, all_machines, born_many, machine_name, move, verb_of
from netsuite.models import CLAIMABLE, Push, PushStatus
from tests.netsuite.conftest import fresh, hold

pytestmark = pytest.mark.django_db

S = PushStatus
ALLOWED = {
    "claim": {S.QUEUED: S.SENDING, S.RETRYING: S.SENDING, S.WAITING: S.SENDING, S.UNCERTAIN: S.SENDING},
    "take_over": {S.SENDING: S.SENDING},
    "confirm": {S.SENDING: S.APPLIED},
    "postpone": {S.SENDING: S.RETRYING},
    "wait": {S.SENDING: S.WAITING},
    "doubt": {S.SENDING: S.UNCERTAIN},
    "put_back": {S.SENDING: S.QUEUED},
    "fail": {S.SENDING: S.FAILED},
    "supersede": dict.fromkeys((*CLAIMABLE, S.FAILED, S.SENDING), S.SUPERSEDED),
    "requeue": dict.fromkeys((S.FAILED, S.WAITING, S.RETRYING, S.UNCERTAIN), S.QUEUED),
}
# What the database demands of a state.
NEEDED = {
    S.SENDING: {"lease_token": "00000000-0000-0000-0000-000000000001", "lease_until": "2099-01-01T00:00:00+00:00"},
    S.APPLIED: {"applied_at": "2026-03-16T14:00:00+00:00", "evidence": {"read_back": {}}},
}


def push_in(state: str) -> Push:
    push = hold()
    Push.objects.filter(pk=push.pk).update(status=state, **NEEDED.get(state, {}))
    return fresh(push)


@pytest.mark.parametrize(("state", "verb"), list(itertools.product(S.values, ALLOWED)))
def test_each_state_and_verb(state, verb):
    push = push_in(state)
    target = ALLOWED[verb].get(S(state))
    if target is None:
        with pytest.raises(LostRace):
            move(push, verb, by="mike", **NEEDED[S.APPLIED])
        assert fresh(push).status == state
    else:
        move(push, verb, by="mike", **NEEDED.get(target, {}))
        assert fresh(push).status == target


def test_the_table_above_names_every_verb_of_the_model():
    declared = {t.name for t in push_in("queued").get_all_status_transitions()}
    assert declared == set(ALLOWED)


def test_a_move_writes_its_transition():
    push = push_in("failed")
    move(push, "requeue", by="mike", reason="address corrected", run_id="01J")
    last = Transition.objects.for_row(push).last()
    assert (last.machine, last.verb, last.source, last.target) == ("push", "requeue", "failed", "queued")
    assert (last.by, last.reason, last.run_id) == ("mike", "address corrected", "01J")


def test_a_lost_race_writes_nothing_and_shows_the_row_as_it_is():
    seen_by_mike, seen_by_dana = push_in("failed"), Push.objects.get()
    move(seen_by_dana, "requeue", by="dana")
    before = Transition.objects.count()
    with pytest.raises(LostRace) as lost:
        move(seen_by_mike, "requeue", by="mike")
    assert (lost.value.status, lost.value.code, lost.value.row.status) == (409, "lost_race", "queued")
    assert Transition.objects.count() == before


def test_a_move_is_lost_when_where_does_not_hold():
    push = push_in("sending")
    with pytest.raises(LostRace):
        move(push, "fail", by="mike", where={"lease_token": "00000000-0000-0000-0000-000000000002"})
    assert fresh(push).status == "sending"


def test_a_move_of_a_deleted_row_is_lost():
    push = push_in("queued")
    Push.objects.all().delete()
    with pytest.raises(LostRace) as lost:
        move(push, "supersede", by="mike")
    assert lost.value.row is None


def test_the_source_written_is_the_one_in_the_database():
    stale = push_in("retrying")
    Push.objects.update(status="waiting")
    move(stale, "requeue", by="mike")
    assert Transition.objects.for_row(stale).last().source == "waiting"


def test_changes_are_written_with_the_state_and_set_on_the_row():
    push = push_in("failed")
    move(push, "requeue", by="mike", cycle=4, cycle_by="mike")
    assert (push.status, push.cycle, push.cycle_by) == ("queued", 4, "mike")
    assert (fresh(push).cycle, fresh(push).cycle_by) == (4, "mike")


def test_values_computed_by_the_database_are_read_back():
    from django.db.models import F

    push = push_in("failed")
    move(push, "requeue", by="mike", cycle=F("cycle") + 1)
    assert push.cycle == 2


def test_an_unknown_verb_is_a_programming_error():
    with pytest.raises(LookupError):
        verb_of(Push, "teleport")


def test_the_state_cannot_be_set_by_hand():
    with pytest.raises(AttributeError):
        push_in("queued").status = "applied"


def test_refresh_from_db_reads_the_state_again():
    push = push_in("queued")
    Push.objects.update(status="failed")
    push.refresh_from_db()
    assert push.status == "failed"


def test_calling_a_verb_from_a_wrong_state_is_refused_by_the_model_too():
    with pytest.raises(TransitionNotAllowed):
        push_in("applied").fail()


def test_born_rows_have_a_first_transition():
    push = hold()
    first = Transition.objects.for_row(push).get()
    assert (first.verb, first.source, first.target, first.by) == ("create", "", "queued", "mike")


def test_born_many_writes_one_row_each():
    pushes = [hold(customer="1"), hold(customer="2")]
    Transition.objects.all().delete()
    born_many(pushes, by="mike")
    assert list(Transition.objects.values_list("row_id", flat=True)) == [push.pk for push in pushes]


def test_machines_are_found_through_the_app_registry():
    assert Push in all_machines()
    assert machine_name(Push) == "push"
