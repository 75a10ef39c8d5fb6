"""Putting a wish into the queue, and a person's second try."""

import pytest
from django.db import IntegrityError, connection, transaction

from netsuite import bell, channels, outbox
from netsuite.errors import Refusal
from netsuite.machine import LostRace, Transition
from netsuite.models import Push, PushAttempt, content_hash
from tests.netsuite.conftest import attempts_of, channel, fresh, hold, lease, make_due, refused, server_error

pytestmark = pytest.mark.django_db


def generations() -> list[tuple[int, str]]:
    return list(Push.objects.order_by("id").values_list("generation", "status"))


def test_a_new_wish_is_queued_with_its_first_transition():
    push = hold("ON", run_id="01J", label="Hold Acme")
    assert (push.status, push.generation, push.operation, str(push)) == ("queued", 1, "patch", "Hold Acme")
    assert list(Transition.objects.for_row(push).values_list("verb", "by", "run_id")) == [("create", "mike", "01J")]


def test_the_newest_wish_replaces_the_one_that_has_not_left():
    hold("ON")
    hold("AUTO")
    assert generations() == [(1, "superseded"), (2, "queued")]


def test_a_failed_wish_is_replaced_too(remote):
    remote.fail_next("write", refused())
    hold("ON")
    outbox.drain()
    hold("AUTO")
    assert generations() == [(1, "superseded"), (2, "queued")]


def test_other_customers_are_not_replaced():
    hold("ON", customer="107")
    hold("ON", customer="108")
    assert generations() == [(1, "queued"), (1, "queued")]


def test_an_applied_wish_stays_applied(remote):
    hold("ON")
    outbox.drain()
    hold("AUTO")
    assert generations() == [(1, "applied"), (2, "queued")]


def test_a_rolled_back_caller_leaves_nothing():
    with transaction.atomic():
        hold("ON")
        transaction.set_rollback(True)
    assert generations() == []


def test_the_upper_apps_hear_that_a_wish_was_replaced(outcomes, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        hold("ON")
        hold("AUTO")
    assert outcomes == [(1, "superseded")]


def test_the_bell_rings_once_a_transaction(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as waiting:
        hold(customer="1")
        hold(customer="2")
    assert len(waiting) == 1


def test_a_silent_bell_does_not_lose_the_push(monkeypatch, django_capture_on_commit_callbacks):
    def broken(task: str, **options: object) -> None:
        raise ConnectionError("no broker")

    monkeypatch.setattr(bell, "async_task", broken)
    with django_capture_on_commit_callbacks(execute=True):
        hold()
    assert generations() == [(1, "queued")]


@pytest.mark.parametrize(
    "wrong",
    [
        {"record_id": "107/../1"},
        {"record_id": "eid:1"},
        {"record_type": "customer?x"},
        {"operation": "delete"},
        {"body": {"item": {"items": [{"line": 1}]}}},
        {"body": {}},
    ],
)
def test_content_that_could_never_be_proven_is_refused(wrong):
    with pytest.raises(ValueError, match=r".+"):
        hold(**wrong)


def test_the_hash_covers_content_and_place():
    same = content_hash("customer", "107", "patch", {"a": 1, "b": 2})
    assert same == content_hash("customer", "107", "patch", {"b": 2, "a": 1})
    assert same != content_hash("customer", "108", "patch", {"a": 1, "b": 2})
    assert hold("ON").content_hash != hold("AUTO").content_hash


def test_the_database_allows_one_in_flight_per_key():
    first, second = hold("ON"), hold("AUTO")
    lease(first)
    with pytest.raises(IntegrityError), transaction.atomic():
        lease(second)


def test_the_database_refuses_applied_without_evidence():
    push = hold()
    with pytest.raises(IntegrityError), transaction.atomic():
        Push.objects.filter(pk=push.pk).update(status="applied")


def test_an_attempt_keeps_its_push_from_being_deleted(remote):
    push = hold()
    outbox.drain()
    with pytest.raises(Exception, match="protected"):
        fresh(push).delete()


# --- the second try --------------------------------------------------------------------------------


@pytest.fixture
def failed(remote):
    remote.fail_next("write", refused())
    push = hold("ON")
    outbox.drain()
    return fresh(push)


def test_a_retry_starts_a_new_cycle_in_the_persons_name(failed, remote):
    assert outbox.retry(push_ids=[failed.pk], by="mike", reason="terms entered") == [failed.pk]
    outbox.drain()
    assert fresh(failed).status == "applied"
    tries = failed.attempts.order_by("number").values_list("cycle", "by", "outcome")
    assert list(tries) == [(1, "schedule:drain", "refused"), (2, "mike", "applied")]


def test_only_the_first_try_of_the_cycle_is_the_persons(failed, remote):
    outbox.retry(push_ids=[failed.pk], by="mike")
    remote.fail_next("write", server_error())
    outbox.drain()
    make_due(failed)
    outbox.drain()
    assert list(failed.attempts.order_by("number").values_list("by", flat=True))[1:] == ["mike", "schedule:drain"]


def test_all_failed_leaves_the_others_alone(failed):
    waiting = hold(customer="200")
    assert outbox.retry(all_failed=True, by="mike") == [failed.pk]
    assert fresh(waiting).cycle == 1


def test_a_second_click_loses(failed):
    outbox.retry(push_ids=[failed.pk], by="mike")
    with pytest.raises(LostRace):
        outbox.retry(push_ids=[failed.pk], by="dana")
    assert fresh(failed).cycle_by == "mike"


def test_an_applied_push_cannot_be_retried(remote):
    push = hold()
    outbox.drain()
    with pytest.raises(LostRace):
        outbox.retry(push_ids=[push.pk], by="mike")


def test_one_unknown_id_refuses_them_all(failed):
    with pytest.raises(Refusal) as refusal:
        outbox.retry(push_ids=[failed.pk, 999_999], by="mike")
    assert (refusal.value.status, fresh(failed).status) == (404, "failed")


def test_a_retry_ends_the_pause_and_forgets_the_token(failed):
    paused = channel()
    paused.token = "stale"
    paused.save()
    channels.pause("netsuite", "Invalid login attempt.")
    outbox.retry(push_ids=[failed.pk], by="mike")
    assert (channel().paused_at, channel().paused_reason, channel().token) == (None, "", "")


def test_the_token_is_encrypted_at_rest(settings):
    row = channel()
    row.token = "secret-token"
    row.save()
    with connection.cursor() as cursor:
        cursor.execute("SELECT access_token FROM netsuite_channel")
        stored = cursor.fetchone()[0]
    assert "secret-token" not in stored
    assert channel().token == "secret-token"
    settings.SECRET_KEY = "another key"
    assert channel().token == ""


def test_the_failed_push_names_its_trouble_verbatim(failed):
    assert (failed.last_error_code, failed.last_error_detail) == (
        "USER_ERROR",
        "Error while accessing a resource. Please enter value(s) for: Terms",
    )
    assert attempts_of(failed) == [("write", PushAttempt.Outcome.REFUSED)]
