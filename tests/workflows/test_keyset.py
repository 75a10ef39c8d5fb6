"""Pages by key: no gap and no repeat in either direction, whatever the order, sifted or not."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories.holds import owing
from workflows import keyset
from workflows.models import ProposedAction

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
BY = ("-at_stake", "id")


@pytest.fixture
def rows(frozen_today):
    """Forty, eight of each amount: ties run over the ends of pages."""
    customer = owing("Northside")
    about = {"action_type": "tidy_up", "entity_type": "other", "customer": customer, "risk_level": 2}
    text = {"rationale": "Fill in the rep.", "proposed_by": "schedule:tidy", "content_hash": "0" * 64}
    ProposedAction.objects.bulk_create(
        ProposedAction(entity_ref=str(n), at_stake=n % 5, strong=n % 4 == 0, **about, **text) for n in range(40)
    )
    return ProposedAction.objects.all()


def walk(rows, by, size, sieve=None, back=False):
    """Every page from the first on, or from the last one back."""
    cursor, pages = "", []
    while True:
        page = keyset.page(rows, by=by, cursor=cursor, size=size, sieve=sieve)
        pages.append([row.pk for row in page.rows])
        cursor = page.previous if back else page.next
        if not cursor:
            return pages


def some_strong(rows):
    strong = set(rows.filter(strong=True).values_list("pk", flat=True))
    return keyset.Sieve("id", lambda keys: keys & strong, steps=(3, 6))


@pytest.mark.parametrize("by", [BY, ("-id",), ("id",), ("at_stake", "-id"), ("-strong", "at_stake", "id")])
@pytest.mark.parametrize("size", [1, 7, 8, 40, 41])
def test_forward_shows_every_row_once_in_order(rows, by, size):
    shown = [pk for page in walk(rows, by, size) for pk in page]
    assert shown == list(rows.order_by(*by).values_list("pk", flat=True))


def test_backward_shows_the_same_pages(rows):
    pages = walk(rows, BY, 7)
    last = list(rows.order_by(*BY))[34]
    cursor, seen = keyset.cursor_behind(last, BY), []
    while cursor:
        page = keyset.page(rows, by=BY, cursor=cursor, size=7)
        seen.append([row.pk for row in page.rows])
        cursor = page.previous
    assert seen[::-1] == pages


def test_the_ends_have_no_cursor(rows):
    first = keyset.page(rows, by=BY, size=30)
    last = keyset.page(rows, by=BY, size=30, cursor=first.next)
    assert (first.is_first, first.previous, last.is_first, last.next) == (True, "", False, "")
    again = keyset.page(rows, by=BY, size=30, cursor=last.previous)
    assert (again.is_first, again.rows, again.next) == (True, first.rows, first.next)


def test_a_sifted_list_shows_every_row_that_fits_once(rows):
    shown = [pk for page in walk(rows, BY, 4, some_strong(rows)) for pk in page]
    assert shown == list(rows.filter(strong=True).order_by(*BY).values_list("pk", flat=True))


def test_a_sifted_page_looks_so_far_and_no_further(rows):
    asked = []

    def none(keys):
        asked.append(len(keys))
        return set()

    page = keyset.page(rows, by=BY, sieve=keyset.Sieve("id", none, steps=(3, 6)))
    assert (asked, page.rows, page.looked_at, bool(page.next)) == ([3, 6], [], 9, True)


def test_a_sifted_list_ends_where_the_rows_end(rows):
    page = keyset.page(rows, by=BY, sieve=keyset.Sieve("id", lambda keys: set(), steps=(30, 30)))
    assert (page.rows, page.looked_at, page.next) == ([], 0, "")


@pytest.mark.parametrize("cursor", ["forged", "a:b:c", "\x00", "é", "x" * 10_000])
def test_a_cursor_that_is_not_ours_is_the_first_page(rows, cursor):
    assert keyset.page(rows, by=BY, cursor=cursor, size=5) == keyset.page(rows, by=BY, size=5)


def test_a_cursor_of_another_list_is_the_first_page(rows):
    foreign = keyset.cursor_behind(rows.order_by("entity_ref").first(), ("entity_ref", "id"))
    assert keyset.page(rows, by=BY, cursor=foreign, size=5) == keyset.page(rows, by=BY, size=5)


def test_a_page_is_at_most_one_query_a_field_and_each_one_range(rows):
    first = keyset.page(rows, by=BY, size=5)
    with CaptureQueriesContext(connection) as captured:
        keyset.page(rows, by=BY, size=5, cursor=first.next)
    assert [" OR " in query["sql"] for query in captured] == [False, False]
