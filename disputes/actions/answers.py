"""Edit the answers to disputes: fixed placeholders, checked; a reason, kept with the history."""

from django.db import transaction

from disputes.drafts import PLACEHOLDERS
from disputes.models import ResponseTemplate
from disputes.texts import declared
from netsuite.errors import Refusal
from workflows import audit
from workflows.access import Actor, require_person
from workflows.drafting import UnknownPlaceholder, check, one_line

MAY = "disputes.change_responsetemplate"
LONGEST_BODY = 10_000


class InvalidText(Refusal):
    """`extra["errors"]` has a sentence by field: `subject` or `body`."""

    code = "invalid"
    status = 400


def change_answer(
    *, template: ResponseTemplate, seen: str, subject: str, body: str, by: Actor, reason: str
) -> ResponseTemplate:
    """Save a text; answers drafted from now on use it. `seen` is `version_of` the row that was shown.

    Raises InvalidText for an unknown placeholder or an empty text, and Refusal for a lost race or no reason.
    """
    person = require_person(by, MAY, "change answers")
    if not reason.strip():
        raise Refusal("Say why: the reason is kept with the change.", code="reason_required", status=400)
    subject, body = one_line(subject.replace("\x00", "")), body.replace("\x00", "").replace("\r\n", "\n").strip() + "\n"
    _check(subject, body)
    with transaction.atomic():
        row = ResponseTemplate.objects.select_for_update().get(pk=template.pk)
        if version_of(row) != seen:
            words = "Somebody changed this answer since you opened it. Your input is kept here."
            raise Refusal(words, code="stale", status=409)
        before = {"subject": row.subject, "body": row.body}
        if before == {"subject": subject, "body": body}:
            return row
        row.subject, row.body = subject, body
        row._change_reason, row._history_user = reason.strip(), person  # type: ignore[attr-defined]
        row.save()
        after = {"subject": subject, "body": body}
        ref = f"answer:{row.pk}"
        audit.record("answer_changed", by=person, reason=reason, entity_ref=ref, before=before, after=after)
    return row


def version_of(template: ResponseTemplate) -> str:
    """Changes with each save; the form carries it."""
    return str(template.history.order_by("-history_id").values_list("pk", flat=True).first() or "")


def as_declared(template: ResponseTemplate) -> ResponseTemplate | None:
    """The program's own text for this reason and language."""
    key = (template.reason, template.sub_reason, template.language)
    return next((one for one in declared() if (one.reason, one.sub_reason, one.language) == key), None)


def _check(subject: str, body: str) -> None:
    errors = {name: words for name, words in (("subject", _problem(subject)), ("body", _problem(body))) if words}
    if len(subject) > 200:
        errors["subject"] = "A subject has at most 200 characters."
    if len(body) > LONGEST_BODY:
        errors["body"] = f"A text has at most {LONGEST_BODY:,} characters."
    if errors:
        raise InvalidText(next(iter(errors.values())), errors=errors)


def _problem(text: str) -> str:
    if not text.strip():
        return "An answer needs a subject and a text."
    try:
        check(text, set(PLACEHOLDERS))
    except UnknownPlaceholder as unknown:
        return unknown.detail
    return ""
