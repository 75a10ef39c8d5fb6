"""Propose and lift holds from the console."""

from typing import Any

from django.contrib.admin.views.decorators import staff_member_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.decorators import method_decorator
from django.views import View

from customers.aging import receivables_of
from customers.clock import business_today
from customers.models import Customer
from holds.actions import holds
from holds.actions.holds import respect_for
from holds.facts import line_of
from holds.forms import LiftForm, ProposeForm
from holds.models import ServiceHold
from netsuite.errors import Refusal
from workflows import stages
from workflows.models import ProposedAction
from workflows.views import PAGE, person, render

MAY_ASK, MAY_LIFT = "holds.propose_servicehold", "holds.lift_servicehold"


@method_decorator(staff_member_required, name="dispatch")
class Propose(View):
    """A hold by hand, also below the usual line; somebody else decides it."""

    def get(self, request: HttpRequest, netsuite_id: str) -> HttpResponse:
        return self._page(request, _customer(request, netsuite_id), ProposeForm())

    def post(self, request: HttpRequest, netsuite_id: str) -> HttpResponse:
        customer, form = _customer(request, netsuite_id), ProposeForm(request.POST)
        if not form.is_valid():
            return self._page(request, customer, form, status=400)
        try:
            proposal = holds.propose(customer=customer, by=person(request), **form.cleaned_data)
        except Refusal as refusal:
            return self._page(request, customer, form, status=refusal.status, refusal=refusal)
        return redirect(PAGE, proposal.pk)

    def _page(
        self, request: HttpRequest, customer: Customer, form: ProposeForm, *, status: int = 200, **more: Any
    ) -> HttpResponse:
        today = business_today()
        earlier = ProposedAction.objects.open().filter(customer=customer, action_type=f"workflow_{holds.HOLD}").first()
        context = {
            "title": f"Propose a hold on {customer}",
            "customer": customer,
            "form": form,
            "owed": receivables_of(customer, today),
            "line": line_of(stages.load(holds.HOLD).thresholds),
            "earlier": earlier,
            **more,
        }
        return render(request, "holds/propose.html", context, crumbs=[{"title": "Propose a hold"}], status=status)


@method_decorator(staff_member_required, name="dispatch")
class LiftHold(View):
    """Lift a hold: at once for whoever may, else as a proposal."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._page(request, _hold(request, pk), LiftForm())

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        hold, form = _hold(request, pk), LiftForm(request.POST)
        if not form.is_valid():
            return self._page(request, hold, form, status=400)
        try:
            run = holds.lift(hold=hold, by=person(request), **form.cleaned_data)
        except Refusal as refusal:
            return self._page(request, hold, form, status=refusal.status, refusal=refusal)
        proposal = run.proposals.first()
        return redirect(PAGE, proposal.pk) if proposal else redirect("admin:workflows_workflowrun_change", run.pk)

    def _page(
        self, request: HttpRequest, hold: ServiceHold, form: LiftForm, *, status: int = 200, **more: Any
    ) -> HttpResponse:
        context = {
            "title": f"Lift the hold on {hold.customer}",
            "hold": hold,
            "form": form,
            "at_once": request.user.has_perm(MAY_LIFT),
            "until": business_today() + respect_for(),
            "owed": receivables_of(hold.customer, business_today()),
            **more,
        }
        return render(request, "holds/lift.html", context, crumbs=[{"title": "Lift hold"}], status=status)


def _customer(request: HttpRequest, netsuite_id: str) -> Customer:
    """One that this person may see and propose a hold on."""
    if not request.user.has_perm(MAY_ASK):
        raise PermissionDenied
    return get_object_or_404(Customer.objects.for_rep(request.user), netsuite_id=netsuite_id)


def _hold(request: HttpRequest, pk: int) -> ServiceHold:
    if not request.user.has_perm(MAY_ASK):
        raise PermissionDenied
    return get_object_or_404(ServiceHold.objects.visible_to(person(request)).select_related("customer"), pk=pk)
