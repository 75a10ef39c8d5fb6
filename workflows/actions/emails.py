"""Polish, release, undo and send mails: at most once by itself, an unknown outcome goes to a person."""

import logging
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from netsuite.errors import Refusal
from netsuite.machine import LostRace, move
from workflows import audit
from workflows.access import Actor, require_person
from workflows.actions.switches import stopped
from workflows.contracts import contract
from workflows.drafting import one_line
from workflows.fingerprint import text_hash
from workflows.models import EmailAttempt, EmailVersion, OutboundEmail, WorkflowRun
from workflows.post import Delivery, deliver

if TYPE_CHECKING:
    from django.contrib.auth.models import User

log = logging.getLogger(__name__)

UNDO_WINDOW = timedelta(seconds=120)
UNDO_WINDOW_HIGH_RISK = timedelta(minutes=10)
LEASE = timedelta(minutes=2)
RETRY_AFTER = timedelta(minutes=5)
GIVE_UP_AFTER = timedelta(hours=24)
MAY = "workflows.send_outboundemail"


class StaleText(Refusal):
    code = "stale_version"
    status = 409


class NoRecipient(Refusal):
    code = "no_recipient"


class Overtaken(Refusal):
    """Events made the text wrong; no approval can make it right."""

    code = "overtaken"
    status = 409


class TooLate(Refusal):
    code = "too_late"
    status = 409


def recipient_of(email: OutboundEmail) -> tuple[str, str]:
    """Name and address as on the customer or employee record now; empty when the record has none."""
    customer = email.customer
    if email.audience == "customer":
        return customer.contact_name or customer.name, customer.email
    rep = customer.sales_rep
    return (rep.name, rep.email) if rep and not rep.is_inactive else ("", "")


def facts_now(email: OutboundEmail) -> dict[str, str]:
    """The facts that this mail rests on, in words, as the records have them now."""
    declared = contract(email.workflow_type)
    return dict(declared.mail_facts(email)) if declared else {}


def undo_window(email: OutboundEmail) -> timedelta:
    return UNDO_WINDOW_HIGH_RISK if email.risk_level >= 4 else UNDO_WINDOW


def edit(*, email: OutboundEmail, version: int, subject: str, body: str, by: Actor) -> OutboundEmail:
    """Save a polished text as a new version; an unchanged text is no new version."""
    person = require_person(by, MAY, "edit mails")
    subject, body = one_line(subject), body.replace("\r\n", "\n").replace("\x00", "").strip()
    if not subject or not body:
        raise Refusal("A mail needs a subject and a text.", code="empty_text", status=400)
    if email.version == version and (email.subject, email.body) == (subject, body):
        return email
    with transaction.atomic():
        won = OutboundEmail.objects.filter(pk=email.pk, version=version, status="pending_review").update(
            subject=subject, body=body, version=F("version") + 1, came_back=""
        )
        email.refresh_from_db()
        if not won and email.status == "pending_review" and (email.subject, email.body) == (subject, body):
            # The page saved the same text a moment ago, as version `version` + 1.
            return email
        if not won:
            raise _lost(email, version)
        EmailVersion.objects.create(
            email=email, version=email.version, subject=subject, body=body, by=person.get_username()
        )
        OutboundEmail.history.bulk_history_create([email], update=True, default_user=person)
    return email


def approve(*, email: OutboundEmail, version: int, by: Actor) -> OutboundEmail:
    """Release the text of `version`. It waits out the undo window, then is sent once."""
    person = require_person(by, MAY, "send mails")
    name, address = recipient_of(email)
    if not address:
        raise NoRecipient(_nobody(email))
    if wrong := _barred(email):
        raise Overtaken(f"{wrong} Discard it.")
    now = timezone.now()
    with transaction.atomic():
        release: dict[str, Any] = {
            "approved_by": person,
            "approved_at": now,
            "approved_hash": text_hash(email.subject, email.body, address),
            "approved_facts": facts_now(email),
            "send_after": now + undo_window(email),
            "to_name": name,
            "to_email": address,
            "came_back": "",
            "attempts": 0,
        }
        _move(email, "approve", version, person, **release)
        _decide("mail_approved", email, person, "released", after={"to": address, "hash": email.approved_hash})
    return email


def undo(*, email: OutboundEmail, by: Actor) -> OutboundEmail:
    """Take a release back while the mail still waits."""
    person = require_person(by, MAY, "undo mails")
    with transaction.atomic():
        try:
            move(email, "undo", by=person.get_username(), reason="undone", **_UNRELEASED)
        except LostRace:
            fresh = OutboundEmail.objects.get(pk=email.pk)
            raise TooLate(f"Too late: the mail is {fresh.get_status_display().lower()}.") from None
        _decide("mail_undone", email, person, "undone")
    return email


def discard(*, email: OutboundEmail, by: Actor, reason: str) -> OutboundEmail:
    """Decide that it is not sent."""
    person = require_person(by, MAY, "discard mails")
    if not reason.strip():
        raise Refusal("Say why it is not sent.", code="reason_required", status=400)
    with transaction.atomic():
        _move(email, "discard", email.version, person, reason=reason)
        _decide("mail_discarded", email, person, reason)
    return email


def withdraw(*, run: WorkflowRun, by: str, reason: str) -> int:
    """Discard the unsent drafts of a run that events overtook, inside the caller's transaction."""
    drafts = list(run.emails.to_polish())
    for email in drafts:
        move(email, "discard", by=by, reason=reason, run_id=str(run.run_id))
        _decide("mail_discarded", email, by, reason)
    return len(drafts)


def reopen(*, email: OutboundEmail, by: Actor, reason: str = "reopened") -> OutboundEmail:
    """Bring a failed or uncertain mail back to review: a human re-send starts here."""
    person = require_person(by, MAY, "reopen mails")
    # A new id, or the mail server would drop the re-send as a duplicate.
    back: dict[str, Any] = {"came_back": email.error, "message_id": f"<{uuid.uuid4()}@holdgate>", **_UNRELEASED}
    with transaction.atomic():
        _move(email, "reopen", email.version, person, reason=reason, **back)
        _decide("mail_reopened", email, person, reason)
    return email


def declare_sent(*, email: OutboundEmail, by: Actor, reason: str) -> OutboundEmail:
    """A person found out that an uncertain mail arrived."""
    person = require_person(by, MAY, "settle uncertain mails")
    with transaction.atomic():
        _move(email, "declare_sent", email.version, person, reason=reason, sent_at=timezone.now())
        _decide("mail_declared_sent", email, person, reason)
        _tell_sent(email)
    return email


def send_due(*, now: datetime, by: str = "schedule:mail") -> dict[str, int]:
    """Send what is due, one by one; mails whose sender died become uncertain."""
    tally = {"sent": 0, "came_back": 0, "waiting": 0, "failed": 0, "uncertain": _give_up_lost_leases(now, by)}
    for pk in list(OutboundEmail.objects.due(now).order_by("send_after", "pk").values_list("pk", flat=True)):
        if stopped("email_send", f"send mail {pk}"):
            break
        # Read one by one: a slow mail server must not make the record of the next one old.
        outcome = _send(OutboundEmail.objects.select_related("customer__sales_rep").get(pk=pk), now, by)
        if outcome:
            tally[outcome] += 1
    return tally


_UNRELEASED: dict[str, Any] = {"approved_by": None, "approved_at": None, "approved_hash": "", "send_after": None}


def _send(email: OutboundEmail, now: datetime, by: str) -> str:
    """Re-check, claim, hand over, record; the attempt row is committed before the connection opens."""
    problem = _recheck(email)
    try:
        if problem:
            move(email, "come_back", by=by, reason=problem, came_back=problem, **_UNRELEASED)
            return "came_back"
        token = uuid.uuid4()
        with transaction.atomic():
            lease: dict[str, Any] = {"lease_token": token, "lease_until": now + LEASE, "attempts": email.attempts + 1}
            move(email, "start_sending", by=by, where={"approved_hash": email.approved_hash}, **lease)
            attempt = EmailAttempt.objects.create(email=email, token=token, recipient=email.to_email)
    except LostRace:
        return ""
    delivery = deliver(
        subject=email.subject,
        body=email.body,
        to_email=email.to_email,
        to_name=email.to_name,
        message_id=email.message_id,
    )
    return _note(email, attempt, delivery, now, by)


def _recheck(email: OutboundEmail) -> str:
    """Why it must not go out any more: recipient or text changed, or the workflow's facts did."""
    _name, address = recipient_of(email)
    if address != email.to_email:
        return f"The address on the record is now {address or 'empty'}."
    if text_hash(email.subject, email.body, address) != email.approved_hash:
        return "The text is not the one that was approved."
    return _barred(email) or _changed(email.approved_facts, facts_now(email))


def _barred(email: OutboundEmail) -> str:
    declared = contract(email.workflow_type)
    return declared.mail_barred(email) if declared else ""


def _changed(approved: Mapping[str, str], now: Mapping[str, str]) -> str:
    differing = [name for name in now if approved.get(name) != now[name]]
    if not differing:
        return ""
    changes = [f"{name} was {approved.get(name) or 'unknown'}, is {now[name]}" for name in differing]
    return f"Changed since it was approved: {'; '.join(changes)}."


def _note(email: OutboundEmail, attempt: EmailAttempt, delivery: Delivery, now: datetime, by: str) -> str:
    lease: dict[str, Any] = {"lease_token": attempt.token}
    done: dict[str, Any] = {
        "lease_token": None,
        "lease_until": None,
        "error": "" if delivery.fate == "sent" else delivery.detail,
    }
    with transaction.atomic():
        attempt.finished_at, attempt.outcome = timezone.now(), delivery.fate
        attempt.detail, attempt.recipients = delivery.detail, delivery.recipients
        try:
            return _settle(email, delivery, now, by, lease, done)
        except LostRace:
            attempt.outcome = "late_refused"
            return ""
        finally:
            attempt.save()


def _settle(
    email: OutboundEmail, delivery: Delivery, now: datetime, by: str, lease: dict[str, Any], done: dict[str, Any]
) -> str:
    if delivery.fate == "sent":
        move(email, "confirm", by=by, where=lease, sent_at=timezone.now(), sent_hash=email.approved_hash, **done)
        _tell_sent(email)
        return "sent"
    if delivery.fate == "uncertain":
        move(email, "lose_track", by=by, reason=delivery.detail, where=lease, **done)
        return "uncertain"
    approved_at = email.approved_at or now
    if delivery.fate == "try_again" and now - approved_at < GIVE_UP_AFTER:
        move(email, "postpone", by=by, reason=delivery.detail, where=lease, send_after=now + RETRY_AFTER, **done)
        return "waiting"
    move(email, "fail", by=by, reason=delivery.detail, where=lease, **done)
    back = f"Not sent. The mail server said: “{delivery.detail}”"
    move(email, "reopen", by=by, reason=delivery.detail, came_back=back, **_UNRELEASED)
    return "failed"


def _tell_sent(email: OutboundEmail) -> None:
    """What follows in the workflow; its failure is its own, the mail did go out."""
    declared = contract(email.workflow_type)
    try:
        with transaction.atomic():
            if declared:
                declared.mail_sent(email)
    except Exception:
        log.exception("mail %s went out; its workflow %s failed to note it", email.pk, email.workflow_type)


def _give_up_lost_leases(now: datetime, by: str) -> int:
    """A sender that died mid-way leaves a mail nobody can vouch for."""
    lost = 0
    for email in OutboundEmail.objects.filter(status="sending", lease_until__lt=now):
        try:
            error = "The sender stopped in the middle; it may or may not have gone out."
            gone: dict[str, Any] = {"lease_token": None, "lease_until": None, "error": error}
            move(email, "lose_track", by=by, reason=error, where={"lease_token": email.lease_token}, **gone)
            lost += 1
        except LostRace:
            continue
    return lost


def _move(email: OutboundEmail, verb: str, version: int, person: "User", **changes: Any) -> None:
    reason = str(changes.pop("reason", ""))
    try:
        move(email, verb, by=person.get_username(), reason=reason, where={"version": version}, **changes)
    except LostRace:
        raise _lost(OutboundEmail.objects.get(pk=email.pk), version) from None


def _lost(fresh: OutboundEmail, version: int) -> Refusal:
    if fresh.version != version:
        return StaleText(
            f"This page showed version {version}; version {fresh.version} was saved since. Your text is kept here.",
            version=fresh.version,
        )
    return TooLate(f"The mail is {fresh.get_status_display().lower()}.")


def _nobody(email: OutboundEmail) -> str:
    if email.audience == "customer":
        return f"{email.customer} has no e-mail address in NetSuite. Add one there, then approve."
    return f"{email.customer} has no active sales rep with an address in NetSuite. Set one there, then approve."


def _decide(decision: str, email: OutboundEmail, by: Actor, reason: str, after: object = None) -> None:
    audit.record(
        decision,
        by=by,
        reason=reason,
        entity_ref=f"email:{email.pk}",
        customer=email.customer,
        run=email.run,
        before={"version": email.version},
        after=after,
    )
