"""Django's own admin beside the console: its templates, 100 rows a page, search in substrings."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.template.backends.django import DjangoTemplates
from django.test import RequestFactory
from django.urls import include, path

from workflows.models import ProposedAction

ADDRESS = "/plain/workflows/proposedaction/"
OPTIONS = settings.TEMPLATES[0]["OPTIONS"]
# The console's theme brings templates of the same names.
ORIGINAL = DjangoTemplates(
    {"NAME": "plain", "DIRS": [Path(admin.__file__).parent / "templates"], "APP_DIRS": False, "OPTIONS": OPTIONS}
)


class PlainProposals(admin.ModelAdmin):
    """What `admin.site.register` gives, with the columns and the search of the review list."""

    list_display = ("customer", "action_type", "rationale", "status", "risk_level", "at_stake", "proposed_at")
    list_select_related = ("customer",)
    list_per_page = 100
    search_fields = (
        *("customer__name", "customer__entity_id", "customer__email", "customer__contact_name", "customer__phone"),
        *("customer__netsuite_id", "rationale", "entity_ref"),
    )

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        response = super().changelist_view(request, extra_context)
        response.template_name = ORIGINAL.get_template("admin/change_list.html")  # type: ignore[attr-defined]
        return response


site = admin.AdminSite(name="plain")
site.register(ProposedAction, PlainProposals)
urlpatterns = [path("plain/", site.urls), path("", include("config.urls"))]


def search(words: str, user: User) -> None:
    """What the list does for a search before it is drawn: counts, and the rows of the first page."""
    request = RequestFactory().get(ADDRESS, {"q": words})
    request.user = user
    list(site.get_model_admin(ProposedAction).get_changelist_instance(request).result_list)
