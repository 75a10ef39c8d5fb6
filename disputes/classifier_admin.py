"""The classifier in the console: its versions, how good each is, what was learned; a button that trains."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_GET

from disputes import classifier_page
from disputes.actions import learning
from disputes.actions.triage import MAY
from disputes.models import ClassifierVersion
from netsuite.console import SeeOnly


@admin.register(ClassifierVersion)
class ClassifierAdmin(SeeOnly):
    list_title = "Classifier"
    empty = "No version yet. The first mail, or a training, makes one."
    heads = (
        ("Version", ""),
        ("State", ""),
        ("Dispute F1", "num"),
        ("Reason macro-F1", "num"),
        ("Mails", "num hide"),
        ("Corrections", "num hide end"),
    )
    row_template, page_template = "control/_classifier_row.html", "control/classifier_version.html"
    change_list_template = "control/classifier.html"
    list_display = ("trained_at",)
    list_verbs = ("retrain",)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(MAY)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_GET(self.progress))
        return [path("progress/", view, name="disputes_classifierversion_progress"), *super().get_urls()]

    def list_facts(self, request: HttpRequest) -> dict[str, Any]:
        return classifier_page.overview()

    def facts(self, request: HttpRequest, row: ClassifierVersion) -> dict[str, Any]:
        return {"title": f"Classifier {row.version}", **classifier_page.version_page(row)}

    def retrain(self, request: HttpRequest) -> None:
        learning.retrain(by=request.user)  # type: ignore[arg-type]

    def progress(self, request: HttpRequest) -> HttpResponse:
        """204 while the training goes on; then the page again, with the new version."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        under_way = classifier_page.training_under_way()
        return HttpResponse(status=204, headers={} if under_way else {"HX-Refresh": "true"})
