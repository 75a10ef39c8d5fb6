"""From a cited number to the invoice in the mirror: best first, each with its reason."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.models import Customer, Transaction
from disputes.matching import References, confirmed, match, references
from tests.factories.customers import CustomerFactory, InvoiceFactory, PaymentFactory, SalesOrderFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def northside() -> Customer:
    return CustomerFactory(name="Northside Grocers")


def why(customer: Customer | None, text: str, **options: object) -> list[tuple[str, str]]:
    return [(each.invoice.tranid, each.why) for each in match(customer, references(text), **options)]


def test_the_exact_number(northside):
    InvoiceFactory(customer=northside, tranid="INV-20418")
    assert why(northside, "invoice INV-20418") == [("INV-20418", "Invoice number")]


@pytest.mark.parametrize("tranid", ["INV-20418", "INV20418", "INV-0020418", "0020418", "inv 20418", "20418"])
@pytest.mark.parametrize("cited", ["invoice 20418", "INV-20418", "invoice no. 0020418", "INV 20418"])
def test_without_prefix_and_zeros(northside, tranid, cited):
    InvoiceFactory(customer=northside, tranid=tranid)
    assert [found for found, _why in why(northside, cited)] == [tranid]


@pytest.mark.parametrize(
    ("tranid", "cited"),
    [
        ("88120", "Rechnung 88.120"),
        ("88.120", "invoice 88120"),
        ("INV0088120", "Rechnung 88.120"),
        ("20418", "invoice No 20 418"),
        ("B7731-22", "Invoice ID: b7731-22"),
        ("20418-A", "invoice 20418a"),
        ("RE-2026-0815", "Rechnung re 2026/0815"),
        ("FA 2026 0457", "facture FA-2026-0457"),
    ],
)
def test_other_signs_spaces_and_small_letters(northside, tranid, cited):
    InvoiceFactory(customer=northside, tranid=tranid)
    InvoiceFactory(customer=northside, tranid="INV-99")
    assert [found for found, _why in why(northside, cited)] == [tranid]


@pytest.mark.parametrize("cited", ["Rechnung 88.120", "invoice 88120", "invoice no. 0088120"])
def test_a_number_with_a_point_names_its_customer(northside, cited):
    InvoiceFactory(customer=northside, tranid="INV0088120")
    assert [each.invoice.customer for each in match(None, references(cited))] == [northside]


def test_a_number_without_its_series(northside):
    InvoiceFactory(customer=northside, tranid="INV-2026-20418")
    assert why(northside, "invoice 20418") == [("INV-2026-20418", "Invoice number without its series")]
    assert why(None, "invoice 20418") == []


def test_two_series_with_the_same_number_are_no_match(northside):
    for tranid in ("2025-20418", "2026-20418"):
        InvoiceFactory(customer=northside, tranid=tranid)
    assert why(northside, "invoice 20418") == []


def test_the_whole_number_before_one_without_series(northside):
    for tranid in ("2026-20418", "INV-20418"):
        InvoiceFactory(customer=northside, tranid=tranid)
    assert [found for found, _why in why(northside, "invoice 20418")] == ["INV-20418"]


def test_the_mirror_confirms_what_is_only_spoken_of(northside):
    InvoiceFactory(customer=northside, tranid="1180")
    read = references("Detention 44177: el pago de 1180 lo hicimos")
    assert confirmed(read, match(northside, read)) == ("1180",)


def test_what_the_mirror_does_not_know_stays_as_cited(northside):
    read = references("Please cancel 20418.")
    assert confirmed(read, match(northside, read)) == ("20418",)


def test_an_order_number_that_matches_is_no_invoice_number(northside):
    InvoiceFactory(customer=northside, tranid="INV-2", po_number="7741")
    read = references("Invoice 20418, PO 7741")
    assert confirmed(read, match(northside, read)) == ("20418",)


def test_an_ending_alone_is_no_match(northside):
    InvoiceFactory(customer=northside, tranid="INV-120418")
    assert why(northside, "invoice 20418") == []


def test_the_exact_one_comes_first(northside):
    InvoiceFactory(customer=northside, tranid="INV20418")
    InvoiceFactory(customer=northside, tranid="20418")
    assert [found for found, _why in why(northside, "invoice 20418")] == ["20418", "INV20418"]


def test_several_invoices_in_the_order_of_the_mail(northside):
    for number in ("INV-3", "INV-20431", "INV-20418"):
        InvoiceFactory(customer=northside, tranid=number)
    assert [found for found, _why in why(northside, "invoices 20418 and 20431")] == ["INV-20418", "INV-20431"]


def test_by_order_number_then_by_memo(northside):
    InvoiceFactory(customer=northside, tranid="INV-1", memo="Your order 7741, second part")
    InvoiceFactory(customer=northside, tranid="INV-2", po_number="7741")
    assert why(northside, "PO 7741 was short") == [("INV-2", "Order number"), ("INV-1", "In the memo")]


def test_an_order_number_within_the_field(northside):
    InvoiceFactory(customer=northside, tranid="INV-2", po_number="PO-7741/A")
    assert why(northside, "purchase order 7741") == [("INV-2", "In the order number")]


def test_a_piece_of_a_longer_number_is_no_match(northside):
    InvoiceFactory(customer=northside, tranid="INV-2", memo="77412 pallets")
    assert why(northside, "PO 7741") == []


@pytest.mark.parametrize("ref", ["%", "_", "%%%%", "____", "7%41", "77__"])
def test_wildcards_mean_themselves(northside, ref):
    InvoiceFactory(customer=northside, tranid="INV-2", po_number="7741", memo="order 7741")
    assert match(northside, References(pos=(ref,), invoices=(ref,))) == []


def test_fewer_than_four_characters_are_not_searched(northside):
    InvoiceFactory(customer=northside, tranid="INV-2", memo="gate 774")
    assert match(northside, References(pos=("774",))) == []


def test_what_the_customer_calls_an_invoice_may_be_their_order(northside):
    InvoiceFactory(customer=northside, tranid="INV-2", po_number="88213")
    assert why(northside, "invoice 88213 is wrong") == [("INV-2", "Order number")]


def test_only_invoices_of_that_customer(northside):
    InvoiceFactory(customer=CustomerFactory(), tranid="INV-20418", po_number="7741")
    assert why(northside, "invoice 20418, PO 7741") == []


def test_only_invoices(northside):
    SalesOrderFactory(customer=northside, tranid="20418")
    PaymentFactory(customer=northside, tranid="20418")
    assert why(northside, "invoice 20418") == []


def test_without_a_customer_the_number_names_it(northside):
    InvoiceFactory(customer=northside, tranid="INV-20418")
    InvoiceFactory(customer=CustomerFactory(), tranid="INV-20419")
    assert [each.invoice.customer for each in match(None, references("invoice 20418"))] == [northside]


def test_without_a_customer_an_order_number_of_two_names_nobody(northside):
    for customer in (northside, CustomerFactory()):
        InvoiceFactory(customer=customer, po_number="7741")
    assert why(None, "PO 7741") == []


def test_among_several_customers_of_one_domain(northside):
    other = CustomerFactory()
    InvoiceFactory(customer=other, tranid="INV-20418")
    InvoiceFactory(customer=CustomerFactory(), tranid="20418")
    assert why(None, "invoice 20418", among=[northside.pk, other.pk]) == [
        ("INV-20418", "Invoice number without prefix and zeros")
    ]


def test_an_open_one_before_a_paid_one(northside):
    InvoiceFactory(customer=northside, tranid="INV-1", po_number="7741", unpaid=Decimal(0))
    InvoiceFactory(customer=northside, tranid="INV-2", po_number="7741")
    InvoiceFactory(customer=northside, tranid="INV-3", po_number="7741", unpaid=Decimal(0))
    assert next(found for found, _why in why(northside, "PO 7741")) == "INV-2"


def test_as_many_queries_for_forty_numbers_as_for_one(northside):
    for number in range(50):
        InvoiceFactory(customer=northside, tranid=f"INV-{20_000 + number}")

    def queries(text: str) -> int:
        with CaptureQueriesContext(connection) as seen:
            match(northside, references(text))
        return len(seen)

    many = "invoices " + ", ".join(str(20_000 + number) for number in range(40))
    assert queries("invoice 20001") == queries(many) == 1


def test_nothing_cited_asks_nothing(northside):
    with CaptureQueriesContext(connection) as seen:
        assert match(northside, References()) == []
    assert len(seen) == 0


def test_more_refs_than_any_mail_names_are_capped(northside):
    InvoiceFactory(customer=northside, tranid="INV-99999")
    refs = tuple(str(number) for number in range(10_000, 10_500))
    assert match(northside, References(invoices=(*refs, "99999"))) == []
    assert Transaction.objects.count() == 1
