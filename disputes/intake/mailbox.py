"""The mailbox on its IMAP server: which messages are there, each as it came, and a mark on what was read."""

import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted, MailMessageFlags

from disputes.intake.limits import LARGEST

_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
PORTS = {"imap": 143, "imaps": 993, "imap+tls": 143}


class MessageRefused(Exception):
    """The server does not hand out this one message; the others it does."""


@dataclass(frozen=True)
class Place:
    """Where the mailbox is. `done` is the folder that takes what was read; without one it is marked as seen."""

    scheme: str
    host: str
    port: int
    user: str
    password: str
    folder: str
    done: str

    def __str__(self) -> str:
        return f"{self.user}@{self.host}:{self.port}/{self.folder}"


@dataclass(frozen=True)
class Message:
    """One message as the server has it; `size` in bytes is the whole, `raw` only the head of one too large."""

    uid: int
    raw: bytes
    size: int


def place() -> Place:
    """IMAP_URL, read. Raises ImproperlyConfigured."""
    url = urlsplit(settings.IMAP_URL)
    if url.scheme not in PORTS or not url.hostname:
        raise ImproperlyConfigured("IMAP_URL is written imaps://user:password@host/folder.")
    return Place(
        scheme=url.scheme,
        host=url.hostname,
        port=url.port or PORTS[url.scheme],
        user=unquote(url.username or ""),
        password=unquote(url.password or ""),
        folder=unquote(url.path.strip("/")) or "INBOX",
        done=parse_qs(url.query).get("done", [""])[0],
    )


@contextmanager
def opened(at: Place) -> Iterator["Mailbox"]:
    """Signed in, with the folder open; signed out at the end. Raises OSError and imap_tools errors."""
    client = _client(at)
    try:
        client.login(at.user, at.password, initial_folder=at.folder)
        yield Mailbox(client, at)
    finally:
        # The server may be gone or angry; there is nothing left to say to it.
        with suppress(Exception):
            client.logout()


def _client(at: Place) -> BaseMailBox:
    wait = settings.IMAP_TIMEOUT
    if at.scheme == "imaps":
        return MailBox(at.host, at.port, timeout=wait, ssl_context=ssl.create_default_context())
    if at.scheme == "imap+tls":
        return MailBoxStartTls(at.host, at.port, timeout=wait, ssl_context=ssl.create_default_context())
    return MailBoxUnencrypted(at.host, at.port, timeout=wait)


class Mailbox:
    """An open folder."""

    def __init__(self, client: BaseMailBox, at: Place) -> None:
        self.client = client
        self.at = at
        self.uidvalidity = int(client.folder.status(at.folder, ["UIDVALIDITY"])["UIDVALIDITY"])

    def uids(self, first: int) -> list[int]:
        """Numbers of the messages from `first` on, rising. Servers answer `n:*` with the last one even below n."""
        return sorted(uid for uid in map(int, self.client.uids(f"UID {first}:*")) if uid >= first)

    def read(self, uid: int) -> Message | None:
        """The message's own bytes, without marking it; None when it is gone."""
        sizes = self._fetch(uid, "(RFC822.SIZE)")
        found = _SIZE.search(b" ".join(part if isinstance(part, bytes) else part[0] for part in sizes))
        if found is None:
            return None
        size = int(found[1])
        parts = self._fetch(uid, "(BODY.PEEK[])" if size <= LARGEST else "(BODY.PEEK[HEADER])")
        raw = next((part[1] for part in parts if isinstance(part, tuple)), None)
        return Message(uid, raw, size) if raw is not None else None

    def _fetch(self, uid: int, what: str) -> Sequence[bytes | tuple[bytes, bytes]]:
        status, answer = self.client.client.uid("fetch", str(uid), what)
        if status != "OK":
            raise MessageRefused(f"The mailbox answered {status} to message {uid}.")
        return [part for part in answer if part]

    def put_away(self, uid: int) -> None:
        """Into the folder for read mail, or marked as seen."""
        if self.at.done:
            if not self.client.folder.exists(self.at.done):
                self.client.folder.create(self.at.done)
            self.client.move(str(uid), self.at.done)
        else:
            self.client.flag(str(uid), [MailMessageFlags.SEEN], True)
