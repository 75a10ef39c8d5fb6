"""Take in a mail once: the same message is the same row, an edited copy is put aside, a flood is capped."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.db import IntegrityError, transaction

from customers.models import Customer
from disputes.intake import limits
from disputes.intake.fresh import fresh_text
from disputes.intake.headers import bare_subject
from disputes.intake.parsed import File, Parsed, clean, one_line
from disputes.intake.senders import sender_of
from disputes.models import Attachment, InboundEmail
from netsuite import bell
from netsuite.errors import Refusal
from netsuite.machine import born, move
from workflows import stages
from workflows.access import Actor, label, require
from workflows.actions.switches import guard

TRIAGE = "inbound_email_triage"
MAY_ADD = "disputes.add_inboundemail"
FLOOD_WINDOW = timedelta(hours=1)
COPIES_WINDOW = timedelta(days=1)
# What a person hands over by command was picked on purpose; a call cannot flood.
CAPPED = ("imap", "api")
# The mailbox rings once a round, and a command sorts what it takes in.
RINGS = ("api", "phone")
_SUFFIXES = {
    "application/pdf": "pdf",
    "image/png": "png",
    "image/jpeg": "jpg",
    "text/csv": "csv",
    "text/plain": "txt",
    "application/zip": "zip",
    "application/msword": "doc",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "message/rfc822": "eml",
}


def receive(
    *, raw: bytes | None, parsed: Parsed, source: str, by: Actor, now: datetime, full_size: int = 0
) -> tuple[InboundEmail, bool]:
    """Store a mail and wake the triage; answers the row and whether it is new.

    The same message id with the same text, or the same text without an id, is the row that is there already.
    `full_size` (bytes) when `raw` is only the head of a larger mail. Raises Refusal while reading mail is
    switched off, and for people who may not.
    """
    require(by, MAY_ADD, "hand in mail")
    guard("email_intake", f"take in a mail from {parsed.from_email or 'nobody'} by {source}"[:200])
    for _ in range(3):
        earlier = _earlier(parsed)
        if earlier is not None:
            return earlier, False
        try:
            return _store(raw, parsed, source, label(by), now, full_size), True
        except IntegrityError:
            # The same mail by another way at this moment: read again, the row is there now.
            continue
    raise Refusal("This mail is being taken in by several at once; try again.", code="lost_race", status=409)


def ring() -> None:
    """Wake the triage for what was taken in."""
    bell.ring("disputes.tasks.triage_waiting")


def _earlier(parsed: Parsed) -> InboundEmail | None:
    """The row this mail is, if it came before: by id and content, or by content where it has no id."""
    if parsed.message_id:
        same_id = InboundEmail.objects.filter(message_id=parsed.message_id).first()
        if same_id is None or same_id.body_hash == parsed.content_hash:
            return same_id
        return InboundEmail.objects.filter(message_id="", body_hash=_edited_hash(parsed)).first()
    return InboundEmail.objects.exclude(source="phone").filter(message_id="", body_hash=parsed.content_hash).first()


def _edited_hash(parsed: Parsed) -> str:
    """An edited copy has no claim to its message id; it is told apart by id and content together."""
    return sha256(f"{parsed.message_id}\n{parsed.content_hash}".encode()).hexdigest()


@transaction.atomic
def _store(raw: bytes | None, parsed: Parsed, source: str, by: str, now: datetime, full_size: int) -> InboundEmail:
    original = InboundEmail.objects.filter(message_id=parsed.message_id).first() if parsed.message_id else None
    if original and original.body_hash == parsed.content_hash:
        raise IntegrityError("the same mail was stored at this moment")
    sender = sender_of(parsed.from_email)
    email = InboundEmail(
        source=source,
        message_id="" if original else parsed.message_id,
        body_hash=_edited_hash(parsed) if original else parsed.content_hash,
        received_at=now,
        customer=sender.customer,
        sender_known=sender.known,
        **_fields(parsed),
        **_raw_fields(raw, full_size),
    )
    email.thread = _thread(parsed, sender.customer)
    email.save(force_insert=True)
    born(email, by=by, reason=source)
    _attach(email, parsed.files)
    reason = parsed.problem or _edited(original, parsed) or _flooded(email, now)
    if reason:
        move(email, "quarantine", by=by, reason=reason, quarantine_reason=reason[:200])
    elif source in RINGS:
        ring()
    return email


def _fields(parsed: Parsed) -> dict[str, Any]:
    return {
        "in_reply_to": parsed.in_reply_to[:998],
        "references": " ".join(parsed.references),
        "from_name": parsed.from_name,
        "from_email": parsed.from_email,
        "to_address": parsed.to_address[:320],
        "subject": parsed.subject,
        "body_text": parsed.text,
        "body_html": parsed.html,
        "fresh_text": clean(fresh_text(parsed.text, forward=bool(parsed.facts.get("forward"))), limits.LONGEST_TEXT),
        "authentication": dict(parsed.authentication),
        "sender_verified": parsed.verified,
        "facts": dict(parsed.facts),
    }


def _raw_fields(raw: bytes | None, full_size: int) -> dict[str, Any]:
    if raw is None:
        return {}
    kept = raw if len(raw) <= limits.KEPT_RAW else limits.head_of(raw)
    return {"raw": kept, "raw_size": max(full_size, len(raw)), "raw_sha256": sha256(raw).hexdigest()}


def _thread(parsed: Parsed, customer: Customer | None) -> str:
    """The key of the conversation: that of a mail it answers, else of the same subject and partner."""
    mentioned = [each for each in (*parsed.references, parsed.in_reply_to) if each]
    known = InboundEmail.objects.filter(message_id__in=mentioned).exclude(thread="").order_by("-received_at").first()
    if known is not None:
        return known.thread
    if mentioned:
        return _key(mentioned[0])
    if parsed.message_id and InboundEmail.objects.filter(thread=_key(parsed.message_id)).exists():
        # Its answer came before it.
        return _key(parsed.message_id)
    subject = bare_subject(parsed.subject)
    who = f"customer:{customer.pk}" if customer else parsed.from_email
    return _key(who, subject) if subject else _key(parsed.message_id or parsed.content_hash)


def _key(*parts: str) -> str:
    return sha256("\n".join(parts).encode()).hexdigest()


def _edited(original: InboundEmail | None, parsed: Parsed) -> str:
    if original is None:
        return ""
    return f"An edited copy: mail {original.pk} came under the same message id with another text."


def _flooded(email: InboundEmail, now: datetime) -> str:
    """Why this is one too many of a sender or of a text, or ""."""
    if email.source not in CAPPED or not email.from_email:
        return ""
    cap, copies = _caps()
    same_sender = InboundEmail.objects.filter(from_email=email.from_email)
    recent = same_sender.filter(received_at__gt=now - FLOOD_WINDOW).exclude(status="quarantined").count()
    if recent > cap:
        return f"More than {cap} mails of this sender within an hour."
    same_text = same_sender.filter(body_hash=email.body_hash, received_at__gt=now - COPIES_WINDOW)
    if same_text.exclude(status="quarantined").count() > copies:
        return f"The same text came more than {copies} times within a day."
    return ""


def _caps() -> tuple[int, int]:
    try:
        found = stages.load(TRIAGE).thresholds
    except stages.WorkflowNotFound:
        return 120, 5
    return int(found["sender_cap"]), int(found["copies_cap"])


def _attach(email: InboundEmail, files: Sequence[File]) -> None:
    """Under names of ours; the sender's name is only shown."""
    Attachment.objects.bulk_create(
        Attachment(
            email=email,
            name=f"attachment-{number}.{_SUFFIXES.get(file.content_type, 'bin')}",
            given_name=file.given_name,
            content_type=file.content_type,
            size=min(file.size, 2_147_483_647),
            sha256=file.sha256,
            content=file.content,
        )
        for number, file in enumerate(files, start=1)
    )


def record_call(
    *, customer: Customer, text: str, by: Actor, now: datetime, subject: str = "", caller: str = ""
) -> InboundEmail:
    """Write down a phone call as if it were a mail; the triage sorts it like one.

    Raises Refusal without a text and for people who may not.
    """
    require(by, MAY_ADD, "record calls")
    if not text.strip():
        raise Refusal("Write what was said.", code="text_required", status=400)
    words = clean(text, limits.LONGEST_TEXT)
    line = one_line(subject, 998) or f"Phone call from {one_line(caller, 200) or customer}"
    with transaction.atomic():
        email = InboundEmail(
            source="phone",
            body_hash=sha256(f"{line}\n{words}".encode()).hexdigest(),
            thread=_key(f"customer:{customer.pk}", bare_subject(line)),
            from_name=one_line(caller, 255),
            from_email=customer.email.lower(),
            subject=line,
            body_text=words,
            fresh_text=words,
            # The person who picked up knows who called.
            sender_known=True,
            sender_verified=True,
            facts={"automatic": "", "list": False, "bulk": False, "forward": False},
            received_at=now,
            customer=customer,
        )
        email.save(force_insert=True)
        born(email, by=label(by), reason="phone")
        ring()
    return email
