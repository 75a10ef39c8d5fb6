"""The answer to a disputing customer: which template, its values, and the facts it rests on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.conf import settings

from customers.models import Customer, Transaction
from disputes.models import Dispute, InboundEmail, ResponseTemplate
from netsuite.errors import Refusal
from workflows.drafting import fill, one_line
from workflows.wording import day, listing, money

KIND = "dispute_response"
LANGUAGES = tuple(code for code, _name in ResponseTemplate.LANGUAGES)
PLACEHOLDERS = frozenset(
    {
        *("contact", "customer", "received", "about", "invoice", "invoice_date", "invoice_due"),
        *("invoice_amount", "invoice_open", "po", "not_found", "disputed", "payments", "resolve_by", "rep"),
        *("company", "company_phone"),
    }
)
ABOUT = {
    "en": ("invoice {}", "your reference {}", "your account"),
    "de": ("Rechnung {}", "Ihrem Zeichen {}", "Ihrem Konto"),
    "fr": ("la facture {}", "votre référence {}", "votre compte"),
    "es": ("la factura {}", "su referencia {}", "su cuenta"),
}
NOT_FOUND = {
    "en": (
        "We found no matching invoice for “{}” on your account. Please send us a copy of the invoice, or its number."
    ),
    "de": (
        "Wir haben zu „{}“ keine passende Rechnung auf Ihrem Konto gefunden. Bitte senden Sie uns eine Kopie der "
        "Rechnung oder deren Nummer."
    ),
    "fr": (
        "Nous n'avons trouvé sur votre compte aucune facture correspondant à « {} ». Veuillez nous envoyer une copie "
        "de la facture ou son numéro."
    ),
    "es": (
        "No hemos encontrado en su cuenta ninguna factura que corresponda a «{}». Envíenos, por favor, una copia de "
        "la factura o su número."
    ),
}
FACTS = (
    ("Invoice", "invoice"),
    ("Invoice amount", "invoice_amount"),
    ("Open on it", "invoice_open"),
    ("Due", "invoice_due"),
    ("Set apart", "disputed"),
)


@dataclass(frozen=True)
class Answer:
    """A filled template, with the figures in it."""

    subject: str
    body: str
    language: str
    facts: Sequence[Mapping[str, str]]


@dataclass(frozen=True)
class Case:
    """What an answer speaks of. `disputed` is in base currency, `ref` the number as the customer wrote it."""

    customer: Customer
    reason: str
    sub_reason: str
    ref: str
    invoice: Transaction | None
    disputed: Decimal | None
    received: date
    resolve_by: datetime | None
    payments: Sequence[Mapping[str, str]] = ()


def answer(case: Case, language: str) -> Answer:
    """The text in the customer's language; English where it is none of ours. Raises Refusal without a template."""
    language = language if language in LANGUAGES else "en"
    template = template_for(case.reason, case.sub_reason, language)
    found = values(case, template.language)
    facts = [{"label": label, "value": value} for label, value in figures(case, template.language).items()]
    return Answer(one_line(fill(template.subject, found)), fill(template.body, found).strip(), template.language, facts)


def template_for(reason: str, sub_reason: str, language: str) -> ResponseTemplate:
    """The text for the sub-reason, else for the reason; in English when the language has none."""
    rows = ResponseTemplate.objects.filter(reason=reason, sub_reason__in={sub_reason, ""})
    rows = rows.filter(language__in={language, "en"})
    best = max(rows, key=lambda row: (row.language == language, row.sub_reason == sub_reason), default=None)
    if best is None:
        raise Refusal(f"There is no answer for the reason “{reason}”.", code="no_template", status=409)
    return best


def values(case: Case, language: str) -> dict[str, str]:
    """A value for each placeholder, "" where there is none."""
    invoice, rep = case.invoice, case.customer.sales_rep
    known = {
        "contact": case.customer.contact_name or str(case.customer),
        "customer": str(case.customer),
        "received": day_in(case.received, language),
        "about": _about(case, language),
        "not_found": NOT_FOUND[language].format(case.ref) if case.ref and invoice is None else "",
        "disputed": money_in(case.disputed, language) if case.disputed else "",
        "payments": listed_payments(case.payments, language),
        "resolve_by": day_in(business_day(case.resolve_by), language) if case.resolve_by else "",
        "rep": rep.name if rep and not rep.is_inactive else "",
        "company": settings.COMPANY_NAME,
        "company_phone": settings.COMPANY_PHONE,
    }
    return dict.fromkeys(PLACEHOLDERS, "") | known | (_of_invoice(invoice, language) if invoice else {})


def figures(case: Case, language: str) -> dict[str, str]:
    """The figures that must still be true when the mail goes out, as the mail spells them."""
    found = values(case, language)
    return {label: found[name] for label, name in FACTS if found[name]}


def _of_invoice(invoice: Transaction, language: str) -> dict[str, str]:
    return {
        "invoice": invoice.tranid,
        "invoice_date": day_in(invoice.issued, language),
        "invoice_due": day_in(invoice.due, language) if invoice.due else "",
        "invoice_amount": money_in(invoice.total, language),
        "invoice_open": money_in(invoice.unpaid, language),
        "po": invoice.po_number,
    }


def _about(case: Case, language: str) -> str:
    invoice, reference, account = ABOUT[language]
    if case.invoice:
        return invoice.format(case.invoice.tranid)
    return reference.format(case.ref) if case.ref else account


def money_in(amount: Decimal, language: str) -> str:
    """Base currency as the language writes it: `$1,234.50`, `1.234,50 USD`, `1 234,50 USD`."""
    if language == "en":
        return money(amount)
    thousands = "\u202f" if language == "fr" else "."
    digits = f"{amount:,.2f}".replace(",", "#").replace(".", ",").replace("#", thousands)
    return f"{digits} {settings.BASE_CURRENCY}"


def day_in(value: date, language: str) -> str:
    """`17 Nov 2026`, `17.11.2026`, `17/11/2026`."""
    if language == "en":
        return day(value)
    return f"{value:%d.%m.%Y}" if language == "de" else f"{value:%d/%m/%Y}"


def listed_payments(payments: Sequence[Mapping[str, str]], language: str) -> str:
    """`$500.00 (3 Mar 2026) and $20.00 (1 Mar 2026)`."""
    parts = [
        f"{money_in(Decimal(one['amount']), language)} ({day_in(date.fromisoformat(one['day']), language)})"
        for one in payments
    ]
    return listing(parts) if language == "en" else ", ".join(parts)


def language_of(email: InboundEmail | None, wanted: str = "") -> str:
    """The mail's language when it is one of ours, else the wanted one, else English."""
    spoken = email.language if email else wanted
    return spoken if spoken in LANGUAGES else "en"


def case_of(dispute: Dispute, payments: Sequence[Mapping[str, str]] = ()) -> Case:
    """An answer's subject as the dispute's record has it now."""
    email = dispute.email
    return Case(
        customer=dispute.customer,
        reason=dispute.reason,
        sub_reason=dispute.sub_reason,
        ref=dispute.invoice_ref,
        invoice=dispute.invoice,
        disputed=dispute.amount,
        received=business_day(email.received_at if email else dispute.opened_at),
        resolve_by=dispute.resolve_by,
        payments=payments,
    )


def business_day(moment: datetime) -> date:
    return moment.astimezone(ZoneInfo(settings.TIME_ZONE_BUSINESS)).date()
