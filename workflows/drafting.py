"""Fill a draft's text: fixed placeholders in braces, no logic, nothing that could run."""

import re
from collections.abc import Mapping

from netsuite.errors import Refusal

PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


class UnknownPlaceholder(Refusal):
    code = "unknown_placeholder"
    status = 400


def placeholders(text: str) -> set[str]:
    return set(PLACEHOLDER.findall(text))


def check(text: str, known: set[str]) -> None:
    """Refuse a text that names a placeholder nobody fills."""
    unknown = sorted(placeholders(text) - known)
    if unknown:
        raise UnknownPlaceholder(
            f"Unknown placeholder {{{unknown[0]}}}. Known: {', '.join(f'{{{name}}}' for name in sorted(known))}."
        )


def fill(text: str, values: Mapping[str, str]) -> str:
    """Replace the placeholders. A line all of whose placeholders are empty is left out."""
    check(text, set(values))
    lines = []
    for line in text.splitlines():
        names = placeholders(line)
        if names and not any(values[name] for name in names):
            continue
        lines.append(PLACEHOLDER.sub(lambda match: values[match.group(1)], line))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def one_line(subject: str) -> str:
    """A subject never breaks a header."""
    return " ".join(subject.split())[:250]
