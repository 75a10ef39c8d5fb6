"""Raw RFC 822 into `Parsed`. Nothing a sender writes makes this raise, and nothing is unpacked or executed."""

from collections.abc import Iterator, Sequence
from email import message_from_bytes, policy
from email.message import Message
from urllib.parse import urlsplit

from django.conf import settings

from disputes.intake import authentication, headers, limits
from disputes.intake.html import text_of
from disputes.intake.parsed import File, Parsed, clean, file_of, one_line

# The other policies parse every header as they read it and raise on hostile ones.
LENIENT = policy.compat32
BROKEN = (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError)


def parse(raw: bytes, *, trusted: Sequence[str] | None = None) -> Parsed:
    """Read a mail. One that is too much or broken keeps its head and says the `problem`.

    `trusted` are the mail servers whose authentication results count; by default those of the settings.
    """
    hosts = trusted_hosts() if trusted is None else trusted
    problem = limits.too_much(raw)
    if problem:
        return head_only(raw, problem, trusted=hosts)
    try:
        message = message_from_bytes(raw, policy=LENIENT)
        bodies = Bodies.of(message)
        return _parsed(message, hosts, bodies, _header_problem(message))
    except BROKEN as error:
        return head_only(raw, f"It cannot be read: {type(error).__name__}.", trusted=hosts)


def trusted_hosts() -> list[str]:
    """MAIL_TRUSTED_HOSTS, else the server of the mailbox."""
    return settings.MAIL_TRUSTED_HOSTS or [urlsplit(settings.IMAP_URL).hostname or ""]


def _header_problem(message: Message) -> str:
    if headers.breaks_lines(message):
        return "A header holds a line break, as if to add further headers."
    return "" if headers.addresses(message, "from") or headers.addresses(message, "sender") else "It names no sender."


def head_only(raw: bytes, problem: str, *, trusted: Sequence[str] | None = None) -> Parsed:
    """Who sent it and about what, and why it was not read further."""
    hosts = trusted_hosts() if trusted is None else trusted
    try:
        message = message_from_bytes(limits.head_of(raw) + b"\n\n", policy=LENIENT)
        return _parsed(message, hosts, Bodies(), problem)
    except BROKEN:
        return Parsed(problem=problem)


def _parsed(message: Message, hosts: Sequence[str], bodies: "Bodies", problem: str) -> Parsed:
    senders = headers.addresses(message, "from") or headers.addresses(message, "sender") or [("", "")]
    name, address = senders[0]
    subject = one_line(headers.decoded(headers.value(message, "subject")), 998)
    found = authentication.results(message, hosts)
    to = headers.addresses(message, "delivered-to") or headers.addresses(message, "to") or [("", "")]
    html = clean(bodies.html, limits.LONGEST_HTML)
    return Parsed(
        message_id=headers.message_id(headers.value(message, "message-id")),
        in_reply_to=headers.message_id(headers.value(message, "in-reply-to")),
        references=headers.ids(headers.value(message, "references")),
        from_name=name,
        from_email=address,
        to_address=to[0][1],
        subject=subject,
        text=clean(bodies.text.strip() or text_of(html), limits.LONGEST_TEXT),
        html=html,
        files=tuple(bodies.files),
        authentication=found,
        # With several senders nobody stands behind the mail.
        verified=len(senders) == 1 and authentication.verified(found, address),
        facts={**headers.facts(message, address, subject), "forward": headers.is_forward(subject)},
        problem=problem,
    )


class Bodies:
    """The texts and files of a message, gathered part by part."""

    def __init__(self) -> None:
        self.text = ""
        self.html = ""
        self.files: list[File] = []
        self._kept = 0

    @classmethod
    def of(cls, message: Message) -> "Bodies":
        bodies = cls()
        for part in _leaves(message):
            bodies._add(part)
        return bodies

    def _add(self, part: Message) -> None:
        kind = part.get_content_type()
        if kind in ("text/plain", "text/html") and not _is_file(part):
            self._add_text(kind, text_in(part))
            return
        content = _content(part)
        keep = len(content) <= limits.KEPT_ATTACHMENT and self._kept + len(content) <= limits.KEPT_ATTACHMENTS
        self._kept += len(content) if keep else 0
        self.files.append(file_of(_file_name(part), kind, content, keep=keep))

    def _add_text(self, kind: str, text: str) -> None:
        if kind == "text/plain" and len(self.text) < limits.LONGEST_TEXT:
            self.text = f"{self.text}\n{text}" if self.text.strip() else text
        elif kind == "text/html" and len(self.html) < limits.LONGEST_HTML:
            self.html += text


def _leaves(message: Message) -> Iterator[Message]:
    """Parts that hold something, in order; a forwarded mail's text counts, its own files too. Never recursive."""
    waiting: list[Message] = [message]
    while waiting:
        part = waiting.pop(0)
        # Asking for the payload would decode it, by whatever charset it names.
        inner = vars(part).get("_payload")
        if part.get_content_type() in ("message/delivery-status", "text/rfc822-headers"):
            continue
        if isinstance(inner, list):
            waiting[:0] = [each for each in inner if isinstance(each, Message)]
        else:
            yield part


def _is_file(part: Message) -> bool:
    return part.get_content_disposition() == "attachment" or bool(_file_name(part))


def _file_name(part: Message) -> str:
    try:
        return headers.decoded(part.get_filename() or "")
    except BROKEN:
        return ""


def _content(part: Message) -> bytes:
    try:
        found = part.get_payload(decode=True)
    except BROKEN:
        found = None
    if isinstance(found, bytes):
        return found
    plain = vars(part).get("_payload")
    return plain.encode("utf-8", "surrogateescape") if isinstance(plain, str) else b""


def text_in(part: Message) -> str:
    """A text part in the charset it names, else in one that fits; never raises."""
    data = _content(part)
    try:
        named = str(part.get_content_charset() or "")
    except BROKEN:
        named = ""
    for charset in (named, "utf-8", "cp1252"):
        try:
            return data.decode(charset) if charset else data.decode("utf-8")
        except (LookupError, ValueError):
            continue
    return data.decode("latin-1")


def composed(
    *,
    from_: str,
    to: str = "",
    subject: str = "",
    text: str = "",
    html: str = "",
    message_id: str = "",
    in_reply_to: str = "",
    files: Sequence[File] = (),
) -> Parsed:
    """A mail that came as fields instead of bytes. Nobody vouches for its sender."""
    message = Message(policy=LENIENT)
    message["From"] = one_line(from_, 1000)
    name, address = (headers.addresses(message, "from") or [("", "")])[0]
    line, markup = one_line(subject, 998), clean(html, limits.LONGEST_HTML)
    return Parsed(
        message_id=headers.message_id(message_id),
        in_reply_to=headers.message_id(in_reply_to),
        references=headers.ids(in_reply_to),
        from_name=name,
        from_email=address,
        to_address=headers.address_in(to),
        subject=line,
        text=clean(text.strip() or text_of(markup), limits.LONGEST_TEXT),
        html=markup,
        files=tuple(files),
        facts={**headers.facts(message, address, line), "forward": headers.is_forward(line)},
        problem="" if address else "It names no sender.",
    )
