"""Handing in mail over the API: as fields, as a whole mail, once."""

import base64
from typing import Any

import pytest
from django_q.models import OrmQ

from disputes import inbound_api
from disputes.models import Attachment, InboundEmail
from tests.factories.customers import CustomerFactory, EmployeeFactory
from tests.factories.mails import arrived, raw_mail
from workflows.actions.switches import flip

pytestmark = pytest.mark.django_db
URL = "/api/v1/inbound-emails/"
FIELDS: dict[str, Any] = {
    "from": "Maria <AP@Northside.example>",
    "to": "ar@holdgate.example",
    "subject": "Wrong price on INV-20418",
    "text": "We agreed on $17.20.",
    "message_id": "<1@northside.example>",
}


def post(client: Any, **changes: Any) -> Any:
    return client.post(URL, {**FIELDS, **changes})


def post_raw(client: Any, raw: bytes) -> Any:
    return client.generic("POST", URL, raw, content_type="message/rfc822")


def test_as_fields(api, integrator):
    customer = CustomerFactory(email="ap@northside.example")
    answer = post(api(integrator))
    assert answer.status_code == 201
    body = answer.json()
    assert (body["status"], body["source"], body["customer"]["netsuite_id"]) == (
        "received",
        "api",
        customer.netsuite_id,
    )
    assert (body["from_email"], body["sender_verified"], body["classification"]) == ("ap@northside.example", False, "")


def test_as_a_whole_mail(api, integrator):
    answer = post_raw(api(integrator), raw_mail("Wrong price", subject="Rechnung ü"))
    assert (answer.status_code, answer.json()["subject"]) == (201, "Rechnung ü")
    assert bytes(InboundEmail.objects.get().raw).startswith(b"From: Maria")


def test_the_same_message_id_is_the_same_row(api, integrator):
    client = api(integrator)
    first, second = post(client), post(client)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["email_uuid"] == second.json()["email_uuid"]
    assert InboundEmail.objects.count() == 1


def test_an_edited_copy_is_put_aside(api, integrator):
    client = api(integrator)
    post(client)
    answer = post(client, text="We agreed on $1.")
    assert (answer.status_code, answer.json()["status"]) == (201, "quarantined")


def test_without_an_id_the_text_tells(api, integrator):
    client = api(integrator)
    codes = [post(client, message_id="", text=text).status_code for text in ("a", "a", "b")]
    assert codes == [201, 200, 201]


def test_it_is_sorted_by_the_worker_and_not_in_the_request(api, integrator, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        post(api(integrator))
    assert InboundEmail.objects.get().status == "received"
    assert [task.func() for task in OrmQ.objects.all()] == ["disputes.tasks.triage_waiting"]


def test_files_come_with_it(api, integrator):
    content = base64.b64encode(b"%PDF-1.4").decode()
    file = {"name": "../invoice.pdf", "content_type": "application/pdf", "content": content}
    answer = post(api(integrator), attachments=[file])
    assert answer.json()["attachments"][0]["name"] == "attachment-1.pdf"
    assert bytes(Attachment.objects.get().content) == b"%PDF-1.4"


@pytest.mark.parametrize("name", ["from", "to", "subject", "message_id", "in_reply_to"])
@pytest.mark.parametrize("breaker", ["\r\nBcc: all@victims.example", "\nX: y", "\rX: y"])
def test_line_breaks_in_headers_are_refused(api, integrator, name, breaker):
    answer = post(api(integrator), **{name: f"a@b.example{breaker}"})
    assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, name)
    assert InboundEmail.objects.count() == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"from": ""},
        {"from": None},
        {"text": "\x00"},
        {"subject": "x" * 999},
        {"text": "x" * 200_001},
        {"attachments": "x"},
        {"attachments": [{"content": "not base64!"}]},
        {"attachments": [{"content": ""}] * 51},
        {"status": "routed"},
        {"classification": "spam"},
        {"customer": "107"},
        {"unknown": 1},
        {"subject": {"a": 1}},
    ],
)
def test_what_makes_no_mail_is_refused(api, integrator, changes):
    assert post(api(integrator), **changes).status_code == 400
    assert InboundEmail.objects.count() == 0


@pytest.mark.parametrize("changes", [{"from": "nobody"}, {"from": "@"}])
def test_a_sender_that_is_none_is_kept_aside(api, integrator, changes):
    answer = post(api(integrator), **changes)
    assert (answer.status_code, answer.json()["quarantine_reason"]) == (201, "It names no sender.")


def test_half_characters_do_no_harm(api, integrator):
    raw = b'{"from": "a@b.example", "subject": "\\ud83d", "text": "\\udc00 x", "message_id": "<\\ud800@x>"}'
    answer = api(integrator).generic("POST", URL, raw, content_type="application/json")
    assert answer.status_code in (201, 400)


def test_a_body_that_is_no_object(api, integrator):
    assert api(integrator).post(URL, [1, 2]).status_code == 400


def test_an_empty_mail_is_refused(api, integrator):
    assert post_raw(api(integrator), b"  \r\n").status_code == 400


def test_a_huge_mail_is_refused(api, integrator, monkeypatch):
    monkeypatch.setattr(inbound_api.limits, "LARGEST", 1_000)
    assert post_raw(api(integrator), b"From: a@b.example\r\n\r\n" + b"x" * 2_000).status_code == 413


def test_garbage_is_kept_aside(api, integrator):
    answer = post_raw(api(integrator), bytes(range(256)) * 10)
    assert (answer.status_code, answer.json()["status"]) == (201, "quarantined")


def test_another_kind_of_body_is_refused(api, integrator):
    assert api(integrator).generic("POST", URL, b"x", content_type="text/plain").status_code == 415


def test_switched_off_it_is_refused(api, integrator, mike):
    flip(name="email_intake", state="on", by=mike, reason="Phishing")
    answer = post(api(integrator))
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "switched_off")


def test_the_list_filters(api, mike):
    arrived(sender="a@x.example")
    arrived(sender="<>", message_id="<2@x>")
    found = api(mike).get(URL, {"status": "quarantined"}).json()["results"]
    assert [row["quarantine_reason"] for row in found] == ["It names no sender."]


def test_a_rep_sees_the_mail_of_their_own_customers_only(api, rep):
    mine = CustomerFactory(email="mine@x.example", sales_rep=EmployeeFactory(user=rep))
    arrived(mine)
    foreign = arrived(CustomerFactory(email="foreign@y.example"))
    found = api(rep).get(URL).json()["results"]
    assert [row["customer"]["netsuite_id"] for row in found] == [mine.netsuite_id]
    assert api(rep).get(f"{URL}{foreign.email_uuid}/").status_code == 404


def test_an_address_that_is_no_uuid_is_not_found(api, mike):
    assert api(mike).get(f"{URL}17/").status_code == 404


def test_nothing_is_changed_or_deleted_here(api, mike):
    email = arrived()
    codes = {getattr(api(mike), verb)(f"{URL}{email.email_uuid}/").status_code for verb in ("put", "patch", "delete")}
    assert codes == {405}
