"""The answers: one text a reason and language, filled from the record; and what a polished text may say."""

from datetime import date
from decimal import Decimal

import pytest

from disputes import drafts, polish
from disputes.models import ResponseTemplate
from disputes.models.inbound import REASONS, SUB_REASONS
from disputes.texts import declared, seed_templates
from tests.factories.customers import CustomerFactory, EmployeeFactory, InvoiceFactory
from workflows.drafting import placeholders

pytestmark = pytest.mark.django_db
LANGUAGES = ["en", "de", "fr", "es"]
KINDS = [(reason, "") for reason, _ in REASONS] + [("other", sub) for sub, _ in SUB_REASONS]


def case(**fields) -> drafts.Case:
    rep = EmployeeFactory(first_name="Dana", last_name="Whitfield")
    customer = CustomerFactory(name="Northside Grocers", contact_name="Maria Lopez", sales_rep=rep)
    invoice = InvoiceFactory(
        customer=customer, tranid="INV9001", issued=date(2026, 2, 1), total=Decimal("14820.50"), po_number="PO-77"
    )
    known = {"reason": "pricing", "sub_reason": "", "ref": "INV9001", "invoice": invoice, "resolve_by": None}
    return drafts.Case(
        **{"customer": customer, **known, "disputed": Decimal("900.00"), "received": date(2026, 3, 16), **fields}
    )


# --- texts --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("reason", "sub_reason"), KINDS)
def test_there_is_one_for_each_reason_and_language(reason, sub_reason, language):
    row = ResponseTemplate.objects.get(reason=reason, sub_reason=sub_reason, language=language)
    assert placeholders(row.subject + row.body) <= drafts.PLACEHOLDERS


def test_each_names_invoice_amount_date_and_a_next_step():
    steps = {"en": "Next step:", "de": "Nächster Schritt:", "fr": "Prochaine étape", "es": "Siguiente paso:"}
    for row in declared():
        assert {"invoice", "invoice_amount", "invoice_due", "resolve_by"} <= placeholders(row.body)
        assert steps[row.language] in row.body


def test_no_two_reasons_get_the_same_answer():
    bodies = [row.body for row in declared()]
    assert len(set(bodies)) == len(bodies) == 48


def test_what_people_edited_stays_and_what_is_missing_comes_back():
    ResponseTemplate.objects.filter(reason="qty", language="de").update(body="Unser Text")
    ResponseTemplate.objects.filter(reason="qty", language="fr").delete()
    assert (seed_templates(), seed_templates()) == (1, 0)
    assert ResponseTemplate.objects.get(reason="qty", language="de").body == "Unser Text"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("reason", "sub_reason"), KINDS)
def test_filled_none_has_a_gap(reason, sub_reason, language):
    text = drafts.answer(case(reason=reason, sub_reason=sub_reason), language)
    assert "INV9001" in text.subject
    assert "{" not in text.body
    assert not [gap for gap in ("  ", " .", "()", "\n ,") if gap in text.body.replace(" :", ":")]


# --- which text ---------------------------------------------------------------------------------------


def test_a_sub_reason_has_its_own():
    assert "tax" in drafts.answer(case(reason="other", sub_reason="tax"), "en").body


def test_an_unknown_sub_reason_gets_the_reasons():
    same = drafts.template_for("pricing", "tax", "en")
    assert (same.reason, same.sub_reason) == ("pricing", "")


def test_a_language_without_text_gets_english():
    ResponseTemplate.objects.filter(reason="pricing", language="de").delete()
    assert drafts.answer(case(), "de").language == "en"


# --- values -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "amount", "day"),
    [
        ("en", "$14,820.50", "1 Feb 2026"),
        ("de", "14.820,50 USD", "01.02.2026"),
        ("fr", "14\u202f820,50 USD", "01/02/2026"),
        ("es", "14.820,50 USD", "01/02/2026"),
    ],
)
def test_money_and_dates_as_the_language_writes_them(language, amount, day):
    body = drafts.answer(case(), language).body
    assert (amount in body, day in body) == (True, True)


def test_without_an_invoice_nothing_of_it_is_said():
    body = drafts.answer(case(invoice=None, ref="INV-0", disputed=None), "en").body
    assert "We found no matching invoice for “INV-0”" in body
    assert not [word for word in ("due on", "set apart", "purchase order") if word in body]


def test_without_any_reference_it_is_about_the_account():
    text = drafts.answer(case(invoice=None, ref="", disputed=None), "en")
    assert (text.subject, "no matching invoice" in text.body) == ("Your message about your account", False)


def test_the_payments_that_came_in_are_listed():
    paid = [{"day": "2026-03-03", "amount": "500.00"}, {"day": "2026-03-01", "amount": "20.00"}]
    body = drafts.answer(case(reason="other", sub_reason="already_paid", payments=paid), "en").body
    assert "last 90 days: $500.00 (3 Mar 2026) and $20.00 (1 Mar 2026)." in body


def test_a_line_break_in_a_name_breaks_no_header():
    found = case()
    found.invoice.tranid = "INV\r\nBcc: all@x.example"
    assert "\n" not in drafts.answer(found, "en").subject


def test_the_facts_stand_in_the_text():
    text = drafts.answer(case(), "en")
    assert [fact["label"] for fact in text.facts] == ["Invoice", "Invoice amount", "Open on it", "Due", "Set apart"]
    assert all(fact["value"] in text.body for fact in text.facts)


# --- a polished text ----------------------------------------------------------------------------------

LETTER = (
    "Dear Maria,\n\nInvoice INV9001 of 1 Feb 2026 is for $14,820.50, due on 3 Mar 2026.\n"
    "Call +1 555 0142 within 10 days."
)


@pytest.mark.parametrize(
    "text",
    [
        LETTER,
        LETTER.replace("Dear Maria", "Hello Maria, thank you"),
        LETTER.replace("$14,820.50, due", "$14,820.50 and due"),
    ],
)
def test_our_own_figures_may_be_said_otherwise(text):
    assert polish.what_is_wrong(text, LETTER, ["INV9001", "$14,820.50"]) == ""


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("We credit $500.00.", "$500.00"),
        ("We credit fifty percent.", "fifty"),
        ("We credit half of it.", "half"),
        ("See INV9002.", "inv9002"),
        ("Due on 3 May 2026.", "3 may 2026"),
        ("Due on March 3, 2026.", "march 3, 2026"),
        ("Write to ar@evil.example.", "ar@evil.example"),
        ("See https://evil.example/pay", "https://evil.example/pay"),
        ("See evil.com for more.", "evil.com"),
        ("It is ½ of it.", "1⁄2"),
        ("We credit ５０ of it.", "50"),
    ],
)
def test_a_figure_of_its_own_is_not_used(said, named):
    assert named in polish.what_is_wrong(f"{LETTER}\n{said}", LETTER, [])


def test_a_fact_left_out_is_not_used():
    assert "left out “INV9001”" in polish.what_is_wrong(LETTER.replace("Invoice INV9001", "It"), LETTER, ["INV9001"])


@pytest.mark.parametrize("text", ["", f"{LETTER} {{contact}}", LETTER * 4])
def test_what_is_no_letter_is_not_used(text):
    assert polish.what_is_wrong(text, LETTER, []) != ""
