from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from customers import feed as feed_module
from customers import pins
from customers import sync as sync_module
from customers.models import Customer, Employee, SyncState, Transaction
from customers.pins import pin_matches
from customers.sync import freshness, is_stale, refresh_open_ar, sync
from netsuite.errors import NetsuiteError
from tests.customers.fake_netsuite import FakeNetsuite
from tests.factories.customers import CustomerFactory, InvoiceFactory

pytestmark = pytest.mark.django_db
TODAY = date(2026, 5, 5)


@pytest.fixture
def netsuite():
    return FakeNetsuite()


def run(netsuite, **options):
    return sync(client=netsuite, today=TODAY, **options)


def test_a_customer_arrives_with_everything_the_screens_need(netsuite):
    netsuite.employee(12, lastname="Lee", issalesrep="T", email="lee@holdgate.example")
    netsuite.customer(
        107,
        **{"companyname": "Acme", "email": "ap@acme.test", "phone": "555", "salesrep": 12, "terms_name": "Net 30"},
        **{"currency_name": "USD", "creditlimit": "50000", "creditholdoverride": "AUTO", "oncredithold": "T"},
        **{"created_iso": "2019-02-28", "custentity_region": "West", "custentity_tier": "A", "custentity_x": "7"},
        custentity_payment_method="Wire",
    )
    assert run(netsuite).ok
    acme = Customer.objects.get(netsuite_id="107")
    assert (acme.name, acme.email, acme.phone, acme.terms) == ("Acme", "ap@acme.test", "555", "Net 30")
    assert acme.sales_rep.name == "Dana Lee"
    assert (acme.credit_limit_kind, acme.credit_limit) == ("amount", Decimal(50_000))
    assert (acme.credit_hold_override, acme.on_credit_hold) == ("AUTO", True)
    assert (acme.region, acme.tier, acme.customer_since) == ("West", "A", date(2019, 2, 28))
    assert acme.payment_method == "Wire"
    assert acme.record["custentity_x"] == "7"


@pytest.mark.parametrize(
    ("row", "kind", "limit"),
    [
        ({}, "none", None),
        ({"creditlimit": "0"}, "amount", Decimal(0)),
        ({"creditlimit": "5", "custentity_unlimited_credit": "T"}, "unlimited", None),
    ],
)
def test_the_three_states_of_a_credit_limit(netsuite, row, kind, limit):
    netsuite.customer(1, **row)
    run(netsuite)
    customer = Customer.objects.get()
    assert (customer.credit_limit_kind, customer.credit_limit) == (kind, limit)


def test_an_invoice_is_converted_at_its_own_rate_half_to_even(netsuite):
    netsuite.customer(1)
    netsuite.invoice(9, 1, "100.05", exchangerate="0.7", currency_name="CAD", foreignamountunpaid="0.05")
    run(netsuite)
    invoice = Transaction.objects.get()
    assert (invoice.currency, invoice.total_foreign, invoice.total) == ("CAD", Decimal("100.05"), Decimal("70.04"))
    assert (invoice.unpaid_foreign, invoice.unpaid) == (Decimal("0.05"), Decimal("0.04"))


def test_currency_codes_come_from_the_accounts_table(netsuite):
    netsuite.tables["currency"] = [{"id": "1", "symbol": "CAD", "modified_iso": ""}]
    netsuite._answer = lambda q, params, rows, key: (
        iter(rows) if "currency" in q.split("FROM")[1] else FakeNetsuite._answer(netsuite, q, params, rows, key)
    )
    netsuite.customer(1, currency="1", currency_name="Canadian Dollar")
    run(netsuite)
    assert Customer.objects.get().currency == "CAD"


def test_the_summary_follows_in_the_same_run(netsuite):
    netsuite.customer(1)
    netsuite.invoice(9, 1, "100.00")
    netsuite.document(10, 1, "-30.00", type="CustCred", foreignamountunpaid="-25.00")
    netsuite.document(11, 1, "80.00", type="SalesOrd", status="SalesOrd:B")
    run(netsuite)
    customer = Customer.objects.get()
    assert (customer.ar_balance, customer.oldest_due) == (Decimal("75.00"), date(2026, 3, 31))
    assert (customer.open_invoices_count, customer.open_orders_total) == (1, Decimal("80.00"))


def test_an_invoice_without_due_date_is_due_when_issued(netsuite):
    netsuite.customer(1)
    netsuite.invoice(9, 1, duedate_iso=None)
    run(netsuite)
    assert Transaction.objects.get().due == date(2026, 3, 1)


def test_local_flags_survive_every_sync(netsuite):
    netsuite.customer(1, entitystatus="13")
    run(netsuite)
    Customer.objects.update(entitystatus="hold", credit_hold=True)
    run(netsuite, full=True)
    customer = Customer.objects.get()
    assert (customer.entitystatus, customer.credit_hold) == ("hold", True)


def test_syncing_again_changes_nothing(netsuite):
    netsuite.customer(1)
    netsuite.invoice(9, 1)
    run(netsuite)
    run(netsuite)
    assert (Customer.objects.count(), Transaction.objects.count()) == (1, 1)
    assert Customer.objects.get().ar_balance == Decimal("100.00")


def everything_held() -> list:
    return [list(model.objects.order_by("pk").values()) for model in (Customer, Transaction, Employee)]


@pytest.mark.both_databases
@pytest.mark.parametrize("full", [False, True])
def test_an_unchanged_answer_writes_no_row_and_no_version(netsuite, full):
    netsuite.employee(12, custentity_brm_pincode="482153")
    netsuite.customer(1, salesrep=12)
    netsuite.customer(2, parent=1)
    netsuite.invoice(9, 1, custbody_note="x")
    netsuite.invoice(10, 2, "7.10", exchangerate="0.123456789", currency_name="CAD")
    assert run(netsuite).ok
    before = everything_held()
    again = run(netsuite, full=full)
    assert (again.ok, again.rows["transactions"], again.removed) == (True, 2, 0)
    assert everything_held() == before
    refresh_open_ar(client=netsuite, today=TODAY)
    assert everything_held() == before


@pytest.mark.both_databases
def test_a_changed_invoice_moves_the_version_of_its_customer_only(netsuite):
    netsuite.customer(1)
    netsuite.customer(2)
    invoice = netsuite.invoice(9, 1)
    netsuite.invoice(10, 2)
    run(netsuite)
    before = dict(Customer.objects.values_list("netsuite_id", "figures_version"))
    invoice["memo"] = "Asked for a copy"
    run(netsuite)
    after = dict(Customer.objects.values_list("netsuite_id", "figures_version"))
    assert {number: after[number] - before[number] for number in after} == {"1": 1, "2": 0}
    assert Transaction.objects.get(netsuite_id="9").memo == "Asked for a copy"


@pytest.mark.both_databases
def test_a_column_out_of_view_is_kept_while_others_change(netsuite):
    row = netsuite.customer(1, creditlimit="500", companyname="Acme")
    netsuite.star_refused = True
    run(netsuite)
    netsuite.hidden = {"creditlimit"}
    row["companyname"] = "Acme Ltd"
    run(netsuite)
    acme = Customer.objects.get()
    assert (acme.name, acme.credit_limit, acme.credit_limit_kind) == ("Acme Ltd", Decimal(500), "amount")


@pytest.mark.both_databases
def test_a_nul_in_a_custom_field_stops_nothing(netsuite):
    netsuite.customer(1, custentity_note="a\x00b", companyname="Ac\x00me")
    assert run(netsuite).ok
    assert (Customer.objects.get().name, Customer.objects.get().record["custentity_note"]) == ("Acme", "ab")


def test_an_invoice_moved_to_another_customer_leaves_the_first_ones_balance(netsuite):
    netsuite.customer(1)
    netsuite.customer(2)
    invoice = netsuite.invoice(9, 1)
    run(netsuite)
    invoice["entity"] = "2"
    run(netsuite)
    balances = dict(Customer.objects.values_list("netsuite_id", "ar_balance"))
    assert balances == {"1": Decimal("0.00"), "2": Decimal("100.00")}


# --- PINs ------------------------------------------------------------------------------------------


def pin_hash_of(employee: Employee, field: str = "custentity_brm_pincode") -> str:
    return employee.pin_hashes.get(field, "")


def test_a_pin_is_hashed_at_once_and_stands_nowhere(netsuite, caplog):
    netsuite.employee(12, custentity_brm_pincode="482153")
    netsuite.customer(1, custentity_brm_pincode="482153", custentity_manager_pin="482153")
    run(netsuite)
    dana = Employee.objects.get()
    assert pin_matches(pin_hash_of(dana), "482153")
    everything = str(list(Employee.objects.values())) + str(list(Customer.objects.values())) + caplog.text
    assert "482153" not in everything


def test_an_unchanged_pin_keeps_its_hash(netsuite):
    netsuite.employee(12, custentity_brm_pincode="4821")
    run(netsuite)
    before = pin_hash_of(Employee.objects.get())
    run(netsuite)
    assert pin_hash_of(Employee.objects.get()) == before


def test_a_changed_pin_replaces_the_old_one(netsuite):
    dana = netsuite.employee(12, custentity_brm_pincode="4821")
    run(netsuite)
    dana["custentity_brm_pincode"] = "9907"
    run(netsuite)
    pin_hash = pin_hash_of(Employee.objects.get())
    assert pin_matches(pin_hash, "9907")
    assert not pin_matches(pin_hash, "4821")


def test_a_removed_pin_opens_nothing(netsuite):
    dana = netsuite.employee(12, custentity_brm_pincode="4821")
    run(netsuite)
    del dana["custentity_brm_pincode"]
    run(netsuite)
    assert pin_hash_of(Employee.objects.get()) == ""


def test_an_unreadable_pin_column_keeps_the_hashes(netsuite):
    netsuite.employee(12, custentity_brm_pincode="4821")
    run(netsuite)
    netsuite.hidden = {"custentity_brm_pincode"}
    assert run(netsuite).ok
    assert pin_matches(pin_hash_of(Employee.objects.get()), "4821")


@pytest.fixture
def till_code(monkeypatch):
    """One page of the till looks for PINs in a field of its own."""
    monkeypatch.setattr(pins, "FIELDS", [lambda: ["custentity_brm_pincode", "custentity_till_code", "no; column"]])


def test_each_named_field_has_its_own_hash(netsuite, till_code):
    netsuite.employee(12, custentity_brm_pincode="482153", custentity_till_code="771925")
    run(netsuite)
    dana = Employee.objects.get()
    assert sorted(dana.pin_hashes) == ["custentity_brm_pincode", "custentity_till_code"]
    assert pin_matches(pin_hash_of(dana, "custentity_till_code"), "771925")
    assert not pin_matches(pin_hash_of(dana), "771925")


def test_a_pin_in_a_field_of_another_name_is_not_mirrored_with_the_customer(netsuite, till_code):
    netsuite.customer(1, custentity_till_code="771925")
    run(netsuite)
    assert "771925" not in str(list(Customer.objects.values()))


def test_a_field_named_since_is_read_for_everybody(netsuite, monkeypatch):
    netsuite.employee(12, custentity_brm_pincode="482153", custentity_till_code="771925")
    netsuite.employee(13, modified_iso="2020-01-01 10:00:00", custentity_till_code="350817")
    run(netsuite)
    monkeypatch.setattr(pins, "FIELDS", [lambda: ["custentity_till_code"]])
    run(netsuite)
    assert [list(employee.pin_hashes) for employee in Employee.objects.all()] == [["custentity_till_code"]] * 2


@pytest.mark.parametrize("pin", ["1234", "987654", "1111", "1212", "482", "4821530000001", "48a1", "４８２１", "48 21"])
def test_a_pin_that_cannot_be_used_says_why_and_opens_nothing(netsuite, pin):
    netsuite.employee(12, custentity_brm_pincode=pin)
    run(netsuite)
    dana = Employee.objects.get()
    assert (dana.pin_hashes, list(dana.pin_faults)) == ({}, ["custentity_brm_pincode"])
    assert pin not in str(dana.pin_faults)


def test_a_mended_pin_opens_again(netsuite):
    dana = netsuite.employee(12, custentity_brm_pincode="1234")
    run(netsuite)
    dana["custentity_brm_pincode"] = "4821"
    run(netsuite)
    assert (pin_matches(pin_hash_of(Employee.objects.get()), "4821"), Employee.objects.get().pin_faults) == (True, {})


# --- paging and the watermark -----------------------------------------------------------------------


def test_more_rows_of_one_second_than_a_page_all_arrive(netsuite, monkeypatch):
    monkeypatch.setattr(feed_module, "PAGE", 3)
    for number in range(1, 11):
        netsuite.customer(number)
    run(netsuite)
    assert Customer.objects.count() == 10


def test_the_next_run_reads_from_the_watermark_less_the_overlap(netsuite):
    netsuite.customer(1, modified_iso="2026-05-01 09:00:00")
    netsuite.customer(2, modified_iso="2026-05-03 12:00:00")
    netsuite.customer(3, modified_iso="2026-05-04 10:00:00")
    run(netsuite)
    assert run(netsuite).rows["customers"] == 2


def test_a_row_dated_within_the_overlap_is_not_lost(netsuite):
    netsuite.customer(1)
    run(netsuite)
    netsuite.customer(2, modified_iso="2026-05-03 10:30:00")
    run(netsuite)
    assert Customer.objects.count() == 2


def test_full_reads_everything_again(netsuite):
    netsuite.customer(1, modified_iso="2020-01-01 00:00:00")
    netsuite.customer(2)
    run(netsuite)
    assert run(netsuite, full=True).rows["customers"] == 2


def test_a_page_that_fails_keeps_the_pages_before_it(netsuite, monkeypatch):
    monkeypatch.setattr(feed_module, "PAGE", 2)
    for number in range(1, 4):
        netsuite.customer(number)
    netsuite.tables["customer"][2]["creditlimit"] = "fifty"
    summary = run(netsuite)
    assert "creditlimit is 'fifty'" in summary.errors["customers"]
    assert Customer.objects.count() == 2
    assert SyncState.objects.get(record_type="customers").watermark_id == 2


def test_the_run_after_a_failure_goes_on(netsuite):
    row = netsuite.customer(1, isinactive="maybe")
    assert not run(netsuite).ok
    row["isinactive"] = "T"
    assert run(netsuite).ok
    assert Customer.objects.get().is_inactive


@pytest.mark.parametrize("date_text", ["5/4/2026", "04.05.2026", "2026-05-04T10:00:00Z", ""])
def test_a_modification_time_in_another_format_is_an_error_not_zero_rows(netsuite, date_text):
    netsuite.customer(1, modified_iso=date_text)
    netsuite._answer = lambda q, params, rows, key: iter(rows)
    summary = run(netsuite)
    assert "modification time" in summary.errors["customers"] or "not YYYY" in summary.errors["customers"]
    assert SyncState.objects.get(record_type="customers").last_success_at is None


def test_a_document_date_in_another_format_is_an_error(netsuite):
    netsuite.customer(1)
    netsuite.invoice(9, 1, trandate_iso="3/1/2026")
    assert "trandate_iso is '3/1/2026'" in run(netsuite).errors["transactions"]


def test_a_date_comparison_that_finds_nothing_is_an_error(netsuite):
    netsuite.customer(1)
    run(netsuite)
    netsuite.blind_to_dates = True
    assert "dates are misread" in run(netsuite).errors["customers"]


def test_one_record_type_failing_does_not_stop_the_others(netsuite):
    del netsuite.tables["employee"]
    netsuite.customer(1)
    summary = run(netsuite)
    assert (list(summary.errors), summary.rows["customers"]) == (["employees"], 1)


def test_a_cut_connection_is_reported_and_the_next_run_succeeds(netsuite, monkeypatch):
    def cut(q, params=()):
        raise NetsuiteError("Connection reset", kind="network")

    with monkeypatch.context() as patch:
        patch.setattr(netsuite, "suiteql_page", cut)
        assert run(netsuite).errors["customers"] == "Connection reset"
    netsuite.customer(1)
    assert run(netsuite).ok


# --- what the role may not see ----------------------------------------------------------------------


def test_a_role_that_may_not_ask_for_all_columns_still_syncs(netsuite):
    netsuite.star_refused = True
    netsuite.customer(1, creditlimit="7")
    assert run(netsuite).ok
    assert Customer.objects.get().credit_limit == Decimal(7)


def test_hidden_balance_columns_fall_back_to_open_invoices(netsuite):
    netsuite.star_refused = True
    netsuite.hidden = {"balancesearch", "overduebalancesearch", "daysoverduesearch", "unbilledorderssearch", "title"}
    netsuite.customer(1)
    netsuite.invoice(9, 1)
    assert run(netsuite).ok
    assert Customer.objects.get().ar_balance == Decimal("100.00")


@pytest.mark.parametrize("star_refused", [True, False])
def test_a_hold_field_gone_from_view_keeps_what_we_know(netsuite, star_refused):
    netsuite.star_refused = star_refused
    netsuite.customer(1, creditholdoverride="ON")
    run(netsuite)
    netsuite.hidden = {"creditholdoverride"}
    summary = run(netsuite)
    assert Customer.objects.get().credit_hold_override == "ON"
    assert summary.overrides == []


def test_a_required_column_out_of_view_is_an_error(netsuite):
    netsuite.star_refused = True
    netsuite.hidden = {"foreignamountunpaid"}
    assert "foreignamountunpaid" in run(netsuite).errors["transactions"]


# --- relations --------------------------------------------------------------------------------------


def test_a_parent_that_arrives_later_is_linked(netsuite, monkeypatch):
    monkeypatch.setattr(feed_module, "PAGE", 1)
    netsuite.customer(1, parent=2)
    netsuite.customer(2, parent=2)
    run(netsuite)
    assert Customer.objects.get(netsuite_id="1").parent == Customer.objects.get(netsuite_id="2")
    assert Customer.objects.get(netsuite_id="2").parent is None


def test_a_customer_made_while_syncing_is_fetched_with_its_first_invoice(netsuite):
    late = netsuite.customer(5)
    netsuite.invoice(9, 5)
    everything = netsuite.suiteql_page

    def without_the_newcomer(q, params=()):
        rows = everything(q, params)["items"]
        asked_by_date = "FROM customer" in q and " IN (" not in q
        return {"items": [row for row in rows if not (asked_by_date and row["ID"] == late["id"])]}

    netsuite.suiteql_page = without_the_newcomer
    summary = run(netsuite)
    assert (summary.skipped, Transaction.objects.get().customer.netsuite_id) == (0, "5")


def test_a_transaction_of_nobody_we_may_see_is_counted_as_skipped(netsuite):
    netsuite.invoice(9, 404)
    assert run(netsuite).skipped == 1


def test_a_changed_hold_field_is_reported(netsuite):
    row = netsuite.customer(1, creditholdoverride="AUTO")
    assert run(netsuite).overrides == []
    row["creditholdoverride"] = "OFF"
    [change] = run(netsuite).overrides
    assert (change.customer, change.before, change.after) == ("1", "AUTO", "OFF")


# --- deletions --------------------------------------------------------------------------------------


def test_a_deleted_invoice_leaves_the_mirror_and_the_balance(netsuite):
    netsuite.customer(1)
    netsuite.tables["transaction"] = []
    netsuite.invoice(9, 1)
    run(netsuite)
    netsuite.tables["transaction"].clear()
    netsuite.add("deletedrecord", type="Invoice", recordid=9)
    netsuite.blind_to_dates = False
    netsuite.invoice(10, 1, "1.00")
    assert run(netsuite).removed == 1
    assert Customer.objects.get().ar_balance == Decimal("1.00")


def test_a_deleted_payment_with_the_id_of_an_invoice_removes_nothing(netsuite):
    netsuite.customer(1)
    netsuite.invoice(9, 1)
    netsuite.add("deletedrecord", type="Customer Payment", recordid=9)
    assert run(netsuite).removed == 0


def test_deleted_people_stay_for_the_record_but_inactive(netsuite):
    netsuite.customer(1)
    netsuite.employee(12, custentity_brm_pincode="4821")
    run(netsuite)
    netsuite.tables["customer"].clear()
    netsuite.tables["employee"].clear()
    netsuite.add("deletedrecord", type="Customer", recordid=1)
    netsuite.add("deletedrecord", type="Employee", recordid=12)
    run(netsuite)
    dana = Employee.objects.get()
    assert Customer.objects.get().is_inactive
    assert (dana.is_inactive, pin_hash_of(dana)) == (True, "")


def test_a_full_run_removes_what_netsuite_no_longer_has(netsuite):
    netsuite.customer(1)
    netsuite.invoice(9, 1)
    InvoiceFactory(customer=CustomerFactory(netsuite_id="2"), netsuite_id="8")
    assert run(netsuite, full=True).removed == 1
    assert Transaction.objects.get().netsuite_id == "9"


def test_a_full_run_that_sees_almost_nothing_removes_nothing(netsuite, monkeypatch):
    monkeypatch.setattr(sync_module, "MAY_VANISH", 2)
    netsuite.customer(1)
    for number in range(3):
        InvoiceFactory(netsuite_id=str(number + 1))
    assert "lost permission" in run(netsuite, full=True).errors["transactions"]
    assert Transaction.objects.count() == 3


# --- open receivables -------------------------------------------------------------------------------


@pytest.fixture
def settled_quietly(netsuite):
    """Two invoices; one is then paid without its modification date moving."""
    netsuite.customer(1)
    invoice = netsuite.invoice(9, 1, modified_iso="2026-01-01 00:00:00")
    netsuite.invoice(10, 1, "40.00")
    run(netsuite)
    invoice.update(foreignamountunpaid="0", status="B", closedate_iso="2026-05-04")
    return netsuite


def test_an_unnoticed_payment_shows_after_the_refresh(settled_quietly):
    run(settled_quietly)
    assert Customer.objects.get().ar_balance == Decimal("140.00")
    assert refresh_open_ar(client=settled_quietly, today=TODAY).ok
    assert Customer.objects.get().ar_balance == Decimal("40.00")
    assert Transaction.objects.get(netsuite_id="9").closed == date(2026, 5, 4)


def test_a_vanished_invoice_is_removed_by_the_refresh(netsuite):
    netsuite.customer(1)
    netsuite.invoice(9, 1)
    run(netsuite)
    netsuite.tables["transaction"].clear()
    assert refresh_open_ar(client=netsuite, today=TODAY).removed == 1
    assert Customer.objects.get().ar_balance == Decimal("0.00")


def test_the_refresh_sees_a_hold_changed_by_hand(netsuite):
    row = netsuite.customer(1, creditholdoverride="AUTO")
    netsuite.invoice(9, 1)
    run(netsuite)
    row["creditholdoverride"] = "ON"
    [change] = refresh_open_ar(client=netsuite, today=TODAY).overrides
    assert change.after == "ON"


# --- freshness --------------------------------------------------------------------------------------


def test_everything_is_stale_before_the_first_sync():
    assert [(item.record_type, item.age, item.stale) for item in freshness(now=timezone.now())] == [
        ("customers", None, True),
        ("transactions", None, True),
    ]


def test_a_sync_is_fresh_for_two_hours(netsuite):
    run(netsuite)
    done = datetime(2026, 5, 5, 10, tzinfo=UTC)
    SyncState.objects.update(last_success_at=done)
    assert not is_stale(now=done + timedelta(hours=2))
    assert is_stale(now=done + timedelta(hours=2, seconds=1))


def test_a_failed_run_does_not_freshen(netsuite):
    run(netsuite)
    done = datetime(2026, 5, 5, 10, tzinfo=UTC)
    SyncState.objects.update(last_success_at=done)
    del netsuite.tables["transaction"]
    run(netsuite)
    transactions = freshness(now=done)[1]
    assert (transactions.last_success_at, "not found" in transactions.last_error) == (done, True)
