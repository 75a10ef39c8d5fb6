"""What a person does at the triage desk: agree with what was shown, take it back, have it read again."""

from functools import partial

from django.db import transaction

from customers.models import Transaction
from disputes.actions import triage
from disputes.actions.disputes import withdraw
from disputes.actions.triage import MAY, AlreadySorted
from disputes.models import Correction, Dispute, InboundEmail
from disputes.proposing import open_proposals
from workflows.access import Actor, require_person
from workflows.models import OutboundEmail, ProposedAction

AGAIN = "disputes.tasks.triage_again"


class SortedAnew(AlreadySorted):
    """The classifier read the mail again after the page was shown."""

    code = "stale_version"


def seen_of(email: InboundEmail) -> str:
    """What a page showed of the sorting; `agree` refuses when it is no longer that."""
    return f"{email.status}:{email.classification}:{email.reason}:{email.sub_reason}:{email.customer_id or ''}"


def agree(*, email: InboundEmail, seen: str, by: Actor, invoice: Transaction | None = None) -> InboundEmail:
    """Yes: it is what the page showed; a dispute goes to its workflow, about `invoice` when one was picked.

    Raises AlreadySorted when somebody was first, SortedAnew when it shows something else by now.
    """
    require_person(by, MAY, "sort mail")
    with transaction.atomic():
        row = InboundEmail.objects.select_for_update(of=("self",)).select_related("customer").get(pk=email.pk)
        if row.status in ("unsure", "sorted") and not row.decided_by and seen != seen_of(row):
            raise SortedAnew("It was sorted anew meanwhile; the page shows it now. Read it, then decide.")
        if invoice is None:
            return triage.confirm(email=row, by=by)
        return triage.correct(
            email=row,
            classification=row.classification,
            reason=row.reason,
            sub_reason=row.sub_reason,
            invoice=invoice,
            by=by,
        )


def take_back(*, email: InboundEmail, by: Actor) -> InboundEmail:
    """Undo: the dispute it opened is withdrawn while nobody has acted on it; then the mail waits again.

    Raises AlreadySorted once an answer went out or a proposal about the dispute was decided.
    """
    require_person(by, MAY, "sort mail")
    with transaction.atomic():
        for dispute in Dispute.objects.open().filter(email=email).select_related("customer", "run"):
            if was_acted_on(dispute):
                words = f"Work on dispute {dispute.pk} has begun. Settle or withdraw it on its own page."
                raise AlreadySorted(words)
            withdraw(dispute=dispute, by=by, reason="The mail was taken back.")
        said = email.corrections.filter(undone_at=None).first()
        row = triage.undo(email=email, by=by)
        return _as_read(row, said) if said else row


def _as_read(email: InboundEmail, said: Correction) -> InboundEmail:
    """What the classifier had made of it stands again, in place of what the person said."""
    if (email.classification, email.reason) != (said.was_classification, said.was_reason):
        fields = {"classification": said.was_classification, "reason": said.was_reason, "sub_reason": ""}
        InboundEmail.objects.filter(pk=email.pk).update(**fields)
        for name, value in fields.items():
            setattr(email, name, value)
    return email


def was_acted_on(dispute: Dispute) -> bool:
    """Whether an answer is on its way, a proposal about it was decided, or it moved on."""
    decided = ProposedAction.objects.filter(entity_ref=dispute.ref).exclude(pk__in=open_proposals().values("pk"))
    answered = OutboundEmail.objects.filter(run=dispute.run_id).exclude(status__in=["pending_review", "discarded"])
    return dispute.status != "open" or decided.exists() or bool(dispute.run_id and answered.exists())


def read_again(*, email: InboundEmail, by: Actor) -> InboundEmail:
    """Have the classifier sort it once more, with what it has learned; one that was put aside comes back first.

    Raises AlreadySorted for what a person decided or a workflow has.
    """
    require_person(by, MAY, "sort mail")
    email.refresh_from_db()
    if email.status == "routed" or email.decided_by:
        raise AlreadySorted("It is decided. Take that back first.")
    with transaction.atomic():
        if email.status == "quarantined":
            email = triage.undo(email=email, by=by)
        transaction.on_commit(partial(_ring, email.pk))
    return email


def _ring(pk: int) -> None:
    from disputes.tasks import ring

    ring(AGAIN, pk)
