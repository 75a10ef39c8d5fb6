"""What must always be true of inbound mail."""

from collections.abc import Iterable

from django.db.models import Count, Q

from disputes.models import FetchedMail, InboundEmail
from netsuite.invariants import Evidence, invariant

STATES = [state for state, _title in InboundEmail.STATES]


@invariant(16, "An inbound mail is one row, in exactly one state")
def inbound_mail_is_unique(evidence: Evidence) -> Iterable[str]:
    rows = InboundEmail.objects.order_by()
    for row in rows.exclude(message_id="").values("message_id").annotate(n=Count("pk")).filter(n__gt=1)[:50]:
        yield f"{row['n']} mails have the message id {row['message_id']}."
    without_id = rows.filter(message_id="").exclude(source="phone")
    for same in without_id.values("body_hash").annotate(n=Count("pk")).filter(n__gt=1)[:50]:
        yield f"{same['n']} mails without an id have the same text."
    for email in rows.exclude(status__in=STATES)[:50]:
        yield f"Mail {email.pk} is in no state: {email.status}."
    for fetched in FetchedMail.objects.filter(email=None, error="")[:50]:
        yield f"Message {fetched.uid} of {fetched.mailbox} counts as read and is not stored."


@invariant(16, "The state of an inbound mail and what was decided agree")
def inbound_mail_says_why(evidence: Evidence) -> Iterable[str]:
    rows = InboundEmail.objects.order_by("pk")
    for email in rows.filter(status="routed").filter(Q(run_id="") | ~Q(classification="invoice_dispute"))[:50]:
        yield f"Mail {email.pk} is routed to no dispute."
    for email in rows.filter(status="sorted", classification="")[:50]:
        yield f"Mail {email.pk} is sorted as nothing."
    for email in rows.filter(status="quarantined", quarantine_reason="")[:50]:
        yield f"Mail {email.pk} was put aside without a reason."
    for email in rows.filter(status="unsure", unsure_reason="")[:50]:
        yield f"Mail {email.pk} waits for a person and does not say why."
