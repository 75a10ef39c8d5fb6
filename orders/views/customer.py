"""The customer page at the till."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from customers.models import Customer
from orders import till_session as session
from orders.customer_facts import customer_facts
from orders.reach import customers_open_to
from orders.views.access import till_page


@till_page("customers.view_customer")
def page(request: HttpRequest, netsuite_id: str) -> HttpResponse:
    """Hold block, contact, what is owed for those who may see it, and the last orders."""
    customer = _customer(request, netsuite_id)
    facts = customer_facts(customer, by=session.person(request), now=timezone.now())
    at_hand = session.picked(request) == customer.netsuite_id
    return render(request, "till/customer.html", {"facts": facts, "customer": customer, "at_hand": at_hand})


def _customer(request: HttpRequest, netsuite_id: str) -> Customer:
    open_to = customers_open_to(session.person(request)).select_related("sales_rep")
    return get_object_or_404(open_to, netsuite_id=netsuite_id.replace("\x00", ""))
