"""The catalog: look for items, and add them to the order at hand."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from holds import blocks
from netsuite.errors import Refusal
from orders import till_session as session
from orders.actions import orders
from orders.forms import AddLineForm
from orders.models import Product
from orders.views.access import till, till_page

PAGE = 40


@till_page("orders.view_product")
def page(request: HttpRequest) -> HttpResponse:
    return _catalog(request)


@till
def add(request: HttpRequest) -> HttpResponse:
    """One or more of an item into the order at hand."""
    form = AddLineForm(request.POST)
    if request.method != "POST" or not form.is_valid():
        wrong = Refusal("Type a number, for example 12 or 1.5.", code="invalid", status=400)
        return _catalog(request, refusal=wrong, status=400) if request.method == "POST" else redirect("catalog")
    product = get_object_or_404(Product.objects.on_sale(), sku=form.cleaned_data["sku"])
    given = {name: form.cleaned_data[name] for name in ("quantity", "price") if form.cleaned_data[name] is not None}
    try:
        line = orders.add_line(order=session.shown(request), product=product, by=session.person(request), **given)
    except Refusal as refusal:
        return _catalog(request, refusal=refusal, asked=product, status=refusal.status)
    if getattr(request, "htmx", False):
        return _catalog(request, added=line)
    kept = {"q": request.POST.get("q", ""), "page": request.POST.get("page", "")}
    return redirect(f"{reverse('catalog')}?{urlencode(kept)}")


def _catalog(request: HttpRequest, *, status: int = 200, **more: Any) -> HttpResponse:
    """The page, or for htmx the part below its head."""
    text = (request.POST.get("q") or request.GET.get("q", ""))[:100]
    asked = request.POST.get("page") or request.GET.get("page", "1")
    rows = Paginator(Product.objects.on_sale().search(text), PAGE).get_page(asked)
    order = session.current(request)
    customer = order.customer if order else session.customer(request)
    block = blocks.of_page("catalog")
    tender = blocks.tender_of(order.tender) if order else "on_account"
    verdict = blocks.verdict(customer, block, tender=tender, now=timezone.now()) if customer else None
    lines = list(order.lines.select_related("product")) if order else []
    shown = {"q": text, "rows": rows, "order": order, "customer": customer, "hold": block, "verdict": verdict}
    template = "till/_catalog.html" if getattr(request, "htmx", False) else "till/catalog.html"
    return render(request, template, {**shown, "lines": lines, **more}, status=status)
