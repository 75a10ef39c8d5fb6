"""Headers of a mail, read without trust: any of them may be missing, doubled, broken or hostile."""

import re
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses
from typing import Any

from disputes.intake.parsed import one_line

LONGEST_VALUE = 20_000
LONGEST_ID = 998
MOST_REFERENCES = 50
_ID = re.compile(r"<([^<>\s]{1,990})>")
_ADDRESS = re.compile(r"[^\s@<>\"(),:;\[\]\\]{1,64}@[^\s@<>\"(),:;\[\]\\]{1,255}")
# As the standards say, and as clients in other languages write it.
_PREFIX = re.compile(
    r"^\s*(?:(?:re|fw|fwd|aw|wg|antw|antwort|rv|tr|rép|rep|enc|res|ref|sv|vs|i|r)(?:\[\d+\])?\s*:"
    r"|\[[^\]]{1,40}\])\s*",
    re.I,
)
_FORWARD = re.compile(r"^\s*(?:(?:re|aw|rép)\s*:\s*)*(?:fw|fwd|wg|tr|rv|enc|i)\s*:", re.IGNORECASE)
_BOUNCE_FROM = re.compile(r"^(?:mailer-daemon|postmaster|mail-daemon|mdaemon|bounces?)(?:[+.=-].*)?@", re.IGNORECASE)
_AWAY_SUBJECT = re.compile(
    r"^\s*(?:(?:re|aw|sv)\s*:\s*)*(?:automatic reply|auto(?:matic)?[- ]?reply|auto[- ]?response|out of (?:the )?office"
    r"|automatische antwort|abwesenheits(?:notiz|nachricht|meldung)|abwesend|réponse automatique|reponse automatique"
    r"|absence du bureau|respuesta automática|respuesta automatica|fuera de (?:la )?oficina)\b",
    re.IGNORECASE,
)


def values(message: Message, name: str) -> list[str]:
    """All raw values of a header, bytes above 127 as surrogates; `decoded` makes them readable."""
    wanted = name.lower()
    return [str(text)[:LONGEST_VALUE] for each, text in message.raw_items() if each.lower() == wanted]


def value(message: Message, name: str) -> str:
    """The first raw value, or ""."""
    return next(iter(values(message, name)), "")


def decoded(raw: str) -> str:
    """A header with its encoded words as text; what cannot be decoded stays as it came."""
    if "=?" not in raw:
        return _readable(raw)
    try:
        parts = decode_header(raw)
    except (HeaderParseError, ValueError, LookupError, AssertionError, IndexError):
        return _readable(raw)
    return "".join(_part(text, charset) for text, charset in parts)


def _part(text: bytes | str, charset: str | None) -> str:
    if isinstance(text, str):
        return text
    for name in (charset, "utf-8"):
        try:
            return text.decode(name or "ascii")
        except (LookupError, ValueError):
            continue
    return text.decode("latin-1")


def _readable(raw: str) -> str:
    """Bytes above 127 that came without a declaration: UTF-8 when they are, else Latin-1."""
    data = raw.encode("utf-8", "surrogateescape")
    try:
        return data.decode("utf-8")
    except ValueError:
        return data.decode("latin-1")


def breaks_lines(message: Message) -> bool:
    """Whether an encoded word smuggles a line break into a header that we read."""
    names = ("from", "to", "subject", "message-id", "in-reply-to", "reply-to", "sender")
    return any(
        "\n" in text or "\r" in text
        for name in names
        for raw in values(message, name)
        for text in [decoded(re.sub(r"\r?\n[ \t]", " ", raw))]
    )


def addresses(message: Message, name: str) -> list[tuple[str, str]]:
    """(name, address) pairs; the address in lower case."""
    raw = [re.sub(r"\s*\r?\n\s*", " ", text) for text in values(message, name)]
    try:
        pairs = getaddresses(raw, strict=False)
    except TypeError:
        pairs = getaddresses(raw)
    except (ValueError, IndexError, AttributeError):
        pairs = []
    found = [(one_line(decoded(title), 255), address_in(address)) for title, address in pairs]
    # A display name may hold an address of its own, and a broken header still names one somewhere.
    return [pair for pair in found if pair[1]] or [("", a) for a in [address_in(" ".join(raw))] if a]


def address_in(text: str) -> str:
    """The first e-mail address in a text, in lower case, or ""."""
    found = _ADDRESS.search(text[:LONGEST_VALUE])
    return one_line(found[0].strip(".'").lower(), 320) if found else ""


def ids(raw: str) -> tuple[str, ...]:
    """Message ids with their angle brackets, at most fifty: the first and the newest count."""
    found = [f"<{one_line(each, LONGEST_ID - 8)}>" for each in _ID.findall(raw[:LONGEST_VALUE])]
    return tuple(found[:1] + found[1:][-MOST_REFERENCES:])


def message_id(raw: str) -> str:
    """The id as it identifies the mail; without brackets it still does."""
    found = ids(raw)
    return found[0] if found else one_line(raw, LONGEST_ID)


def bare_subject(subject: str) -> str:
    """Without RE:, AW:, FW:, TR:, [tags] …, in lower case."""
    before = None
    while before != subject:
        before, subject = subject, _PREFIX.sub("", subject, count=1)
    return subject.strip().lower()


def is_forward(subject: str) -> bool:
    return bool(_FORWARD.match(subject))


def facts(message: Message, from_email: str, subject: str) -> dict[str, Any]:
    """What the headers say of the mail: `automatic` is reply, bounce, machine or "", `list` whether a list sent it."""
    auto = re.split(r"[\s;(]", value(message, "auto-submitted").strip().lower(), maxsplit=1)[0]
    precedence = value(message, "precedence").strip().lower()
    is_list = bool(value(message, "list-id") or value(message, "list-post")) or precedence == "list"
    found: dict[str, Any] = {"automatic": "", "list": is_list, "bulk": precedence in ("bulk", "junk")}
    if _is_bounce(message, from_email):
        found["automatic"] = "bounce"
    elif auto == "auto-replied" or _answers_by_itself(message, precedence) or _AWAY_SUBJECT.match(subject):
        found["automatic"] = "reply"
    elif auto not in ("", "no"):
        found["automatic"] = "machine"
    return found


def _is_bounce(message: Message, from_email: str) -> bool:
    report = value(message, "content-type").lower()
    empty_path = value(message, "return-path").strip() == "<>" and "delivery-status" in report
    return "multipart/report" in report or empty_path or bool(_BOUNCE_FROM.match(from_email))


def _answers_by_itself(message: Message, precedence: str) -> bool:
    names = ("x-autoreply", "x-autorespond", "x-autoreply-from", "x-mail-autoreply", "x-vacation")
    return precedence == "auto_reply" or any(value(message, name).strip().lower() not in ("", "no") for name in names)
