"""Provisioning in the console: the global switch with what it holds back, and the providers."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from netsuite.admin import channel_facts
from netsuite.console import SeeOnly, cleaned
from orders.actions import providers, provisioning
from orders.models import LicenseChange, Provider, ProvisioningSettings
from orders.providers.pushes import channel_of
from orders.provisioning.standing import reach_of_switch
from orders.provisioning_forms import ChangeProviderForm, NewProviderForm, SwitchForm

SHOWN = 30
PAGE = "admin:orders_provisioningsettings_changelist"


@admin.register(ProvisioningSettings)
class ProvisioningAdmin(SeeOnly):
    """One page for the one row."""

    list_title = "Provisioning"
    list_verbs = ("switch", "take_in")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        user = request.user
        shown = {
            "title": self.list_title,
            "crumbs": [{"title": self.list_title}],
            "settings_row": ProvisioningSettings.current(),
            "history": _flips(),
            "providers": Provider.objects.annotate(sold=Count("subscriptions")),
            "kinds": Provider.KINDS,
            "may_switch": user.has_perm("orders.change_provisioningsettings"),
            "may_add": user.has_perm("orders.add_provider"),
            **reach_of_switch(),
        }
        return self.page(request, "control/provisioning.html", **{**shown, **(extra_context or {})})

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        return HttpResponseRedirect(reverse(PAGE))

    def switch(self, request: HttpRequest) -> None:
        provisioning.enable_credit_hold(by=request.user, **cleaned(SwitchForm(request.POST)))  # type: ignore[arg-type]

    def take_in(self, request: HttpRequest) -> HttpResponse:
        wish = cleaned(NewProviderForm(request.POST))
        provider = providers.add_provider(by=request.user, **wish)  # type: ignore[arg-type]
        return HttpResponseRedirect(reverse("admin:orders_provider_change", args=[provider.pk]))


def _flips() -> list[Any]:
    """The turns of the switch; the row's making is none."""
    return list(ProvisioningSettings.history.exclude(at=None).order_by("-history_date", "-history_id")[:SHOWN])


@admin.register(Provider)
class ProviderAdmin(SeeOnly):
    """Who provisions, and how. The secret goes in and never comes out."""

    list_title = "Providers"
    page_template = "control/provider.html"
    verbs = ("save",)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return HttpResponseRedirect(reverse(PAGE))

    def facts(self, request: HttpRequest, row: Provider) -> dict[str, Any]:
        changes = LicenseChange.objects.filter(subscription__provider=row)
        return {
            "crumbs": [{"title": "Provisioning", "link": reverse(PAGE)}, {"title": row.name}],
            "dialogs_here": ("save",),
            "may_change": request.user.has_perm("orders.change_provider"),
            "history": row.history.select_related("history_user").order_by("-history_date", "-history_id")[:SHOWN],
            "products": list(row.products.all()[:SHOWN]),
            "sold": row.subscriptions.count(),
            "waiting": changes.awaiting().values("subscription").distinct().count(),
            "failed": changes.failed().count(),
            "accounts": row.accounts.exclude(opened_at=None).count(),
            "channels": _troubles(row),
        }

    def save(self, request: HttpRequest, row: Provider) -> None:
        wish = cleaned(ChangeProviderForm(request.POST))
        if row.kind != Provider.AUTOMATIC:
            wish = {name: value for name, value in wish.items() if name not in ("url", "secret")}
        providers.change_provider(provider=row, by=request.user, **wish)  # type: ignore[arg-type]


def _troubles(row: Provider) -> list[dict[str, str]]:
    """Why no call leaves, when none leaves."""
    if row.kind != Provider.AUTOMATIC:
        return []
    facts = channel_facts(channel_of(row))
    channel = facts["channel"]
    if channel is None:
        return []
    if facts["channel_paused"]:
        words = f"It refused our signature: “{channel.paused_reason}”. Nothing is sent until a push is retried."
        return [{"tint": "red", "sign": "warning", "words": words}]
    if facts["channel_closed"]:
        return [{"tint": "amber", "sign": "bars", "words": f"Calls are switched off: {channel.closed_reason}"}]
    if facts["channel_slow"]:
        return [{"tint": "amber", "sign": "clock", "words": "It asked us to slow down; calls go on by themselves."}]
    return []
