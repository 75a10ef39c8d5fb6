"""Decisions: searched and read, never changed."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import path

from netsuite.console import SeeOnly, choice_filter
from workflows.admin import audit
from workflows.models import AutoDecision


def _types(request: HttpRequest) -> list[tuple[str, str]]:
    found = AutoDecision.objects.order_by("decision_type").values_list("decision_type", flat=True).distinct()
    return [(one, one.replace("_", " ").capitalize()) for one in found[:100]]


@admin.register(AutoDecision)
class DecisionAdmin(SeeOnly):
    list_title = "Audit"
    empty = "No decisions yet."
    heads = (("Decision", ""), ("Customer", "hide"), ("Reason", "hide"), ("By", ""), ("When", "num"))
    row_template, page_template = "control/_decision_row.html", "control/decision.html"
    change_list_template = "control/audit.html"
    list_display = ("decision_type",)
    list_select_related = ("customer", "seal")
    search_fields = ("customer__name", "=customer__netsuite_id", "by", "reason", "entity_ref")
    search_help_text = "Customer, person, reason or reference"
    list_filter = (choice_filter("type", "Decision", _types, "decision_type"),)
    list_verbs = ("verify",)

    def get_urls(self) -> list[Any]:
        inside = self.admin_site.admin_view(audit.head_as_text)
        return [path("head.txt", inside, name="workflows_autodecision_head"), *super().get_urls()]

    def list_facts(self, request: HttpRequest) -> dict[str, Any]:
        return audit.chain_facts(request.user)

    def facts(self, request: HttpRequest, row: AutoDecision) -> dict[str, Any]:
        seal = getattr(row, "seal", None)
        return {
            "title": row.decision_type.replace("_", " ").capitalize(),
            "seal": seal,
            "is_intact": seal is not None and audit.is_intact(seal),
            "before_and_after": _compared(row),
            "evidence": _lines(row.evidence),
        }

    def verify(self, request: HttpRequest) -> None:
        audit.verify(request.user)


def _compared(row: AutoDecision) -> list[tuple[str, Any, Any]]:
    """Before and after by name; a name that only one side has is empty on the other."""
    names = [*row.before, *(name for name in row.after if name not in row.before)]
    return [(name, row.before.get(name), row.after.get(name)) for name in names]


def _lines(value: Any, name: str = "") -> list[tuple[str, Any]]:
    """Evidence as name and value, however deep it was stored; what is empty is left out."""
    if isinstance(value, dict):
        if set(value) == {"code", "detail"}:
            return [(name, value["detail"])]
        return [
            line for key, part in value.items() for line in _lines(part, f"{name} {key}".strip().removeprefix("shown "))
        ]
    if isinstance(value, list):
        return [line for part in value for line in _lines(part, name)] if name != "material" else []
    return [(name.strip(), value)] if value not in (None, "") else []
