"""What the page of one mail shows, gathered from its rows."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone

from workflows.actions import emails
from workflows.contracts import contract
from workflows.models import EmailVersion, KillSwitch, OutboundEmail
from workflows.textdiff import Part, changes, word_diff
from workflows.wording import count

KINDS = {"customer_notice": "Customer notice", "rep_note": "Rep note", "lift_notice": "Hold lifted"}


def heading(email: OutboundEmail) -> str:
    """`Customer notice, Northside Grocers`."""
    return f"{KINDS.get(email.kind) or email.kind.replace('_', ' ').capitalize()}, {email.customer}"


@dataclass(frozen=True)
class Fact:
    """A figure of the draft against the record: `now` differs when the record moved on, None when it is not read."""

    label: str
    value: str
    now: str | None
    named: bool

    @property
    def state(self) -> str:
        if self.now is None:
            return "unknown"
        return "same" if self.now == self.value else "changed"


def fact_list(email: OutboundEmail) -> list[Fact]:
    """The draft's figures, and what else must hold when it goes out."""
    now, text = emails.facts_now(email), f"{email.subject}\n{email.body}"
    drafted = {fact["label"]: fact["value"] for fact in email.facts}
    found = [Fact(label, value, now.get(label), value in text) for label, value in drafted.items()]
    before = email.approved_facts if email.approved_at else {}
    others = [
        Fact(label, before.get(label, value), value, True) for label, value in now.items() if label not in drafted
    ]
    return others + found


@dataclass(frozen=True)
class Comparison:
    """Two texts of one mail; `words` says how far apart they are."""

    since: EmailVersion
    subject: list[Part]
    body: list[Part]

    @property
    def words(self) -> str:
        return count(changes(self.subject) + changes(self.body), "change")


def comparison(email: OutboundEmail, since: EmailVersion) -> Comparison:
    return Comparison(since, word_diff(since.subject, email.subject), word_diff(since.body, email.body))


def text_part(request_user: User, email: OutboundEmail, since: int = 1) -> dict[str, Any]:
    """What follows from the text and is shown anew after each save. `since` is the version to compare with."""
    versions = list(email.versions.all())
    base = next((one for one in versions if one.version == since), versions[0]) if versions else None
    facts = fact_list(email)
    return {
        "row": email,
        "barred": _barred(email),
        "facts": facts,
        "moved": [fact for fact in facts if fact.state == "changed"],
        "versions": versions[::-1],
        "compared": comparison(email, base) if base else None,
        "paragraphs": [part for part in re.split(r"\n\s*\n", email.body) if part.strip()],
        "word_count": len(email.body.split()),
        "sender": parseaddr(settings.DEFAULT_FROM_EMAIL),
        "recipient": emails.recipient_of(email),
        "may_send": request_user.has_perm(emails.MAY),
    }


def mail_page(user: User, email: OutboundEmail, since: int = 1) -> dict[str, Any]:
    """Everything on the page."""
    return {
        **text_part(user, email, since),
        "heading": heading(email),
        "wait": waiting(email, timezone.now()),
        "attempts": list(email.attempt_rows.order_by("-pk")[:10]),
        "saved_at": email.versions.last(),
        "switch": _stopped(),
        "history": list(email.history.select_related("history_user").order_by("-history_date", "-history_id")[:20]),
        "discard_reasons": ("Paid in the meantime", "Settled by phone", "Wrong recipient"),
    }


def _barred(email: OutboundEmail) -> str:
    """Why it cannot be sent any more, whatever its text says."""
    declared = contract(email.workflow_type)
    return declared.mail_barred(email) if declared and email.status == "pending_review" else ""


@dataclass(frozen=True)
class Waiting:
    """The undo window of a released mail: seconds left, its length, and how much of it is over."""

    left: int
    window: timedelta
    gone: int

    @property
    def clock(self) -> str:
        return f"{self.left // 60}:{self.left % 60:02d}"

    @property
    def minutes(self) -> int:
        return int(self.window.total_seconds() // 60)


def waiting(email: OutboundEmail, now: datetime) -> Waiting | None:
    if email.status != "approved" or email.send_after is None:
        return None
    window = emails.undo_window(email)
    left = max(0, round((email.send_after - now).total_seconds()))
    gone = 100 - round(100 * left / window.total_seconds())
    return Waiting(left, window, min(100, max(0, gone)))


def _stopped() -> KillSwitch | None:
    """The switch that keeps mails back, when it is on."""
    switch = KillSwitch.objects.filter(name="email_send").first()
    return switch if switch and switch.state_at(timezone.now()) == "on" else None
