"""Texts that parts of the system write into a draft, while no person has touched it."""

from collections.abc import Mapping, Sequence

from django.db import transaction
from django.db.models import F

from workflows.drafting import one_line
from workflows.models import EmailVersion, OutboundEmail


def redraft(
    *, email: OutboundEmail, subject: str, body: str, facts: Sequence[Mapping[str, str]], by: str, language: str = ""
) -> bool:
    """Replace text and facts of an unread draft; an equal text is no new version. False: a person was faster."""
    text = {"subject": one_line(subject), "body": body.strip()}
    differs = (email.subject, email.body) != (text["subject"], text["body"])
    changes = {**text, "facts": list(facts), "language": language or email.language}
    with transaction.atomic():
        untouched = OutboundEmail.objects.filter(pk=email.pk, version=email.version, status="pending_review")
        if by_a_person(email) or not untouched.update(**changes, version=F("version") + int(differs)):
            return False
        email.refresh_from_db()
        if differs:
            EmailVersion.objects.create(email=email, version=email.version, by=by, **text)
            OutboundEmail.history.bulk_history_create([email], update=True, default_change_reason=by[:100])
    return True


def by_a_person(email: OutboundEmail) -> bool:
    """Whether somebody has polished it already; parts of the system sign with a word of ours."""
    return email.versions.exclude(by__in=SYSTEM).exists()


# Who signs a text version that no person wrote.
SYSTEM = ("draft", "language model", "re-triage")
