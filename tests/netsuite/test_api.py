"""The retry endpoint and the list of pushes."""

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework import serializers

from netsuite import outbox
from netsuite.api import StrictSerializer
from netsuite.models import Push
from tests.netsuite.conftest import fresh, hold, refused

pytestmark = pytest.mark.django_db

URL = "/admin/ns-push/retry"
LIST = "/api/v1/ns-pushes/"


def person(username: str, *rights: str, is_staff: bool = True):
    user = get_user_model().objects.create_user(username, password="pw", is_staff=is_staff)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="netsuite", codename__in=rights))
    return user


@pytest.fixture
def dana(db):
    """She may see pushes and retry them."""
    return person("dana", "retry_push", "view_push")


@pytest.fixture
def failed(remote) -> Push:
    remote.fail_next("write", refused())
    push = hold("ON")
    outbox.drain()
    return fresh(push)


def error_of(response) -> tuple[int, str, str | None]:
    error = response.json()["errors"][0]
    return response.status_code, error["code"], error["attr"]


def test_one_push_is_queued_again_in_her_name(api, dana, failed):
    response = api(dana).post(URL, {"id": failed.pk})
    assert (response.status_code, response.json()) == (200, {"requeued": [failed.pk]})
    assert (fresh(failed).status, fresh(failed).cycle, fresh(failed).cycle_by) == ("queued", 2, "dana")


def test_all_failed(api, dana, failed):
    hold("ON", customer="108")
    assert api(dana).post(URL, {"all_failed": True}).json() == {"requeued": [failed.pk]}


def test_a_second_click_is_told_so(api, dana, failed):
    api(dana).post(URL, {"id": failed.pk})
    assert error_of(api(dana).post(URL, {"id": failed.pk})) == (409, "lost_race", None)


def test_an_unknown_push(api, dana):
    assert error_of(api(dana).post(URL, {"id": 999})) == (404, "not_found", None)


@pytest.mark.parametrize(
    ("body", "code", "attr"),
    [
        ({}, "invalid", "non_field_errors"),
        ({"id": 1, "all_failed": True}, "invalid", "non_field_errors"),
        ({"all_failed": False}, "invalid", "non_field_errors"),
        ({"id": "x"}, "invalid", "id"),
        ({"id": 0}, "min_value", "id"),
        ({"id": 1, "force": True}, "unknown_field", "force"),
    ],
)
def test_a_wrong_body(api, dana, body, code, attr):
    response = api(dana).post(URL, body)
    assert response.json()["type"] == "validation_error"
    assert error_of(response) == (400, code, attr)


def test_a_get_changes_nothing(api, dana, failed):
    assert error_of(api(dana).get(URL))[0] == 405
    assert fresh(failed).status == "failed"


def test_a_stranger(api, failed):
    assert api().post(URL, {"all_failed": True}).status_code == 401


def test_without_the_right(api, failed):
    assert error_of(api(person("rep", "view_push")).post(URL, {"id": failed.pk}))[0] == 403
    assert fresh(failed).status == "failed"


def session_of(user) -> Client:
    client = Client(enforce_csrf_checks=True)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def with_csrf(client: Client) -> dict[str, str]:
    client.cookies["csrftoken"] = "a" * 32
    return {"X-CSRFToken": "a" * 32}


def test_a_staff_session_with_csrf(dana, failed):
    client = session_of(dana)
    response = client.post(URL, {"id": failed.pk}, "application/json", headers=with_csrf(client))
    assert response.json() == {"requeued": [failed.pk]}


def test_a_staff_session_without_csrf(dana, failed):
    response = session_of(dana).post(URL, {"id": failed.pk}, "application/json")
    assert (response.status_code, fresh(failed).status) == (403, "failed")


def test_a_session_of_somebody_who_is_not_staff(failed):
    client = session_of(person("cashier", "retry_push", is_staff=False))
    response = client.post(URL, {"id": failed.pk}, "application/json", headers=with_csrf(client))
    assert (response.status_code, fresh(failed).status) == (403, "failed")


# --- the list --------------------------------------------------------------------------------------


def test_a_push_is_shown_with_its_attempts(api, dana, failed):
    row = api(dana).get(f"{LIST}{failed.pk}/").json()
    assert (row["status"], row["body"], row["last_error_code"]) == ("failed", {"credit_hold": "ON"}, "USER_ERROR")
    assert [(tried["outcome"], tried["http_status"]) for tried in row["attempts"]] == [("refused", 400)]


def test_the_list_is_filtered_by_status_and_record(api, dana, failed):
    queued = hold("ON", customer="108")
    client = api(dana)
    found = {query: [row["id"] for row in client.get(LIST + query).json()["results"]] for query in QUERIES}
    assert found == {
        "": [queued.pk, failed.pk],
        "?status=failed": [failed.pk],
        "?record_id=108": [queued.pk],
        "?status=failed&record_id=108": [],
    }


QUERIES = ("", "?status=failed", "?record_id=108", "?status=failed&record_id=108")


def test_an_unknown_filter_is_refused(api, dana):
    assert error_of(api(dana).get(LIST + "?key__startswith=c"))[0] == 400


def test_nobody_can_write_to_the_list(api, failed):
    root = api(get_user_model().objects.create_superuser("root"))
    assert root.patch(f"{LIST}{failed.pk}/", {"status": "applied"}).status_code == 405
    assert root.delete(f"{LIST}{failed.pk}/").status_code == 405


def test_without_the_right_to_see_pushes(api, failed):
    assert api(person("cashier")).get(LIST).status_code == 403
    assert api().get(LIST).status_code == 401


def test_the_list_costs_the_same_at_one_and_three_rows(api, dana, remote):
    client, counts = api(dana), []
    for customers in (["1"], ["2", "3"]):
        for customer in customers:
            hold("ON", customer=customer)
        outbox.drain()
        with CaptureQueriesContext(connection) as queries:
            client.get(LIST)
        counts.append(len(queries))
    assert counts[0] == counts[1]


# --- strict input ----------------------------------------------------------------------------------


class Door(StrictSerializer):
    id = serializers.IntegerField(read_only=True)
    name = serializers.CharField()


def codes(data: dict) -> dict[str, list[str]]:
    door = Door(data=data)
    door.is_valid()
    return {name: [error.code for error in errors] for name, errors in door.errors.items()}


def test_strict_input():
    assert codes({"name": "a"}) == {}
    assert codes({"name": "a", "colour": "red"}) == {"colour": ["unknown_field"]}
    assert codes({"name": "a", "id": 3}) == {"id": ["read_only_field"]}
    assert codes({}) == {"name": ["required"]}


def test_strict_input_before_a_model_serializer():
    class PushDoor(StrictSerializer, serializers.ModelSerializer):
        class Meta:
            model = Push
            fields = ["label", "status"]
            read_only_fields = ["status"]

    door = PushDoor(data={"label": "x", "status": "applied"})
    assert not door.is_valid()
    assert door.errors["status"][0].code == "read_only_field"
