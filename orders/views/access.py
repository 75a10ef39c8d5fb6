"""Who may open the till's pages, and what a refusal looks like there."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeAlias
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from netsuite.errors import Refusal
from orders.views.page import show

View: TypeAlias = Callable[..., HttpResponse]
TAKE_ORDERS = "orders.add_order"


def till(view: View, needs: str = TAKE_ORDERS) -> View:
    """For people who take orders; strangers sign in first and come back. Never from a cache: no stale tab."""

    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return _sign_in(request)
        if not request.user.has_perm(needs):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


def till_page(needs: str = TAKE_ORDERS) -> Callable[[View], View]:
    """A page that only shows."""
    return lambda view: require_safe(till(view, needs))


def order_step(view: Callable[..., HttpResponse | dict[str, Any] | None]) -> View:
    """One step of an order: afterwards the order form shows, with the refusal when there was one.

    The view answers what more to say on the form, a response of its own, or nothing.
    """

    @wraps(view)
    def step(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            said = view(request, *args, **kwargs)
        except Refusal as refusal:
            return show(request, refusal=refusal, status=refusal.status)
        if isinstance(said, HttpResponse):
            return said
        return show(request, **(said or {})) if _is_htmx(request) else redirect("order_new")

    return require_POST(till(step))


def go(request: HttpRequest, address: str) -> HttpResponse:
    """To another page, also from a part of one."""
    return HttpResponse(headers={"HX-Redirect": address}) if _is_htmx(request) else redirect(address)


def _sign_in(request: HttpRequest) -> HttpResponse:
    back = request.get_full_path() if request.method == "GET" and not _is_htmx(request) else reverse("order_new")
    return go(request, f"{reverse('sign_in')}?{urlencode({'next': back})}")


def _is_htmx(request: HttpRequest) -> bool:
    return bool(getattr(request, "htmx", False))
