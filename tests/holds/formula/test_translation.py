"""The formula as one query says what it says customer by customer, on both databases."""

import random
from datetime import date, timedelta
from decimal import Decimal

import pytest

from customers.models import Customer
from holds.formula import PRESETS, CannotEvaluate, Formula, parse
from holds.formula.fields import MIRRORED, record_of
from tests.factories.customers import CustomerFactory, InvoiceFactory
from tests.holds.formula.generator import ColumnGenerator

pytestmark = pytest.mark.django_db(transaction=True)
TODAY = date(2026, 3, 16)
AMOUNTS = ["0.00", "0.10", "0.20", "0.30", "100.10", "5000.00", "5000.01", "-12.50", "9999999999999.99", "12345.67"]


@pytest.fixture
def customers() -> list[Customer]:
    """Sixty customers with every mixture of blank, zero, equal and odd values."""
    chance = random.Random(7)
    made = [_customer(chance) for _ in range(60)]
    for customer in made[::4]:
        InvoiceFactory(customer=customer, due=TODAY - timedelta(days=9), total=Decimal("100.10"))
        InvoiceFactory(customer=customer, due=TODAY - timedelta(days=2), total=Decimal("0.20"))
    return made


def _customer(chance: random.Random) -> Customer:
    limit = chance.choice([None, *AMOUNTS])
    custom = chance.choice([{}, {"custentity_vip": "T"}, {"custentity_vip": ""}, {"custentity_vip": "é😀%"}])
    return CustomerFactory(
        ar_balance=Decimal(chance.choice(AMOUNTS)),
        credit_limit=limit and Decimal(limit),
        credit_limit_kind="amount" if limit else chance.choice(["none", "unlimited"]),
        open_orders_total=Decimal(chance.choice(AMOUNTS)),
        oldest_due=chance.choice([None, TODAY, TODAY - timedelta(days=45), TODAY + timedelta(days=3)]),
        terms=chance.choice(["", "Net 30", "net 30", "T", "Net 30 é"]),
        currency=chance.choice(["USD", "EUR", ""]),
        email=chance.choice(["", "ap@customer.example"]),
        credit_hold_override=chance.choice(["", "AUTO", "ON"]),
        is_inactive=chance.random() < 0.3,
        on_credit_hold=chance.random() < 0.3,
        record=custom,
    )


@pytest.fixture
def records(customers) -> dict[int, dict[str, object]]:
    names = {*MIRRORED, "custentity_vip"}
    read = {customer.pk: record_of(customer, today=TODAY) for customer in Customer.objects.all()}
    return {pk: {name: record[name] for name in names} for pk, record in read.items()}


def by_query(formula: Formula) -> dict[int, bool | None]:
    expression = formula.expression(today=TODAY)
    assert expression is not None
    return dict(Customer.objects.annotate(held=expression).values_list("pk", "held"))


def one_by_one(formula: Formula, records: dict[int, dict[str, object]]) -> dict[int, bool | None]:
    return {pk: _held(formula, record) for pk, record in records.items()}


def _held(formula: Formula, record: dict[str, object]) -> bool | None:
    try:
        return formula.holds(record)
    except CannotEvaluate:
        return None


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.slug)
def test_preset_as_a_query_holds_the_same_customers(records, preset):
    formula = parse(preset.text)
    answers = by_query(formula)
    assert answers == one_by_one(formula, records)
    assert set(answers.values()) == {True, False}


def test_random_formulas_as_queries_say_the_same(records):
    generator = ColumnGenerator(seed=20260316)
    formulas = [parse(generator.flag()) for _ in range(700)]
    translated = [formula for formula in formulas if formula.expression(today=TODAY) is not None]
    wrong = [formula.text for formula in translated if by_query(formula) != one_by_one(formula, records)]
    assert wrong == []
    assert len(translated) > 400
