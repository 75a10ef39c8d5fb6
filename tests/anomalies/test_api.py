"""Alerts and daily figures over the API."""

from datetime import date, timedelta

import pytest

from anomalies.models import Alert
from tests.factories.alerts import fired
from tests.factories.metrics import history

pytestmark = pytest.mark.django_db
METRIC = "/api/v1/metrics/dso/"


@pytest.fixture
def alert(frozen_today) -> Alert:
    return fired(frozen_today - timedelta(days=1))


def test_the_list_says_the_finding_and_keeps_the_payload_for_one(api, mike, alert):
    [row] = api(mike).get("/api/v1/alerts/").json()["results"]
    assert (row["heading"], row["rule"], row["value"], row["status"], "payload" in row) == (
        "12 customers on hold, line 5",
        "customers-on-hold",
        "12.000000",
        "open",
        False,
    )
    whole = api(mike).get(f"/api/v1/alerts/{alert.pk}/").json()
    assert (whole["rule_as_was"]["slug"], whole["payload"]["value"]) == ("customers-on-hold", "12.000000")


def test_filters(api, mike, alert):
    client = api(mike)
    found = [
        len(client.get("/api/v1/alerts/", query).json()["results"])
        for query in ({"status": "open"}, {"status": "resolved"}, {"rule": "churn"}, {"date": "2026-03-15"})
    ]
    assert found == [1, 0, 0, 1]
    assert client.get("/api/v1/alerts/", {"state": "open"}).status_code == 400


def test_acknowledge_then_lose_the_race(api, mike, clerk, alert):
    first = api(mike).post(f"/api/v1/alerts/{alert.pk}/acknowledge/", {})
    assert (first.status_code, first.json()["acknowledged_by"]) == (200, "mike")
    lost = api(clerk).post(f"/api/v1/alerts/{alert.pk}/acknowledge/", {})
    assert (lost.status_code, lost.json()["errors"][0]["code"]) == (409, "already_handled")
    assert "Already acknowledged by mike" in lost.json()["errors"][0]["detail"]


def test_resolve_needs_a_reason(api, mike, alert):
    client, address = api(mike), f"/api/v1/alerts/{alert.pk}/resolve/"
    assert client.post(address, {}).status_code == 400
    assert client.post(address, {"reason": "Over."}).json()["resolution"] == "Over."


def test_snooze(api, mike, alert):
    address = f"/api/v1/alerts/{alert.pk}/snooze/"
    answer = api(mike).post(address, {"until": "2026-03-20T12:00:00Z", "reason": "Known"})
    assert answer.json()["snoozed_until"] == "2026-03-20T12:00:00.000000Z"
    assert api(mike).post(address, {"until": "2027-03-20T12:00:00Z", "reason": "Known"}).status_code == 400


def test_a_series(api, mike):
    history("dso", "40", "41.5", "43", until=date(2026, 3, 12))
    answer = api(mike).get(METRIC, {"from": "2026-03-11", "to": "2026-03-12"}).json()
    assert (answer["unit"], [(p["date"], p["value"]) for p in answer["points"]]) == (
        "days",
        [("2026-03-11", "41.500000"), ("2026-03-12", "43.000000")],
    )


def test_a_series_of_a_region_is_not_that_of_all(api, mike):
    history("dso", "40", until=date(2026, 3, 12))
    history("dso", "55", until=date(2026, 3, 12), scope="region", scope_value="West")
    query = {"from": "2026-03-01", "to": "2026-03-12", "scope": "region", "value": "West"}
    assert [p["value"] for p in api(mike).get(METRIC, query).json()["points"]] == ["55.000000"]


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"from": "2026-03-12", "to": "2026-03-01"},
        {"from": "2020-03-12", "to": "2026-03-01"},
        {"from": "2026-03-01", "to": "2026-03-02", "scope": "planet"},
        {"from": "2026-03-01", "to": "2026-03-02", "scope": "region"},
        {"from": "2026-03-01", "to": "2026-03-02", "value": "West"},
        {"from": "2026-03-01", "to": "2026-03-02", "what": "1"},
        {"from": "2026-03-01", "to": "2026-03-02", "scope": "region", "value": "a\x00b"},
    ],
)
def test_what_cannot_be_answered_is_refused(api, mike, query):
    assert api(mike).get(METRIC, query).status_code == 400


def test_an_unknown_metric_and_the_wrong_role(api, mike, rep):
    query = {"from": "2026-03-01", "to": "2026-03-02"}
    assert api(mike).get("/api/v1/metrics/luck/", query).status_code == 404
    assert api(rep).get(METRIC, query).status_code == 403
