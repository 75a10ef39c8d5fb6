"""Proposals in the console: their own list and page."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from netsuite.console import SeeOnly
from workflows import views
from workflows.models import ProposedAction
from workflows.proposal_page import DECISIONS


@admin.register(ProposedAction)
class ProposalAdmin(SeeOnly):
    """Both pages are views of their own; the decisions are POSTs beside them."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return views.proposals_list(request)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        return views.show(request, object_id)

    def get_urls(self) -> list[URLPattern]:
        inside, name = self.admin_site.admin_view, "workflows_proposedaction"
        decisions = [
            path(f"<path:pk>/{verb}/", inside(views.decide), {"verb": verb}, name=f"{name}_{verb}")
            for verb in DECISIONS
        ]
        return [
            path("bulk/", inside(views.bulk), name=f"{name}_bulk"),
            path("<path:pk>/progress/", inside(views.progress), name=f"{name}_progress"),
            *decisions,
            *super().get_urls(),
        ]
