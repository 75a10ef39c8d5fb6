"""The answers to disputes as first written; the console edits them per reason and language.

Each language has one frame and, a reason, what we check and the next step. What stands in braces is filled by
`disputes.drafts`; a line whose placeholders are all empty is left out.
"""

from collections.abc import Iterator

from disputes.models import ResponseTemplate
from disputes.texts import en, french, german, spanish

LANGUAGES = {"en": en, "de": german, "fr": french, "es": spanish}


def declared() -> Iterator[ResponseTemplate]:
    """Every template of the program, unsaved."""
    for language, words in LANGUAGES.items():
        for (reason, sub_reason), (check, step) in words.REASONS.items():
            yield ResponseTemplate(
                reason=reason,
                sub_reason=sub_reason,
                language=language,
                subject=words.SUBJECT,
                body=words.FRAME.replace("%check%", check).replace("%step%", step),
            )


def seed_templates() -> int:
    """Write the templates that are missing; what people edited stays. Returns how many were written."""
    there = set(ResponseTemplate.objects.values_list("reason", "sub_reason", "language"))
    missing = [one for one in declared() if (one.reason, one.sub_reason, one.language) not in there]
    for template in missing:
        template._change_reason = "as in the code"  # type: ignore[attr-defined]
        template.save()
    return len(missing)
