"""Mail drafts over the API: polished, released, undone, discarded."""

from datetime import timedelta

import pytest
from django.utils.dateparse import parse_datetime

from tests.factories.holds import held, notice, owing

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(mike, frozen_today):
    return notice(held(owing(), mike))


@pytest.fixture
def url(draft):
    return f"/api/v1/emails/{draft.pk}/"


def error_of(response):
    return response.status_code, response.json()["errors"][0]["code"]


def test_polish(api, mike, draft, url):
    answer = api(mike).patch(url, {"version": 1, "subject": "Your account"}).json()
    assert (answer["version"], answer["subject"], answer["body"]) == (2, "Your account", draft.body)


def test_two_editors_do_not_overwrite_each_other(api, mike, url):
    api(mike).patch(url, {"version": 1, "subject": "Your account"})
    assert error_of(api(mike).patch(url, {"version": 1, "subject": "Account on hold"})) == (409, "stale_version")


def test_the_recipient_cannot_be_set(api, mike, url):
    assert error_of(api(mike).patch(url, {"version": 1, "to_email": "eve@evil.example"})) == (400, "unknown_field")


def test_a_line_break_in_the_subject_starts_no_header(api, mike, draft, url):
    api(mike).patch(url, {"version": 1, "subject": "Hello\r\nBcc: eve@evil.example"})
    draft.refresh_from_db()
    assert "\n" not in draft.subject
    assert "\r" not in draft.subject


def test_release_waits_out_the_undo_window(api, mike, url):
    answer = api(mike).post(f"{url}approve/", {"version": 1}).json()
    waits = parse_datetime(answer["send_after"]) - parse_datetime(answer["approved_at"])
    assert (answer["status"], answer["approved_by"], waits) == ("approved", "mike", timedelta(minutes=10))


def test_release_of_a_text_nobody_read_is_refused(api, mike, url):
    api(mike).patch(url, {"version": 1, "subject": "Your account"})
    assert error_of(api(mike).post(f"{url}approve/", {"version": 1})) == (409, "stale_version")


def test_undo(api, mike, url):
    api(mike).post(f"{url}approve/", {"version": 1})
    assert api(mike).post(f"{url}undo/", {}).json()["status"] == "pending_review"


def test_undo_of_what_was_never_released(api, mike, url):
    assert error_of(api(mike).post(f"{url}undo/", {})) == (409, "too_late")


def test_discard(api, mike, url):
    assert api(mike).post(f"{url}discard/", {"reason": "Called them"}).json()["status"] == "discarded"


def test_the_list_by_status(api, mike, draft):
    client = api(mike)
    client.post(f"/api/v1/emails/{draft.pk}/discard/", {"reason": "Called them"})
    found = client.get("/api/v1/emails/?status=discarded").json()["results"]
    assert [row["id"] for row in found] == [draft.pk]


def test_a_put_is_not_offered(api, mike, url):
    assert error_of(api(mike).put(url, {"version": 1})) == (405, "method_not_allowed")
