"""Customers, employees and documents for tests. Customer summaries follow from `refresh_summaries`, or are given."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import count

import factory
from factory.django import DjangoModelFactory

from customers.models import Customer, Employee, Transaction

# One counter for all document types: they share NetSuite's id space.
_document_ids = count(900_000)


class EmployeeFactory(DjangoModelFactory):
    class Meta:
        model = Employee

    netsuite_id = factory.Sequence(lambda n: str(5000 + n))
    first_name = "Dana"
    last_name = factory.Sequence(lambda n: f"Reyes {n}")
    email = factory.LazyAttribute(lambda e: f"employee{e.netsuite_id}@holdgate.example")
    is_sales_rep = True


class CustomerFactory(DjangoModelFactory):
    class Meta:
        model = Customer

    netsuite_id = factory.Sequence(lambda n: str(100 + n))
    entity_id = factory.LazyAttribute(lambda c: f"C{c.netsuite_id}")
    name = factory.LazyAttribute(lambda c: f"Customer {c.netsuite_id}")
    email = factory.LazyAttribute(lambda c: f"ap{c.netsuite_id}@customer.example")
    currency = "USD"
    credit_hold_override = "AUTO"
    credit_limit = None
    credit_limit_kind = factory.LazyAttribute(lambda c: "none" if c.credit_limit is None else "amount")


class _DocumentFactory(DjangoModelFactory):
    class Meta:
        model = Transaction
        abstract = True

    netsuite_id = factory.LazyFunction(lambda: str(next(_document_ids)))
    customer = factory.SubFactory(CustomerFactory)
    issued = date(2026, 3, 1)
    total = Decimal("1000.00")
    currency = "USD"
    total_foreign = factory.SelfAttribute("total")
    unpaid_foreign = factory.SelfAttribute("unpaid")
    unpaid = Decimal("0.00")


class InvoiceFactory(_DocumentFactory):
    """Open by default; `closed=` a date settles it."""

    type = Transaction.INVOICE
    tranid = factory.Sequence(lambda n: f"INV{10_000 + n}")
    due = factory.LazyAttribute(lambda i: i.issued + timedelta(days=30))
    closed = None
    unpaid = factory.LazyAttribute(lambda i: Decimal("0.00") if i.closed else i.total)
    status = factory.LazyAttribute(lambda i: "A" if i.unpaid else "B")


class SalesOrderFactory(_DocumentFactory):
    type = Transaction.SALES_ORDER
    tranid = factory.Sequence(lambda n: f"SO-{49_000 + n}")
    status = "B"


class PaymentFactory(_DocumentFactory):
    """Applied in full by default; `unpaid=` is what is not yet applied."""

    type = Transaction.PAYMENT
    tranid = factory.Sequence(lambda n: f"PYMT{n}")
    closed = factory.LazyAttribute(lambda p: None if p.unpaid else p.issued)


class CreditFactory(_DocumentFactory):
    """A credit memo, not yet applied by default."""

    type = Transaction.CREDIT
    tranid = factory.Sequence(lambda n: f"CM{n}")
    unpaid = factory.SelfAttribute("total")
