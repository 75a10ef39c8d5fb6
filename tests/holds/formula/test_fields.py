"""Customer fields as formulas see them."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.conf import settings

from customers.models import Customer
from holds.formula import CannotEvaluate, parse
from holds.formula.fields import MIRRORED, UNLIMITED, known, record_of, with_overdue
from tests.factories.customers import CustomerFactory, InvoiceFactory

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 16)


def test_a_record_reads_as_netsuite_gives_it():
    customer = CustomerFactory(
        netsuite_id="107",
        entity_id="ACME",
        name="Acme",
        email="",
        phone="555",
        terms="Net 30",
        currency="USD",
        ar_balance=Decimal("212000.10"),
        credit_limit=Decimal("200000.00"),
        open_orders_total=Decimal("84000.00"),
        oldest_due=TODAY - timedelta(days=61),
        credit_hold_override="",
        on_credit_hold=True,
        record={"custentity_region": "West", "salesrep": "12", "entitystatus": "13"},
    )
    InvoiceFactory(customer=customer, due=TODAY - timedelta(days=1), total=Decimal("10.50"))
    assert dict(record_of(customer, today=TODAY)) == {
        "id": "107",
        "internalid": "107",
        "entityid": "ACME",
        "companyname": "Acme",
        "email": None,
        "phone": "555",
        "terms": "Net 30",
        "currency": "USD",
        "balance": 212000.10,
        "creditlimit": 200000.0,
        "unbilledorders": 84000.0,
        "overduebalance": 10.5,
        "daysoverdue": 61.0,
        "creditholdoverride": None,
        "oncredithold": True,
        "isinactive": False,
        "custentity_region": "West",
        "salesrep": "12",
        "entitystatus": "13",
    }


def test_a_limit_that_is_not_set_is_blank():
    assert record_of(CustomerFactory(), today=TODAY)["creditlimit"] is None


def test_an_unlimited_limit_is_above_every_amount():
    customer = CustomerFactory(credit_limit_kind="unlimited", ar_balance=Decimal("9999999999999.99"))
    assert record_of(customer, today=TODAY)["creditlimit"] == UNLIMITED
    assert parse("customer.balance > customer.creditlimit").holds(record_of(customer, today=TODAY)) is False


def test_nothing_late_is_no_days_overdue():
    assert record_of(CustomerFactory(oldest_due=TODAY + timedelta(days=5)), today=TODAY)["daysoverdue"] == 0.0


def test_a_custom_field_blank_for_one_customer_is_null():
    CustomerFactory(record={"custentity_vip": "T"})
    assert record_of(CustomerFactory(), today=TODAY)["custentity_vip"] is None


def test_a_custom_field_that_nobody_has_is_missing():
    customer = CustomerFactory()
    with pytest.raises(CannotEvaluate):
        parse("customer.custentity_vpi == 'T'").holds(record_of(customer, today=TODAY))


def test_known_fields():
    CustomerFactory(record={"custentity_vip": "T"})
    assert known(["balance", "custentity_vip", "custentity_vpi"]) == {"balance", "custentity_vip"}


def test_default_formula_reads_no_row_beside_the_customer(django_assert_num_queries):
    customer = CustomerFactory()
    with django_assert_num_queries(0):
        parse("parseFloat(customer.balance || 0) > 5 && customer.daysoverdue > 0").holds(
            record_of(customer, today=TODAY)
        )


def test_overdue_balance_is_read_along(django_assert_num_queries):
    for _ in range(3):
        InvoiceFactory(due=TODAY - timedelta(days=1), total=Decimal("10.50"))
    with django_assert_num_queries(1):
        read = [
            record_of(customer, today=TODAY)["overduebalance"]
            for customer in with_overdue(Customer.objects.all(), today=TODAY)
        ]
    assert read == [10.5, 10.5, 10.5]


@pytest.mark.parametrize(
    "text",
    [
        "customer.balance / customer.creditlimit > 0.9",
        "parseFloat(customer.terms) > 5",
        "customer.terms > 'a'",
        "customer.balance % 2 == 0",
        "Math.round(customer.balance) > 5",
        "customer.terms.toLowerCase() == 'net 30'",
        "customer.balance",
        "customer.custentity_nobody == 'T'",
        "true || customer.custentity_nobody",
        "customer.balance > 1e200",
        "customer.terms == '\\ud83d'",
        "customer.terms == '\\0'",
    ],
)
def test_what_sql_would_say_differently_is_not_translated(text):
    assert parse(text).expression(today=TODAY) is None


def test_a_custom_field_that_is_no_text_is_left_to_the_evaluator():
    CustomerFactory(record={"custentity_vip": 5})
    expression = parse("customer.custentity_vip != 'T'").expression(today=TODAY)
    assert list(Customer.objects.annotate(held=expression).values_list("held", flat=True)) == [None]


def test_a_translated_formula_filters():
    CustomerFactory(name="over", ar_balance=Decimal("5.00"))
    CustomerFactory(name="under")
    held = parse("customer.balance > 0").expression(today=TODAY)
    assert [customer.name for customer in Customer.objects.filter(held)] == ["over"]


def test_the_documentation_lists_every_field():
    kinds = {"number": "number", "text": "text", "flag": "true or false"}
    rows = [
        f"| `{name}` | {kinds[field.kind]}{' or blank' if field.blank else ''} | {field.help} |"
        for name, field in MIRRORED.items()
    ]
    assert "\n".join(rows) in (settings.BASE_DIR / "docs" / "formulas.md").read_text()
