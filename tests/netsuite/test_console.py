"""The push queue in the console."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from netsuite import channels
from netsuite.models import Channel, Push, PushAttempt
from netsuite.outbox import enqueue

LIST = "admin:netsuite_push_changelist"
SAID = "You do not have permissions to set a value for element creditholdoverride"


def failed(number: int = 7, said: str = SAID) -> Push:
    """A push that NetSuite refused at its first attempt."""
    push = enqueue(
        key=f"customer:{number}",
        record_type="customer",
        record_id=str(number),
        body={"credit_hold": "ON"},
        by="mike",
        label=f"Hold customer {number}",
    )
    Push.objects.filter(pk=push.pk).update(status="failed", attempts_in_cycle=1, last_error_detail=said)
    PushAttempt.objects.create(
        push=push, number=1, cycle=1, by="drain", lease_token=uuid.uuid4(), outcome="refused", http_status=400,
        error_code="USER_ERROR", error_detail=said,
    )  # fmt: skip
    return Push.objects.get(pk=push.pk)


def page(push: Push, verb: str = "change") -> str:
    return reverse(f"admin:netsuite_push_{verb}", args=[push.pk])


@pytest.fixture
def as_mike(client: Client, mike: Any) -> Client:
    client.force_login(mike, backend="django.contrib.auth.backends.ModelBackend")
    return client


def signed_in(client: Client, user: Any) -> Client:
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def status_of(push: Push) -> str:
    return Push.objects.values_list("status", flat=True).get(pk=push.pk)


def test_netsuites_words_stand_verbatim_on_the_page(as_mike: Client) -> None:
    html = as_mike.get(page(failed(said='Field <b> is "read-only"'))).content.decode()
    assert "Field &lt;b&gt; is &quot;read-only&quot;" in html


def test_each_attempt_has_its_http_status(as_mike: Client) -> None:
    push = failed()
    assert [one.http_status for one in as_mike.get(page(push)).context["attempts"]] == [400]


def test_retry_queues_it_again(as_mike: Client) -> None:
    push = failed()
    assert as_mike.post(page(push, "retry")).status_code == 302
    assert status_of(push) == "queued"


def test_a_second_retry_changes_nothing_and_says_so(as_mike: Client) -> None:
    push = failed()
    as_mike.post(page(push, "retry"))
    answer = as_mike.post(page(push, "retry"))
    assert answer.status_code == 409
    assert Push.objects.get(pk=push.pk).cycle == 2


def test_retry_all_takes_the_failed_ones_only(as_mike: Client) -> None:
    first, second, applied = failed(7), failed(8), failed(9)
    Push.objects.filter(pk=applied.pk).update(status="superseded")
    as_mike.post(reverse("admin:netsuite_push_retry_all"))
    assert [status_of(push) for push in (first, second, applied)] == ["queued", "queued", "superseded"]


@pytest.mark.parametrize("verb", ["retry", "retry_all"])
def test_a_clerk_may_look_but_not_retry(client: Client, clerk: Any, verb: str) -> None:
    push = failed()
    signed_in(client, clerk)
    address = page(push, "retry") if verb == "retry" else reverse("admin:netsuite_push_retry_all")
    assert client.get(page(push)).status_code == 200
    assert (client.post(address).status_code, status_of(push)) == (403, "failed")


def test_a_clerk_sees_no_retry_button(client: Client, clerk: Any) -> None:
    push = failed()
    assert page(push, "retry") not in signed_in(client, clerk).get(page(push)).content.decode()


def test_a_rep_sees_no_pushes(client: Client, rep: Any) -> None:
    assert signed_in(client, rep).get(page(failed())).status_code == 403


def test_a_link_does_not_retry(as_mike: Client) -> None:
    push = failed()
    assert (as_mike.get(page(push, "retry")).status_code, status_of(push)) == (405, "failed")


def test_a_forged_form_is_refused(mike: Any) -> None:
    push, strict = failed(), signed_in(Client(enforce_csrf_checks=True), mike)
    assert (strict.post(page(push, "retry")).status_code, status_of(push)) == (403, "failed")


def test_failed_ones_come_first(as_mike: Client) -> None:
    older = failed(7)
    enqueue(key="customer:9", record_type="customer", record_id="9", body={"credit_hold": "ON"}, by="mike")
    assert as_mike.get(reverse(LIST)).context["cl"].result_list[0].pk == older.pk


def test_a_paused_channel_says_what_to_do(as_mike: Client) -> None:
    failed()
    channels.pause("netsuite", "401 invalid_grant")
    html = as_mike.get(reverse(LIST)).content.decode()
    assert ("401 invalid_grant" in html, "Check the credentials in NetSuite" in html) == (True, True)


def test_a_pause_ends_with_a_press_of_retry_though_nothing_failed(as_mike: Client) -> None:
    channels.pause("provider:cloud", "The signature does not match.")
    html = as_mike.get(reverse(LIST)).content.decode()
    assert ("The signature does not match." in html, "Retry</button>" in html) == (True, True)
    as_mike.post(reverse("admin:netsuite_push_retry_all"))
    assert Channel.named("provider:cloud").paused_at is None


def test_a_closed_channel_says_until_when(as_mike: Client) -> None:
    channels.close("netsuite", until=timezone.now() + timedelta(hours=2), reason="Month end")
    assert "Month end" in as_mike.get(reverse(LIST)).content.decode()


def test_a_slow_channel_says_that_nothing_is_to_do(as_mike: Client) -> None:
    channels.back_off("netsuite", 90)
    assert "NetSuite asked us to slow down" in as_mike.get(reverse(LIST)).content.decode()


def test_an_open_channel_says_nothing(as_mike: Client) -> None:
    channels.reopen("netsuite")
    html = as_mike.get(reverse(LIST)).content.decode()
    assert "slow down" not in html


def test_the_list_costs_the_same_at_one_and_at_three_rows(as_mike: Client) -> None:
    counts = []
    for numbers in ([1], [2, 3]):
        for number in numbers:
            failed(number)
        as_mike.get(reverse(LIST))
        with CaptureQueriesContext(connection) as queries:
            as_mike.get(reverse(LIST))
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_very_long_list_is_counted_to_the_cap_only(as_mike: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netsuite.console.COUNT_CAP", 2)
    for number in (1, 2, 3):
        failed(number)
    pages = as_mike.get(reverse(LIST)).context["pages"]
    assert (pages["count"], pages["capped"]) == (2, True)
