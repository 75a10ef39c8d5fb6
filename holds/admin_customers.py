"""The customer's page: all that is known here, and what a clerk can do about it."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponseRedirect

from customers.admin import CustomerList
from customers.models import Customer
from disputes.actions.disputes import take_up
from disputes.forms import OpenForm
from holds.actions import pauses
from holds.customer_page import customer_page, parts_of
from holds.pause_forms import GraceForm, instalments
from netsuite.console import cleaned
from netsuite.errors import Refusal


@admin.register(Customer)
class CustomerAdmin(CustomerList):
    page_template = "customer/page.html"
    verbs = ("plan", "grace", "dispute")

    def facts(self, request: HttpRequest, row: Customer) -> dict[str, Any]:
        turn = request.GET.get("turn", "1")
        found = customer_page(row, turn=int(turn) if turn.isdigit() else 1)
        return {"customer": row, **found, "parts": parts_of(row, request.user), **_typed(request)}

    def plan(self, request: HttpRequest, row: Customer) -> None:
        """Agree on a payment plan."""
        parts, reason = instalments(request.POST), request.POST.get("reason", "")
        pauses.agree_plan(customer=row, instalments=parts, reason=reason, by=request.user)  # type: ignore[arg-type]

    def grace(self, request: HttpRequest, row: Customer) -> None:
        """Grant a grace period."""
        pauses.grant_grace(customer=row, by=request.user, **cleaned(GraceForm(request.POST)))  # type: ignore[arg-type]

    def dispute(self, request: HttpRequest, row: Customer) -> HttpResponseRedirect | None:
        """Open a dispute that came by phone."""
        wish = cleaned(OpenForm(request.POST))
        ref = wish["invoice_ref"]
        if ref and not row.transactions.invoices().filter(tranid=ref).exists():
            words = f"{row} has no invoice {ref}. Leave it empty to open the dispute without one."
            raise Refusal(words, code="invalid_invoice", status=400)
        take_up(customer=row, by=request.user, **wish)  # type: ignore[arg-type]
        return None


def _typed(request: HttpRequest) -> dict[str, Any]:
    """The rows of a refused plan, for the dialog that comes back; else three empty ones."""
    sent = list(zip(request.POST.getlist("due"), request.POST.getlist("amount"), strict=False))
    return {"plan_rows": sent or [("", "")] * 3}
