"""The cards in the console and over the API: what each role sees, filters, exports, limits."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from anomalies.actions.bands import set_band, version_of
from anomalies.actions.snapshots import take
from anomalies.cards import CARDS, card
from anomalies.cards.readings import reading
from anomalies.models import CardBand
from customers.aging import refresh_summaries
from customers.models import Customer
from netsuite.errors import Refusal
from tests.factories.customers import CustomerFactory, EmployeeFactory, InvoiceFactory, SalesOrderFactory
from tests.factories.metrics import history
from workflows.models import AutoDecision

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 17, tzinfo=UTC)
SHARES = {"performing": "0.5", "attention": "0.7"}


@pytest.fixture(autouse=True)
def noon(time_machine):
    time_machine.move_to(NOON, tick=False)


def late(name: str, **fields: object) -> Customer:
    """A customer on hold, over the limit, with an old invoice and a blocked order."""
    customer = CustomerFactory(name=name, on_credit_hold=True, credit_limit=Decimal(100), **fields)
    InvoiceFactory(customer=customer, total=Decimal(500), issued=date(2026, 7, 1))
    SalesOrderFactory(customer=customer, status="A", total=Decimal(20_000), issued=DAY)
    return customer


def counted() -> None:
    refresh_summaries(today=DAY)
    take(day=DAY, now=NOON)


def page(client, slug: str, **query: str):
    return client.get(reverse("card", args=[slug]), query)


def exported(client, slug: str, **query: str) -> list[list[str]]:
    answer = client.get(reverse("card_csv", args=[slug]), query)
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode())))


@pytest.mark.parametrize("slug", CARDS)
def test_a_page_without_figures_says_so(client, mike, slug: str):
    client.force_login(mike)
    answer = page(client, slug)
    assert answer.status_code == 200
    assert (answer.context["title"], answer.context["reading"].state) == (CARDS[slug].title, "unknown")
    assert "Not enough data: 0 of 20 days." in answer.content.decode()


def test_the_headline_is_the_finding(client, mike):
    late("Acme")
    counted()
    client.force_login(mike)
    assert page(client, "orders-on-credit-hold").context["title"] == "1 order on credit hold"
    assert page(client, "aging-buckets").context["title"] == "100.0 % of open invoices are 61 days overdue or older"
    assert client.get(reverse("cards")).context["cards"][0][2] == "1 order on credit hold"


@pytest.mark.parametrize(("who", "status"), [("rep", 200), ("clerk", 200), ("owner", 200), ("cashier", 403)])
def test_who_may_open_a_card(client, request, who: str, status: int):
    client.force_login(request.getfixturevalue(who))
    addresses = [reverse("cards"), reverse("card", args=["dso-increase"]), reverse("card_csv", args=["dso-increase"])]
    assert {client.get(address).status_code for address in addresses} == {status}


def test_there_is_no_other_card(client, mike):
    client.force_login(mike)
    assert page(client, "nothing").status_code == 404


def test_a_sales_rep_reads_figures_and_rows_of_their_own(client, rep):
    late("Mine", sales_rep=EmployeeFactory(user=rep))
    late("Theirs", sales_rep=EmployeeFactory(), region="West")
    counted()
    client.force_login(rep)
    answer = page(client, "orders-on-credit-hold", scope="region", value="West")
    assert answer.context["title"] == "1 order on credit hold"
    assert [line.name for line in answer.context["lines"]] == ["Mine"]
    assert answer.context["dimensions"] == []
    assert [line[0] for line in exported(client, "customers-on-hold", q="Theirs")[1:]] == []


def test_a_sales_rep_without_an_employee_sees_nothing(client, rep):
    late("Theirs")
    counted()
    client.force_login(rep)
    answer = page(client, "customers-on-hold")
    assert (answer.context["reading"].value, answer.context["lines"]) == (None, [])


def test_segments_are_links_with_their_figure(client, mike):
    late("Acme", region="West & Co")
    late("Borel", region="East")
    counted()
    client.force_login(mike)
    answer = page(client, "orders-on-credit-hold", scope="region", value="West & Co")
    [region] = answer.context["dimensions"]
    assert {(one.value, one.figure) for one in region.segments} == {("West & Co", "1"), ("East", "1")}
    assert "?scope=region&amp;value=West%20%26%20Co" in answer.content.decode()
    assert [line.name for line in answer.context["lines"]] == ["Acme"]


def test_a_choice_that_there_is_not_changes_nothing(client, mike):
    late("Acme")
    counted()
    client.force_login(mike)
    answer = page(client, "credit-utilisation", at="nonsense", after="forged", q="\x00")
    assert [line.name for line in answer.context["lines"]] == ["Acme"]


def test_the_export_has_the_same_rows_and_no_formula(client, mike):
    late("=HYPERLINK(1)")
    late("Borel")
    counted()
    client.force_login(mike)
    heads, *rows = exported(client, "credit-utilisation", q="HYPERLINK")
    assert heads[:4] == ["Customer", "NetSuite id", "Used", "Exposure, USD"]
    assert [(row[0], row[3]) for row in rows] == [("'=HYPERLINK(1)", "20500.00")]


@pytest.mark.parametrize("slug", CARDS)
def test_a_page_costs_the_same_queries_for_one_row_and_for_three(client, mike, slug: str):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert page(client, slug).status_code == 200
        return len(captured)

    client.force_login(mike)
    late("One", region="West", sales_rep=EmployeeFactory())
    counted()
    page(client, slug)
    one = queries()
    for name in ("Two", "Three"):
        late(name, region=name, sales_rep=EmployeeFactory())
    counted()
    assert queries() == one


@pytest.mark.parametrize("slug", ["customers-on-hold", "orders-on-credit-hold"])
def test_the_api_pages_through_the_rows_and_back(api, mike, slug: str):
    for name in ("Acme", "Borel", "Corvin"):
        late(name)
    counted()
    client = api(mike)
    first, address = [], f"/api/v1/cards/{slug}/?page_size=1"
    for way in ("next", "previous"):
        found = []
        while address:
            answer = client.get(address).json()
            found, address, last = [*found, *(row["name"] for row in answer["results"])], answer[way], address
        first, address = [*first, found], last
    assert first == [["Acme", "Borel", "Corvin"], ["Corvin", "Borel", "Acme"]]
    assert client.get(last).json()["next"] is not None


def test_the_api_gives_a_row_with_its_columns(api, mike):
    for name in ("Acme", "Borel", "Corvin"):
        late(name)
    counted()
    answer = api(mike).get("/api/v1/cards/customers-on-hold/").json()
    assert (answer["next"], answer["previous"]) == (None, None)
    assert (answer["value"], answer["unit"], answer["columns"][2]["key"]) == ("3.000000", "count", "balance")
    assert answer["results"][0]["values"]["balance"] == "500.00"


def test_the_api_gives_every_card(api, mike):
    answer = api(mike).get("/api/v1/cards/").json()["results"]
    assert [one["slug"] for one in answer] == list(CARDS)
    assert {one["state"] for one in answer} == {"unknown"}


@pytest.mark.parametrize(
    ("query", "attr"),
    [
        ("unknown=1", "unknown"),
        ("scope=planet&value=x", "scope"),
        ("scope=region", "value"),
        ("value=West", "value"),
        ("scope=region&value=%00", "value"),
        ("at=90", "at"),
    ],
)
def test_the_api_refuses_what_it_does_not_know(api, mike, query: str, attr: str):
    answer = api(mike).get(f"/api/v1/cards/credit-utilisation/?{query}")
    assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, attr)


def test_the_api_shows_a_sales_rep_their_own(api, rep):
    late("Mine", sales_rep=EmployeeFactory(user=rep))
    late("Theirs")
    counted()
    answer = api(rep).get("/api/v1/cards/aging-buckets/").json()
    assert ([row["name"] for row in answer["results"]], answer["scope"]) == (["Mine"], "rep")


def band() -> CardBand:
    return CardBand.objects.get(metric="utilisation")


def changed(by, **typed: str) -> CardBand:
    row = band()
    return set_band(**{"band": row, "seen": version_of(row), "by": by, "reason": "Tighter", **SHARES, **typed})


def test_new_limits_change_the_state_at_once(owner):
    history("utilisation", "0.75", until=DAY)
    assert reading(card("credit-utilisation"), DAY).state == "stable"
    changed(owner)
    assert reading(card("credit-utilisation"), DAY).state == "needs_attention"
    entry = AutoDecision.objects.get(decision_type="card_band_changed")
    assert (entry.by, entry.before["attention"], entry.after["attention"]) == ("owner", "0.85", "0.7")
    assert band().history.get(history_type="~").history_change_reason == "Tighter"


@pytest.mark.parametrize("who", ["clerk", "committee", "rep"])
def test_who_may_not_change_limits(request, who: str):
    with pytest.raises(Refusal, match="You may not change the bands of cards"):
        changed(request.getfixturevalue(who))
    assert band().attention == Decimal("0.85")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"attention": "0.4"}, "Needs attention must not start before performing ends: write a number above it."),
        ({"attention": "many"}, "“many” is not a number."),
        ({"attention": "NaN"}, "“NaN” is not a number."),
        ({"performing": ""}, "Write a number."),
        ({"performing": "0.1234567"}, "At most 6 decimals."),
        ({"reason": " "}, "Say why: the reason is kept with the change."),
        ({"seen": "older"}, "Somebody changed this band since you opened it. Your input is kept here."),
    ],
)
def test_limits_that_make_no_sense(mike, typed: dict[str, str], words: str):
    with pytest.raises(Refusal) as refused:
        changed(mike, **typed)
    assert refused.value.detail == words
    assert band().performing == Decimal("0.6")


def test_limits_are_changed_on_a_page_that_keeps_what_was_typed(client, mike):
    client.force_login(mike)
    address = reverse("admin:anomalies_cardband_save", args=[band().pk])
    refused = client.post(address, {"seen": version_of(band()), **SHARES, "attention": "0.4", "reason": "Tighter"})
    assert (refused.status_code, refused.context["fields"][1]["value"]) == (400, "0.4")
    assert client.post(address, {"seen": version_of(band()), **SHARES, "reason": "Tighter"}).status_code == 302
    assert band().attention == Decimal("0.7")
    listed = client.get(reverse("admin:anomalies_cardband_changelist")).content.decode()
    assert "Performing up to 50.0 %, needs attention above 70.0 %." in listed
