"""The watchdog's decisions over times, its care for a child process, and the schedules after a long night."""

import datetime as dt
import os
import signal
import sys
import time

import pytest
from django.db import DatabaseError
from django.utils import timezone
from django_q.models import OrmQ, Schedule
from django_q.scheduler import scheduler

from config.schedules import JOBS
from workflows import watchdog
from workflows.models import Heartbeat
from workflows.watchdog import Cluster, Observed, Patience, Watchdog, decide, delay, stands_in

USUAL = Patience(silence=120, knock=75, stand_in=60, first_delay=1, longest_delay=60)
SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]
STUBBORN = [
    *(sys.executable, "-c"),
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(60)",
]
PARENT = [
    *(sys.executable, "-c"),
    "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
    "print(1, flush=True); time.sleep(60)",
]


def seen(now: float, **facts: object) -> Observed:
    return Observed(**{"now": now, "alive": True, "sign": 0.0, **facts})


@pytest.mark.parametrize(
    ("silent", "verdict"), [(0, "healthy"), (74, "healthy"), (75, "knock"), (119, "knock"), (120, "restart")]
)
def test_silence_is_first_asked_about_then_ended(silent, verdict):
    assert decide(seen(silent), USUAL) == verdict


def test_it_knocks_once_a_silence():
    assert decide(seen(90, knocked=80.0), USUAL) == "wait"


def test_it_knocks_again_after_a_beat():
    assert decide(seen(180, sign=100.0, knocked=80.0), USUAL) == "knock"


def test_a_beat_ends_the_silence():
    assert decide(seen(130, sign=129.0), USUAL) == "healthy"


def test_without_a_database_no_silence_is_held_against_the_cluster():
    assert decide(seen(500, database=False), USUAL) == "healthy"


def test_a_dead_cluster_is_started_again_after_its_delay():
    dead = {"alive": False, "died": 100.0, "deaths": 3}
    assert decide(seen(103, **dead), USUAL) == "wait"
    assert decide(seen(104, **dead), USUAL) == "revive"


def test_the_delay_doubles_up_to_a_minute():
    assert [delay(deaths, USUAL) for deaths in (1, 2, 3, 4, 7, 1000)] == [1, 2, 4, 8, 60, 60]


@pytest.mark.parametrize(
    ("silent", "since_last", "expected"), [(74, 999, False), (75, 59, False), (75, 60, True), (300, 60, True)]
)
def test_it_stands_in_once_a_minute_while_the_cluster_is_silent(silent, since_last, expected):
    assert stands_in(silent, since_last, USUAL) is expected


@pytest.fixture
def cluster():
    child = Cluster(SLEEPER)
    yield child
    child.kill()


def test_stopping_ends_the_child(cluster):
    cluster.start()
    cluster.stop(seconds=5)
    assert cluster.process.returncode == -signal.SIGTERM


def test_a_child_that_does_not_listen_is_killed(cluster, capfd):
    cluster.command = STUBBORN
    cluster.start()
    wait_for(lambda: "1" in capfd.readouterr().out)
    cluster.stop(seconds=0.2)
    assert cluster.process.returncode == -signal.SIGKILL


def test_stopping_twice_is_harmless(cluster):
    cluster.start()
    cluster.stop(seconds=5)
    cluster.stop(seconds=5)
    assert not cluster.alive


@pytest.fixture
def keeper(cluster, db):
    dog = Watchdog(cluster, Patience(silence=100, knock=50, stand_in=10, first_delay=1), work=lambda: None)
    dog._start()
    return dog


def let_pass(monkeypatch, seconds: float) -> None:
    later = time.monotonic() + seconds
    monkeypatch.setattr(watchdog.time, "monotonic", lambda: later)


def test_a_silent_child_gives_way_to_a_new_one(keeper, cluster, monkeypatch):
    first = cluster.process
    let_pass(monkeypatch, 101)
    keeper.look()
    assert first.returncode == -signal.SIGKILL
    assert cluster.alive
    assert cluster.process.pid != first.pid


def test_a_beating_child_stays(keeper, cluster, monkeypatch):
    first = cluster.process
    Heartbeat.objects.create(name="cluster")
    let_pass(monkeypatch, 101)
    keeper.look()
    assert cluster.process is first


def test_a_beat_of_the_wrong_part_does_not_count(keeper, cluster, monkeypatch):
    first = cluster.process
    Heartbeat.objects.create(name="aging_tick")
    let_pass(monkeypatch, 101)
    keeper.look()
    assert cluster.process is not first


def test_knocking_queues_a_canary(keeper, monkeypatch):
    let_pass(monkeypatch, 51)
    keeper.look()
    keeper.look()
    assert [task.func() for task in OrmQ.objects.all()] == ["workflows.tasks.canary"]


def test_while_the_child_is_silent_the_keeper_works(keeper, monkeypatch):
    done = []
    keeper.work = lambda: done.append("round")
    let_pass(monkeypatch, 51)
    keeper.look()
    keeper._stand_in.join()
    keeper.look()
    assert done == ["round"]


def test_while_the_child_beats_the_keeper_leaves_the_work_to_it(keeper):
    keeper.work = lambda: pytest.fail("not needed")
    keeper.look()
    assert keeper._stand_in is None


def test_a_child_that_died_is_started_again(keeper, cluster, monkeypatch):
    first = cluster.process
    first.kill()
    first.wait()
    keeper.look()
    assert not cluster.alive
    let_pass(monkeypatch, 2)
    keeper.look()
    assert cluster.alive


def lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_what_a_dead_child_left_behind_ends_too(keeper, cluster, capfd):
    cluster.stop(seconds=5)
    cluster.command = PARENT
    keeper._start()
    wait_for(lambda: "1" in capfd.readouterr().out)
    group = cluster.process.pid
    cluster.process.kill()
    cluster.process.wait()
    assert lives(group)
    keeper.look()
    wait_for(lambda: not lives(group))


def test_an_unreachable_database_leaves_the_child_alone(keeper, cluster, monkeypatch):
    def broken(**names):
        raise DatabaseError("connection refused")

    first = cluster.process
    monkeypatch.setattr(watchdog.connections, "close_all", lambda: None)
    monkeypatch.setattr(watchdog.Heartbeat.objects, "filter", broken)
    let_pass(monkeypatch, 500)
    keeper.look()
    assert cluster.process is first


def test_one_failing_part_does_not_stop_the_others(monkeypatch):
    done = []

    def fails():
        raise RuntimeError("boom")

    monkeypatch.setattr(watchdog, "apply_waiting", fails)
    monkeypatch.setattr(watchdog, "drain_now", fails)
    monkeypatch.setattr(watchdog, "send_due", lambda: done.append("mail"))
    for work in ("apply_waiting", "drain_now"):
        getattr(watchdog, work).__name__ = work
    monkeypatch.setattr(watchdog.connections, "close_all", lambda: None)
    watchdog.do_due_work()
    assert done == ["mail"]


def test_after_four_days_down_each_schedule_runs_once(transactional_db):
    Schedule.objects.update(next_run=timezone.now() - dt.timedelta(days=4))
    scheduler()
    scheduler()
    assert sorted(task.func() for task in OrmQ.objects.all()) == sorted(job.task for job in JOBS)


def test_after_four_days_down_the_next_run_lies_ahead(transactional_db):
    Schedule.objects.update(next_run=timezone.now() - dt.timedelta(days=4))
    scheduler()
    assert not Schedule.objects.filter(next_run__lte=timezone.now()).exists()


def wait_for(condition, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
