"""Orders, the catalog and sales taxes in the console."""

from typing import Any

from django.contrib import admin
from django.db.models import Case, QuerySet, When
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from customers.clock import business_today
from holds.models import PinLog
from netsuite.console import SeeOnly, choice_filter, choices_of, cleaned
from netsuite.machine import Transition
from orders import subscription_admin  # noqa: F401  registers subscriptions, provisioning and billing
from orders.actions import catalog, orders
from orders.actions.parking import RELEASED_FOR
from orders.console_forms import ProductForm, ReasonForm, ReleaseForm, SalesTaxForm
from orders.gate import SEE_WHY
from orders.models import FREQUENCIES, Order, Product, Provider, Release, SalesTax

STATES = [("refused", "Not taken by NetSuite"), *choices_of(Order, "status")]
# The verbs that ask for something first, by state.
DIALOGS = {"draft": ("cancel",), "held": ("release", "cancel"), "released": ("cancel", "end_release")}


def _in_state(rows: Any, value: str) -> QuerySet[Order]:
    return rows.not_taken_by_netsuite() if value == "refused" else rows.filter(status=value)


@admin.register(Order)
class OrderAdmin(SeeOnly):
    """Those on hold first; one order with its lines, the verdict and what decided it."""

    list_title = "Orders"
    empty = "No orders yet. Cashiers take them at the till, programs over the API."
    heads = (("Order", ""), ("Customer", ""), ("Status", ""), ("Whose turn", "hide"), ("Total", "num end"))
    row_template, page_template = "control/_order_row.html", "control/order.html"
    list_display = ("number", "customer", "status", "owner_name", "total")
    list_select_related = ("customer", "cashier")
    search_fields = ("number", "customer__name", "=customer__netsuite_id", "po_number", "netsuite_number")
    search_help_text = "Order, customer or PO"
    list_filter = (
        choice_filter("status", "Status", STATES, _in_state),
        choice_filter("source", "From", Order.SOURCES),
        choice_filter("tender", "Terms", Order.TENDERS),
    )
    verbs = ("release", "take_back", "cancel", "duplicate", "reopen", "submit", "end_release")

    def get_ordering(self, request: HttpRequest) -> tuple[Any, ...]:
        """What waits for somebody first."""
        return (Case(When(status="held", then=0), When(status="released", then=1), default=2).asc(), "-pk")

    def facts(self, request: HttpRequest, row: Order) -> dict[str, Any]:
        day = business_today()
        return {
            "title": row.number,
            "dialogs_here": DIALOGS.get(row.status, ()),
            "lines": list(row.lines.select_related("product", "subscription__provider")),
            "may_know": request.user.has_perm(SEE_WHY),
            "own": request.user.pk == row.cashier_id or row.held_by == request.user.get_username(),
            "default_until": day + RELEASED_FOR,
            "today": day,
            "scopes": Release.SCOPES,
            "releases": list(row.releases.order_by("-pk")),
            "copies": list(row.copies.order_by("pk")),
            "transitions": list(Transition.objects.for_row(row).order_by("-id")),
            "pin_log": list(PinLog.objects.filter(order_ref=row.key).select_related("manager")[:20]),
        }

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        related = ("customer", "cashier", "owner", "push", "origin", "override__manager", "leave")
        return super().get_queryset(request).select_related(*related)

    def release(self, request: HttpRequest, row: Order) -> None:
        """Release, and submit at once when asked to."""
        wish = cleaned(ReleaseForm(request.POST))
        at_once = wish.pop("submit")
        released = orders.release(order=row, by=request.user, **wish)  # type: ignore[arg-type]
        if at_once:
            orders.submit(order=released, by=request.user)  # type: ignore[arg-type]

    def submit(self, request: HttpRequest, row: Order) -> None:
        orders.submit(order=row, by=request.user)  # type: ignore[arg-type]

    def take_back(self, request: HttpRequest, row: Order) -> None:
        orders.take_back(order=row, by=request.user, reason=request.POST.get("reason", ""))  # type: ignore[arg-type]

    def cancel(self, request: HttpRequest, row: Order) -> None:
        orders.cancel(order=row, by=request.user, **cleaned(ReasonForm(request.POST)))  # type: ignore[arg-type]

    def duplicate(self, request: HttpRequest, row: Order) -> HttpResponse:
        return self._opened(orders.duplicate(order=row, by=request.user))  # type: ignore[arg-type]

    def reopen(self, request: HttpRequest, row: Order) -> HttpResponse:
        return self._opened(orders.reopen(order=row, by=request.user))  # type: ignore[arg-type]

    def end_release(self, request: HttpRequest, row: Order) -> None:
        """The order's own release that still runs."""
        running = row.releases.running(business_today()).first()
        if running is not None:
            orders.end_release(release=running, by=request.user, **cleaned(ReasonForm(request.POST)))  # type: ignore[arg-type]

    def _opened(self, order: Order) -> HttpResponse:
        return HttpResponseRedirect(self.address(order))


def _of_kind(rows: Any, value: str) -> QuerySet[Product]:
    return rows.filter(provider__isnull=value == "goods")


@admin.register(Product)
class ProductAdmin(SeeOnly):
    """The catalog; prices are changed with a reason, and orders keep the price they were taken at."""

    list_title = "Catalog"
    empty = "The catalog is empty. Add the first item."
    heads = (("Item", ""), ("Number", "hide"), ("State", ""), ("Unit", "hide"), ("Price", "num end"))
    row_template, page_template = "control/_product_row.html", "control/product.html"
    change_list_template = "control/products.html"
    list_display = ("name", "sku", "is_active", "unit", "price")
    search_fields = ("name", "sku", "=netsuite_id")
    search_help_text = "Name or number"
    list_select_related = ("provider",)
    list_filter = (
        choice_filter("is_active", "State", [("1", "On sale"), ("0", "Not on sale")]),
        choice_filter("kind", "Kind", [("subscription", "Subscriptions"), ("goods", "Goods")], _of_kind),
    )
    verbs, list_verbs = ("edit", "toggle"), ("take_in",)

    def facts(self, request: HttpRequest, row: Product) -> dict[str, Any]:
        history = row.history.select_related("history_user").order_by("-history_date", "-history_id")
        return {"history": history, "dialogs_here": ("edit", "toggle"), **_terms_to_choose(row)}

    def list_facts(self, request: HttpRequest) -> dict[str, Any]:
        return _terms_to_choose()

    def edit(self, request: HttpRequest, row: Product) -> None:
        wish = cleaned(ProductForm(request.POST))
        catalog.change_product(product=row, by=request.user, **wish)  # type: ignore[arg-type]

    def toggle(self, request: HttpRequest, row: Product) -> None:
        """On sale, or not any more."""
        reason = request.POST.get("reason", "")
        catalog.change_product(product=row, by=request.user, reason=reason, is_active=not row.is_active)  # type: ignore[arg-type]

    def take_in(self, request: HttpRequest) -> HttpResponse:
        wish = cleaned(ProductForm(request.POST))
        return HttpResponseRedirect(self.address(catalog.add_product(by=request.user, **wish)))  # type: ignore[arg-type]


def _terms_to_choose(row: Product | None = None) -> dict[str, Any]:
    """What makes an item a subscription: who provisions it, how often it is billed, what it follows."""
    followable = Product.objects.exclude(provider=None)
    return {
        "providers": Provider.objects.all(),
        "frequencies": FREQUENCIES,
        "followable": followable.exclude(pk=row.pk) if row else followable,
    }


@admin.register(SalesTax)
class SalesTaxAdmin(SeeOnly):
    """By region; the one without a region is for everywhere else."""

    list_title = "Sales taxes"
    empty = "No sales tax is set: orders carry none."
    heads = (("Region", ""), ("Percent", "num end"))
    row_template, page_template = "control/_sales_tax_row.html", "control/sales_tax.html"
    change_list_template = "control/sales_taxes.html"
    list_display = ("region", "percent")
    list_verbs = ("set",)

    def facts(self, request: HttpRequest, row: SalesTax) -> dict[str, Any]:
        return {"history": row.history.select_related("history_user").order_by("-history_date", "-history_id")}

    def set(self, request: HttpRequest) -> None:
        catalog.set_sales_tax(by=request.user, **cleaned(SalesTaxForm(request.POST)))  # type: ignore[arg-type]
