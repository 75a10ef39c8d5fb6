"""The hold block as a fragment, for a page that changes its customer or tender without a reload."""

from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from customers.models import Customer
from holds import blocks
from holds.templatetags.hold_block import shown
from netsuite.errors import Refusal


@require_safe
@login_required
@permission_required("customers.view_customer", raise_exception=True)
def fragment(request: HttpRequest, slug: str) -> HttpResponse:
    """`customer` (NetSuite id, none for the empty state), `tender`, and `buttons=no` to leave the buttons out."""
    block, asked = blocks.block(slug), request.GET
    customer, verdict = asked.get("customer", ""), None
    tender = blocks.tender_of(asked.get("tender", "on_account"))
    if customer:
        verdict = blocks.verdict(_customer(request, customer), block, tender=tender, now=timezone.now())
    user, buttons = request.user, asked.get("buttons") != "no"
    return render(request, "till/_hold_block.html", shown(block, verdict, user=user, buttons=buttons))  # type: ignore[arg-type]


def _customer(request: HttpRequest, netsuite_id: str) -> Customer:
    """A till may ask for anybody, a sales rep for their own."""
    may = request.user.has_perm("holds.check_servicehold")
    found = Customer.objects.all() if may else Customer.objects.for_rep(request.user)
    customer = found.filter(netsuite_id=netsuite_id.replace("\x00", "")).first()
    if customer is None:
        raise Refusal("There is no such customer.", code="not_found", status=404)
    return customer
