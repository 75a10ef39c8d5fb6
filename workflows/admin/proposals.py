"""Proposals in the console: their own list and page."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from workflows import views
from workflows.admin.base import ReadOnlyAdmin
from workflows.models import ProposedAction
from workflows.proposal_page import DECISIONS


@admin.register(ProposedAction)
class ProposalAdmin(ReadOnlyAdmin):
    def get_queryset(self, request: HttpRequest) -> QuerySet[ProposedAction]:
        return ProposedAction.objects.visible_to(request.user)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return views.proposals_list(request)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        return views.show(request, object_id or "")

    def get_urls(self) -> list[URLPattern]:
        inside = self.admin_site.admin_view
        name = "workflows_proposedaction"
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
