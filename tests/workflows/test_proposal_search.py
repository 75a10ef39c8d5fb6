"""Searching the review list: by customer, paper, reason and reference; common words and rare ones, with filters."""

from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers import search
from tests.factories.customers import CustomerFactory
from tests.factories.holds import held, owing, proposed
from tests.signed_in import signed_in
from workflows import keyset, proposal_search
from workflows.models import ProposedAction

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
LIST = "/admin/workflows/proposedaction/"


def shown(client, **query):
    answer = client.get(LIST, query)
    assert answer.status_code == 200
    return [str(row.customer or row.entity_ref) for row, *_ in answer.context["rows"]]


def small(customer=None, ref="other:1", reason="Fill in the sales rep.", **fields):
    about = {"action_type": "tidy_up", "entity_type": "other", "risk_level": 2, "proposed_by": "schedule:tidy"}
    row = {**about, "entity_ref": ref, "customer": customer, "rationale": reason, "content_hash": "0" * 64, **fields}
    return ProposedAction.objects.create(**row)


@pytest.fixture
def client(mike):
    return signed_in(mike)


@pytest.fixture
def many(monkeypatch):
    """Two customers are very many, and a page looks at few rows at first."""
    monkeypatch.setattr(search, "FEW", 1)
    monkeypatch.setattr(proposal_search, "NEAR", (1,))


@pytest.mark.parametrize("words", ["harb", "FOODS harbor", "härbor", "C77", "77", "ap@harbor", "4155"])
def test_by_customer(client, frozen_today, words):
    proposed(owing("Northside Grocers", netsuite_id="12", entity_id="C12", email="a@north.example"))
    proposed(
        owing("Harbor Foods", netsuite_id="4155", entity_id="C77", email="ap@harbor.example"),
    )
    assert shown(client, q=words) == ["Harbor Foods"]


@pytest.mark.parametrize("number", ["INV-20418", "inv-20418"])
def test_by_the_number_of_an_invoice(client, frozen_today, number):
    proposed(owing("Northside"))
    harbor = owing("Harbor")
    proposed(harbor)
    harbor.transactions.update(tranid="INV-20418")
    assert shown(client, q=number) == ["Harbor"]


def test_by_reason_when_no_customer_fits(client, frozen_today):
    small(owing("Northside"), reason="Broke the promise of 12 March.")
    small(owing("Harbor"), reason="Fill in the sales rep.")
    assert shown(client, q="promise broke") == ["Northside"]


def test_by_reference(client, frozen_today):
    small(ref="dispute:4711")
    small(ref="dispute:42")
    assert shown(client, q="dispute:4711") == ["dispute:4711"]


def test_a_customer_comes_before_a_reason(client, frozen_today):
    small(owing("Promise Foods"))
    small(owing("Northside"), reason="Broke the promise of 12 March.")
    assert shown(client, q="promise") == ["Promise Foods"]


@pytest.mark.parametrize("words", ["zanzibar", "%", "'", "!:* | &", "x" * 10_000, "💥", "a\x00\x00b", "ﷺ" * 99, "\\"])
def test_nothing_fits(client, frozen_today, words):
    proposed(owing("Northside"))
    answer = client.get(LIST, {"q": words})
    assert (answer.status_code, answer.context["rows"]) == (200, [])
    assert "No proposal fits these filters" in answer.content.decode()


@pytest.mark.parametrize("query", [{"type": "a\x00b"}, {"status": "\x00"}, {"after": "\x00"}, {"risk": "²"}])
def test_odd_filters_break_nothing(client, frozen_today, query):
    proposed(owing("Northside"))
    assert client.get(LIST, query).status_code == 200


@pytest.mark.parametrize("common", [False, True])
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["Oak Foods", "Elm Foods", "Ash Foods"]),
        ({"status": "strong"}, ["Elm Foods"]),
        ({"risk": "2"}, ["Ash Foods"]),
        ({"type": "tidy_up"}, ["Ash Foods"]),
        ({"risk": "4", "status": "strong"}, ["Elm Foods"]),
        ({"risk": "5"}, []),
        ({"age": "over"}, []),
        ({"status": "rejected"}, []),
    ],
)
def test_words_with_filters(client, frozen_today, request, common, query, expected):
    if common:
        request.getfixturevalue("many")
    proposed(owing("Oak Foods", amount="30000"))
    proposed(owing("Elm Foods", amount="20000"))
    proposed(owing("Fir Grain", amount="10000"))
    small(owing("Ash Foods"))
    ProposedAction.objects.filter(customer__name__in=["Oak Foods", "Fir Grain"]).update(strong=False)
    ProposedAction.objects.filter(customer__name="Elm Foods").update(strong=True)
    assert shown(client, q="foods", **query) == expected


def test_a_common_word_of_customers_pages_in_order(client, frozen_today, many):
    for number in range(3):
        customer = owing(f"Oak {number}")
        for stake in range(20):
            small(customer, at_stake=stake)
    first = client.get(LIST, {"q": "oak"}).context["page"]
    second = client.get(LIST, {"q": "oak", "after": first.next}).context["page"]
    assert [row.at_stake for row in first.rows + second.rows] == [19 - place // 3 for place in range(60)]
    assert (len(first.rows), len(second.rows), second.next) == (50, 10, "")


def test_a_common_reason_is_sifted(client, frozen_today, many):
    for number in range(3):
        small(ref=f"other:{number}", reason="Over the limit.")
    small(ref="other:9", reason="Late.")
    assert shown(client, q="limit") == ["other:0", "other:1", "other:2"]


def test_a_sparse_page_says_how_far_it_looked(client, frozen_today, many, monkeypatch):
    monkeypatch.setattr(keyset, "Sieve", partial(keyset.Sieve, steps=(1, 2)))
    CustomerFactory(name="Oak A")
    late = CustomerFactory(name="Oak B")
    for stake in (9, 8, 7):
        small(owing("Elm"), at_stake=stake)
    small(late, at_stake=1)
    answer = client.get(LIST, {"q": "oak"})
    assert "None of the 3 looked at fits “oak”." in answer.content.decode()
    assert shown(client, q="oak", after=answer.context["page"].next) == ["Oak B"]


def test_a_rep_finds_their_own(rep, frozen_today):
    mine = owing("Northside Grocers")
    mine.sales_rep.user = rep
    mine.sales_rep.save()
    proposed(mine)
    proposed(owing("Northside Bakery"))
    assert shown(signed_in(rep), q="north") == ["Northside Grocers"]


@pytest.mark.parametrize("words", ["oak", "zanzibar", "limit"])
@pytest.mark.parametrize("common", [False, True])
def test_queries_do_not_grow_with_rows(client, frozen_today, request, words, common):
    if common:
        request.getfixturevalue("many")

    def queries():
        with CaptureQueriesContext(connection) as captured:
            shown(client, q=words)
        return len(captured)

    for number in range(3):
        small(owing(f"Oak {number}"), reason="Over the limit.")
    three = queries()
    for number in range(3, 9):
        small(owing(f"Oak {number}"), reason="Over the limit.")
    assert queries() == three


def test_tabs_count_what_waits(client, mike, frozen_today):
    held(owing("Oak"), mike)
    proposed(owing("Elm"))
    small(owing("Ash"), strong=True)
    ProposedAction.objects.filter(customer__name="Elm").update(strong=False)
    tabs = client.get(LIST, {"status": "deferred"}).context["tabs"]
    assert [(tab.word, tab.count) for tab in tabs] == [
        ("Pending", "2"), ("Strong", "1"), ("Deferred", "0"), ("Applying", "1"), ("All", "3"),
    ]  # fmt: skip
    assert [tab.word for tab in tabs if tab.chosen] == ["Deferred"]


def test_tabs_stop_counting_at_the_cap(client, frozen_today):
    row = small()
    fields = {name: getattr(row, name) for name in ("action_type", "entity_type", "entity_ref", "risk_level")}
    ProposedAction.objects.bulk_create(
        ProposedAction(**fields, rationale="x", proposed_by="x", content_hash="0" * 64) for _ in range(1000)
    )
    tabs = {tab.word: tab.count for tab in client.get(LIST).context["tabs"]}
    assert tabs == {"Pending": "999+", "All": "999+"}


@pytest.mark.postgresql_only
def test_reasons_are_found_by_their_index(frozen_today):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {proposal_search.BY_REASON}", [search.tsquery(["promise"])])
        assert "proposal_words" in str(cursor.fetchall())


def test_a_good_part_of_all_customers_pages_in_order(client, frozen_today, monkeypatch):
    monkeypatch.setattr(proposal_search, "SOME", 1)
    for number in range(3):
        customer = owing(f"Oak {number}")
        for stake in range(20):
            small(customer, at_stake=stake)
    first = client.get(LIST, {"q": "oak"}).context["page"]
    second = client.get(LIST, {"q": "oak", "after": first.next}).context["page"]
    assert [row.at_stake for row in first.rows + second.rows] == [19 - place // 3 for place in range(60)]
