"""Records over REST: shapes, writes, and every refusal in NetSuite's words."""

import pytest

from tests.netsuite.sandbox_clients.account import ACME, open_account


@pytest.fixture
def account(tmp_path):
    with open_account(tmp_path) as opened:
        opened.load(employees=[{"id": 12, "entityid": "Rep 12"}], customers=[{**ACME, "salesrep": 12}])
        yield opened


def test_a_record_answers_in_netsuites_shape(account):
    reply = account.call("GET", "customer/107")
    body = reply.body
    assert reply.status == 200
    assert body["creditHoldOverride"] == {"id": "AUTO", "refName": "Auto"}
    assert body["salesRep"] == {"links": [], "id": "12", "refName": "Rep 12"}
    assert (body["id"], body["isInactive"], body["creditLimit"]) == ("107", False, 50000.0)
    assert body["links"] == [{"rel": "self", "href": "http://127.0.0.1:8001/services/rest/record/v1/customer/107"}]


def test_fields_limit_the_answer(account):
    body = account.call("GET", "customer/107", query={"fields": "companyName,creditHoldOverride"}).body
    assert set(body) == {"links", "id", "companyName", "creditHoldOverride"}


def test_simple_enums_are_plain(account):
    body = account.call("GET", "customer/107", query={"simpleEnumFormat": "true"}).body
    assert body["creditHoldOverride"] == "AUTO"


@pytest.mark.parametrize("value", [{"id": "ON"}, {"refName": "On"}, "ON"])
def test_a_patch_sets_the_hold_and_answers_204_with_location(account, value):
    reply = account.call("PATCH", "customer/107", {"creditHoldOverride": value})
    assert (reply.status, reply.body) == (204, b"")
    assert reply.headers["Location"].endswith("/customer/107")
    assert account.call("GET", "customer/107").body["creditHoldOverride"]["id"] == "ON"


def test_an_unknown_name_is_only_a_warning_by_default(account):
    reply = account.call("PATCH", "customer/107", {"credit_hold": True})
    assert reply.status == 204
    assert "credit_hold" in reply.headers["X-NetSuite-PropertyNameValidation"]
    assert account.log()[-1]["applied"] is False
    assert account.call("GET", "customer/107").body["creditHoldOverride"]["id"] == "AUTO"


def test_an_unknown_name_is_an_error_when_asked(account):
    body = {"credit_hold": True, "phone": "1"}
    reply = account.call("PATCH", "customer/107", body, X_NetSuite_PropertyNameValidation="Error")
    assert (reply.status, reply.code, reply.where) == (400, "INVALID_CONTENT", {"o:errorPath": "credit_hold"})
    assert "phone" not in account.call("GET", "customer/107").body


def test_ignored_names_are_not_mentioned(account):
    reply = account.call("PATCH", "customer/107", {"nope": 1}, X_NetSuite_PropertyNameValidation="Ignore")
    assert (reply.status, "X-NetSuite-PropertyNameValidation" in reply.headers) == (204, False)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"creditHoldOverride": {"id": "MAYBE"}}, "creditHoldOverride"),
        ({"creditLimit": "lots"}, "creditLimit"),
        ({"isInactive": "T"}, "isInactive"),
        ({"terms": {"refName": "Net 4711"}}, "terms"),
    ],
)
def test_a_wrong_value_names_its_field(account, body, path):
    reply = account.call("PATCH", "customer/107", body)
    assert (reply.status, reply.code, reply.where) == (400, "INVALID_CONTENT", {"o:errorPath": path})


@pytest.mark.parametrize("body", [b"{", b"[]", b""])
def test_a_body_that_is_no_object_is_invalid_content(account, body):
    reply = account.call("PATCH", "customer/107", body)
    assert (reply.code, reply.detail) == ("INVALID_CONTENT", "Invalid content in the request body")


def test_null_clears_a_field(account):
    account.call("PATCH", "customer/107", {"creditLimit": None})
    assert "creditLimit" not in account.call("GET", "customer/107").body


def test_a_missing_record_has_netsuites_words(account):
    reply = account.call("GET", "customer/999")
    assert (reply.status, reply.code) == (404, "NONEXISTENT_ID")
    assert reply.detail == "The record instance does not exist. Provide a valid record instance ID."


def test_a_missing_type_has_netsuites_words(account):
    reply = account.call("GET", "bad-path/1")
    assert (reply.status, reply.detail) == (404, "Record type 'bad-path' does not exist")


def test_a_missing_required_value_is_a_user_error(account):
    reply = account.call("POST", "invoice", {"total": 5})
    assert reply.code == "USER_ERROR"
    assert reply.detail == "Error while accessing a resource. Please enter value(s) for: Customer"


def test_an_error_answers_in_oracles_shape(account):
    body = account.call("GET", "customer/999").body
    assert (body["title"], body["status"], set(body)) == (
        "Not Found",
        404,
        {"type", "title", "status", "o:errorDetails"},
    )


def test_upsert_by_external_id_creates_once_and_then_updates(account):
    path = "customrecord_brm_pin_log/eid:4f7a-1"
    first = account.call("PUT", path, {"name": "override", "custrecord_outcome": "granted"})
    second = account.call("PUT", path, {"custrecord_outcome": "denied"})
    assert (first.status, second.status) == (204, 204)
    assert first.headers["Location"] == second.headers["Location"]
    assert account.rows("SELECT externalid, name, custrecord_outcome FROM customrecord_brm_pin_log") == [
        {"externalid": "4f7a-1", "name": "override", "custrecord_outcome": "denied"}
    ]


def test_an_external_id_outside_its_alphabet_is_refused(account):
    assert account.call("PUT", "customer/eid:a%20b", {"companyName": "X"}).code == "INVALID_CONTENT"


def test_a_record_is_read_by_external_id(account):
    assert account.call("GET", "customer/eid:ACME").body["id"] == "107"


def test_an_invoice_id_is_no_sales_order(account):
    created = account.call("POST", "invoice", {"entity": {"id": "107"}, "total": 5})
    number = created.headers["Location"].rpartition("/")[2]
    assert account.call("GET", f"salesOrder/{number}").status == 404
    assert account.call("GET", f"invoice/{number}").status == 200


def test_a_deleted_record_is_listed_as_deleted(account):
    account.load(customers=[{"id": 200, "companyname": "Gone"}])
    assert account.call("DELETE", "customer/200").status == 204
    assert account.call("GET", "customer/200").status == 404
    assert account.rows("SELECT type, recordid FROM deletedrecord") == [{"type": "customer", "recordid": "200"}]


def test_a_customer_with_transactions_cannot_be_deleted(account):
    account.call("POST", "invoice", {"entity": {"id": "107"}, "total": 5})
    assert account.call("DELETE", "customer/107").code == "USER_ERROR"


def test_sublists_are_shown_when_expanded(account):
    lines = [{"item": {"id": "9"}, "quantity": 2, "rate": 2.5}]
    created = account.call("POST", "salesOrder", {"entity": {"id": "107"}, "item": {"items": lines}})
    number = created.headers["Location"].rpartition("/")[2]
    plain = account.call("GET", f"salesOrder/{number}").body
    expanded = account.call("GET", f"salesOrder/{number}", query={"expandSubResources": "true"}).body
    assert (plain["item"], plain["total"]) == ({"links": []}, 5.0)
    assert expanded["item"]["items"] == lines


@pytest.mark.parametrize(
    ("q", "ids"),
    [
        ('companyName START_WITH "ac"', ["107"]),
        ('companyName IS "Acme" AND isInactive IS false', ["107"]),
        ("creditLimit GREATER 50000 OR id ANY_OF [107, 201]", ["107", "201"]),
        ("(creditHoldOverride IS ON)", ["201"]),
        ("creditLimit EMPTY", ["201"]),
        ('custentity_region CONTAIN "es"', ["201"]),
    ],
)
def test_a_collection_is_filtered_by_q(account, q, ids):
    beta = {"id": 201, "companyname": "Beta", "creditholdoverride": "ON", "custentity_region": "West"}
    account.load(customers=[beta])
    reply = account.call("GET", "customer", query={"q": q})
    assert [item["id"] for item in reply.body["items"]] == ids


@pytest.mark.parametrize("q", ["companyName LIKE", "nope IS 1", "companyName IS 1 EXTRA", "id ANY_OF [1"])
def test_a_bad_q_is_an_invalid_parameter(account, q):
    reply = account.call("GET", "customer", query={"q": q})
    assert (reply.status, reply.code, reply.where) == (400, "INVALID_PARAMETER", {"o:errorQueryParam": "q"})


def test_a_collection_pages(account):
    account.load(customers=[{"id": 300 + n, "companyname": f"C{n}"} for n in range(4)])
    body = account.call("GET", "customer", query={"limit": 2, "offset": 2}).body
    assert (body["count"], body["hasMore"], body["totalResults"]) == (2, True, 5)
    assert [link["rel"] for link in body["links"]] == ["self", "previous", "next"]


def test_the_catalog_describes_the_hold_field(account):
    path = "/services/rest/record/v1/metadata-catalog/customer"
    reply = account.call("GET", path, Accept="application/schema+json")
    shape = reply.body["properties"]["creditHoldOverride"]
    assert shape["properties"]["id"]["enum"] == ["AUTO", "ON", "OFF"]


def test_governance_limits_tell_the_slots(account):
    account.prefer(concurrency=15)
    assert account.call("GET", "/services/rest/system/v1/governanceLimits").body["accountConcurrencyLimit"] == 15


def test_options_need_no_login(account):
    assert account.call("OPTIONS", "/services/rest/record/v1/customer", Authorization="").status == 204


def test_an_asynchronous_duplicate_points_to_the_first_job(account):
    headers = {"Prefer": "respond-async", "X_NetSuite_Idempotency_Key": "k1"}
    first = account.call("PATCH", "customer/107", {"phone": "1"}, **headers)
    second = account.call("PATCH", "customer/107", {"phone": "2"}, **headers)
    assert (first.status, second.status, second.code) == (202, 400, "IDEMPOTENCY_ERROR")
    assert second.headers["Location"] == first.headers["Location"]
    assert account.call("GET", "customer/107").body["phone"] == "1"


def test_the_idempotency_key_is_ignored_on_synchronous_calls(account):
    for name in ("One", "Two"):
        account.call("POST", "customer", {"companyName": name}, X_NetSuite_Idempotency_Key="k1")
    assert account.rows("SELECT COUNT(*) AS n FROM customer") == [{"n": "3"}]


def test_the_log_tells_what_was_applied(account):
    account.call("PATCH", "customer/107", {"phone": "1"}, X_Request_Id="run-1")
    line = account.log()[-1]
    assert (line["method"], line["path"], line["status"]) == ("PATCH", "/services/rest/record/v1/customer/107", 204)
    assert (line["applied"], line["request_id"]) == (True, "run-1")
    assert (line["record"], line["record_id"]) == ("customer", "107")


def test_the_log_holds_a_hash_and_no_body(account):
    account.call("PATCH", "customer/107", {"comments": "4711"})
    assert "4711" not in account.log_path.read_text()
    assert len(account.log()[-1]["body_hash"]) == 64
