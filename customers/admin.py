"""The list of customers. Their page stands in `holds`, which knows what happened to them."""

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest

from customers.clock import business_today
from customers.models import Customer, Employee
from netsuite.console import SeeOnly, choice_filter

HELD = [("hold", "On service hold"), ("netsuite", "On hold in NetSuite"), ("none", "Not on hold")]


def _by_hold(rows: QuerySet, value: str) -> QuerySet:
    if value == "netsuite":
        return rows.filter(on_credit_hold=True)
    return rows.filter(entitystatus=Customer.HOLD if value == "hold" else "")


def _values_of(field: str) -> Any:
    """The values that customers have in this field, for a filter."""

    def lookups(request: HttpRequest) -> list[tuple[str, str]]:
        found = Customer.objects.for_rep(request.user).exclude(**{field: ""}).order_by(field)
        return [(value, value) for value in found.values_list(field, flat=True).distinct()[:100]]

    return lookups


def _reps(request: HttpRequest) -> list[tuple[str, str]]:
    if not request.user.has_perm("customers.view_every_customer"):
        return []
    return [(str(rep.pk), rep.name) for rep in Employee.objects.filter(is_sales_rep=True, is_inactive=False)[:200]]


class CustomerList(SeeOnly):
    """Search by name, number, e-mail, contact or phone; a sales rep finds their own."""

    list_title = "Customers"
    empty = "No customers yet. The next sync reads them from NetSuite."
    heads = (
        ("Customer", ""),
        ("Region", "hide"),
        ("Status", ""),
        ("Days overdue", "num hide"),
        ("Open orders", "num hide"),
        (f"AR balance, {settings.BASE_CURRENCY}", "num end"),
    )
    row_template = "customer/_row.html"
    list_display = ("name", "region", "entitystatus", "oldest_due", "open_orders_total", "ar_balance")
    search_fields = ("name",)
    search_help_text = "Name, number, e-mail or phone"
    list_select_related = ("sales_rep",)
    ordering = ("name",)
    list_filter = (
        choice_filter("hold", "Hold", HELD, _by_hold),
        choice_filter("region", "Region", _values_of("region")),
        choice_filter("tier", "Tier", _values_of("tier")),
        choice_filter("rep", "Sales rep", _reps, "sales_rep"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return Customer.objects.for_rep(request.user)

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        return queryset.search(search_term), False  # type: ignore[attr-defined]

    def list_facts(self, request: HttpRequest) -> dict[str, Any]:
        return {"today": business_today()}
