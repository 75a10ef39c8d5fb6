"""A manager's leave: by PIN at the till, or asked for and given in the console."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from holds import blocks
from holds.actions import overrides
from holds.pins import Cart, Granted
from netsuite.errors import Refusal
from orders import till_session as session
from orders.carts import cart_of
from orders.forms import NoteForm, PinForm
from orders.gate import PAGE
from orders.models import Order
from orders.pin_pad import pin_pad
from orders.till_page import latest_override
from orders.views.access import order_step, till_page
from orders.views.page import show

ON_THE_PAD = {"bad_pin", "pin_rejected", "pin_locked"}


@till_page()
def pad(request: HttpRequest) -> HttpResponse:
    """The empty pad, for whoever is picked."""
    order = session.current(request)
    if order is None or order.customer is None:
        return redirect("order_new")
    return _pad(request, _cart(request, order), order, chosen=request.GET.get("manager", ""))


@sensitive_post_parameters("pin")
@sensitive_variables("form")
@order_step
def enter(request: HttpRequest) -> HttpResponse:
    """Try a PIN. The pad stays open until it is right or somebody gives up."""
    order, form, now = session.as_seen(request), PinForm(request.POST), timezone.now()
    cart, typed = _cart(request, order), form.cleaned_data if form.is_valid() else {}
    chosen = typed.get("manager", "")
    if not chosen:
        return _pad(request, cart, order, wrong="Pick who authorises first.", status=400)
    try:
        granted = overrides.override(cart=cart, manager_id=chosen, pin=typed.get("pin", ""), now=now)
    except Refusal as refusal:
        if refusal.code not in ON_THE_PAD:
            raise
        left = int(refusal.extra.get("retry_after") or 0)
        return _pad(request, cart, order, chosen=chosen, wrong=refusal.detail, left=left, status=refusal.status)
    return _granted(request, order, granted)


@till_page()
def ask_form(request: HttpRequest) -> HttpResponse:
    order = session.current(request)
    if order is None or order.customer is None:
        return redirect("order_new")
    return _fragment(request, "ask", {"order": order, "form": NoteForm()})


@order_step
def ask(request: HttpRequest) -> HttpResponse:
    """Put the question before the managers in the console."""
    order, form = session.as_seen(request), NoteForm(request.POST)
    if not form.is_valid():
        return _fragment(request, "ask", {"order": order, "form": form}, status=400)
    overrides.ask(cart=_cart(request, order), note=form.cleaned_data["note"], now=timezone.now())
    return _back(request, said="Asked. A manager sees it in the console.")


@order_step
def asked(request: HttpRequest) -> HttpResponse:
    """Whether the manager has answered: the page comes anew only then."""
    order = session.shown(request)
    override = latest_override(order)
    if override is not None and override.status == "granted":
        person, now = session.person(request), timezone.now()
        return _granted(request, order, overrides.collect(override=override, cashier=person, now=now))
    if override is not None and override.status == "asked" and getattr(request, "htmx", False):
        return HttpResponse(status=204)
    return _back(request)


def _cart(request: HttpRequest, order: Order) -> Cart:
    return cart_of(order, cashier=session.person(request), block=blocks.of_page(PAGE))


def _pad(request: HttpRequest, cart: Cart, order: Order, *, status: int = 200, **more: Any) -> HttpResponse:
    pad = pin_pad(cart, now=timezone.now(), **more)
    return _fragment(request, "pin", {"pad": pad, "order": order}, status=status)


def _fragment(request: HttpRequest, name: str, context: dict[str, object], status: int = 200) -> HttpResponse:
    """In the dialog over the order, or a page of its own."""
    part = getattr(request, "htmx", False)
    response = render(request, f"till/_{name}.html" if part else f"till/{name}.html", context, status=status)
    response["HX-Retarget"], response["HX-Reswap"] = "#pad", "innerHTML"
    return response


def _granted(request: HttpRequest, order: Order, granted: Granted) -> HttpResponse:
    """The secret goes into the browser's cookie, never into a page."""
    said = f"{granted.override.manager or granted.override.decided_by} allows this order once."
    response = _back(request, said=said, grant=granted.secret, focus="submit")
    seconds = int((granted.expires_at - timezone.now()).total_seconds())
    session.keep_grant(response, order, granted.secret, seconds=max(1, seconds))
    return response


def _back(request: HttpRequest, **more: Any) -> HttpResponse:
    """The order form again, with the dialog shut."""
    if not getattr(request, "htmx", False):
        return redirect("order_new")
    response = show(request, **more)
    response["HX-Retarget"], response["HX-Reswap"], response["HX-Trigger"] = "#order", "outerHTML", "till:close"
    return response
