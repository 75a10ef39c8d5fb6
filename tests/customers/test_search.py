"""Searching customers: one rule for both databases, whatever is typed."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers import search
from customers.models import Customer
from tests.factories.customers import CustomerFactory

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def found(text):
    return [customer.name for customer in Customer.objects.search(text).order_by("name")]


def test_words_of_a_text():
    assert search.words_of("Müller-Lüdenscheidt GmbH & Co. 42b") == ["muller", "ludenscheidt", "gmbh", "co", "42b"]


@pytest.mark.parametrize(
    "text",
    ["north", "NORTHSIDE gro", "grocers north", "C0042", "42", "ap@north.example", "lópez", "lopez", "0142", "7001"],
)
def test_each_word_begins_one(text):
    CustomerFactory(
        name="Northside Grocers", netsuite_id="7001", entity_id="C0042", email="ap@north.example",
        contact_name="María López", phone="+1 555-0142",
    )  # fmt: skip
    CustomerFactory(name="Apex", netsuite_id="8001", entity_id="C0099")
    assert found(text) == ["Northside Grocers"]


@pytest.mark.parametrize("text", ["side", "rocers", "Northside Apex", "042", "%", "_", "'", "\\", "&", "💥"])
def test_what_begins_no_word_finds_nobody(text):
    CustomerFactory(name="Northside Grocers", netsuite_id="7001", entity_id="C0042")
    assert found(text) == []


@pytest.mark.parametrize("text", ["", "  ", "\x00"])
def test_nothing_typed_finds_all(text):
    CustomerFactory(name="Northside")
    assert found(text) == ["Northside"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Müller Straße", "mULLER strasse"),
        ("MÜLLER STRASSE", "müller straße"),
        ("Søren Øl", "soren øl"),
        ("Łódź", "lodz"),
        ("O'Brien & Sons", "o'brien"),
        ("Crème-Brûlée", "creme brulee"),
    ],
)
def test_accents_case_and_punctuation_make_no_difference(name, text):
    CustomerFactory(name=name)
    assert found(text) == [name]


@pytest.mark.parametrize(
    "text", ["x" * 10_000, "zq " * 5000, "!:* | & <-> ()", "'':*", "a:*b", "ﷺ" * 300, "\u202e\ufeff", "1e999", "-- ;"]
)
def test_nothing_that_is_typed_breaks_it(text):
    CustomerFactory(name="Northside")
    assert found(text) == []


def test_a_new_name_is_found_and_the_old_one_is_not():
    customer = CustomerFactory(name="Northside")
    Customer.objects.filter(pk=customer.pk).update(name="Harbor")
    assert (found("harbor"), found("northside")) == (["Harbor"], [])


def test_a_customer_that_is_gone_is_not_found():
    CustomerFactory(name="Northside").delete()
    assert search.first_keys(Customer.objects.all(), "northside", 10) == []


def test_rows_written_without_the_models_are_found():
    customer = CustomerFactory(name="Northside")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE customers SET name = 'Harbor' WHERE id = %s", [customer.pk])
    assert found("harbor") == ["Harbor"]


def test_the_longest_texts_can_be_stored_and_found():
    CustomerFactory(name="ﷺ" * 255, contact_name="w" * 255)
    assert len(found("wwww")) == 1


def test_very_many_are_found_in_the_order_of_the_list(monkeypatch):
    monkeypatch.setattr(search, "FEW", 2)
    for name in ("Oak Foods", "Elm Foods", "Ash Foods", "Fir Grain"):
        CustomerFactory(name=name)
    assert found("foods") == ["Ash Foods", "Elm Foods", "Oak Foods"]


def test_first_keys_stop_at_the_number():
    for number in range(4):
        CustomerFactory(name=f"Oak {number}")
    assert len(search.first_keys(Customer.objects.all(), "oak", 3)) == 3


def test_fitting_looks_at_the_given_ones_only():
    oak, _other, elm = CustomerFactory(name="Oak A"), CustomerFactory(name="Oak B"), CustomerFactory(name="Elm")
    assert search.fitting(Customer.objects.all(), "oak", [oak.pk, elm.pk]) == {oak.pk}


@pytest.mark.postgresql_only
def test_a_new_balance_does_not_touch_the_words():
    customer = CustomerFactory(name="Northside")

    def place():
        with connection.cursor() as cursor:
            cursor.execute("SELECT ctid::text FROM customer_words WHERE customer_id = %s", [customer.pk])
            return cursor.fetchall()

    before = place()
    Customer.objects.filter(pk=customer.pk).update(ar_balance=5, entitystatus="hold")
    assert place() == before
    Customer.objects.get(pk=customer.pk).save()
    assert place() == before
    Customer.objects.filter(pk=customer.pk).update(phone="+1 555 0199")
    assert place() != before


@pytest.mark.postgresql_only
def test_the_index_is_asked():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {search.INDEXED}", [search.tsquery(["north"])])
        assert "customer_words_words" in str(cursor.fetchall())


def test_a_search_is_two_queries_at_most():
    CustomerFactory(name="Northside")
    with CaptureQueriesContext(connection) as captured:
        assert found("north") == ["Northside"]
    assert len(captured) == (2 if connection.vendor == "postgresql" else 1)
