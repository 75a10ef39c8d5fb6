"""The dispute's own row: how it is made, whoever asks for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from customers.models import Customer, Transaction
from disputes.models import Dispute, InboundEmail
from disputes.rules import deadlines, set_apart_amount
from netsuite.errors import Refusal
from netsuite.machine import born
from workflows import audit
from workflows.access import Actor, label
from workflows.models import WorkflowRun


class AlreadyOpen(Refusal):
    """The same mail, or reference, has opened a dispute about this invoice."""

    code = "already_open"
    status = 409


@dataclass(frozen=True)
class Opening:
    """What is known when a dispute is opened. `amount` (base currency) is the claim; None: all that is open."""

    customer: Customer
    reason_text: str
    reason: str = "other"
    sub_reason: str = ""
    invoice: Transaction | None = None
    invoice_ref: str = ""
    amount: Decimal | None = None
    set_apart_until: date | None = None
    source: str = "phone"
    reference: str = ""
    email: InboundEmail | None = None
    run: WorkflowRun | None = None


def create(opening: Opening, *, by: Actor, numbers: Mapping[str, Any]) -> Dispute:
    """Write the row with its clocks, its first transition and its decision; in the caller's transaction."""
    now = timezone.now()
    clocks = deadlines(now, numbers, ZoneInfo(settings.TIME_ZONE_BUSINESS))
    dispute = Dispute(
        customer=opening.customer,
        invoice=opening.invoice,
        invoice_ref=opening.invoice_ref,
        reason=opening.reason,
        sub_reason=opening.sub_reason,
        reason_text=opening.reason_text,
        amount=set_apart_amount(opening.amount, opening.invoice.unpaid if opening.invoice else None),
        set_apart_until=opening.set_apart_until or clocks.set_apart_until,
        source=opening.source,
        reference=opening.reference,
        email=opening.email,
        run=opening.run,
        owner=opening.customer.sales_rep,
        opened_by=label(by),
        opened_at=now,
        respond_by=clocks.respond_by,
        resolve_by=clocks.resolve_by,
    )
    try:
        with transaction.atomic():
            dispute.save(force_insert=True)
    except IntegrityError:
        raise AlreadyOpen("This was opened a moment ago.") from None
    born(dispute, by=label(by), reason=opening.reason_text[:200])
    decide("dispute_opened", dispute, by=by, reason=opening.reason_text)
    return dispute


def decide(decision: str, dispute: Dispute, *, by: Actor, reason: str, before: Any = None, after: Any = None) -> None:
    """One row of the audit about this dispute; in the transaction of the change."""
    audit.record(
        decision,
        by=by,
        reason=reason,
        entity_ref=dispute.ref,
        customer=dispute.customer,
        run=dispute.run,
        evidence={"invoice_ref": dispute.invoice_ref, "amount": dispute.amount},
        before=before,
        after=after,
    )
