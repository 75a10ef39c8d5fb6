"""SuiteQL: Oracle's words on the account's tables, answers as NetSuite writes them."""

import pytest

from netsuite.sandbox.suiteql.tables import Catalog
from netsuite.sandbox.suiteql.translate import translate
from tests.netsuite.sandbox_clients.account import ACME, SUITEQL, open_account

INVOICE = {
    "id": 1,
    "type": "CustInvc",
    "tranid": "INV-1",
    "entity": 107,
    "trandate": "2026-01-01",
    "duedate": "2026-01-31",
    "foreigntotal": 120.5,
    "lastmodifieddate": "2026-01-01T10:00:00Z",
}
ORDER = {
    "id": 2,
    "type": "SalesOrd",
    "tranid": "SO-2",
    "entity": 108,
    "trandate": "2026-02-01",
    "status": "A",
    "foreigntotal": 80,
    "lastmodifieddate": "2026-01-01T10:00:00Z",
}


@pytest.fixture
def account(tmp_path):
    with open_account(tmp_path) as opened:
        opened.prefer(today="2026-03-01")
        opened.load(
            employees=[{"id": 12, "entityid": "Rep 12", "custentity_brm_pincode": "4711"}],
            customers=[
                {**ACME, "salesrep": 12, "custentity_region": "West", "lastmodifieddate": "2026-01-01T10:00:00Z"},
                {"id": 108, "companyname": "Beta", "lastmodifieddate": "2026-01-02T10:00:00Z"},
            ],
            transactions=[INVOICE, ORDER],
        )
        yield opened


def only(account, q, *params):
    [row] = account.rows(q, *params)
    [value] = row.values()
    return value


def test_the_envelope_has_netsuites_keys(account):
    body = account.query("SELECT id FROM customer ORDER BY id").body
    assert set(body) == {"links", "count", "hasMore", "offset", "totalResults", "items"}
    assert body["items"][0] == {"links": [], "id": "107"}


def test_every_value_is_text_and_nulls_are_left_out(account):
    row = account.rows("SELECT id, creditlimit, isinactive, email, balancesearch FROM customer WHERE id = 107")[0]
    assert row == {"id": "107", "creditlimit": "50000", "isinactive": "F", "balancesearch": "120.5"}


def test_names_are_case_insensitive_and_answered_in_lower_case(account):
    assert account.rows("SELECT CompanyName AS Who FROM Customer WHERE ID = 107") == [{"who": "Acme"}]


def test_a_star_is_every_visible_column(account):
    row = account.rows("SELECT * FROM customer WHERE id = 107")[0]
    assert {"custentity_region", "oncredithold", "lastmodifieddate"} <= set(row)
    assert "balance" not in row


@pytest.mark.parametrize("column", ["balance", "overduebalance", "daysoverdue", "credit_hold"])
def test_what_is_not_queryable_is_an_unknown_identifier(account, column):
    reply = account.query(f"SELECT id, {column} FROM customer")
    start = (
        "Invalid search query. Detailed unprocessed description follows. Search error occurred: "
        f"Unknown identifier '{column}'. Available identifiers are: {{id=id, "
    )
    assert (reply.status, reply.code, reply.where) == (400, "INVALID_PARAMETER", {"o:errorQueryParam": "q"})
    assert reply.detail.startswith(start)


def test_an_unknown_name_in_a_filter_is_refused_too(account):
    assert "Unknown identifier 'nope'" in account.query("SELECT id FROM customer WHERE nope = 1").detail


def test_an_unknown_table_is_an_invalid_search_type(account):
    expected = "Invalid search query. Detailed unprocessed description follows. Invalid search type: foo."
    assert account.query("SELECT id FROM foo").detail == expected


@pytest.mark.parametrize("q", ["SELEC id", "DELETE FROM customer", "SELECT id FROM customer LIMIT 5", "SELECT FROM"])
def test_what_is_no_search_is_refused(account, q):
    assert account.query(q).detail.endswith("Search error occurred: Invalid or unsupported search.")
    assert account.rows("SELECT COUNT(*) AS n FROM customer") == [{"n": "2"}]


def test_the_prefer_header_is_required(account):
    reply = account.call("POST", SUITEQL, {"q": "SELECT id FROM customer"})
    assert (reply.code, reply.where) == ("INVALID_HEADER", {"o:errorHeader": "Prefer"})


@pytest.mark.parametrize(
    ("limit", "offset", "name"), [(1001, 0, "limit"), (0, 0, "limit"), (10, 5, "offset"), ("x", 0, "limit")]
)
def test_page_bounds(account, limit, offset, name):
    reply = account.query("SELECT id FROM customer", limit=limit, offset=offset)
    assert (reply.code, reply.where) == ("INVALID_PARAMETER", {"o:errorQueryParam": name})


def test_pages_link_to_the_next(account):
    first = account.query("SELECT id FROM customer ORDER BY id", limit=1).body
    second = account.query("SELECT id FROM customer ORDER BY id", limit=1, offset=1).body
    assert (first["hasMore"], first["totalResults"], first["items"][0]["id"]) == (True, 2, "107")
    assert [link["rel"] for link in first["links"]] == ["self", "next"]
    assert (second["hasMore"], second["items"][0]["id"]) == (False, "108")


def test_params_bind_in_the_order_written(account):
    q = "SELECT c.id FROM customer c WHERE c.companyname = ? AND c.id = ?"
    assert account.rows(q, "Beta", 108) == [{"id": "108"}]
    assert account.rows(q, "108", "Beta") == []


def test_a_question_mark_in_a_string_is_no_param(account):
    assert only(account, "SELECT 'why?' AS q FROM customer WHERE id = ?", 107) == "why?"


def test_a_param_cannot_change_the_query(account):
    assert account.rows("SELECT id FROM customer WHERE companyname = ?", "x' OR 1=1 --") == []


def test_missing_params_are_an_invalid_parameter(account):
    assert account.query("SELECT id FROM customer WHERE id = ?").code == "INVALID_PARAMETER"


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("TO_CHAR(lastmodifieddate, 'YYYY-MM-DD HH24:MI:SS')", "2026-01-01 10:00:00"),
        ('TO_CHAR(lastmodifieddate, \'YYYY-MM-DD"T"HH24:MI:SS"Z"\')', "2026-01-01T10:00:00Z"),
        ("TO_CHAR(duedate, 'DD-MON-YYYY')", "31-Jan-2026"),
        ("TO_CHAR(duedate, 'YYYY\"Q\"Q')", "2026Q1"),
        ("duedate", "1/31/2026"),
        ("MAX(duedate)", "1/31/2026"),
        ("duedate + 1", "2/1/2026"),
        ("TO_DATE('2026-02-10', 'YYYY-MM-DD') - duedate", "10"),
        ("ADD_MONTHS(duedate, 1)", "2/28/2026"),
        ("LAST_DAY(trandate)", "1/31/2026"),
        ("TRUNC(duedate, 'MM')", "1/1/2026"),
        ("MONTHS_BETWEEN(duedate, trandate)", "0.967741935483871"),
        ("EXTRACT(YEAR FROM duedate)", "2026"),
        ("NVL(memo, 'none')", "none"),
        ("NVL2(memo, 'a', 'b')", "b"),
        ("DECODE(type, 'CustInvc', 'I', 'S')", "I"),
        ("CASE WHEN foreigntotal > 100 THEN 'big' ELSE 'small' END", "big"),
        ("TRUNC(foreigntotal)", "120"),
        ("ROUND(foreigntotal / 3, 2)", "40.17"),
        ("UPPER(tranid) || '!'", "INV-1!"),
        ("SUBSTR(tranid, 1, 3)", "INV"),
        ("status", "A"),
        ("BUILTIN.CF(status)", "CustInvc:A"),
        ("BUILTIN.DF(status)", "Invoice : Open"),
        ("BUILTIN.DF(currency)", "USD"),
        ("BUILTIN.DF(entity)", "Acme"),
        ("BUILTIN.DF(type)", "Invoice"),
        ("foreignamountunpaid", "120.5"),
    ],
)
def test_expressions(account, expression, value):
    assert only(account, f"SELECT {expression} AS v FROM transaction WHERE id = 1") == value


def test_sysdate_is_today(account):
    today = only(account, "SELECT TO_CHAR(SYSDATE, 'YYYY-MM-DD') AS d FROM dual")
    assert only(account, "SELECT TO_CHAR(TRUNC(SYSDATE), 'YYYY-MM-DD') AS d FROM dual") == today
    assert only(account, "SELECT TRUNC(SYSDATE) - TO_DATE(?, 'YYYY-MM-DD') AS n FROM dual", today) == "0"


@pytest.mark.parametrize(
    ("condition", "ids"),
    [
        ("status = 'SalesOrd:A'", ["2"]),
        ("status = 'A'", []),
        ("status IN ('SalesOrd:A', 'CustInvc:A')", ["1", "2"]),
        ("status NOT IN ('SalesOrd:A')", ["1"]),
        ("status <> 'SalesOrd:A'", ["1"]),
        ("BUILTIN.CF(status) = 'CustInvc:A'", ["1"]),
        ("duedate < TO_DATE('2026-02-01', 'YYYY-MM-DD')", ["1"]),
        ("duedate BETWEEN TO_DATE('01/31/2026', 'MM/DD/YYYY') AND TO_DATE('2026-01-31', 'YYYY-MM-DD')", ["1"]),
        ("trandate = TO_DATE('2026-02-01', 'YYYY-MM-DD')", ["2"]),
        ("tranid LIKE 'inv%'", []),
        ("tranid LIKE 'INV%'", ["1"]),
        ("duedate IS NULL", ["2"]),
    ],
)
def test_conditions(account, condition, ids):
    assert [row["id"] for row in account.rows(f"SELECT id FROM transaction WHERE {condition} ORDER BY id")] == ids


def test_joins_and_groups(account):
    rows = account.rows(
        "SELECT c.companyname, e.entityid AS rep, COUNT(*) AS n, SUM(t.foreigntotal) AS total FROM transaction t "
        "JOIN customer c ON c.id = t.entity LEFT JOIN employee e ON e.id = c.salesrep "
        "GROUP BY c.companyname, e.entityid HAVING COUNT(*) = 1 ORDER BY total DESC"
    )
    assert rows == [
        {"companyname": "Acme", "rep": "Rep 12", "n": "1", "total": "120.5"},
        {"companyname": "Beta", "n": "1", "total": "80"},
    ]


def test_a_correlated_subquery(account):
    orders = "SELECT 1 FROM transaction t WHERE t.entity = c.id AND type = 'SalesOrd'"
    q = f"SELECT id FROM customer c WHERE EXISTS ({orders})"
    assert account.rows(q) == [{"id": "108"}]


def test_a_common_table_expression_keeps_its_dates(account):
    q = "WITH due AS (SELECT entity, MAX(duedate) AS d FROM transaction GROUP BY entity) SELECT d + 1 AS v FROM due"
    assert account.rows(q) == [{"v": "2/1/2026"}, {}]


def test_a_union(account):
    q = "SELECT id FROM customer UNION ALL SELECT id FROM employee"
    assert sorted(row["id"] for row in account.rows(q)) == ["107", "108", "12"]


def test_the_line_table_has_mainline_and_subsidiary(account):
    joined = "transaction t JOIN transactionline l ON l.transaction = t.id"
    q = f"SELECT t.id FROM {joined} WHERE l.mainline = 'T' ORDER BY t.id"
    assert account.rows(q) == [{"id": "1"}, {"id": "2"}]
    assert "Unknown identifier 'mainline'" in account.query("SELECT mainline FROM transaction").detail


def test_rownum_bounds_before_the_order(account):
    q = "SELECT companyname FROM customer WHERE ROWNUM <= 1 ORDER BY companyname DESC"
    assert account.rows(q) == [{"companyname": "Acme"}]
    nested = "SELECT * FROM (SELECT id FROM customer ORDER BY id DESC) WHERE ROWNUM <= 1"
    assert account.rows(nested) == [{"id": "108"}]


def test_rownum_numbers_rows(account):
    q = "SELECT * FROM (SELECT x.*, ROWNUM AS rn FROM (SELECT id FROM customer ORDER BY id) x) WHERE rn > 1"
    assert account.rows(q) == [{"id": "108", "rn": "2"}]


def test_expressions_without_alias_are_numbered(account):
    assert account.rows("SELECT COUNT(*), MAX(id) FROM customer") == [{"expr1": "2", "expr2": "108"}]


def test_the_keyset_page_starts_behind_the_cursor(account):
    q = (
        "SELECT id FROM transaction WHERE (lastmodifieddate > TO_DATE(?, 'YYYY-MM-DD HH24:MI:SS') OR "
        "(lastmodifieddate = TO_DATE(?, 'YYYY-MM-DD HH24:MI:SS') AND id > ?)) ORDER BY lastmodifieddate, id"
    )
    at = "2026-01-01 10:00:00"
    assert account.rows(q, at, at, 0) == [{"id": "1"}, {"id": "2"}]
    assert account.rows(q, at, at, 1) == [{"id": "2"}]
    assert account.rows(q, at, at, 2) == []


def test_the_keyset_page_is_one_index_range(account):
    q = (
        "SELECT id, tranid FROM transaction WHERE type IN ('CustInvc', 'SalesOrd') AND "
        "(lastmodifieddate > TO_DATE('2026-01-01', 'YYYY-MM-DD') OR "
        "(lastmodifieddate = TO_DATE('2026-01-01', 'YYYY-MM-DD') AND id > 5)) ORDER BY lastmodifieddate, id"
    )
    sql = translate(q, [], Catalog(), zone="UTC", now="2026-03-01 00:00:00Z").sql
    with account.store.read() as connection:
        plan = [row["detail"] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")]
    assert plan == ["SEARCH txn USING INDEX txn_modified (lastmodifieddate>?)"]


def test_an_employee_pin_is_read_by_suiteql(account):
    assert only(account, "SELECT custentity_brm_pincode FROM employee WHERE id = 12") == "4711"


def test_currencies_and_terms_are_tables(account):
    assert only(account, "SELECT symbol FROM currency WHERE id = 2") == "CAD"
    assert only(account, "SELECT name FROM term WHERE id = 2") == "Net 30"


def test_literals_and_answers_are_in_the_accounts_time_zone(account):
    account.prefer(timezone="America/New_York")
    assert only(account, "SELECT TO_CHAR(lastmodifieddate, 'HH24:MI') AS t FROM transaction WHERE id = 1") == "05:00"
    q = "SELECT id FROM customer WHERE lastmodifieddate = TO_DATE('2026-01-01 05:00:00', 'YYYY-MM-DD HH24:MI:SS')"
    assert account.rows(q) == [{"id": "107"}]


def test_plain_dates_have_no_time_zone(account):
    account.prefer(timezone="America/New_York")
    assert only(account, "SELECT TO_CHAR(duedate, 'YYYY-MM-DD') AS d FROM transaction WHERE id = 1") == "2026-01-31"


@pytest.mark.parametrize(("date_format", "shown"), [("DD.MM.YYYY", "31.01.2026"), ("YYYY-MM-DD", "2026-01-31")])
def test_a_raw_date_follows_the_users_preference(account, date_format, shown):
    account.prefer(date_format=date_format)
    assert only(account, "SELECT duedate FROM transaction WHERE id = 1") == shown
