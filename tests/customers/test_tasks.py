"""Background sync: it answers what it did and never brings the cluster down."""

import pytest

from customers import tasks
from customers.sync import SyncSummary
from netsuite.errors import NetsuiteError

TASKS = [tasks.sync_now, tasks.refresh_balances]


@pytest.mark.parametrize("task", TASKS)
def test_without_an_account_it_says_so(db, task):
    assert "not" in next(iter(task()["errors"].values())).lower()


@pytest.mark.parametrize("task", TASKS)
def test_an_unexpected_error_stands_in_the_answer(monkeypatch, task):
    def cut(**names):
        raise NetsuiteError("connection reset", kind="network", code="network")

    monkeypatch.setattr(tasks.Client, "from_settings", lambda: object())
    monkeypatch.setattr(tasks, "sync", cut)
    monkeypatch.setattr(tasks, "refresh_open_ar", cut)
    assert [error.partition(":")[0] for error in task()["errors"].values()] == ["NetsuiteError"]


def test_it_answers_what_the_sync_did(monkeypatch, frozen_today):
    given = {}

    def read(**names):
        given.update(names)
        return SyncSummary(rows={"customers": 3})

    monkeypatch.setattr(tasks.Client, "from_settings", lambda: "client")
    monkeypatch.setattr(tasks, "sync", read)
    assert tasks.sync_now() == SyncSummary(rows={"customers": 3}).as_dict()
    assert given == {"client": "client", "today": frozen_today}
