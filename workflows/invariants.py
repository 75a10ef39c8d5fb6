"""What must always be true of proposals, decisions and mails."""

from collections.abc import Iterable
from datetime import timedelta

from django.apps import apps
from django.db import models
from django.db.models import Count, F, OuterRef, Q, Subquery
from django.utils import timezone

from netsuite.invariants import Evidence, invariant
from netsuite.machine import Transition
from workflows import audit
from workflows.actions.emails import GIVE_UP_AFTER, LEASE, undo_window
from workflows.contracts import GATE_FROM_RISK
from workflows.fingerprint import fingerprint, text_hash
from workflows.models import AutoDecision, EmailAttempt, OutboundEmail, ProposedAction
from workflows.models.proposals import DECIDED

VERDICTS = ("approved", "declined")
RELEASED = ("approved", "sending", "sent", "uncertain")


@invariant(1, "One decision per proposal")
def one_decision_a_proposal(evidence: Evidence) -> Iterable[str]:
    verdicts = Count("decisions", filter=Q(decisions__after__verdict__in=VERDICTS))
    for proposal in ProposedAction.objects.filter(status__in=DECIDED).annotate(n=verdicts).exclude(n=1)[:50]:
        yield f"Proposal {proposal.pk} has {proposal.n} decisions."


@invariant(2, "What is carried out and sent is what was approved")
def approved_content_is_unchanged(evidence: Evidence) -> Iterable[str]:
    for proposal in ProposedAction.objects.filter(status__in=DECIDED).iterator():
        if fingerprint(proposal.proposed_change_json) != proposal.content_hash:
            yield f"Proposal {proposal.pk} was changed after it was decided."
    for email in OutboundEmail.objects.filter(status__in=RELEASED).iterator():
        if text_hash(email.subject, email.body, email.to_email) != email.approved_hash:
            yield f"Mail {email.pk} is not the text that was approved."
        if email.status == "sent" and email.sent_hash not in ("", email.approved_hash):
            yield f"Mail {email.pk} was sent with another text than approved."


@invariant(10, "At most one delivery a draft without a person asking for another")
def one_delivery_a_release(evidence: Evidence) -> Iterable[str]:
    for email in OutboundEmail.objects.annotate(n=_delivered()).filter(n__gt=1):
        releases = Transition.objects.for_row(email).filter(verb="approve").count()
        if email.n > releases:
            yield f"Mail {email.pk} was delivered {email.n} times after {releases} approvals."


def _delivered() -> Count:
    return Count("attempt_rows", filter=Q(attempt_rows__outcome="sent"))


@invariant(11, "A mail was drafted, approved, waited, and went to the address on the record")
def mails_waited_and_were_released(evidence: Evidence) -> Iterable[str]:
    for attempt in EmailAttempt.objects.select_related("email").iterator():
        email, steps = attempt.email, Transition.objects.for_row(attempt.email)
        approved = steps.filter(verb="approve", at__lte=attempt.started_at).order_by("-id").first()
        if approved is None:
            yield f"Mail {email.pk} was sent without approval."
        elif attempt.started_at - approved.at < undo_window(email) - timedelta(seconds=1):
            yield f"Mail {email.pk} was sent before its undo window was over."
        decided = AutoDecision.objects.filter(decision_type="mail_approved", entity_ref=f"email:{email.pk}")
        if not decided.filter(after__to=attempt.recipient).exists():
            yield f"Mail {email.pk} went to {attempt.recipient}, which nobody approved."


@invariant(12, "Another person decides from risk 3 on, or the decision says solo")
def four_eyes(evidence: Evidence) -> Iterable[str]:
    own = ProposedAction.objects.filter(risk_level__gte=GATE_FROM_RISK, proposed_by=F("decided_by__username"))
    for proposal in own.exclude(status="rejected"):
        if not proposal.decisions.filter(solo=True).exists():
            yield f"Proposal {proposal.pk} was approved by {proposal.proposed_by}, who proposed it."


@invariant(13, "Every decision has an actor, a time and a reason or a run")
def decisions_say_who_and_why(evidence: Evidence) -> Iterable[str]:
    for decision in AutoDecision.objects.filter(Q(by="") | Q(reason="", run=None, proposal=None))[:50]:
        yield f"Decision {decision.pk} does not say who or why."


@invariant(14, "No batch decision from risk 3 on")
def no_batches(evidence: Evidence) -> Iterable[str]:
    high = ProposedAction.objects.filter(risk_level__gte=GATE_FROM_RISK, decided_at__isnull=False).order_by()
    for row in high.values("decided_by", "decided_at").annotate(n=Count("pk")).filter(n__gt=1):
        yield f"{row['n']} proposals were decided by one person at {row['decided_at']}."


@invariant(19, "The audit chain verifies")
def chain_verifies(evidence: Evidence) -> Iterable[str]:
    yield from audit.verify()


@invariant(20, "The last history row is the current row")
def history_is_current(evidence: Evidence) -> Iterable[str]:
    for model in apps.get_models():
        if hasattr(model._meta, "simple_history_manager_attribute"):
            yield from _history_differs(model)


def _history_differs(model: type[models.Model]) -> Iterable[str]:
    manager = getattr(model, model._meta.simple_history_manager_attribute)  # type: ignore[attr-defined]
    key = model._meta.pk.attname
    newest = manager.model.objects.filter(**{key: OuterRef(key)}).order_by("-history_id")
    last = manager.model.objects.filter(history_id=Subquery(newest.values("history_id")[:1]))
    names = [field.attname for field in manager.model.tracked_fields]
    for past in last.exclude(history_type="-").iterator():
        now = model._base_manager.filter(pk=getattr(past, key)).values(*names).first()
        differing = [name for name in names if now and now[name] != getattr(past, name)]
        if differing:
            yield f"{model._meta.verbose_name} {getattr(past, key)}: history lacks {', '.join(differing)}."


@invariant(21, "Nothing waits past its time unnoticed")
def nothing_overdue(evidence: Evidence) -> Iterable[str]:
    now = timezone.now()
    for email in OutboundEmail.objects.filter(status="sending", lease_until__lt=now - 5 * LEASE):
        yield f"Mail {email.pk} has been sending since {email.lease_until}."
    for email in OutboundEmail.objects.filter(status="approved", send_after__lt=now - GIVE_UP_AFTER):
        yield f"Mail {email.pk} should have gone out at {email.send_after}."
    late = now.date() - timedelta(days=2)
    for proposal in ProposedAction.objects.filter(status="deferred", deferred_until__lt=late):
        yield f"Proposal {proposal.pk} was put off until {proposal.deferred_until} and did not come back."
