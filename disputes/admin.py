"""Disputes in the console: open one that came by phone, settle one."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import Case, Q, When
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone

from customers.clock import business_today
from customers.models import Customer
from disputes import answer_admin  # noqa: F401  registers the answers
from disputes.actions import resolve
from disputes.actions.disputes import take_up
from disputes.forms import OpenForm, ResolveForm
from disputes.models import OPEN, Dispute
from netsuite.console import SeeOnly, choice_filter, choices_of, cleaned
from netsuite.errors import Refusal

STATES = [("unsettled", "Not settled"), *choices_of(Dispute, "status")]


@admin.register(Dispute)
class DisputeAdmin(SeeOnly):
    list_title = "Disputes"
    empty = "No disputes. Open one when a customer contests an invoice."
    heads = (
        ("Customer", ""),
        ("Invoice", ""),
        ("Status", ""),
        ("Set apart until", "hide"),
        (f"Disputed, {settings.BASE_CURRENCY}", "num end"),
    )
    row_template, page_template = "control/_dispute_row.html", "control/dispute.html"
    change_list_template = "control/disputes.html"
    list_display = ("customer", "invoice_ref", "status", "set_apart_until", "amount")
    list_select_related = ("customer", "invoice")
    search_fields = ("customer__name", "customer__entity_id", "=customer__netsuite_id", "invoice_ref")
    search_help_text = "Customer or invoice"
    list_filter = (
        choice_filter(
            "status",
            "Status",
            STATES,
            lambda rows, value: rows.open() if value == "unsettled" else rows.filter(status=value),
        ),
        choice_filter("reason", "About", Dispute.REASONS),
        choice_filter("clock", "Clock", [("late", "Late")], lambda rows, value: rows.overdue(timezone.now())),
    )
    verbs, list_verbs = ("resolve",), ("open",)

    def get_ordering(self, request: HttpRequest) -> tuple[Any, ...]:
        """Unsettled ones first."""
        return (Case(When(status__in=OPEN, then=0), default=1).asc(), "-pk")

    def list_facts(self, request: HttpRequest) -> dict[str, Any]:
        return {"today": business_today(), "reasons": Dispute.REASONS}

    def facts(self, request: HttpRequest, row: Dispute) -> dict[str, Any]:
        counts = row.set_apart_until is not None and row.set_apart_until < business_today()
        return {
            "title": f"Dispute of {row.customer}",
            "counts_again": counts,
            "resolutions": Dispute.RESOLUTIONS,
            "open_now": row.status in OPEN,
            "history": row.history.select_related("history_user").order_by("-history_date", "-history_id"),
        }

    def open(self, request: HttpRequest) -> HttpResponse:
        """A dispute by phone; the customer is found by number or full name."""
        wish = cleaned(OpenForm(request.POST))
        customer = _customer(request, request.POST.get("customer", "").strip())
        if wish["invoice_ref"] and not customer.transactions.invoices().filter(tranid=wish["invoice_ref"]).exists():
            raise Refusal(f"{customer} has no invoice {wish['invoice_ref']}.", code="invalid_invoice", status=400)
        dispute = take_up(customer=customer, by=request.user, **wish)  # type: ignore[arg-type]
        return HttpResponseRedirect(self.address(dispute))

    def resolve(self, request: HttpRequest, row: Dispute) -> None:
        resolve(dispute=row, by=request.user, **cleaned(ResolveForm(request.POST)))  # type: ignore[arg-type]


def _customer(request: HttpRequest, wanted: str) -> Customer:
    """By NetSuite number, entity id or full name. Raises Refusal when none or several fit."""
    fits = Q(netsuite_id=wanted) | Q(entity_id__iexact=wanted) | Q(name__iexact=wanted)
    found = list(Customer.objects.for_rep(request.user).filter(fits)[:2]) if wanted else []
    if len(found) != 1:
        words = "Two customers are called that; use the number." if found else f"No customer “{wanted}”."
        raise Refusal(words if wanted else "Say which customer.", code="customer_not_found", status=400)
    return found[0]
