"""Billing contracts and their invoices in the console: to be looked at; the nightly bill makes them."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from customers.models import Customer
from netsuite.console import SeeOnly, choice_filter
from orders.models import FREQUENCIES, BillingContract, Invoice

PUSHED = [("taken", "Taken by NetSuite"), ("open", "On its way"), ("refused", "Not taken")]


def _of_own(rows: QuerySet, request: HttpRequest) -> QuerySet:
    """A sales rep finds their own customers' only."""
    if request.user.has_perm("customers.view_every_customer"):
        return rows
    return rows.filter(customer__in=Customer.objects.for_rep(request.user))


def _pushed(rows: QuerySet, value: str) -> QuerySet:
    if value == "refused":
        return rows.exclude(netsuite_error="")
    return rows.exclude(netsuite_id="") if value == "taken" else rows.filter(netsuite_id="", netsuite_error="")


@admin.register(BillingContract)
class BillingContractAdmin(SeeOnly):
    list_title = "Billing contracts"
    empty = "No billing contracts yet. An order with a subscription makes one."
    heads = (("Contract", ""), ("Customer", ""), ("Billed", "hide"), ("Runs", "hide"), ("Next bill", "num end"))
    row_template, page_template = "control/_billing_contract_row.html", "control/billing_contract.html"
    list_display = ("number", "customer", "frequency", "starts_on", "next_bill_on")
    list_select_related = ("customer",)
    search_fields = ("number", "customer__name", "=customer__netsuite_id", "order__number")
    search_help_text = "Contract, customer or order"
    list_filter = (choice_filter("frequency", "Billed", FREQUENCIES),)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return _of_own(super().get_queryset(request).select_related("customer", "order"), request)

    def facts(self, request: HttpRequest, row: BillingContract) -> dict[str, Any]:
        return {
            "subscriptions": list(row.subscriptions.select_related("product", "provider").order_by("pk")),
            "invoices": list(row.invoices.select_related("push").order_by("-period_start")[:60]),
        }


@admin.register(Invoice)
class InvoiceAdmin(SeeOnly):
    list_title = "Invoices"
    empty = "No invoices yet. The first one comes with the order, also while provisioning waits."
    heads = (("Invoice", ""), ("Customer", ""), ("Period", "hide"), ("NetSuite", ""), ("Total", "num end"))
    row_template, page_template = "control/_invoice_row.html", "control/invoice.html"
    list_display = ("number", "customer", "period_start", "netsuite_number", "total")
    list_select_related = ("customer", "contract", "push")
    search_fields = ("number", "customer__name", "=customer__netsuite_id", "netsuite_number", "contract__number")
    search_help_text = "Invoice, customer or contract"
    list_filter = (choice_filter("state", "NetSuite", PUSHED, _pushed),)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return _of_own(super().get_queryset(request).select_related("customer", "contract", "push"), request)

    def facts(self, request: HttpRequest, row: Invoice) -> dict[str, Any]:
        return {"lines": list(row.lines.select_related("subscription__product"))}
