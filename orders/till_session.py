"""What a till's browser carries: the order at hand, its customer, the till's name, and a manager's leave.

The leave is a bearer's secret: it lives in the browser's cookie and nowhere on the server.
"""

import uuid
from typing import cast

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse

from customers.models import Customer
from holds import blocks
from netsuite.errors import Refusal
from orders.actions import orders
from orders.actions.drafts import OrderClosed
from orders.models import OPEN, Order
from orders.models.orders import OrderQuerySet
from orders.reach import customers_open_to

ORDER, CUSTOMER = "till_order", "till_customer"
NAME_COOKIE, GRANT_COOKIE = "holdgate_till", "holdgate_grant"
NAME_KEPT = 5 * 365 * 24 * 3600
GRANT_PATH = "/orders/"
SALT = "holdgate.till"


def person(request: HttpRequest) -> User:
    return cast(User, request.user)


def terminal(request: HttpRequest) -> str:
    """The till's name; empty until somebody gave it one."""
    return str(request.get_signed_cookie(NAME_COOKIE, default="", salt=SALT) or "")


def keep_terminal(response: HttpResponse, name: str) -> None:
    safely = {"httponly": True, "samesite": "Lax", "secure": settings.SESSION_COOKIE_SECURE}
    response.set_signed_cookie(NAME_COOKIE, name, salt=SALT, max_age=NAME_KEPT, **safely)


def current(request: HttpRequest) -> Order | None:
    """The order at hand, as stored now; one that was finished elsewhere is put away."""
    key = request.session.get(ORDER)
    order = own(request).filter(key=key).first() if key else None
    if order is None or order.status not in OPEN:
        request.session.pop(ORDER, None)
        return None
    return order


def shown(request: HttpRequest) -> Order:
    """The order that the sent page showed; a page without one gets the draft at hand, or a new one.

    Raises OrderClosed when it is no draft any more, and Refusal 404 for somebody else's.
    """
    key = key_of(request.POST.get("order", ""))
    if key is None:
        order = current(request)
        return order if order and order.status == "draft" else begin(request, customer(request))
    order = own(request).filter(key=key).first()
    if order is None:
        raise Refusal("There is no such order here.", code="not_found", status=404)
    if order.status not in OPEN:
        raise OrderClosed(order)
    take(request, order)
    return order


def as_seen(request: HttpRequest) -> Order:
    """Like `shown`; refuses when the order changed since the page was made."""
    order = shown(request)
    if request.POST.get("version", "") != str(order.version):
        detail = f"{order} changed since this page was shown. Look at it, then try again."
        raise Refusal(detail, code="stale_version", status=409)
    return order


def begin(request: HttpRequest, customer: Customer | None) -> Order:
    """A new draft on this till."""
    order = orders.create(by=person(request), customer=customer, terminal=terminal(request))
    take(request, order)
    return order


def take(request: HttpRequest, order: Order) -> None:
    """The order at hand from here on."""
    request.session[ORDER] = str(order.key)
    request.session[CUSTOMER] = order.customer.netsuite_id if order.customer else ""


def put_away(request: HttpRequest) -> None:
    """The till is free for the next customer."""
    request.session.pop(ORDER, None)
    request.session.pop(CUSTOMER, None)


def customer(request: HttpRequest) -> Customer | None:
    """Whom this till serves: picked before, or the one a new order starts with."""
    wanted = picked(request) or blocks.of_page("order").default_customer
    return customers_open_to(person(request)).active().filter(netsuite_id=wanted).first() if wanted else None


def picked(request: HttpRequest) -> str:
    """The NetSuite id of the customer picked, or empty."""
    return str(request.session.get(CUSTOMER, ""))


def keep_grant(response: HttpResponse, order: Order, secret: str, *, seconds: int) -> None:
    """`secret` opens this order once; only this browser has it."""
    safely = {"httponly": True, "samesite": "Strict", "secure": settings.SESSION_COOKIE_SECURE, "path": GRANT_PATH}
    value = f"{order.key}:{secret}"
    response.set_signed_cookie(GRANT_COOKIE, value, salt=SALT, max_age=seconds, **safely)


def grant(request: HttpRequest, order: Order) -> str:
    """The secret for this order, or empty."""
    value = str(request.get_signed_cookie(GRANT_COOKIE, default="", salt=SALT) or "")
    key, _, secret = value.partition(":")
    return secret if key == str(order.key) else ""


def drop_grant(response: HttpResponse) -> None:
    response.delete_cookie(GRANT_COOKIE, path=GRANT_PATH, samesite="Strict")


def own(request: HttpRequest) -> OrderQuerySet:
    """The orders that this person may see."""
    return Order.objects.visible_to(person(request)).select_related("customer", "owner")


def key_of(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
