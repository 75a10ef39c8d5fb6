"""Read the mailbox: every message once, none lost, whatever the server or a message does."""

import imaplib
import logging
import time
from collections import Counter
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max, Min
from imap_tools import ImapToolsError

from disputes.actions.intake import MAY_ADD, receive, ring
from disputes.intake import parsing
from disputes.intake.limits import LARGEST
from disputes.intake.mailbox import Mailbox, Message, opened, place
from disputes.models import FetchedMail
from netsuite.errors import Refusal
from workflows.access import Actor, require
from workflows.actions.switches import SwitchedOff, stopped

log = logging.getLogger(__name__)

LONGEST_SECONDS = 35.0
# The library raises its own errors, imaplib's, and those of the connection.
SERVER_FAILS = (OSError, EOFError, imaplib.IMAP4.error, ImapToolsError)


class MailboxAway(Refusal):
    """The server did not answer or did not let us in; everything is still in the mailbox."""

    code = "mailbox_away"
    status = 503


def fetch(*, by: Actor, now: datetime, for_seconds: float = LONGEST_SECONDS) -> dict[str, int]:
    """Take in what is new; answers stored, known, quarantined, failed and left (for the next round).

    While “Reading mail” is switched off everything stays in the mailbox. Raises MailboxAway, and
    ImproperlyConfigured for an address that cannot be read.
    """
    require(by, MAY_ADD, "read the mailbox")
    tally: Counter[str] = Counter(stored=0, known=0, quarantined=0, failed=0, left=0)
    at = place()
    if stopped("email_intake", f"read the mailbox {at}"):
        return dict(tally)
    try:
        with opened(at) as box:
            _read_new(box, by, now, time.monotonic() + for_seconds, tally)
    except SERVER_FAILS as problem:
        if isinstance(problem, Refusal):
            raise
        raise MailboxAway(f"The mailbox {at} does not answer: {problem}"[:500]) from problem
    if tally["stored"]:
        ring()
    return dict(tally)


def _read_new(box: Mailbox, by: Actor, now: datetime, ends: float, tally: Counter[str]) -> None:
    rows = FetchedMail.objects.filter(mailbox=str(box.at), uidvalidity=box.uidvalidity)
    waiting = box.uids(_first(box))
    done = set(rows.filter(uid__in=waiting, error="").values_list("uid", flat=True))
    new = [uid for uid in waiting if uid not in done]
    for position, uid in enumerate(new):
        if time.monotonic() > ends:
            tally["left"] = len(new) - position
            return
        try:
            tally[_take(box, uid, by, now)] += 1
        except SwitchedOff:
            tally["left"] = len(new) - position
            return


def _first(box: Mailbox) -> int:
    """From the first message that failed, else behind the last one read."""
    rows = FetchedMail.objects.filter(mailbox=str(box.at), uidvalidity=box.uidvalidity)
    failed = rows.exclude(error="").aggregate(first=Min("uid"))["first"]
    return failed or (rows.aggregate(last=Max("uid"))["last"] or 0) + 1


def _take(box: Mailbox, uid: int, by: Actor, now: datetime) -> str:
    """Store one message, remember its number in the same transaction, then mark it on the server."""
    try:
        message = box.read(uid)
        if message is None:
            return "known"
        outcome = _store(box, message, by, now)
    except (*SERVER_FAILS, SwitchedOff):
        raise
    except Exception as error:
        log.exception("message %s of %s", uid, box.at)
        _remember_failure(box, uid, error, now)
        return "failed"
    _put_away(box, uid)
    return outcome


@transaction.atomic
def _store(box: Mailbox, message: Message, by: Actor, now: datetime) -> str:
    whole = message.size <= LARGEST
    parsed = (
        parsing.parse(message.raw)
        if whole
        else parsing.head_only(message.raw, f"Larger than {LARGEST // 1_000_000} MB.")
    )
    email, created = receive(raw=message.raw, parsed=parsed, source="imap", by=by, now=now, full_size=message.size)
    FetchedMail.objects.update_or_create(
        **_key(box, message.uid), defaults={"email": email, "error": "", "fetched_at": now}
    )
    return "known" if not created else "quarantined" if email.status == "quarantined" else "stored"


def _key(box: Mailbox, uid: int) -> dict[str, Any]:
    return {"mailbox": str(box.at), "uidvalidity": box.uidvalidity, "uid": uid}


def _remember_failure(box: Mailbox, uid: int, error: Exception, now: datetime) -> None:
    row, created = FetchedMail.objects.get_or_create(**_key(box, uid), defaults={"error": str(error) or "unknown"})
    if not created:
        FetchedMail.objects.filter(pk=row.pk).update(tries=row.tries + 1, error=str(error) or "unknown", fetched_at=now)


def _put_away(box: Mailbox, uid: int) -> None:
    try:
        box.put_away(uid)
    except SERVER_FAILS:
        # It is stored and remembered; the mark in the mailbox is for people only.
        log.warning("message %s of %s could not be marked as read", uid, box.at)
