"""Disputes in the console: the list with the clocks, one dispute with all that is known, a button for each action."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import Case, QuerySet, When
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone

from customers.clock import business_today
from disputes import answer_admin, classifier_admin, dispute_list, dispute_page, triage_admin  # noqa: F401  they register their pages
from disputes.actions import disputes as actions
from disputes.actions import resolve
from disputes.actions.credit_memos import propose_credit
from disputes.actions.disputes import take_up
from disputes.actions.subjects import set_invoice, set_reason
from disputes.finding import customer_called
from disputes.forms import AmountForm, CauseForm, CreditForm, OpenForm, ReasonForm, ResolveForm, SubjectForm
from disputes.models import OPEN, Dispute
from netsuite.console import SeeOnly, choice_filter, cleaned
from netsuite.errors import Refusal

# The right that shows a button's dialog; the others need “change”.
RIGHT_OF = {"resolve": "resolve", "escalate": "escalate", "credit": "credit", "cause": "note"}


@admin.register(Dispute)
class DisputeAdmin(SeeOnly):
    list_title = "Disputes"
    empty = "No disputes. Open one when a customer contests an invoice."
    heads = (
        ("Customer", ""),
        ("Invoice", "hide"),
        ("Status", ""),
        ("Clock", ""),
        ("Set apart until", "hide"),
        (f"Disputed, {settings.BASE_CURRENCY}", "num end"),
    )
    row_template, page_template = "control/_dispute_row.html", "control/dispute.html"
    change_list_template = "control/disputes.html"
    list_display = ("customer", "invoice_ref", "status", "resolve_by", "set_apart_until", "amount")
    list_select_related = ("customer", "invoice", "owner")
    search_fields = ("customer__name", "customer__entity_id", "=customer__netsuite_id", "invoice_ref")
    search_help_text = "Customer or invoice"
    list_filter = (
        choice_filter("queue", "Whose", dispute_list.QUEUES, lambda rows, value: rows),
        choice_filter("status", "Status", dispute_list.STATES, dispute_list.by_status),
        choice_filter("reason", "About", Dispute.REASONS),
        choice_filter("clock", "Clock", dispute_list.CLOCKS, dispute_list.by_clock),
        choice_filter("age", "Opened", dispute_list.AGES, dispute_list.by_age),
        choice_filter("size", "Amount", dispute_list.SIZES, dispute_list.by_size),
    )
    verbs = ("resolve", "escalate", "withdraw", "credit", "amount", "cause", "subject", "invoice")
    list_verbs = ("open",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows = super().get_queryset(request).select_related("customer__sales_rep", "invoice", "owner", "email", "run")
        rows = rows.defer("email__raw", "email__body_html", "email__features")
        return dispute_list.by_queue(rows, request.GET.get("queue", ""), request.user)

    def get_ordering(self, request: HttpRequest) -> tuple[Any, ...]:
        """Unsettled ones first."""
        return (Case(When(status__in=OPEN, then=0), default=1).asc(), "-pk")

    def list_facts(self, request: HttpRequest) -> dict[str, Any]:
        shortcuts = dispute_list.shortcuts(request.user, request.GET)
        return {"today": business_today(), "now": timezone.now(), "reasons": Dispute.REASONS, "shortcuts": shortcuts}

    def facts(self, request: HttpRequest, row: Dispute) -> dict[str, Any]:
        shown = dispute_page.page_of(row, request.user)
        return {
            "title": f"{row.customer} disputes {row.invoice_ref or 'an invoice'}",
            **shown,
            "dialogs_here": [verb for verb in self.verbs if shown["may"][RIGHT_OF.get(verb, "change")]],
        }

    def open(self, request: HttpRequest) -> HttpResponse:
        """A dispute by phone; the customer is found by number or full name."""
        wish = cleaned(OpenForm(request.POST))
        customer = customer_called(request.user, request.POST.get("customer", ""))
        if wish["invoice_ref"] and not customer.transactions.invoices().filter(tranid=wish["invoice_ref"]).exists():
            raise Refusal(f"{customer} has no invoice {wish['invoice_ref']}.", code="invalid_invoice", status=400)
        dispute = take_up(customer=customer, by=request.user, **wish)  # type: ignore[arg-type]
        return HttpResponseRedirect(self.address(dispute))

    def resolve(self, request: HttpRequest, row: Dispute) -> None:
        resolve(dispute=row, by=request.user, **cleaned(ResolveForm(request.POST)))  # type: ignore[arg-type]

    def escalate(self, request: HttpRequest, row: Dispute) -> None:
        """To the sales rep: at once for whoever decides proposals, else as a proposal."""
        actions.escalate(dispute=row, by=request.user, **cleaned(ReasonForm(request.POST)))  # type: ignore[arg-type]

    def withdraw(self, request: HttpRequest, row: Dispute) -> None:
        actions.withdraw(dispute=row, by=request.user, **cleaned(ReasonForm(request.POST)))  # type: ignore[arg-type]

    def credit(self, request: HttpRequest, row: Dispute) -> None:
        """Proposed here, approved by somebody else."""
        propose_credit(dispute=row, by=request.user, **cleaned(CreditForm(request.POST)))  # type: ignore[arg-type]

    def amount(self, request: HttpRequest, row: Dispute) -> None:
        actions.set_amount(dispute=row, by=request.user, **cleaned(AmountForm(request.POST)))  # type: ignore[arg-type]

    def cause(self, request: HttpRequest, row: Dispute) -> None:
        actions.set_root_cause(dispute=row, by=request.user, **cleaned(CauseForm(request.POST)))  # type: ignore[arg-type]

    def subject(self, request: HttpRequest, row: Dispute) -> None:
        wish = cleaned(SubjectForm(request.POST))
        if wish["reason"] != "other":
            wish["sub_reason"] = ""
        set_reason(dispute=row, by=request.user, **wish)  # type: ignore[arg-type]

    def invoice(self, request: HttpRequest, row: Dispute) -> None:
        typed = request.POST.get("invoice_ref", "").strip()
        found = row.customer.transactions.invoices().filter(tranid=typed).first() if typed else None
        if found is None:
            words = f"{row.customer} has no invoice {typed}." if typed else "Say which invoice."
            raise Refusal(words, code="invalid_invoice", status=400)
        set_invoice(dispute=row, invoice=found, by=request.user)  # type: ignore[arg-type]
