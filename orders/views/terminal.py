"""A browser's name as a till, chosen once."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods

from orders import till_session as session
from orders.forms import TillNameForm
from orders.views.access import till


@require_http_methods(["GET", "HEAD", "POST"])
@till
def name(request: HttpRequest) -> HttpResponse:
    """Ask for the name, or keep the one sent."""
    form = TillNameForm(request.POST or None, initial={"name": session.terminal(request)})
    back = _back(request)
    if request.method != "POST" or not form.is_valid():
        status = 400 if request.method == "POST" else 200
        return render(request, "till/name.html", {"form": form, "next": back}, status=status)
    response = redirect(back)
    session.keep_terminal(response, form.cleaned_data["name"])
    return response


def _back(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if is_ours else reverse("order_new")
