"""What the mirror holds after a batch, whichever way it was written, and what is left alone."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from customers import store as stores
from customers.models import Customer, Transaction
from customers.store import Document, keep_vacuum_out, store
from tests.factories.customers import CustomerFactory

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
MONDAY, TUESDAY = (datetime(2026, 5, day, 9, 30, 15, 123456, tzinfo=UTC) for day in (4, 5))
NOTED = {"custbody_note": 'a "word"\t\\', "custbody_empty": ""}
DIFFERENT = [
    *[("due", None), ("memo", "paid"), ("unpaid", "100.49"), ("record", NOTED)],
    ("netsuite_modified_at", MONDAY),
]
WAYS = ["_by_orm", pytest.param("_by_copy", marks=pytest.mark.postgresql_only)]


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    chosen = getattr(stores, request.param)
    monkeypatch.setattr(stores, "_by_copy", chosen)
    monkeypatch.setattr(stores, "_by_orm", chosen)
    return request.param


@pytest.fixture
def acme() -> Customer:
    return CustomerFactory(netsuite_id="1", name="Acme")


def document(number: int, owner: Customer, **own: Any) -> Document:
    plain = Document(
        netsuite_id=str(number), type="CustInvc", tranid=f"INV{number}", customer_id=owner.pk,
        issued=date(2026, 3, 1), due="2026-03-31", closed=None, status="A", currency="USD", exchange_rate=Decimal(1),
        total_foreign=Decimal("100.50"), unpaid_foreign="100.50", total=Decimal("100.5"), unpaid="100.50",
        po_number="", memo="", ship_date=None, record={}, netsuite_modified_at=None, synced_at=MONDAY,
    )  # fmt: skip
    return plain._replace(**own)


def of_all_kinds(owner: Customer) -> list[Document]:
    return [
        document(1, owner),
        document(2, owner, memo="tab\there, line\nthere, back\\slash \\N, ünï ☂", po_number='"quoted"', tranid="\\."),
        document(3, owner, record=NOTED, due=None, ship_date="2026-04-01"),
        document(4, owner, exchange_rate="0.12345678", currency="", netsuite_modified_at="2026-05-04 10:00:00+00:00"),
        document(5, owner, closed=date(2026, 4, 2), unpaid=Decimal(0), unpaid_foreign="0.00", status="B", memo="NULL"),
    ]  # fmt: skip


def held(model: Any = Transaction) -> list[dict[str, Any]]:
    return [{k: v for k, v in row.items() if k != "id"} for row in model.objects.order_by("netsuite_id").values()]


def put(rows: list[Document]) -> stores.Stored:
    return store(Transaction, Document._fields, rows)


def test_every_value_comes_back_as_given(way: str, acme: Customer):
    stored = put(of_all_kinds(acme))
    assert (stored.given, stored.written, stored.owners) == (5, 5, {acme.pk})
    found = {row["netsuite_id"]: row for row in held()}
    assert found["2"]["memo"] == "tab\there, line\nthere, back\\slash \\N, ünï ☂"
    assert (found["2"]["tranid"], found["2"]["po_number"]) == ("\\.", '"quoted"')
    assert found["3"]["record"] == NOTED
    assert (found["3"]["due"], found["3"]["ship_date"]) == (None, date(2026, 4, 1))
    assert found["4"]["netsuite_modified_at"] == datetime(2026, 5, 4, 10, tzinfo=UTC)
    assert (found["5"]["closed"], found["5"]["unpaid"], found["5"]["memo"]) == (date(2026, 4, 2), Decimal(0), "NULL")
    assert {row["synced_at"] for row in found.values()} == {MONDAY}


@pytest.mark.postgresql_only
def test_both_ways_leave_the_same_rows(acme: Customer):
    other = CustomerFactory(netsuite_id="2")
    changed = [document(1, other), document(3, acme, record={"custbody_note": "b"}), document(6, acme)]
    left = []
    for way in (stores._by_orm, stores._by_copy):
        Transaction.objects.all().delete()
        columns = list(Document._fields)
        outcomes = [way(Transaction, columns, rows, columns[1:]) for rows in (of_all_kinds(acme), changed, changed)]
        left.append((outcomes, held()))
    assert left[0] == left[1]


@pytest.mark.postgresql_only
def test_both_ways_leave_the_same_customers():
    columns = ["netsuite_id", "name", "email", "credit_limit", "credit_limit_kind", "record", "synced_at"]
    first = [("1", "Acme", "", None, "none", {"a": "1"}, MONDAY), ("2", "Zoë", "z@z.test", "5", "amount", {}, MONDAY)]
    later = [("1", "Acme Ltd", "", None, "none", {}, TUESDAY), ("2", "Zoë", "z@z.test", "6.00", "amount", {}, TUESDAY)]
    left = []
    for way in (stores._by_orm, stores._by_copy):
        Customer.objects.all().delete()
        outcomes = [way(Customer, columns, rows, ["name", "synced_at"]) for rows in (first, later, later)]
        left.append((outcomes, held(Customer)))
    assert left[0] == left[1]
    assert [(row["name"], row["credit_limit"]) for row in left[0][1]] == [("Acme Ltd", None), ("Zoë", Decimal(5))]


def test_the_same_rows_again_write_nothing(way: str, acme: Customer):
    put(of_all_kinds(acme))
    before = held()
    again = put([row._replace(synced_at=TUESDAY) for row in of_all_kinds(acme)])
    assert (again.given, again.written, again.owners) == (5, 0, set())
    assert held() == before


@pytest.mark.postgresql_only
def test_the_same_rows_again_lock_no_row_and_number_none(acme: Customer):
    put(of_all_kinds(acme))
    with connection.cursor() as cursor:
        cursor.execute("SELECT ctid::text, xmin::text, xmax::text FROM transactions ORDER BY id")
        before = cursor.fetchall()
        cursor.execute("SELECT last_value FROM transactions_id_seq")
        [(numbered,)] = cursor.fetchall()
        put(of_all_kinds(acme))
        cursor.execute("SELECT ctid::text, xmin::text, xmax::text FROM transactions ORDER BY id")
        assert cursor.fetchall() == before
        cursor.execute("SELECT last_value FROM transactions_id_seq")
        assert cursor.fetchall() == [(numbered,)]


@pytest.mark.parametrize(("column", "value"), DIFFERENT)
def test_one_column_that_differs_writes_that_row_only(way: str, acme: Customer, column: str, value: Any):
    put([document(1, acme), document(2, acme)])
    assert put([document(1, acme), document(2, acme, **{column: value}, synced_at=TUESDAY)]).written == 1
    assert [row["synced_at"] for row in held()] == [MONDAY, TUESDAY]


def test_a_document_that_moves_concerns_both_customers(way: str, acme: Customer):
    other = CustomerFactory(netsuite_id="2")
    put([document(1, acme)])
    assert put([document(1, other)]).owners == {acme.pk, other.pk}


def test_what_people_set_on_a_customer_stays(way: str):
    CustomerFactory(netsuite_id="1", name="Acme", entitystatus="hold", credit_hold=True, ar_balance=Decimal(7))
    assert (
        store(Customer, ["netsuite_id", "name", "email"], [("1", "New name", "x@x.test")], update={"name"}).written == 1
    )
    acme = Customer.objects.get()
    assert (acme.name, acme.entitystatus, acme.credit_hold, acme.ar_balance) == ("New name", "hold", True, Decimal(7))
    assert acme.email != "x@x.test"


def test_a_new_customer_has_what_the_model_gives_it(way: str):
    store(Customer, ["netsuite_id", "name"], [("1", "Acme")])
    acme, plain = Customer.objects.get(), Customer()
    assert (acme.ar_balance, acme.credit_limit_kind, acme.record, acme.figures_version) == (
        plain.ar_balance, plain.credit_limit_kind, plain.record, plain.figures_version,
    )  # fmt: skip


def test_a_bad_row_loses_nothing(way: str, acme: Customer):
    put([document(1, acme)])
    with pytest.raises((DatabaseError, ValueError, ArithmeticError)), transaction.atomic():
        put([document(1, acme, memo="lost"), document(2, acme, total="-1")])
    assert [(row["netsuite_id"], row["memo"]) for row in held()] == [("1", "")]
    assert put([document(2, acme)]).written == 1


def test_no_rows_at_all(way: str):
    assert put([]) == stores.Stored()


@pytest.mark.postgresql_only
def test_statements_do_not_grow_with_the_rows(acme: Customer):
    counts = []
    for count in (1, 3):
        with CaptureQueriesContext(
            connection,
        ) as captured:
            put([document(count * 10 + n, acme) for n in range(count)])
        counts.append(len(captured))
    assert counts[0] == counts[1]


@pytest.mark.postgresql_only
def test_the_autovacuum_keeps_out_while_tables_are_filled():
    keep_vacuum_out(Customer, Transaction)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relation::regclass::text FROM pg_locks"
            " WHERE mode = 'ShareUpdateExclusiveLock' AND pid = pg_backend_pid() ORDER BY 1"
        )
        assert cursor.fetchall() == [("customers",), ("transactions",)]
