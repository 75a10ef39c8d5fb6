"""Mail drafts: polish, release, undo, discard."""

from typing import Any

from django.contrib import admin
from django.db.models import Case, QuerySet, When
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.urls import path, reverse

from netsuite.console import SeeOnly, choice_filter, choices_of
from netsuite.errors import Refusal
from workflows import mail_page
from workflows.actions import emails
from workflows.models import OutboundEmail
from workflows.wording import clock

CAME_BACK = ("came_back", "Came back")


def _by_status(rows: QuerySet, value: str) -> QuerySet:
    return (
        rows.filter(status="pending_review").exclude(came_back="")
        if value == CAME_BACK[0]
        else rows.filter(status=value)
    )


@admin.register(OutboundEmail)
class EmailAdmin(SeeOnly):
    """The list of mails; one mail with its text, facts, versions and preview."""

    list_title = "Mail drafts"
    empty = "No mails yet. A hold or its lift drafts them."
    heads = (("Mail", ""), ("To", "hide"), ("Status", ""), ("Age", "num"))
    row_template, page_template = "mail/_row.html", "mail/page.html"
    list_display = ("subject",)
    list_select_related = ("customer__sales_rep",)
    search_fields = ("subject", "customer__name", "customer__entity_id", "to_email")
    search_help_text = "Subject, customer or address"
    list_filter = (
        choice_filter("status", "Status", [*choices_of(OutboundEmail, "status"), CAME_BACK], _by_status),
        choice_filter("audience", "For", OutboundEmail.AUDIENCES),
    )
    verbs = ("edit", "approve", "undo", "discard", "reopen", "declare_sent")

    def get_urls(self) -> list[Any]:
        state = path(
            "<path:object_id>/state/", self.admin_site.admin_view(self.state), name="workflows_outboundemail_state"
        )
        return [state, *super().get_urls()]

    def get_ordering(self, request: HttpRequest) -> tuple[Any, ...]:
        """What still waits comes first."""
        return (Case(When(status__in=["sent", "discarded"], then=1), default=0).asc(), "-pk")

    def facts(self, request: HttpRequest, row: OutboundEmail) -> dict[str, Any]:
        since = request.GET.get("since", "")
        page = mail_page.mail_page(request.user, row, int(since) if since.isdigit() else 1)  # type: ignore[arg-type]
        crumbs = [
            {"title": self.list_title, "link": reverse("admin:workflows_outboundemail_changelist")},
            {"title": str(row.customer)},
        ]
        return {**page, "title": page["heading"], "crumbs": crumbs}

    def state(self, request: HttpRequest, object_id: str) -> JsonResponse:
        """What the countdown asks for once it is over."""
        email: Any = self.row(request, object_id)
        return JsonResponse({"status": email.status, "version": email.version})

    def edit(self, request: HttpRequest, row: OutboundEmail) -> HttpResponse | None:
        if request.headers.get("Accept") != "application/json":
            _save(request, row)
            return None
        try:
            _save(request, row)
        except Refusal as refusal:
            answer = {"code": refusal.code, "detail": refusal.detail, **refusal.extra}
            return JsonResponse(answer, status=refusal.status)
        return JsonResponse(_saved(request, row))

    def approve(self, request: HttpRequest, row: OutboundEmail) -> None:
        saved = _save(request, row) if "body" in request.POST else row
        emails.approve(email=saved, version=saved.version, by=request.user)  # type: ignore[arg-type]

    def undo(self, request: HttpRequest, row: OutboundEmail) -> None:
        emails.undo(email=row, by=request.user)  # type: ignore[arg-type]

    def discard(self, request: HttpRequest, row: OutboundEmail) -> None:
        emails.discard(email=row, by=request.user, reason=request.POST.get("reason", ""))  # type: ignore[arg-type]

    def reopen(self, request: HttpRequest, row: OutboundEmail) -> None:
        emails.reopen(email=row, by=request.user, reason="to be sent again")  # type: ignore[arg-type]

    def declare_sent(self, request: HttpRequest, row: OutboundEmail) -> None:
        reason = request.POST.get("reason", "").strip()
        if not reason:
            raise Refusal("Say how you know that it arrived.", code="reason_required", status=400)
        emails.declare_sent(email=row, by=request.user, reason=reason)  # type: ignore[arg-type]


def _save(request: HttpRequest, email: OutboundEmail) -> OutboundEmail:
    version, text = request.POST.get("version", ""), request.POST
    return emails.edit(
        email=email,
        version=int(version) if version.isdigit() else 0,
        subject=text.get("subject", ""),
        body=text.get("body", ""),
        by=request.user,  # type: ignore[arg-type]
    )


def _saved(request: HttpRequest, email: OutboundEmail) -> dict[str, Any]:
    """The parts of the page that follow from the text, drawn again."""
    part = mail_page.text_part(request.user, email)  # type: ignore[arg-type]
    drawn = {
        name: render_to_string(f"mail/_{name}.html", part, request)
        for name in ("facts", "changes", "versions", "preview")
    }
    newest = part["versions"][0] if part["versions"] else None
    return {"version": email.version, "saved": clock(newest.at, seconds=True) if newest else "", "parts": drawn}
