"""The demo's mail: it comes in through the same door as any other."""

from datetime import date
from decimal import Decimal

import pytest

from config.demo import mails
from disputes.models import InboundEmail
from tests.factories.customers import CustomerFactory, InvoiceFactory

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 20)


def test_letters_name_an_open_invoice_of_their_sender(time_machine):
    time_machine.move_to("2026-11-20T15:00:00Z")
    for number in range(20):
        customer = CustomerFactory(ar_balance=Decimal(1000 - number))
        InvoiceFactory(customer=customer, tranid=f"INV-{number}", issued=date(2026, 9, 1))
    assert mails.bring(TODAY) == len(mails.LETTERS)
    first = InboundEmail.objects.get(subject="Re: Invoice INV-12")
    assert (first.status, first.sender_known, first.customer.ar_balance) == ("received", True, 988)
    assert mails.bring(TODAY) == len(mails.LETTERS)
    assert InboundEmail.objects.count() == len(mails.LETTERS)


def test_without_customers_nobody_writes():
    assert mails.bring(TODAY) == 0
