"""The account's credit hold, set on the customer's page, and the progress that this page reads again."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET, require_POST

from customers.models import Customer
from netsuite.console import SeeOnly, cleaned
from netsuite.errors import Refusal
from orders.account_card import SEE, progress_facts
from orders.actions.provisioning import set_account_hold
from orders.provisioning_forms import AccountForm
from workflows.views import person


@require_POST
def set_hold(request: HttpRequest, pk: int) -> HttpResponse:
    """Yes or No, with a reason; a refusal brings the page back with what was typed."""
    page, customer = _customer(request, pk)
    try:
        set_account_hold(customer=customer, by=person(request), **cleaned(AccountForm(request.POST)))
    except Refusal as refusal:
        _page, fresh = _customer(request, pk)
        return page.show(request, fresh, refusal.status, refusal=refusal, sent=request.POST, opened="account_hold")
    return redirect(page.address(customer))


@require_GET
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    _page, customer = _customer(request, pk)
    if not request.user.has_perm(SEE):
        raise PermissionDenied
    return TemplateResponse(request, "control/_account_progress.html", progress_facts(customer))


def _customer(request: HttpRequest, pk: int) -> tuple[SeeOnly, Any]:
    """The customer's page, and the customer if this person may see it. Raises PermissionDenied, Http404."""
    page: Any = admin.site.get_model_admin(Customer)
    return page, page.row(request, str(pk))
