"""The answers to disputes in the console: one text a reason and language, with its history."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from disputes.actions import answers
from disputes.drafts import PLACEHOLDERS
from disputes.models import ResponseTemplate
from netsuite.console import SeeOnly, choice_filter, choices_of


@admin.register(ResponseTemplate)
class AnswerAdmin(SeeOnly):
    list_title = "Answers"
    empty = "No answers. They are declared in code and appear after a migration."
    heads = (("About", ""), ("Language", ""), ("Subject", "hide"))
    row_template, page_template = "control/_answer_row.html", "control/answer.html"
    list_display = ("reason", "language", "subject")
    ordering = ("reason", "sub_reason", "language")
    search_fields = ("subject", "body")
    search_help_text = "Words in the text"
    list_filter = (
        choice_filter("language", "Language", ResponseTemplate.LANGUAGES),
        choice_filter("reason", "About", choices_of(ResponseTemplate, "reason")),
    )
    verbs = ("save",)

    def facts(self, request: HttpRequest, row: ResponseTemplate) -> dict[str, Any]:
        own, sent = answers.as_declared(row), request.POST
        return {
            "title": title_of(row),
            "seen": answers.version_of(row),
            "subject": sent.get("subject", row.subject),
            "body": sent.get("body", row.body),
            "edited": own is not None and (own.subject, own.body.strip()) != (row.subject, row.body.strip()),
            "may_change": request.user.has_perm(answers.MAY),
            "placeholders": sorted(PLACEHOLDERS),
            "history": row.history.select_related("history_user").order_by("-history_date", "-history_id")[:30],
        }

    def save(self, request: HttpRequest, row: ResponseTemplate) -> None:
        sent = request.POST
        answers.change_answer(
            template=row,
            seen=sent.get("seen", ""),
            subject=sent.get("subject", ""),
            body=sent.get("body", ""),
            by=request.user,  # type: ignore[arg-type]
            reason=sent.get("reason", ""),
        )


def title_of(row: ResponseTemplate) -> str:
    """`Billed twice, German`."""
    about = row.get_sub_reason_display() if row.sub_reason else row.get_reason_display()
    return f"{about}, {row.get_language_display()}"
