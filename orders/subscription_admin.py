"""Subscriptions in the console: the list, the page with its change log, and the work list of changes."""

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse

from customers.clock import business_today
from netsuite.console import SeeOnly, cleaned
from netsuite.errors import Refusal
from orders import (
    billing_admin,  # noqa: F401  registers contracts and invoices
    provisioning_admin,  # noqa: F401  registers the switch and the providers
    subscription_lists,
    subscription_pages,
)
from orders.actions import provisioning, subscriptions
from orders.models import LicenseChange, Subscription
from orders.provisioning.gate import WITH_SUBSCRIPTION, switch_is_on
from orders.provisioning_forms import CancelForm, PriceForm, QuantityForm, ReasonForm

LATEST = 12
MOST_AT_ONCE = 200
BULK = {"retry": "Try again", "mark": "Mark provisioned"}


@admin.register(Subscription)
class SubscriptionAdmin(SeeOnly):
    """A sales rep finds their own customers' only."""

    list_title = "Subscriptions"
    page_template = "control/subscription.html"
    verbs = ("change_quantity", "change_price", "cancel")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        _may_see(self, request)
        wanted = subscription_lists.Wanted.from_query(request.GET, "state", subscription_lists.STATES)
        page = subscription_lists.subscriptions(wanted, request.user)
        why = subscription_pages.first_waiting(page.rows)
        for row in page.rows:
            row.value = row.quantity * row.price
        shown = {
            **_list_facts(request, wanted, page),
            "title": self.list_title,
            "crumbs": [{"title": self.list_title}],
            "states": subscription_lists.STATES,
            "rows": [(row, subscription_lists.standing(row), why.get(row.pk, "")) for row in page.rows],
            "switch_on": switch_is_on(),
        }
        return self.page(request, "control/subscriptions.html", **shown)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        related = ("customer", "product", "provider", "contract", "parent__product", "order_line__order")
        return subscription_lists.with_standing(super().get_queryset(request)).select_related(*related)

    def facts(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        rows = subscription_pages.change_rows(subscription_pages.changes_of(row), request.user)
        may = request.user.has_perm(subscription_pages.CHANGE) and row.cancelled_on is None
        return {
            "title": f"{row.product}, {row.customer}",
            "state": subscription_lists.standing(row),
            "changes": rows,
            "troubles": [one for one in reversed(rows) if one.row.status in ("awaiting", "failed")],
            "children": subscription_pages.family(row),
            "value": row.quantity * row.price,
            "invoice_lines": list(row.invoice_lines.select_related("invoice").order_by("-pk")[:LATEST]),
            "may_change": may,
            "dialogs_here": self.verbs if may else (),
            "today": business_today(),
            "back": "subscription",
        }

    def change_quantity(self, request: HttpRequest, row: Subscription) -> None:
        wish = cleaned(QuantityForm(request.POST))
        subscriptions.change_quantity(subscription=row, by=request.user, **wish)  # type: ignore[arg-type]

    def change_price(self, request: HttpRequest, row: Subscription) -> None:
        wish = cleaned(PriceForm(request.POST))
        subscriptions.change_price(subscription=row, by=request.user, **wish)  # type: ignore[arg-type]

    def cancel(self, request: HttpRequest, row: Subscription) -> None:
        wish = cleaned(CancelForm(request.POST))
        subscriptions.cancel(subscription=row, by=request.user, **wish)  # type: ignore[arg-type]


@admin.register(LicenseChange)
class LicenseChangeAdmin(SeeOnly):
    """First what people have to do: changes of manual providers to mark, and failed ones to try again."""

    list_title = "Licence changes"
    page_template = "control/license_change.html"
    verbs, list_verbs = ("mark", "retry"), ("many",)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        _may_see(self, request)
        wanted = subscription_lists.Wanted.from_query(request.GET, "show", subscription_lists.SHOW)
        page = subscription_lists.changes(wanted, request.user)
        rows = subscription_pages.change_rows(page.rows, request.user)
        shown = {
            **_list_facts(request, wanted, page),
            "title": self.list_title,
            "crumbs": [{"title": self.list_title}],
            "shows": subscription_lists.SHOW,
            "rows": rows,
            "can_retry": any(one.can_retry for one in rows),
            "can_mark": any(one.can_mark for one in rows),
        }
        return self.page(request, "control/license_changes.html", **{**shown, **(extra_context or {})})

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        related = (*WITH_SUBSCRIPTION, "subscription__contract", "push", "invoice")
        return super().get_queryset(request).select_related(*related)

    def facts(self, request: HttpRequest, row: LicenseChange) -> dict[str, Any]:
        [one] = subscription_pages.change_rows([row], request.user)
        return {
            "title": f"{row.subscription.product}: {one.what}",
            "one": one,
            "attempts": list(row.push.attempts.order_by("-number")[:LATEST]) if row.push else [],
            "notice": getattr(row, "notice", None),
            "dialogs_here": [verb for verb, can in (("mark", one.can_mark), ("retry", one.can_retry)) if can],
            "dialog_of": row.pk,
            "opened": asked if (asked := request.GET.get("do", "")) in self.verbs else "",
            "back": request.POST.get("back") or request.GET.get("back", ""),
        }

    def mark(self, request: HttpRequest, row: LicenseChange) -> HttpResponse | None:
        provisioning.mark_provisioned(change=row, by=request.user, **cleaned(ReasonForm(request.POST)))  # type: ignore[arg-type]
        return _back(request, row)

    def retry(self, request: HttpRequest, row: LicenseChange) -> HttpResponse | None:
        provisioning.retry(change=row, by=request.user, **cleaned(ReasonForm(request.POST)))  # type: ignore[arg-type]
        return _back(request, row)

    def many(self, request: HttpRequest) -> HttpResponse:
        """First what was picked, then, confirmed with a reason, each by itself: one that is refused stops no other."""
        verb = request.POST.get("verb", "")
        if verb not in BULK:
            raise Refusal("Pick what to do.", code="invalid", status=400)
        picked = self._picked(request)
        shown: dict[str, Any] = {
            "verb": verb,
            "button": BULK[verb],
            "title": f"{BULK[verb]}?",
            "picked": picked,
            "crumbs": self._crumbs(),
        }
        if "confirm" not in request.POST:
            return self.page(request, "control/license_changes_bulk.html", **shown)
        try:
            reason = cleaned(ReasonForm(request.POST))["reason"]
        except Refusal as refusal:
            shown |= {"refusal": refusal, "sent": request.POST}
            return self.page(request, "control/license_changes_bulk.html", status=refusal.status, **shown)
        done = [(one, _tried(verb, one.row, request.user, reason)) for one in picked]
        return self.page(request, "control/license_changes_bulk.html", **{**shown, "done": done})

    def _picked(self, request: HttpRequest) -> list[subscription_pages.ChangeRow]:
        keys = {int(key) for key in request.POST.getlist("item")[:MOST_AT_ONCE] if key.isdecimal() and len(key) < 18}
        found: Sequence[LicenseChange] = list(self.get_queryset(request).filter(pk__in=keys).order_by("pk"))
        rows = subscription_pages.change_rows(found, request.user)
        wanted: Callable[[subscription_pages.ChangeRow], bool] = (
            (lambda one: one.can_retry) if request.POST.get("verb") == "retry" else (lambda one: one.can_mark)
        )
        return [one for one in rows if wanted(one)]

    def _crumbs(self) -> list[dict[str, str]]:
        return [
            {"title": self.list_title, "link": reverse("admin:orders_licensechange_changelist")},
            {"title": "Picked"},
        ]


def _tried(verb: str, change: LicenseChange, user: Any, reason: str) -> str:
    """Empty when it was done, else the refusal's words."""
    act = provisioning.retry if verb == "retry" else provisioning.mark_provisioned
    try:
        act(change=change, by=user, reason=reason)
    except Refusal as refusal:
        return refusal.detail
    return ""


def _back(request: HttpRequest, change: LicenseChange) -> HttpResponse | None:
    """To the page that the button stood on."""
    pages = {
        "subscription": ("admin:orders_subscription_change", [change.subscription_id]),
        "customer": ("admin:customers_customer_change", [change.subscription.customer_id]),
    }
    found = pages.get(request.POST.get("back", ""))
    return HttpResponseRedirect(reverse(found[0], args=found[1])) if found else None


def _may_see(page: SeeOnly, request: HttpRequest) -> None:
    if not page.has_view_permission(request):
        raise PermissionDenied


def _list_facts(request: HttpRequest, wanted: subscription_lists.Wanted, page: Any) -> dict[str, Any]:
    query: QueryDict = request.GET.copy()
    query.pop("after", None)
    return {"wanted": wanted, "page": page, "query": query.urlencode(), "providers": subscription_lists.providers()}
