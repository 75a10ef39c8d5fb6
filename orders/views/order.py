"""The order form, step by step."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from netsuite.errors import Refusal
from netsuite.machine import LostRace
from orders import finding
from orders import till_session as session
from orders.actions import orders
from orders.forms import AddLineForm, LineForm, NoteForm
from orders.models import Order, OrderLine
from orders.views.access import go, order_step, till_page
from orders.views.page import show

Said = HttpResponse | dict[str, Any] | None


@till_page()
def new(request: HttpRequest) -> HttpResponse:
    """The order at hand, or an empty form; `order` takes up another one of one's own."""
    if not session.terminal(request):
        return redirect(f"{reverse('till_name')}?next={reverse('order_new')}")
    if key := request.GET.get("order"):
        session.take(request, get_object_or_404(session.own(request).filter(status="draft"), key=session.key_of(key)))
        return go(request, reverse("order_new"))
    return show(request, changing="change" in request.GET)


@till_page()
def customers(request: HttpRequest) -> HttpResponse:
    """Type-ahead: the options that fit `q`."""
    text = request.GET.get("q", "")[:100]
    found = finding.customers(text, by=session.person(request))
    return render(request, "till/_found_customers.html", _found(text, found))


@till_page()
def items(request: HttpRequest) -> HttpResponse:
    text = (request.GET.get("q") or request.GET.get("typed", ""))[:100]
    return render(request, "till/_found_items.html", _found(text, finding.items(text)))


@order_step
def customer(request: HttpRequest) -> Said:
    """Pick by NetSuite id, or by what was typed when only one fits."""
    person, typed = session.person(request), request.POST.get("q", "")[:100].strip()
    wanted = request.POST.get("customer", "")
    found = finding.customers(typed, by=person) if not wanted else []
    picked = finding.customer(wanted, by=person) if wanted else finding.the_one(found)
    if picked is None:
        none = "" if found else f"Nobody found for “{typed}”. Try the e-mail or the phone number."
        return show(request, found=found[: finding.SHOWN], no_match=none, q=typed, changing=True)
    session.take(request, orders.set_customer(order=session.shown(request), customer=picked, by=person))
    return {"said": f"{picked} picked.", "focus": "item"}


@order_step
def add_line(request: HttpRequest) -> Said:
    """An item by number, or by name when only one fits."""
    form = AddLineForm(request.POST)
    if not form.is_valid():
        return show(request, item=request.POST.get("typed", ""), item_error=_first_error(form), status=400)
    typed, sku = form.cleaned_data["typed"], form.cleaned_data["sku"]
    product = finding.item(sku or typed)
    found = [] if product else finding.items(typed)
    product = product or finding.the_one(found)
    if product is None:
        none = "Which one?" if found else f"No item found for “{typed}”."
        return show(request, items=found[: finding.SHOWN], item=typed, item_error=none)
    return _add(request, product, form)


def _add(request: HttpRequest, product: Any, form: AddLineForm) -> Said:
    given = {name: form.cleaned_data[name] for name in ("quantity", "price") if form.cleaned_data[name] is not None}
    try:
        orders.add_line(order=session.shown(request), product=product, by=session.person(request), **given)
    except Refusal as refusal:
        if refusal.code != "price_needed":
            raise
        return show(request, item=product.sku, item_error=refusal.detail, needs_price=True, status=refusal.status)
    return {"said": f"{product} added.", "focus": "item"}


@order_step
def change_line(request: HttpRequest, pk: int) -> Said:
    line = get_object_or_404(OrderLine.objects.select_related("order", "product"), pk=pk, order=session.shown(request))
    form, person = LineForm(request.POST), session.person(request)
    if not form.is_valid():
        return show(request, refusal=Refusal(_first_error(form)), wrong=_typed(request, line), status=400)
    if form.cleaned_data["remove"]:
        orders.remove_line(line=line, by=person)
        return {"said": f"{line.product} removed.", "focus": "item"}
    try:
        line = orders.change_line(line=line, by=person, **form.change())
    except Refusal as refusal:
        return show(request, refusal=refusal, wrong=_typed(request, line), status=refusal.status)
    return {"said": f"{line.product}: {line.quantity.normalize():f}.", "focus": ""}


@order_step
def set_tender(request: HttpRequest) -> Said:
    order = orders.set_tender(
        order=session.shown(request), tender=request.POST.get("tender", ""), by=session.person(request)
    )
    return {"said": f"{order.get_tender_display()}.", "focus": ""}


@order_step
def submit(request: HttpRequest) -> Said:
    """Through the gate, with the manager's leave that this browser has. A second click finds it submitted."""
    try:
        order = session.as_seen(request)
        orders.submit(order=order, by=session.person(request), grant=session.grant(request, order))
    except LostRace as lost:
        if not isinstance(lost.row, Order) or lost.row.status != "submitted":
            raise
        order = lost.row
    return _leave(request, order)


@order_step
def hold(request: HttpRequest) -> Said:
    """Leave the order for AR."""
    form = NoteForm(request.POST)
    note = form.cleaned_data["note"] if form.is_valid() else ""
    order = session.as_seen(request)
    orders.hold(order=order, by=session.person(request), reason=note)
    return _leave(request, order)


@order_step
def drop(request: HttpRequest) -> Said:
    """Cancel the order at hand."""
    orders.cancel(order=session.shown(request), by=session.person(request), reason="Dropped at the till")
    session.put_away(request)
    return go(request, reverse("order_new"))


@till_page("orders.view_order")
def order(request: HttpRequest, key: Any) -> HttpResponse:
    """What became of an order."""
    found = get_object_or_404(session.own(request).select_related("push", "override__manager", "leave"), key=key)
    lines = found.lines.select_related("product")
    return render(request, "till/submitted.html", {"order": found, "lines": lines})


@order_step
def take_back(request: HttpRequest, key: Any) -> Said:
    """A parked order comes back to the till, to be changed and submitted again."""
    found = get_object_or_404(session.own(request), key=key)
    session.take(request, orders.take_back(order=found, by=session.person(request), reason="Changed at the till"))
    return go(request, reverse("order_new"))


@order_step
def copy(request: HttpRequest, key: Any) -> Said:
    """The same lines once more, as a new draft at today's prices."""
    found = get_object_or_404(session.own(request), key=key)
    person, till = session.person(request), session.terminal(request)
    session.take(request, orders.duplicate(order=found, by=person, terminal=till))
    return go(request, reverse("order_new"))


def _leave(request: HttpRequest, order: Order) -> HttpResponse:
    """To the order's own page; the till is free for the next customer."""
    session.put_away(request)
    response = go(request, reverse("order_page", args=[order.key]))
    session.drop_grant(response)
    return response


def _found(text: str, found: list[Any]) -> dict[str, Any]:
    shown, short = found[: finding.SHOWN], len(text.strip()) < finding.SHORTEST
    return {"q": text, "found": shown, "more": len(found) > len(shown), "short": short}


def _typed(request: HttpRequest, line: OrderLine) -> dict[str, Any]:
    """What was typed into a line, to show it again."""
    return {"line": line.pk, **{name: request.POST.get(name, "") for name in ("quantity", "price", "discount")}}


def _first_error(form: Any) -> str:
    return str(next(iter(form.errors.values()))[0])
