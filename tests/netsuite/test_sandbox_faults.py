"""Every fault, switched on over the control endpoint."""

import json
import threading
import time
from pathlib import Path

import pytest

from netsuite.sandbox.faults import FAULTS
from tests.netsuite.sandbox_clients.account import ACME, open_account, request
from tests.netsuite.test_sandbox_auth import authorization

CUSTOMER = "customer/107"
ON = {"creditHoldOverride": {"id": "ON"}}


@pytest.fixture
def account(tmp_path):
    with open_account(tmp_path) as opened:
        opened.load(customers=[ACME, {"id": 108, "companyname": "Beta"}])
        yield opened


def state(account):
    sent = request("GET", "/sandbox/state", b"", {"type": "customer", "id": "107"})
    return account.send(sent).body["record"]["creditHoldOverride"]["id"]


def in_thread(function):
    found = []
    thread = threading.Thread(target=lambda: found.append(function()), daemon=True)
    thread.start()
    return thread, found


def test_latency_delays(account):
    account.fault(latency=0.2)
    start = time.monotonic()
    assert account.call("GET", CUSTOMER).status == 200
    assert time.monotonic() - start >= 0.2


def test_apply_then_hang_applies_and_never_answers(account):
    account.fault(apply_then_hang={"seconds": 600})
    thread, found = in_thread(lambda: account.call("PATCH", CUSTOMER, ON))
    thread.join(0.5)
    assert thread.is_alive()
    assert state(account) == "ON"
    line = account.log()[-1]
    assert (line["applied"], line["status"], line["fault"]) == (True, 0, "apply_then_hang")
    account.control("DELETE", "faults")
    thread.join(5)
    assert found == [None]


def test_hang_before_apply_never_applies(account):
    account.fault(hang_before_apply={"seconds": 0.1})
    assert account.call("PATCH", CUSTOMER, ON) is None
    assert (state(account), account.log()[-1]["applied"]) == ("AUTO", False)


def test_hangs_strike_writes_only(account):
    account.fault(hang_before_apply={"seconds": 600}, apply_then_hang={"seconds": 600})
    assert account.call("GET", CUSTOMER).status == 200


@pytest.mark.parametrize(("when", "value"), [("before", "AUTO"), ("after", "ON")])
def test_a_dropped_connection_before_and_after_applying(account, when, value):
    account.fault(drop_connection={"when": when, "times": 1})
    assert account.call("PATCH", CUSTOMER, ON) is None
    assert (state(account), account.log()[-1]["applied"]) == (value, value == "ON")


@pytest.mark.parametrize(("when", "value"), [("before", "AUTO"), ("after", "ON")])
def test_a_server_error_before_and_after_applying(account, when, value):
    account.fault(server_error={"when": when})
    reply = account.call("PATCH", CUSTOMER, ON)
    assert (reply.status, reply.code, state(account)) == (500, "UNEXPECTED_ERROR", value)
    assert reply.detail.startswith("An unexpected error occurred. Error ID: ")


@pytest.mark.parametrize(("when", "value"), [("before", "AUTO"), ("after", "ON")])
def test_a_bad_gateway_is_html(account, when, value):
    account.fault(bad_gateway={"when": when})
    reply = account.call("PATCH", CUSTOMER, ON)
    assert (reply.status, state(account)) == (502, value)
    assert reply.body.startswith(b"<html>")


def test_throttling_names_the_time_to_wait(account):
    account.fault(throttle={"retry_after": 2, "times": 1})
    reply = account.call("GET", CUSTOMER)
    assert (reply.status, reply.code) == (429, "CONCURRENCY_LIMIT_EXCEEDED")
    assert reply.detail == "Concurrent request limit exceeded. Request blocked."
    assert reply.headers["Retry-After"] == "2"


def test_the_sixth_request_at_once_has_no_slot(account):
    account.fault(apply_then_hang={"seconds": 600})
    threads = [in_thread(lambda: account.call("PATCH", CUSTOMER, ON))[0] for _ in range(5)]
    for _ in range(100):
        if len(account.log()) >= 6:  # the login and five writes
            break
        time.sleep(0.05)
    assert account.call("GET", CUSTOMER).code == "CONCURRENCY_LIMIT_EXCEEDED"
    account.control("DELETE", "faults")
    for thread in threads:
        thread.join(5)
    assert account.call("GET", CUSTOMER).status == 200


def test_the_number_of_slots_is_a_fault_too(account):
    account.fault(slots=0)
    assert account.call("GET", CUSTOMER).status == 429


def test_a_reused_nonce_can_be_pretended(account):
    account.fault(nonce_reuse={"times": 1})
    assert account.call("GET", CUSTOMER, Authorization=authorization()).status == 401
    assert account.call("GET", CUSTOMER, Authorization=authorization()).status == 200


def test_a_skewed_clock_refuses_signatures(account):
    account.fault(clock_skew={"seconds": 400})
    assert account.call("GET", CUSTOMER, Authorization=authorization()).status == 401


def test_five_failures_lock_the_login_out(account):
    account.fault(lockout={"after": 5, "minutes": 30})
    for _ in range(5):
        account.call("GET", CUSTOMER, Authorization="Bearer wrong")
    assert account.call("GET", CUSTOMER).status == 401
    assert account.login() == ""
    account.fault(lockout=None)
    assert account.call("GET", CUSTOMER).status == 200


def test_a_success_resets_the_failures(account):
    account.fault(lockout={"after": 2})
    for _ in range(3):
        account.call("GET", CUSTOMER, Authorization="Bearer wrong")
        assert account.call("GET", CUSTOMER).status == 200


def test_an_expired_token_needs_a_new_one(account):
    account.fault(expired_token={"times": 1})
    assert account.call("GET", CUSTOMER).status == 401
    assert account.call("GET", CUSTOMER).status == 401
    assert account.call("GET", CUSTOMER, Authorization=f"Bearer {account.login()}").status == 200


def test_an_invalid_login_refuses_a_good_token(account):
    account.fault(invalid_login={"times": 1})
    assert account.call("GET", CUSTOMER).code == "INVALID_LOGIN"
    assert account.call("GET", CUSTOMER).status == 200


def test_unknown_names_can_be_warnings_even_under_error(account):
    account.fault(ignore_unknown=True)
    reply = account.call("PATCH", CUSTOMER, {"credit_hold": True}, X_NetSuite_PropertyNameValidation="Error")
    assert reply.status == 204


def test_unknown_names_can_be_errors_whatever_the_header(account):
    account.fault(strict_names=True)
    assert account.call("PATCH", CUSTOMER, {"credit_hold": True}).code == "INVALID_CONTENT"


def test_a_silent_write_answers_204_and_changes_nothing(account):
    account.fault(silent_write=True)
    assert account.call("PATCH", CUSTOMER, ON).status == 204
    assert (state(account), account.log()[-1]["applied"]) == ("AUTO", False)


@pytest.mark.parametrize("call", [("PATCH", ON), ("PUT", ON), ("DELETE", b"")])
def test_a_silent_write_covers_every_write(account, call):
    method, body = call
    account.fault(silent_write=True)
    account.call(method, CUSTOMER, body)
    assert state(account) == "AUTO"


def test_a_silent_create_creates_nothing(account):
    account.fault(silent_write=True)
    account.call("POST", "customer", {"companyName": "New"})
    assert account.rows("SELECT COUNT(*) AS n FROM customer") == [{"n": "2"}]


def test_a_locked_record_refuses_reads_and_writes_but_suiteql_reads(account):
    account.fault(locked_record={"record": "customer", "record_id": "107"})
    for method, body in (("GET", b""), ("PATCH", ON)):
        reply = account.call(method, CUSTOMER, body)
        assert (reply.status, reply.code) == (400, "USER_ERROR")
        assert reply.detail.endswith("This record has been locked by a user defined workflow.")
    assert account.call("GET", "customer/108").status == 200
    assert account.rows("SELECT id FROM customer WHERE id = 107") == [{"id": "107"}]


def test_a_changed_record_refuses_once(account):
    account.fault(record_changed={"times": 1})
    reply = account.call("PATCH", CUSTOMER, ON)
    assert (reply.code, reply.detail.endswith("Record has been changed")) == ("USER_ERROR", True)
    assert account.call("PATCH", CUSTOMER, ON).status == 204


def test_a_role_without_permission(account):
    account.fault(no_permission={"record": "customer"})
    reply = account.call("GET", CUSTOMER)
    assert (reply.status, reply.code) == (403, "INSUFFICIENT_PERMISSION")


def test_a_missing_language_header(account):
    account.fault(require_language=True)
    assert account.call("GET", CUSTOMER).where == {"o:errorHeader": "Accept-Language"}
    assert account.call("GET", CUSTOMER, Accept_Language="en").status == 200


def test_a_table_the_role_cannot_see(account):
    account.fault(hidden_table={"tables": ["customer"]})
    assert account.query("SELECT id FROM customer").detail.endswith("Record 'customer' was not found.")


def test_columns_the_role_cannot_see(account):
    account.fault(hidden_columns={"columns": ["balancesearch"]})
    assert "Unknown identifier 'balancesearch'" in account.query("SELECT balancesearch FROM customer").detail
    assert "balancesearch" not in account.rows("SELECT * FROM customer")[0]


def test_an_account_without_the_hold_field(account):
    account.fault(missing_hold_field=True)
    assert "creditHoldOverride" not in account.call("GET", CUSTOMER).body
    strict = account.call("PATCH", CUSTOMER, ON, X_NetSuite_PropertyNameValidation="Error")
    assert (strict.code, strict.where) == ("INVALID_CONTENT", {"o:errorPath": "creditHoldOverride"})
    catalog = account.call("GET", "metadata-catalog/customer", Accept="application/schema+json").body
    assert "creditHoldOverride" not in catalog["properties"]
    assert "Unknown identifier 'creditholdoverride'" in account.query("SELECT creditholdoverride FROM customer").detail


def test_without_the_hold_field_a_lenient_write_changes_nothing(account):
    account.fault(missing_hold_field=True)
    assert account.call("PATCH", CUSTOMER, ON).status == 204
    account.fault(missing_hold_field=None)
    assert state(account) == "AUTO"


def test_the_date_format_is_taken_back_with_the_fault(account):
    account.load(transactions=[{"type": "CustInvc", "entity": 107, "foreigntotal": 1, "duedate": "2026-01-31"}])
    account.fault(date_format="DD.MM.YYYY")
    assert account.rows("SELECT duedate FROM transaction") == [{"duedate": "31.01.2026"}]
    account.control("DELETE", "faults")
    assert account.rows("SELECT duedate FROM transaction") == [{"duedate": "1/31/2026"}]


def test_the_accounts_time_zone(account):
    account.fault(account_timezone="Asia/Tokyo")
    account.load(customers=[{"id": 107, "lastmodifieddate": "2026-01-01T20:00:00Z"}])
    q = "SELECT TO_CHAR(lastmodifieddate, 'YYYY-MM-DD HH24') AS t FROM customer WHERE id = 107"
    assert account.rows(q) == [{"t": "2026-01-02 05"}]


def test_rows_move_while_somebody_pages(account):
    account.load(customers=[{"id": n, "companyname": str(n), "lastmodifieddate": f"2026-01-0{n}"} for n in range(1, 5)])
    account.fault(rows_while_paging={"count": 1})
    q = "SELECT id FROM customer ORDER BY lastmodifieddate, id"
    first = account.query(q, limit=2).body
    second = account.query(q, limit=2, offset=2).body
    assert [row["id"] for row in first["items"]] == ["1", "2"]
    assert [row["id"] for row in second["items"]] == ["4", "1"]  # 3 slipped through
    assert second["totalResults"] == 7


def test_a_thousand_rows_share_one_second(account):
    account.fault(same_second={"count": 1000, "at": "2026-01-01T12:00:00Z"})
    q = "SELECT DISTINCT TO_CHAR(lastmodifieddate, 'YYYY-MM-DD HH24:MI:SS') AS t FROM customer"
    assert account.rows(q) == [{"t": "2026-01-01 12:00:00"}]


def test_rows_past_the_cap_cannot_be_reached(account):
    account.fault(row_cap=1)
    body = account.query("SELECT id FROM customer ORDER BY id", limit=1).body
    assert (len(body["items"]), body["hasMore"], body["totalResults"]) == (1, False, 2)
    assert account.query("SELECT id FROM customer ORDER BY id", limit=1, offset=1).body["items"] == []


def test_a_grouped_query_is_capped_too(account):
    account.fault(row_cap=1)
    assert len(account.rows("SELECT id, COUNT(*) AS n FROM customer GROUP BY id")) == 1


def test_malformed_json(account):
    account.fault(malformed_json={"times": 1})
    answer = account.sandbox.answer(
        request("GET", "/services/rest/record/v1/customer/107", Authorization=f"Bearer {account.token}")
    )
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.body)


def test_a_wrong_id_in_body_and_location(account):
    account.fault(wrong_id=True)
    assert account.call("GET", CUSTOMER).body["id"] == "108"
    assert account.call("PATCH", CUSTOMER, ON).headers["Location"].endswith("/customer/108")
    assert state(account) == "ON"


def test_a_slow_body_drips(account):
    account.fault(slow_body={"seconds": 7})
    answer = account.sandbox.answer(
        request("GET", "/services/rest/record/v1/customer/107", Authorization=f"Bearer {account.token}")
    )
    assert answer.drip == 7


# --- how faults are switched ----------------------------------------------------------------------


def test_a_fault_by_count_switches_itself_off(account):
    account.fault(server_error={"times": 2})
    assert [account.call("GET", CUSTOMER).status for _ in range(3)] == [500, 500, 200]
    assert account.control("GET", "faults").body == {}


def test_a_fault_can_skip_the_first_requests(account):
    account.fault(server_error={"skip": 1, "times": 1})
    assert [account.call("GET", CUSTOMER).status for _ in range(3)] == [200, 500, 200]


def test_a_rate_is_the_same_for_the_same_seed(account):
    runs = []
    for _ in range(2):
        account.fault(seed=7, server_error={"rate": 0.5})
        runs.append([account.call("GET", CUSTOMER).status for _ in range(20)])
    assert runs[0] == runs[1]
    assert {200, 500} == set(runs[0])


def test_a_fault_can_be_limited_to_methods_and_paths(account):
    account.fault(server_error={"methods": ["PATCH"], "path": "/customer/"})
    assert account.call("GET", CUSTOMER).status == 200
    assert account.call("PATCH", CUSTOMER, ON).status == 500


@pytest.mark.parametrize(
    "setting", [{"no_such_fault": True}, {"server_error": {"tmies": 1}}, {"date_format": "YYYY.DD"}]
)
def test_a_wrong_setting_is_refused_and_sets_nothing(account, setting):
    assert account.control("POST", "faults", setting).status == 400
    assert account.control("GET", "faults").body == {}


def test_every_fault_is_named_in_this_file():
    text = Path(__file__).read_text()
    assert [name for name in FAULTS if name not in text] == []
