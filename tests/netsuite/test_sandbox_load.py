"""Bulk loading: merged by id or external id, at once or all or nothing."""

import pytest

from netsuite.sandbox.preferences import Preferences
from netsuite.sandbox.store import Store
from tests.netsuite.sandbox_clients.account import ACME, open_account, request


@pytest.fixture
def account(tmp_path):
    with open_account(tmp_path) as opened:
        yield opened


def invoice(external_id, amount=10, **more):
    return {"externalid": external_id, "type": "CustInvc", "entity_externalid": "ACME", "foreigntotal": amount, **more}


def test_rows_without_ids_get_some_and_keep_them(account):
    for amount in (10, 20):
        account.load(customers=[{"externalid": "ACME", "companyname": "Acme"}], transactions=[invoice("I1", amount)])
    assert account.rows("SELECT externalid, foreigntotal FROM transaction") == [
        {"externalid": "I1", "foreigntotal": "20"}
    ]
    assert account.rows("SELECT balancesearch FROM customer") == [{"balancesearch": "20"}]


def test_customers_and_employees_share_one_row_of_ids(account):
    account.load(employees=[{"id": 500, "entityid": "Rep"}], customers=[{"externalid": "A", "companyname": "A"}])
    assert account.rows("SELECT id FROM customer") == [{"id": "501"}]


def test_a_merge_keeps_what_it_does_not_name(account):
    account.load(customers=[{**ACME, "custentity_region": "West", "custentity_tier": "1"}])
    account.load(customers=[{"id": 107, "phone": "1", "custentity_tier": "2"}])
    row = account.rows("SELECT companyname, phone, custentity_region, custentity_tier FROM customer")[0]
    assert row == {"companyname": "Acme", "phone": "1", "custentity_region": "West", "custentity_tier": "2"}


def test_names_of_terms_and_currencies_are_understood(account):
    account.load(customers=[{**ACME, "terms": "Net 60", "currency": "CAD"}])
    assert account.rows("SELECT BUILTIN.DF(terms) AS t, BUILTIN.DF(currency) AS c FROM customer") == [
        {"t": "Net 60", "c": "CAD"}
    ]


@pytest.mark.parametrize(
    "batch",
    [
        {"customers": [ACME, {"id": 108, "nope": 1}]},
        {"customers": [ACME], "transactions": [invoice("I1", entity_externalid="NOBODY")]},
        {"customers": [ACME], "transactions": [{"id": 1, "entity": 107}]},
        {"customers": [ACME, {"id": 108, "externalid": "ACME"}]},
        {"customers": [{**ACME, "datecreated": "yesterday"}]},
    ],
)
def test_one_bad_row_and_nothing_is_loaded(account, batch):
    assert account.control("POST", "load", batch).status == 409
    assert account.rows("SELECT COUNT(*) AS n FROM customer") == [{"n": "0"}]


def begin(account, **options):
    return account.control("POST", "load/begin", options).body["load_id"]


def stage(account, load_id, **batch):
    assert account.send(request("POST", "/sandbox/load", batch, {"load_id": load_id})).status == 200


def count(account):
    return int(account.rows("SELECT COUNT(*) AS n FROM customer")[0]["n"])


def test_a_staged_load_is_invisible_until_committed(account):
    load_id = begin(account)
    stage(account, load_id, customers=[ACME])
    stage(account, load_id, transactions=[invoice("I1")])
    assert count(account) == 0
    totals = account.control("POST", "load/commit", {"load_id": load_id}).body
    assert totals == {"employees": 0, "customers": 1, "transactions": 1}
    assert account.rows("SELECT balancesearch FROM customer") == [{"balancesearch": "10"}]


def test_an_aborted_load_leaves_nothing(account):
    load_id = begin(account)
    stage(account, load_id, customers=[ACME])
    account.control("POST", "load/abort", {"load_id": load_id})
    assert account.control("POST", "load/commit", {"load_id": load_id}).status == 409
    assert count(account) == 0


def test_a_load_that_fails_on_commit_changes_nothing(account):
    account.load(customers=[ACME])
    load_id = begin(account, replace=True)
    stage(account, load_id, customers=[{"id": 1, "companyname": "New"}])
    stage(account, load_id, transactions=[invoice("I1", entity_externalid="NOBODY")])
    assert account.control("POST", "load/commit", {"load_id": load_id}).status == 409
    assert account.rows("SELECT companyname FROM customer") == [{"companyname": "Acme"}]


def test_a_replacing_load_takes_the_place_of_what_was(account):
    account.load(customers=[ACME], transactions=[invoice("I1")])
    load_id = begin(account, replace=True)
    stage(account, load_id, customers=[{"id": 1, "companyname": "New"}])
    account.control("POST", "load/commit", {"load_id": load_id})
    assert account.rows("SELECT companyname FROM customer") == [{"companyname": "New"}]
    assert account.rows("SELECT COUNT(*) AS n FROM transaction") == [{"n": "0"}]


def test_settings_and_records_outlive_a_restart(tmp_path):
    with open_account(tmp_path) as account:
        account.load(customers=[ACME])
        account.prefer(grace_days=None, timezone="Europe/Berlin")
    with open_account(tmp_path) as account:
        assert account.store.preferences == Preferences(grace_days=None, timezone="Europe/Berlin")
        assert count(account) == 1


@pytest.mark.parametrize(
    "values", [{"credit_handling": "maybe"}, {"timezone": "Mars/Olympus"}, {"today": "31.12."}, {"nope": 1}]
)
def test_a_wrong_preference_is_refused(account, values):
    assert account.prefer(**values).status == 400
    assert account.store.preferences == Preferences()


def test_a_store_of_another_version_is_refused(tmp_path):
    store = Store(tmp_path / "s.sqlite3")
    with store.write() as connection:
        connection.execute("CREATE TABLE marker (id INTEGER)")
    store._writer.execute("PRAGMA user_version = 99")
    store.close()
    with pytest.raises(RuntimeError, match="version 99"):
        Store(tmp_path / "s.sqlite3")


def test_an_amount_may_come_as_text(account):
    account.load(customers=[ACME], transactions=[{**invoice("I1", 0), "tranid": "INV1", "foreigntotal": "120.50"}])
    [row] = account.rows("SELECT foreigntotal, foreignamountunpaid FROM transaction WHERE tranid = 'INV1'")
    assert (row["foreigntotal"], row["foreignamountunpaid"]) == ("120.5", "120.5")
