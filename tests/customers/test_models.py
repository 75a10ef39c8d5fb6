from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser, Permission, User
from django.db import IntegrityError, transaction

from customers import aging
from customers.clock import business_today
from customers.models import Customer, Transaction
from tests.factories.customers import CreditFactory, CustomerFactory, EmployeeFactory, InvoiceFactory, SalesOrderFactory

pytestmark = pytest.mark.django_db
TODAY = date(2026, 5, 5)
LINE = {"days": 60, "amount": Decimal(10_000)}


def days_ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def debtor(*, late: int = 60, total: str = "10000.00", **customer) -> Customer:
    customer = CustomerFactory(**customer)
    InvoiceFactory(customer=customer, issued=days_ago(late + 30), due=days_ago(late), total=Decimal(total))
    return customer


@pytest.fixture(params=["summary", "documents"])
def crossing(request):
    """The same question asked of today's summary and of the documents of a past day."""

    def ask():
        aging.refresh_summaries(today=TODAY)
        now = datetime(2026, 5, 5 if request.param == "summary" else 9, 16, tzinfo=UTC)
        with time_machine.travel(now):
            return list(Customer.objects.crossing(as_of=TODAY, **LINE))

    return ask


def test_both_thresholds_are_inclusive(crossing):
    exactly = debtor()
    debtor(late=59)
    debtor(total="9999.99")
    assert crossing() == [exactly]


def test_inactive_customers_do_not_cross(crossing):
    debtor(is_inactive=True)
    assert crossing() == []


def test_unapplied_credits_count_against_the_line(crossing):
    CreditFactory(customer=debtor(), issued=days_ago(1), total=Decimal("0.01"))
    assert crossing() == []


def test_what_is_not_due_yet_counts_towards_the_amount(crossing):
    customer = debtor(total="4000.00")
    InvoiceFactory(customer=customer, issued=days_ago(1), total=Decimal("6000.00"))
    assert crossing() == [customer]


def test_today_turns_at_midnight_of_the_business():
    with time_machine.travel(datetime(2026, 5, 5, 3, 59, tzinfo=UTC)):
        assert business_today() == date(2026, 5, 4)
    with time_machine.travel(datetime(2026, 5, 5, 4, 0, tzinfo=UTC)):
        assert business_today() == date(2026, 5, 5)


@pytest.mark.parametrize(
    ("kind", "limit", "available", "utilisation"),
    [
        ("amount", Decimal(200_000), Decimal(-12_000), Decimal("1.06")),
        ("amount", Decimal(0), Decimal(-212_000), None),
        ("none", None, None, None),
        ("unlimited", None, None, None),
    ],
)
def test_exposure_in_the_three_limit_states(kind, limit, available, utilisation):
    customer = CustomerFactory(credit_limit=limit, credit_limit_kind=kind)
    InvoiceFactory(customer=customer, total=Decimal(128_000))
    SalesOrderFactory(customer=customer, total=Decimal(84_000))
    aging.refresh_summaries(today=TODAY)
    row = Customer.objects.with_exposure(TODAY).get()
    assert (row.exposure, row.available, row.utilisation) == (Decimal(212_000), available, utilisation)


def test_a_limit_and_its_kind_belong_together():
    with pytest.raises(IntegrityError), transaction.atomic():
        CustomerFactory(credit_limit=Decimal(5), credit_limit_kind="unlimited")


def test_an_unknown_entitystatus_is_refused_by_the_database():
    with pytest.raises(IntegrityError), transaction.atomic():
        CustomerFactory(entitystatus="released")


def test_on_hold_is_our_hold_not_netsuites():
    held = CustomerFactory(entitystatus="hold")
    CustomerFactory(on_credit_hold=True, credit_hold_override="ON")
    assert list(Customer.objects.on_hold()) == [held]


def test_a_rep_sees_their_own_customers():
    dana = User.objects.create_user("dana")
    own = CustomerFactory(sales_rep=EmployeeFactory(user=dana))
    CustomerFactory(sales_rep=EmployeeFactory())
    CustomerFactory(sales_rep=None)
    assert list(Customer.objects.for_rep(dana)) == [own]


def test_mike_sees_every_customer():
    mike = User.objects.create_user("mike")
    mike.user_permissions.add(Permission.objects.get(codename="view_every_customer"))
    customers = {CustomerFactory(sales_rep=EmployeeFactory()), CustomerFactory()}
    assert set(Customer.objects.for_rep(mike)) == customers


def test_a_user_who_is_no_employee_sees_nobody():
    CustomerFactory(sales_rep=None)
    assert list(Customer.objects.for_rep(User.objects.create_user("clerk"))) == []
    assert list(Customer.objects.for_rep(AnonymousUser())) == []


@pytest.mark.parametrize("text", ["acme", "ACME stores", "C77", "ap@acme.example", "0142", "77"])
def test_search_finds_by_name_number_mail_and_phone(text):
    acme = CustomerFactory(
        netsuite_id="77", entity_id="C77", name="Acme Stores", email="ap@acme.example", phone="+1 555 0142"
    )
    CustomerFactory(netsuite_id="78", entity_id="C78", name="Apex", email="ap@apex.example", phone="+1 555 0100")
    assert list(Customer.objects.search(text)) == [acme]


def test_search_takes_wildcards_literally():
    CustomerFactory(name="Acme")
    assert list(Customer.objects.search("%")) == []


def test_overdue_leaves_out_what_is_due_today():
    late = InvoiceFactory(issued=days_ago(40), due=days_ago(1))
    InvoiceFactory(issued=days_ago(40), due=TODAY)
    assert list(Transaction.objects.overdue(TODAY)) == [late]


def test_what_the_sync_writes_leaves_no_history():
    fields = {field.name for field in Customer.history.model._meta.fields}
    assert fields == {
        *("id", "netsuite_id", "entitystatus", "credit_hold"),
        *("history_id", "history_date", "history_change_reason", "history_type", "history_user"),
    }


@pytest.mark.parametrize(
    ("entitystatus", "on_credit_hold", "standing"),
    [("", False, ""), ("", True, "netsuite"), ("hold", False, "hold"), ("hold", True, "hold")],
)
def test_a_service_hold_comes_before_netsuites_own(entitystatus, on_credit_hold, standing):
    assert Customer(entitystatus=entitystatus, on_credit_hold=on_credit_hold).standing == standing
