"""The mirror against a NetSuite account with its own habits: date formats, hidden columns, faults, deletions."""

from datetime import date

import pytest

from customers.models import Customer, Employee, Transaction
from customers.pins import pin_matches
from customers.sync import refresh_open_ar, sync
from netsuite.client import Client

pytestmark = pytest.mark.django_db
TODAY = date(2026, 5, 5)
ACME = {
    **{"id": 107, "entityid": "ACME", "companyname": "Acme", "email": "ap@acme.test", "creditlimit": 50000},
    **{"salesrep": 12, "terms": 2, "currency": "USD", "custentity_region": "West", "custentity_tier": "A"},
}
INVOICE = {"type": "CustInvc", "tranid": "INV1", "entity": 107, "trandate": "2026-03-01", "duedate": "2026-03-31"}


@pytest.fixture
def account(sandbox):
    sandbox.load(
        employees=[{"id": 12, "firstname": "Dana", "lastname": "Reyes", "custentity_brm_pincode": "4821"}],
        customers=[ACME, {"id": 108, "entityid": "SUB", "companyname": "Acme West", "parent": 107}],
        transactions=[{"id": 1, "foreigntotal": 100.05, "currency": "CAD", "exchangerate": 0.7, **INVOICE}],
    )
    return sandbox


def run(**options):
    return sync(client=Client.from_settings(), today=TODAY, **options)


def test_a_first_sync_mirrors_the_account(account):
    assert run().errors == {}
    acme = Customer.objects.get(netsuite_id="107")
    assert (acme.name, acme.terms, acme.currency, acme.region, acme.tier) == ("Acme", "Net 30", "USD", "West", "A")
    assert (acme.credit_hold_override, str(acme.credit_limit), acme.sales_rep.name) == (
        "AUTO",
        "50000.00",
        "Dana Reyes",
    )
    assert Customer.objects.get(netsuite_id="108").parent == acme
    invoice = Transaction.objects.get()
    assert (invoice.tranid, invoice.currency, str(invoice.unpaid)) == ("INV1", "CAD", "70.04")
    assert str(acme.ar_balance) == "70.04"


def test_the_pin_arrives_as_a_hash_only(account):
    run()
    dana = Employee.objects.get()
    assert pin_matches(dana.pin_hashes["custentity_brm_pincode"], "4821")
    assert "4821" not in str(list(Employee.objects.values())) + str(list(Customer.objects.values()))


@pytest.mark.parametrize("date_format", ["M/D/YYYY", "DD.MM.YYYY", "YYYY-MM-DD"])
def test_the_users_date_format_makes_no_difference(account, date_format):
    account.preferences(date_format=date_format)
    assert run().errors == {}
    assert Transaction.objects.get().due == date(2026, 3, 31)


def test_a_sync_after_nothing_changed_reads_the_overlap_and_changes_nothing(account):
    run()
    summary = run()
    assert (summary.errors, summary.rows["customers"], summary.overrides) == ({}, 2, [])
    assert Transaction.objects.count() == 1


def test_a_deleted_invoice_leaves_the_balance(account):
    run()
    Client.from_settings()._call("DELETE", "/services/rest/record/v1/invoice/1")
    assert run().removed == 1
    assert str(Customer.objects.get(netsuite_id="107").ar_balance) == "0.00"


def test_a_hold_set_by_hand_is_reported_once(account):
    run()
    Client.from_settings().patch("customer", "107", {"creditHoldOverride": {"id": "ON"}})
    assert [(change.customer, change.before, change.after) for change in run().overrides] == [("107", "AUTO", "ON")]
    assert run().overrides == []


def test_server_errors_on_the_way_lose_nothing(account):
    account.load(customers=[{"id": n, "entityid": f"C{n}", "companyname": f"Customer {n}"} for n in range(200, 2700)])
    account.seed(7)
    account.fault(server_error={"rate": 0.3})
    assert any(run().ok for _ in range(10))
    assert Customer.objects.count() == 2502


def test_a_payment_by_record_shows_after_the_refresh(account):
    run()
    account.load(transactions=[{"id": 1, **INVOICE, "foreigntotal": 100.05, "foreignamountunpaid": 0, "status": "B"}])
    assert refresh_open_ar(client=Client.from_settings(), today=TODAY).errors == {}
    assert str(Customer.objects.get(netsuite_id="107").ar_balance) == "0.00"


def test_rows_of_one_second_beyond_a_page_all_arrive(account):
    account.load(customers=[{"id": n, "entityid": f"C{n}", "companyname": f"Customer {n}"} for n in range(200, 2700)])
    account.fault(same_second={"count": 2000})
    assert run().errors == {}
    assert Customer.objects.count() == 2502


def test_rows_that_appear_while_paging_arrive_at_the_latest_with_the_next_run(account):
    account.load(customers=[{"id": n, "entityid": f"C{n}", "companyname": f"Customer {n}"} for n in range(200, 2700)])
    account.fault(rows_while_paging={"count": 3, "times": 2})
    run()
    account.clear_faults()
    assert run().errors == {}
    assert Customer.objects.count() == account.counts()["customer"]


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/Los_Angeles"])
def test_the_accounts_time_zone_loses_nothing(account, zone):
    account.fault(account_timezone={"value": zone})
    run()
    account.load(customers=[{"id": 109, "entityid": "NEW", "companyname": "Newcomer"}])
    assert run().errors == {}
    assert Customer.objects.filter(netsuite_id="109").exists()


def test_a_role_without_the_hold_columns_still_syncs(account):
    account.fault(hidden_columns={"columns": ["creditholdoverride", "oncredithold", "balancesearch"]})
    assert run().errors == {}
    assert Customer.objects.get(netsuite_id="107").credit_hold_override == ""


def test_a_role_that_loses_sight_of_transactions_removes_none(account):
    run()
    account.fault(hidden_table={"tables": ["transaction"]})
    assert list(run(full=True).errors) == ["transactions"]
    assert Transaction.objects.count() == 1
