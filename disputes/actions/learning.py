"""What people say a mail is, and the training that learns from it."""

import logging

from django.db import transaction
from django.utils import timezone
from django_q.tasks import async_task

from disputes.classifier.mail import DISPUTE
from disputes.models import ClassifierVersion, Correction, InboundEmail
from disputes.models.inbound import CLASSES, REASONS, SUB_REASONS
from netsuite.errors import Refusal
from workflows import audit
from workflows.access import Actor, label, require

log = logging.getLogger(__name__)

TRAINING = "disputes.tasks.retrain"
# The task runner's own limit is for short tasks; it stays below the time after which a task is given again.
LONGEST_TRAINING_SECONDS = 170


def correct(
    *, email: InboundEmail, classification: str, reason: str = "", sub_reason: str = "", by: Actor
) -> Correction:
    """Keep what a person says the mail is, and ring the worker to learn it. Does not route the mail itself.

    Raises Refusal for an unknown class, a dispute without a reason, or a reason where none belongs.
    """
    require(by, "disputes.triage_inboundemail", "sort mail")
    _check(classification, reason, sub_reason)
    with transaction.atomic():
        correction = Correction.objects.create(
            email=email,
            classification=classification,
            reason=reason,
            sub_reason=sub_reason,
            was_classification=email.classification,
            was_reason=email.reason,
            by=label(by),
            user=None if isinstance(by, str) else by,
        )
        audit.record(
            "mail_corrected",
            by=by,
            reason=f"It is {dict(CLASSES)[classification].lower()}{f', {reason}' if reason else ''}.",
            entity_ref=f"inbound_email:{email.pk}",
            customer=email.customer,
            before={"classification": email.classification, "reason": email.reason, "sub_reason": email.sub_reason},
            after={"classification": classification, "reason": reason, "sub_reason": sub_reason},
        )
    transaction.on_commit(ring)
    return correction


def undo(*, email: InboundEmail, by: Actor) -> Correction | None:
    """Take back the newest correction of a mail; the next training forgets it. None when there is none."""
    require(by, "disputes.triage_inboundemail", "sort mail")
    with transaction.atomic():
        newest = email.corrections.filter(undone_at=None).first()
        if newest is None or not Correction.objects.filter(pk=newest.pk, undone_at=None).update(
            undone_at=timezone.now()
        ):
            return None
        audit.record(
            "mail_correction_undone",
            by=by,
            reason="Taken back.",
            entity_ref=f"inbound_email:{email.pk}",
            customer=email.customer,
            before={"classification": newest.classification, "reason": newest.reason},
        )
    transaction.on_commit(ring)
    newest.refresh_from_db()
    return newest


def _check(classification: str, reason: str, sub_reason: str) -> None:
    if classification not in dict(CLASSES):
        raise Refusal("Choose what the mail is.", code="invalid_classification", status=400)
    if classification != DISPUTE and (reason or sub_reason):
        raise Refusal("Only a dispute has a reason.", code="invalid_reason", status=400)
    if classification == DISPUTE and reason not in dict(REASONS):
        raise Refusal("Choose the reason of the dispute.", code="invalid_reason", status=400)
    if sub_reason and (reason != "other" or sub_reason not in dict(SUB_REASONS)):
        raise Refusal("Only the reason other has these finer reasons.", code="invalid_sub_reason", status=400)


def retrain(*, by: Actor) -> None:
    """A person asks for a training now; the worker learns what waits and keeps the version that is not worse."""
    require(by, "disputes.triage_inboundemail", "train the classifier")
    with transaction.atomic():
        audit.record("classifier_training_asked", by=by, reason="Asked for by hand.", entity_ref="classifier")
        transaction.on_commit(ring)


def ring() -> None:
    """Wake a worker to train; the schedule comes by anyway."""
    try:
        async_task(TRAINING, q_options={"timeout": LONGEST_TRAINING_SECONDS})
    except Exception:
        log.exception("the bell for a training did not ring")


def ring_when_needed() -> bool:
    """Ring when corrections wait, were taken back since, or the version in use has no figures."""
    active = ClassifierVersion.objects.filter(active=True).first()
    newest = ClassifierVersion.objects.order_by("-trained_at").first()
    waiting = Correction.objects.filter(undone_at=None, learned_in=None).exists()
    taken_back = newest and Correction.objects.filter(undone_at__gt=newest.trained_at).exists()
    unmeasured = active is not None and not active.scores
    if waiting or taken_back or unmeasured:
        ring()
        return True
    return False
