"""A repeated request has one effect, however parallel it comes."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from knox.models import AuthToken
from rest_framework.test import APIClient

from holds.actions import holds
from holds.models import ServiceHold
from tests.factories.holds import held, owing
from tests.factories.orders import draft, over_limit
from tests.factories.pins import PIN, WRONG, manager
from workflows import audit
from workflows.models import AutoDecision, IdempotentRequest, ProposedAction

URL = "/api/v1/service-holds/"
KEY = "order-4711"


def post(client, customer, key=KEY, reason="late"):
    body = {"customer": customer.netsuite_id, "reason": reason}
    return client.post(URL, body, HTTP_IDEMPOTENCY_KEY=key)


@pytest.mark.django_db
def test_the_same_request_again_gets_the_stored_answer(api, mike):
    northside = owing()
    first, second = post(api(mike), northside), post(api(mike), northside)
    assert (first.status_code, first.json()) == (201, second.json())
    assert (first.headers.get("Idempotent-Replay"), second.headers["Idempotent-Replay"]) == (None, "true")
    assert ServiceHold.objects.count() == 1


@pytest.mark.django_db
def test_the_same_key_with_another_body_is_refused(api, mike):
    northside = owing()
    post(api(mike), northside)
    response = post(api(mike), northside, reason="very late")
    assert (response.status_code, response.json()["errors"][0]["code"]) == (422, "idempotency_mismatch")


@pytest.mark.django_db
def test_two_people_may_use_the_same_key(api, mike, clerk):
    post(api(mike), owing())
    assert post(api(clerk), owing()).status_code == 201


@pytest.mark.django_db
def test_a_refusal_is_an_answer_too(api, mike):
    hold = held(owing(), mike)
    first, second = post(api(mike), hold.customer), post(api(mike), hold.customer)
    assert (first.status_code, second.status_code, first.json()) == (409, 409, second.json())
    assert second.headers["Idempotent-Replay"] == "true"


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "k" * 201])
def test_a_key_without_sense_is_refused(api, mike, key):
    response = post(api(mike), owing(), key=key)
    assert (response.status_code, response.json()["errors"][0]["code"]) == (400, "invalid_idempotency_key")


@pytest.mark.django_db
def test_the_longest_key_is_taken(api, mike):
    assert post(api(mike), owing(), key="k" * 200).status_code == 201


@pytest.mark.django_db
def test_a_revoked_token_gets_no_stored_answer(api, mike):
    client, northside = api(mike), owing()
    post(client, northside)
    AuthToken.objects.all().delete()
    assert post(client, northside).status_code == 401


@pytest.mark.django_db
def test_a_missing_right_is_asked_for_again(api, cashier):
    northside = owing()
    post(api(cashier), northside)
    assert IdempotentRequest.objects.count() == 0


@pytest.mark.django_db
def test_a_session_is_a_caller_too(client, mike):
    client.force_login(mike)
    northside = owing()
    body = {"customer": northside.netsuite_id, "reason": "late"}
    answers = [
        client.post(URL, body, content_type="application/json", headers={"Idempotency-Key": KEY}) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[1].headers["Idempotent-Replay"] == "true"


@pytest.mark.django_db
def test_nothing_of_the_body_can_be_guessed_from_what_is_stored(api, mike):
    northside = owing()
    post(api(mike), northside)
    stored = IdempotentRequest.objects.get()
    assert len(stored.caller) == len(stored.fingerprint) == 64
    assert mike.username not in stored.caller


@pytest.mark.django_db
def test_the_retry_of_pushes_is_covered(api, mike):
    answers = [api(mike).post("/admin/ns-push/retry", {"all_failed": True}, HTTP_IDEMPOTENCY_KEY=KEY) for _ in range(2)]
    assert [answer.json() for answer in answers] == [{"requeued": []}] * 2
    assert answers[1].headers["Idempotent-Replay"] == "true"


@pytest.mark.django_db(transaction=True)
def test_a_failure_of_ours_undoes_everything_and_may_be_tried_again(api, mike, monkeypatch):
    def propose_and_break(**kwargs):
        real(**kwargs)
        raise RuntimeError("after the effect")

    client, northside, real = api(mike), owing(), holds.propose
    client.raise_request_exception = False
    monkeypatch.setattr(holds, "propose", propose_and_break)
    assert post(client, northside).status_code == 500
    assert (ProposedAction.objects.count(), IdempotentRequest.objects.count()) == (0, 0)
    monkeypatch.undo()
    assert post(client, northside).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_what_waits_for_the_commit_runs_after_it(api, mike):
    """The decision of a lift is sealed on commit."""
    hold = held(owing(), mike)
    audit.forget_pause()
    response = api(mike).post(f"{URL}{hold.pk}/lift/", {"reason": "Paid"}, HTTP_IDEMPOTENCY_KEY=KEY)
    assert response.json()["lifted"] is True
    assert AutoDecision.objects.unsealed().count() == 0


@pytest.mark.django_db(transaction=True)
def test_ten_at_once_have_one_effect(mike):
    northside = owing()
    _, token = AuthToken.objects.create(mike)
    start = Barrier(10)

    def ask(_):
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
        start.wait()
        try:
            return post(client, northside)
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(ask, range(10)))
    assert [answer.status_code for answer in answers] == [201] * 10
    assert sorted(answer.headers.get("Idempotent-Replay", "") for answer in answers) == [""] + ["true"] * 9
    assert len({answer.text for answer in answers}) == 1
    assert (ServiceHold.objects.count(), ProposedAction.objects.count()) == (1, 1)


@pytest.mark.django_db
def test_a_pin_is_never_kept_and_each_try_counts(api, cashier):
    lydia, order = manager(), draft(cashier, customer=over_limit())
    address, body = f"/api/v1/orders/{order.pk}/override/", {"manager": lydia.netsuite_id, "terminal": "Till 3"}
    client = api(cashier)
    tries = [client.post(address, {**body, "pin": WRONG}, HTTP_IDEMPOTENCY_KEY=KEY) for _ in range(2)]
    assert [answer.json()["errors"][0]["tries_left"] for answer in tries] == [4, 3]
    grants = [client.post(address, {**body, "pin": PIN}, HTTP_IDEMPOTENCY_KEY=KEY).json()["grant"] for _ in range(2)]
    assert (len(set(grants)), IdempotentRequest.objects.count()) == (2, 0)
