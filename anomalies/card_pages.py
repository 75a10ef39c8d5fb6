"""The cards in the console: all of them, each with its page, its rows as CSV, and what is done with a row."""

from collections.abc import Iterator
from typing import Any

from django.contrib.admin.views.decorators import staff_member_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from anomalies import grounds, order_acts
from anomalies.cards import CARDS, paging
from anomalies.cards.asked import filters_of
from anomalies.cards.base import MARKS, Card
from anomalies.cards.page import page_of, titled
from anomalies.cards.readings import readings
from anomalies.cards.scoping import scope_for
from anomalies.cards.words import change_words, headline
from customers.clock import business_today
from netsuite.errors import Refusal
from workflows.exports import csv_answer
from workflows.views import person, render, seen_by

MAY = "anomalies.view_card"
ALL = "Cards"


@require_safe
@staff_member_required
def cards(request: HttpRequest) -> HttpResponse:
    """Every card with its figure and state."""
    seen_by(request, MAY)
    scope, value = scope_for(request.user, "all", "")
    found = readings(business_today(), scope=scope, scope_value=value)
    shown = [(CARDS[read.slug], read) for read in found]
    lines = [(one, read, headline(one, read), MARKS[read.state], change_words(one, read)) for one, read in shown]
    context = {"title": ALL, "cards": lines}
    return render(request, "cards/cards.html", context, crumbs=[{"title": ALL}])


@require_safe
@staff_member_required
def card(request: HttpRequest, slug: str) -> HttpResponse:
    """One card."""
    return _page(request, _card(request, slug))


def _page(request: HttpRequest, found: Card, *, status: int = 200, **refused: Any) -> HttpResponse:
    """`sent`, `refusal` and `opened` (a verb) come with a refused POST."""
    crumbs = [{"title": ALL, "link": reverse("cards")}, {"title": found.title}]
    context = {"sent": {}, "opened": "", **page_of(found, request.GET.dict(), request.user), **refused}
    return render(request, "cards/card.html", context, crumbs=crumbs, status=status)


@staff_member_required
def card_act(request: HttpRequest, slug: str, verb: str) -> HttpResponse:
    """Act on the order of a row; a refusal brings the page back with what was typed."""
    found = _card(request, slug)
    if verb not in found.verbs:
        raise Http404
    query = f"?{request.GET.urlencode()}" if request.GET else ""
    back = HttpResponseRedirect(f"{reverse('card', args=[slug])}{query}#rows")
    if request.method != "POST":
        return back  # a link of a refused page, or that page loaded again
    try:
        order_acts.ACTS[verb](grounds.of_card(person(request)), request.POST, person(request))
    except Refusal as refusal:
        return _page(request, found, status=refusal.status, refusal=refusal, sent=request.POST, opened=verb)
    return back


@require_safe
@staff_member_required
def card_csv(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    """All rows of the drill-down as filtered, as CSV; the same rows as the page, for the same person."""
    found, day = _card(request, slug), business_today()
    rows = found.rows(day=day, filters=filters_of(found, request.GET.dict(), request.user), user=request.user)
    heads = ["Customer", "NetSuite id", *(column.title for column in titled(found.columns)), "Note"]
    return csv_answer(f"{found.slug}-{day}", heads, _cells(found, paging.everything(found, rows, day)))


def _cells(found: Card, rows: Iterator[Any]) -> Iterator[list[Any]]:
    for row in rows:
        number = row.customer.netsuite_id if row.customer else ""
        yield [row.name, number, *(_plain(row.values[column.key]) for column in found.columns), row.below]


def _plain(value: Any) -> Any:
    """Ratios and days are cut to six places: more says nothing."""
    return round(value, 6) if hasattr(value, "quantize") and value.as_tuple().exponent < -6 else value


def _card(request: HttpRequest, slug: str) -> Card:
    found = CARDS.get(slug)
    if found is None:
        raise Http404
    seen_by(request, found.permission)
    return found
