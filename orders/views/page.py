"""The order form, whole or as the part that htmx exchanges."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from orders import till_session as session
from orders.till_page import order_page


def show(request: HttpRequest, *, status: int = 200, grant: str = "", **more: Any) -> HttpResponse:
    """The order at hand. `more` holds a refusal, what was found, what was typed, and where the cursor goes.

    `grant` is a manager's leave that came this moment, before the browser has it.
    """
    order = session.current(request)
    customer = order.customer if order else session.customer(request)
    grant = grant or (session.grant(request, order) if order else "")
    page = order_page(order, customer, by=session.person(request), grant=grant, now=timezone.now())
    template = "till/_order.html" if getattr(request, "htmx", False) else "till/order.html"
    return render(request, template, {"page": page, "focus": "item" if page.customer else "", **more}, status=status)
