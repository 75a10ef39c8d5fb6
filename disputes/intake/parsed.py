"""A mail as it was read: plain values, safe for the database, whatever came in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True)
class File:
    """A file that came with the mail. Its content is None when it was too large to keep."""

    given_name: str
    content_type: str
    size: int
    sha256: str
    content: bytes | None


@dataclass(frozen=True)
class Parsed:
    """What a mail says. `problem` is why it is put aside unread, or ""; `facts` is what its headers say of it."""

    message_id: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    from_name: str = ""
    from_email: str = ""
    to_address: str = ""
    subject: str = ""
    text: str = ""
    html: str = ""
    files: tuple[File, ...] = ()
    authentication: Mapping[str, Any] = field(default_factory=dict)
    verified: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""

    @property
    def content_hash(self) -> str:
        """SHA-256 of sender, subject and text; layout does not count."""
        parts = (self.from_email, self.subject, self.text or self.html)
        plain = "\n".join(_SPACES.sub(" ", part).strip().lower() for part in parts)
        return sha256("\n".join([plain, *(file.sha256 for file in self.files)]).encode()).hexdigest()


def clean(text: str, limit: int) -> str:
    """Text that any database takes: no control characters, no half characters, Unix line ends, at most `limit`."""
    whole = text[: limit * 2].encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("", whole)[:limit]


def one_line(text: str, limit: int) -> str:
    """Like `clean`, on one line: no header can be broken by it."""
    return _SPACES.sub(" ", clean(text, limit * 2)).strip()[:limit]


def file_of(name: str, content_type: str, content: bytes, *, keep: bool) -> File:
    kind = one_line(content_type, 127).lower()
    return File(one_line(name, 255), kind, len(content), sha256(content).hexdigest(), content if keep else None)
