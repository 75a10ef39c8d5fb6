"""Many workers on one queue, with real threads and committed rows."""

import json
import threading
import time
from collections import Counter
from datetime import timedelta
from io import StringIO

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.utils import timezone

from netsuite import bell, channels, outbox, tasks
from netsuite.claims import claim
from netsuite.models import Push, PushAttempt
from netsuite.transport import FAMILIES, Family
from tests.netsuite.conftest import FakeRemote, channel, fresh, hold, lease, refused, server_error, throttled, time_out

pytestmark = pytest.mark.django_db(transaction=True)


def in_threads(count: int, work) -> list:
    """Run `work` in threads that start together; each closes its connection."""
    from django.db import connections

    start, results = threading.Barrier(count), []

    def run() -> None:
        try:
            start.wait()
            results.append(work())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_each_push_is_claimed_once():
    pushes = [hold("ON", customer=str(number)) for number in range(8)]
    claimed = in_threads(8, lambda: claim("netsuite", slots=8, by="worker"))
    assert sorted(errand.push.pk for [errand] in claimed) == [push.pk for push in pushes]


def test_one_push_is_claimed_by_one_of_many():
    hold("ON")
    claimed = in_threads(6, lambda: claim("netsuite", slots=6, by="worker"))
    assert len([push for push in claimed if push]) == 1


def test_no_more_leases_than_slots():
    for number in range(6):
        hold("ON", customer=str(number))
    claimed = in_threads(6, lambda: claim("netsuite", slots=2, by="worker"))
    assert len([push for push in claimed if push]) == 2


def test_an_abandoned_push_goes_to_one_worker():
    push = hold("ON")
    lease(push, until="2001-01-01T00:00:00+00:00")
    claimed = in_threads(4, lambda: claim("netsuite", slots=4, by="worker"))
    assert [errand.push.pk for [errand] in filter(None, claimed)] == [push.pk]
    assert fresh(push).poison_count == 1


def test_two_writers_of_one_key_get_two_generations():
    in_threads(4, lambda: hold("ON"))
    rows = Push.objects.order_by("generation").values_list("generation", "status")
    assert list(rows) == [(1, "superseded"), (2, "superseded"), (3, "superseded"), (4, "queued")]


def test_a_lease_lasts_by_the_databases_clock(settings):
    hold("ON")
    [errand] = claim("netsuite", slots=1, by="worker")
    left = (errand.push.lease_until - timezone.now()).total_seconds()
    assert settings.PUSH_LEASE_SECONDS - 5 < left <= settings.PUSH_LEASE_SECONDS


def test_the_workers_share_the_queue_and_refill(remote):
    remote.slots = 4
    busy, most = Counter(), []

    def slow(push: Push) -> None:
        with remote.lock:
            busy["now"] += 1
            most.append(busy["now"])
        time.sleep(0.05)
        with remote.lock:
            busy["now"] -= 1

    remote.before_write = slow
    for number in range(12):
        hold("ON", customer=str(number))
    assert outbox.drain() == Counter(applied=12)
    assert sorted(remote.writes) == sorted(map(str, range(12)))
    assert 1 < max(most) <= 4


def test_a_throttled_account_is_waited_for(remote):
    remote.slots = 2
    remote.fail_next("write", throttled(retry_after=0.3))
    for number in range(4):
        hold("ON", customer=str(number))
    assert outbox.drain()["applied"] == 4
    assert PushAttempt.objects.filter(outcome="throttled").count() == 1


def test_one_pass_leaves_what_became_due_later(remote):
    remote.fail_next("write", server_error(), times=99)
    for number in range(3):
        hold("ON", customer=str(number))
    assert outbox.drain(once=True) == Counter(retrying=3)


def test_after_its_time_nothing_more_is_begun(remote):
    for number in range(3):
        hold("ON", customer=str(number))
    remote.before_write = lambda push: time.sleep(0.3)
    assert outbox.drain(for_seconds=0.2) == Counter(applied=1)


def test_the_task_rings_again_for_the_rest(remote, settings, monkeypatch):
    rung: list[str] = []
    monkeypatch.setattr(bell, "async_task", lambda task, **options: rung.append(task))
    remote.before_write = lambda push: time.sleep(0.3)
    monkeypatch.setattr(tasks, "LEAST_SECONDS", 0.2)
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, "timeout": 1}
    for number in range(2):
        hold("ON", customer=str(number))
    rung.clear()
    assert tasks.drain_now() == {"applied": 1}
    assert rung == ["netsuite.tasks.drain_now"]
    assert tasks.drain_now() == {"applied": 1}
    assert len(rung) == 1


# --- many remote systems -----------------------------------------------------------------------------


@pytest.fixture
def others(monkeypatch) -> dict[str, FakeRemote]:
    """Two more remote systems of one kind, behind `other:slow` and `other:quick`."""
    fakes = {"slow": FakeRemote(), "quick": FakeRemote()}
    monkeypatch.setitem(FAMILIES, "other", Family(lambda: list(fakes), fakes.__getitem__))
    return fakes


def test_a_slow_system_holds_up_no_other(remote, others):
    done = threading.Event()
    others["slow"].before_write = lambda push: done.wait(10) or pytest.fail("the others waited for the slow one")
    others["quick"].after_write = lambda push: done.set()
    hold("ON", customer="1", channel="other:slow")
    hold("ON", customer="2", channel="other:quick")
    hold("ON", customer="107")
    assert outbox.drain() == Counter(applied=3)


def test_while_one_is_slow_the_others_take_up_what_comes(remote, others):
    done = threading.Event()
    remote.after_write = lambda push: done.set()

    def slow(push: Push) -> None:
        hold("ON", customer="107")
        assert done.wait(10), "what was queued meanwhile waited for the slow one"

    others["slow"].before_write = slow
    hold("ON", customer="1", channel="other:slow")
    hold("ON", customer="2", channel="other:quick")
    assert outbox.drain() == Counter(applied=3)


def test_a_system_without_configuration_stops_no_other(others, settings):
    settings.NETSUITE_ACCOUNT = ""
    hold("ON", customer="107")
    quick = hold("ON", customer="2", channel="other:quick")
    with pytest.raises(ImproperlyConfigured):
        outbox.drain()
    assert fresh(quick).status == "applied"


def test_a_pause_is_of_one_system(remote, others):
    channels.pause("other:slow", "Invalid login attempt.")
    slow, quick = (hold("ON", customer=name, channel=f"other:{name}") for name in ("slow", "quick"))
    assert outbox.drain() == Counter(applied=1)
    assert (fresh(slow).status, fresh(quick).status) == ("queued", "applied")


def test_more_work_calls_more_workers_up_to_the_slots(others):
    """One push is due at first; the rest comes while it is sent."""
    quick, together = others["quick"], threading.Barrier(3, timeout=10)
    quick.slots = 3

    def work(push: Push) -> None:
        if push.record_id == "first":
            for number in range(6):
                hold("ON", customer=str(number), channel="other:quick")
        else:
            together.wait()

    quick.before_write = work
    hold("ON", customer="first", channel="other:quick")
    assert outbox.drain() == Counter(applied=7)


# --- the command -----------------------------------------------------------------------------------


def ns_drain(*flags: str) -> str:
    out = StringIO()
    call_command("ns_drain", *flags, stdout=out)
    return out.getvalue().splitlines()[-1]


def test_the_command_counts_what_became_of_the_pushes(remote):
    remote.fail_next("write", refused(), server_error(), time_out())
    for number in range(4):
        hold("ON", customer=str(number))
    assert json.loads(ns_drain("--once", "--json")) == {"applied": 1, "retrying": 1, "failed": 1, "uncertain": 1}


def test_the_command_with_nothing_to_do_needs_no_configuration():
    assert ns_drain("--once") == "applied 0, retrying 0, failed 0, uncertain 0"


def test_the_command_says_that_netsuite_is_not_configured(settings):
    settings.NETSUITE_ACCOUNT = ""
    hold("ON")
    with pytest.raises(CommandError) as error:
        ns_drain()
    assert (error.value.returncode, fresh(Push.objects.get()).status) == (2, "queued")


def test_the_command_says_that_the_queue_is_paused(remote):
    channels.pause("netsuite", "Invalid login attempt.")
    hold("ON")
    with pytest.raises(CommandError, match="Invalid login attempt") as error:
        ns_drain()
    assert error.value.returncode == 3


def test_a_closed_channel_is_left_alone(remote):
    channels.close("netsuite", until=timezone.now() + timedelta(hours=1), reason="month end")
    hold("ON")
    assert json.loads(ns_drain("--json"))["applied"] == 0
    assert (channel().closed_reason, remote.calls) == ("month end", [])
