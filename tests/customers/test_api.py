from datetime import date
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers import aging
from tests.factories.customers import CreditFactory, CustomerFactory, EmployeeFactory, InvoiceFactory, SalesOrderFactory

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.customers.urls")]
URL = "/api/v1/customers/"


def user_with(username, *permissions):
    user = User.objects.create_user(username)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return user


@pytest.fixture
def mike():
    return user_with("mike", "view_customer", "view_every_customer")


@pytest.fixture
def dana():
    """A sales rep, with one customer of her own."""
    dana = user_with("dana", "view_customer")
    EmployeeFactory(user=dana, netsuite_id="12", first_name="Dana", last_name="Reyes")
    return dana


@pytest.fixture
def acme(dana, frozen_today):
    acme = CustomerFactory(
        netsuite_id="107", entity_id="ACME", name="Acme", sales_rep=dana.employee, credit_limit=Decimal(10_000)
    )
    InvoiceFactory(customer=acme, issued=date(2025, 12, 1), due=date(2025, 12, 31), total=Decimal("4000.50"))
    InvoiceFactory(customer=acme, issued=date(2026, 3, 1), due=date(2026, 3, 31), total=Decimal("1000.00"))
    CreditFactory(customer=acme, total=Decimal("0.50"))
    SalesOrderFactory(customer=acme, issued=date(2026, 3, 10), total=Decimal("2500.00"))
    aging.refresh_summaries(today=frozen_today)
    return acme


def names(answer):
    return [customer["name"] for customer in answer.json()["results"]]


def test_one_customer_in_full(api, mike, acme):
    body = api(mike).get(f"{URL}107/").json()
    assert body.pop("health")["band"] == "green"
    assert body == {
        **{"netsuite_id": "107", "entity_id": "ACME", "name": "Acme", "email": "ap107@customer.example"},
        **{"region": "", "tier": "", "currency": "USD", "base_currency": "USD", "entitystatus": ""},
        **{"credit_hold": False, "ar_balance": "5000.00", "overdue_balance": "4000.50", "days_overdue": 75},
        **{"open_orders_total": "2500.00", "credit_limit": "10000.00", "credit_limit_kind": "amount"},
        **{"utilisation": "0.7500", "sales_rep": {"netsuite_id": "12", "name": "Dana Reyes"}, "synced_at": None},
        "aging": {
            **{"current": "1000.00", "d1_30": "0.00", "d31_60": "0.00", "d61_90": "4000.50"},
            **{"d91_120": "0.00", "d120_plus": "0.00", "unapplied": "0.50"},
        },
    }


def test_the_list_says_the_same_as_the_detail(api, mike, acme):
    [listed] = api(mike).get(URL).json()["results"]
    assert listed == api(mike).get(f"{URL}107/").json()


def test_a_customer_without_documents_or_limit(api, mike):
    CustomerFactory(netsuite_id="5")
    body = api(mike).get(f"{URL}5/").json()
    assert (body["ar_balance"], body["credit_limit"], body["utilisation"], body["sales_rep"]) == (
        "0.00",
        None,
        None,
        None,
    )


def test_a_rep_lists_their_own_customers_only(api, dana, acme):
    CustomerFactory(name="Someone else's")
    assert names(api(dana).get(URL)) == ["Acme"]


def test_a_rep_gets_404_for_a_colleagues_customer(api, dana):
    CustomerFactory(netsuite_id="5", sales_rep=EmployeeFactory())
    assert api(dana).get(f"{URL}5/").status_code == 404


def test_without_the_view_permission_there_is_no_list(api, acme):
    assert api(user_with("eve", "view_every_customer")).get(URL).status_code == 403


def test_a_stranger_is_asked_to_sign_in(api):
    assert api().get(URL).status_code == 401


@pytest.mark.parametrize(
    ("query", "found"), [("?search=acm", ["Acme"]), ("?search=zz", []), ("?search=", ["Acme", "Apex"])]
)
def test_search(api, mike, query, found):
    CustomerFactory(name="Acme")
    CustomerFactory(name="Apex")
    assert names(api(mike).get(URL + query)) == found


@pytest.mark.parametrize(("query", "found"), [("?on_hold=true", ["Held"]), ("?on_hold=false", ["Free"])])
def test_on_hold(api, mike, query, found):
    CustomerFactory(name="Held", entitystatus="hold")
    CustomerFactory(name="Free")
    assert names(api(mike).get(URL + query)) == found


def test_ordering_by_balance(api, mike):
    for name, balance in [("A", 5), ("B", 9), ("C", 1)]:
        CustomerFactory(name=name, ar_balance=Decimal(balance))
    assert names(api(mike).get(f"{URL}?ordering=-ar_balance")) == ["B", "A", "C"]


@pytest.mark.parametrize("query", ["?ordering=record", "?on_hold=maybe", "?entitystatus=hold", "?sales_rep__user=1"])
def test_what_the_list_does_not_offer_is_refused(api, mike, query):
    assert api(mike).get(URL + query).status_code == 400


def test_pages_reach_every_one_of_many_equals(api, mike):
    for number in range(7):
        CustomerFactory(name=f"Customer {number}", ar_balance=Decimal(0))
    found, url = [], f"{URL}?ordering=ar_balance&page_size=2"
    while url:
        answer = api(mike).get(url)
        found, url = found + names(answer), answer.json()["next"]
    assert found == [f"Customer {number}" for number in range(7)]


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_customers_are_read_only_here(api, mike, acme, method):
    assert getattr(api(mike), method)(f"{URL}107/", {}).status_code in (403, 405)


def test_a_list_of_three_costs_as_many_queries_as_one(api, mike, acme):
    client = api(mike)
    with CaptureQueriesContext(connection) as one:
        client.get(URL)
    for _ in range(2):
        InvoiceFactory(customer=CustomerFactory(sales_rep=EmployeeFactory()))
    with CaptureQueriesContext(connection) as three:
        assert len(names(client.get(URL))) == 3
    assert len(three) == len(one)
