"""What a mail cites: measured on mails written by hand, none of them made from a pattern of the program."""

import re
import time
from decimal import Decimal

import pytest

from disputes.matching import references
from tests.disputes import cited

Numbers = tuple[int, int, int, int]


def key(ref: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", ref.upper())


def tally(found: list[tuple[str, ...]], wanted: list[list[str]]) -> Numbers:
    """(wanted, found of them, given, wrong)."""
    pairs = [([key(f) for f in got], [key(w) for w in want]) for got, want in zip(found, wanted, strict=True)]
    return (
        sum(len(want) for _got, want in pairs),
        sum(ref in got for got, want in pairs for ref in want),
        sum(len(got) for got, _want in pairs),
        sum(ref not in want for got, want in pairs for ref in got),
    )


READ = [references(text, subject) for subject, text, _invoices, _orders in cited.ALL]


def test_the_set_is_large_enough_to_say_something():
    assert len(cited.ALL) >= 230


def test_invoice_numbers_recall_and_wrong_ones():
    wanted, found, given, wrong = tally([r.invoices for r in READ], [one[2] for one in cited.ALL])
    assert found / wanted >= 0.97, f"{found} of {wanted}"
    assert wrong / given <= 0.02, f"{wrong} of {given} wrong"


def test_order_numbers_recall_and_wrong_ones():
    wanted, found, given, wrong = tally([r.pos for r in READ], [one[3] for one in cited.ALL])
    assert found / wanted >= 0.97, f"{found} of {wanted}"
    assert wrong / given <= 0.02, f"{wrong} of {given} wrong"


def test_no_order_number_among_the_invoices():
    mixed = [
        r for r, one in zip(READ, cited.ALL, strict=True) if {key(i) for i in r.invoices} & {key(o) for o in one[3]}
    ]
    assert mixed == []


@pytest.mark.parametrize(
    "text",
    [
        "INV-20418",
        "INV 20418",
        "#20418",
        "invoice no. 0020418",
        "Rechnung Nr. 20418",
        "facture n° 20418",
        "factura nº 20418",
    ],
)
def test_the_usual_ways_of_writing_a_number(text):
    (ref,) = references(f"Please check {text}.").invoices
    assert ref.endswith("20418")


def test_given_as_cited():
    read = references("Rechnung RE-2024-0815, facture n° FA-2024/113, factura F-2024-001, invoice no. 0020418")
    assert read.invoices == ("RE-2024-0815", "FA-2024/113", "F-2024-001", "0020418")


def test_one_number_written_in_two_ways_is_one_invoice():
    assert references("Invoice 20418 is wrong. INV-20418 should be 12.00.", "INV 20418").invoices == ("INV 20418",)


def test_a_range_is_all_its_numbers():
    assert references("invoices 20418-20420 were late").invoices == ("20418", "20419", "20420")


def test_a_number_and_its_year_is_no_range():
    assert references("invoice 2024-2031").invoices == ("2024-2031",)


@pytest.mark.parametrize(
    "text",
    [
        "Call me at +49 40 123 456 78 or (312) 555-0188.",
        "Our IBAN is DE89 3704 0044 0532 0130 00, VAT id DE123456789.",
        "Tracking 1Z999AA10123456784, delivery note 80112233.",
        "We are at 4410 Oak Street, Springfield, IL 62704.",
        "On 12/03/2026 at 14:30 we received 1200 units of item 44820.",
        "Customer number 104477, account 100423, ticket #88213.",
        "It is 8.25 % or $1,234.56, net 30, in Q1 2026.",
    ],
)
def test_numbers_that_are_no_invoices(text):
    read = references(text)
    assert (read.invoices, read.pos) == ((), ())


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("1.234,56 €", "1234.56", "EUR"),
        ("USD 1,234.56", "1234.56", "USD"),
        ("1 234,56 EUR", "1234.56", "EUR"),
        ("1\u202f234,56 €", "1234.56", "EUR"),
        ("CHF 1'234.50", "1234.50", "CHF"),
        ("£99", "99.00", "GBP"),
        ("$1,234,567.89", "1234567.89", "USD"),
        ("12.500 EUR", "12500.00", "EUR"),
        ("€ 4,5", "4.50", "EUR"),
        ("250 dollars", "250.00", "USD"),
        ("85,- €", "85.00", "EUR"),
        ("$12k", "12000.00", "USD"),
        ("1,234.56", "1234.56", ""),
        ("C$40", "40.00", "CAD"),
    ],
)
def test_amounts_in_any_usual_format(text, amount, currency):
    (found,) = references(f"We paid {text} too much.").amounts
    assert (found.amount, found.currency) == (Decimal(amount), currency)


def test_a_number_beside_an_amount_keeps_its_own():
    read = references("Invoice 20418 $1,200.00 and invoice 20422 $350.00")
    assert read.invoices == ("20418", "20422")
    assert [each.amount for each in read.amounts] == [Decimal("1200.00"), Decimal("350.00")]


HOSTILE = {
    "one long number": "1" * 40_000,
    "hyphens": "1-" * 20_000,
    "brackets": "(" * 40_000,
    "labels": "Rechnung-" * 4_000,
    "spaces": "invoice" + " " * 39_000 + "20418",
    "thousands": "1 234 567 " * 4_000,
    "list": "20418, " * 5_700,
    "cells": "a | " * 9_000,
    "tables": "Invoice | PO | 1234\n" * 2_000,
    "rows": "20418 12/03 1.00\n" * 2_300,
    "words": ("x" * 110 + "rechnun ") * 330,
    "endings": "4471/72/75 " * 3_600,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_text_costs_little(text):
    before = time.process_time()
    references(text)
    assert time.process_time() - before < 3


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Rechnungen 20418 bis 20420 fehlen uns", ("20418", "20419", "20420")),
        ("copies of invoices 20418 through 20420", ("20418", "20419", "20420")),
        ("las facturas 4711 a la 4713", ("4711", "4712", "4713")),
        ("invoice 20418 to 30420", ("20418", "30420")),
        ("PAYMENT ADVICE Vendor 100234 Doc 771201 gross 14,220.00", ("771201",)),
        ("Invoice 8801-A names another company. We are Delta Foods (BN 123456789).", ("8801-A",)),
    ],
)
def test_a_range_in_words_and_the_document_of_a_payment_advice(text: str, found: tuple[str, ...]):
    assert references(text).invoices == found
