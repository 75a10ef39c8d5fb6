"""When the tick is due: weekdays from six in the business time zone, once a day."""

from datetime import UTC, datetime
from typing import Any

import pytest

from holds import tasks
from holds.models import ServiceHold
from netsuite.errors import NetsuiteError
from tests.factories.holds import owing
from workflows.models import Heartbeat, ProposedAction

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 3, 16, 10, 0, tzinfo=UTC)  # 06:00 in New York


@pytest.fixture(autouse=True)
def refreshed(monkeypatch) -> list[str]:
    """Stands in for NetSuite: says that the balances were read again."""
    asked: list[str] = []
    monkeypatch.setattr(tasks, "refresh_balances", lambda: asked.append("balances"))
    return asked


@pytest.mark.parametrize(
    ("moment", "runs"),
    [
        (MONDAY, True),
        (datetime(2026, 3, 16, 9, 59, tzinfo=UTC), False),
        (datetime(2026, 3, 16, 22, 0, tzinfo=UTC), True),
        (datetime(2026, 3, 17, 3, 30, tzinfo=UTC), True),
        (datetime(2026, 3, 14, 15, 0, tzinfo=UTC), False),
        (datetime(2026, 3, 15, 15, 0, tzinfo=UTC), False),
        (datetime(2026, 11, 2, 11, 0, tzinfo=UTC), True),
        (datetime(2026, 11, 2, 10, 59, tzinfo=UTC), False),
    ],
    ids=["six", "before six", "evening", "monday night", "saturday", "sunday", "winter time", "winter, before six"],
)
def test_weekdays_from_six_in_new_york(time_machine, moment, runs):
    time_machine.move_to(moment)
    assert (tasks.aging_tick_when_due() is not None) is runs


def test_once_a_day(time_machine):
    time_machine.move_to(MONDAY)
    owing()
    assert (tasks.aging_tick_when_due()["staged"], tasks.aging_tick_when_due()) == (1, None)


def test_and_again_the_next_day(time_machine):
    time_machine.move_to(MONDAY)
    tasks.aging_tick_when_due()
    time_machine.move_to(datetime(2026, 3, 17, 10, 0, tzinfo=UTC))
    assert tasks.aging_tick_when_due()["as_of"] == "2026-03-17"


def test_after_four_days_down_it_runs_once(time_machine):
    time_machine.move_to(datetime(2026, 3, 12, 10, 0, tzinfo=UTC))
    tasks.aging_tick_when_due()
    time_machine.move_to(MONDAY)
    assert [tasks.aging_tick_when_due() is not None for _ in range(3)] == [True, False, False]


def test_the_balances_are_read_first(time_machine, refreshed):
    time_machine.move_to(MONDAY)
    tasks.aging_tick_when_due()
    assert refreshed == ["balances"]


def test_netsuite_out_of_reach_does_not_stop_it(time_machine, monkeypatch):
    def down() -> None:
        raise NetsuiteError("no route", kind="network")

    monkeypatch.setattr(tasks, "refresh_balances", down)
    time_machine.move_to(MONDAY)
    owing()
    assert tasks.aging_tick_when_due()["staged"] == 1


def test_a_tick_that_broke_runs_again(time_machine, monkeypatch):
    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("disk full")

    time_machine.move_to(MONDAY)
    owing()
    with monkeypatch.context() as once:
        once.setattr("workflows.runner.stage_many", broken)
        with pytest.raises(RuntimeError):
            tasks.aging_tick_when_due()
    assert Heartbeat.objects.filter(name="aging_tick").exists() is False
    assert tasks.aging_tick_when_due()["staged"] == 1


def test_it_holds_nobody_by_itself(time_machine):
    time_machine.move_to(MONDAY)
    customer = owing()
    tasks.aging_tick_when_due()
    customer.refresh_from_db()
    assert (customer.entitystatus, ServiceHold.objects.get().status, ProposedAction.objects.get().status) == (
        "",
        "proposed",
        "pending",
    )
