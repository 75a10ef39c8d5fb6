"""Carrying out what the steps planned, each kind in its one way; or showing it, in a preview."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from django.db import transaction
from django.utils import timezone

from netsuite import writing
from netsuite.errors import Refusal
from netsuite.machine import born, born_many
from netsuite.outbox import enqueue
from workflows.contracts import Dispatch, LocalWrite, MailDraft, Plan, PushIntent, Situation, Skip, StagedProposal, Step
from workflows.fingerprint import fingerprint
from workflows.models import EmailVersion, OutboundEmail, ProposedAction, WorkflowRun, WorkflowStep

Dispatcher = Callable[[Dispatch, Situation], WorkflowRun]


@dataclass(frozen=True)
class Outcome:
    """How a step went, or in a preview how it would go (`dry_run`)."""

    step: Step
    status: str
    words: str
    detail: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""


def words_of(plan: Plan) -> str:
    if isinstance(plan, MailDraft):
        return f"Draft to {plan.to_name or 'nobody yet'}: {plan.subject}"
    return plan.words


def foresee(steps: Sequence[Step], situation: Situation) -> list[Outcome]:
    """Every step's plan, nothing done."""
    plans = [(step, step.plan(situation)) for step in steps]
    return [Outcome(step, "dry_run", words_of(plan), _show(plan)) for step, plan in plans]


def _show(plan: Plan) -> dict[str, Any]:
    hidden = {"apply", "words"}
    return {name: value for name, value in vars(plan).items() if name not in hidden}


def perform(steps: Sequence[Step], situation: Situation, *, risk_level: int, dispatch: Dispatcher) -> list[Outcome]:
    """Carry out all steps inside the caller's transaction and log each with its duration.

    `dispatch` starts another workflow: the runner's own `start`.
    """
    outcomes: list[Outcome] = []
    rows: list[WorkflowStep] = []
    for alike in _drafts_together(steps):
        started, ticked = timezone.now(), time.perf_counter()
        done = _do_all(alike, situation, risk_level, dispatch)
        took = round((time.perf_counter() - ticked) * 1000)
        rows += [_logged(situation.run, outcome, started, took) for outcome in done]
        outcomes += done
    for position, row in enumerate(rows, start=1):
        row.position = position
    writing.add(rows)
    return outcomes


def _drafts_together(steps: Sequence[Step]) -> Iterator[list[Step]]:
    """Drafts that follow each other are written in one statement; any other step stands alone."""
    for is_draft, found in groupby(steps, key=lambda step: step.kind == "hitl_email_draft"):
        alike = list(found)
        yield from [alike] if is_draft else [[step] for step in alike]


def _logged(run: WorkflowRun, outcome: Outcome, started: datetime, took: int) -> WorkflowStep:
    return WorkflowStep(
        run=run,
        step=outcome.step.name,
        kind=outcome.step.kind,
        status=outcome.status,
        words=outcome.words,
        detail=dict(outcome.detail),
        error=outcome.error,
        started_at=started,
        finished_at=None if outcome.status == "waiting" else timezone.now(),
        duration_ms=took,
    )


def _do_all(steps: Sequence[Step], situation: Situation, risk_level: int, dispatch: Dispatcher) -> list[Outcome]:
    plans = [(step, step.plan(situation)) for step in steps]
    drafts = [(step, plan) for step, plan in plans if isinstance(plan, MailDraft)]
    if len(drafts) == len(plans):
        return _draft(drafts, situation, risk_level)
    return [_do(step, plan, situation, risk_level, dispatch) for step, plan in plans]


def _do(step: Step, plan: Plan, situation: Situation, risk_level: int, dispatch: Dispatcher) -> Outcome:
    if isinstance(plan, Skip):
        return Outcome(step, "skipped", plan.words)
    if isinstance(plan, MailDraft):
        return _draft([(step, plan)], situation, risk_level)[0]
    if isinstance(plan, Dispatch):
        return _start_another(step, plan, situation, dispatch)
    return _DO[type(plan)](step, plan, situation, risk_level)


def _start_another(step: Step, plan: Dispatch, situation: Situation, dispatch: Dispatcher) -> Outcome:
    """What the other workflow refuses is this step's failure, not the end of the run that asked."""
    try:
        with transaction.atomic():
            started = dispatch(plan, situation)
    except Refusal as refusal:
        return Outcome(step, "failed", plan.words, {"refused": refusal.code}, error=refusal.detail)
    return Outcome(step, "ok", plan.words, {"run_id": str(started.run_id)})


def _write(step: Step, plan: LocalWrite, situation: Situation, risk_level: int) -> Outcome:
    return Outcome(step, "ok", plan.words, plan.apply())


def _draft(drafts: Sequence[tuple[Step, MailDraft]], situation: Situation, risk_level: int) -> list[Outcome]:
    emails = [_email(plan, situation, risk_level) for _step, plan in drafts]
    writing.insert_all(emails)
    for email in emails:
        writing.add(writing.history_of(email, "+", None))
        writing.add([EmailVersion(email=email, version=1, subject=email.subject, body=email.body, by="draft")])
    born_many(emails, by=situation.by, run_id=str(situation.run.run_id))
    return [
        Outcome(step, "ok", words_of(plan), {"email": email.pk})
        for (step, plan), email in zip(drafts, emails, strict=True)
    ]


def _email(plan: MailDraft, situation: Situation, risk_level: int) -> OutboundEmail:
    return OutboundEmail(
        run=situation.run,
        proposal=situation.proposal,
        customer=situation.customer,
        kind=plan.kind,
        workflow_type=situation.run.workflow_type,
        audience=plan.audience,
        to_name=plan.to_name,
        to_email=plan.to_email,
        subject=plan.subject,
        body=plan.body,
        facts=list(plan.facts),
        language=plan.language,
        risk_level=risk_level,
        message_id=f"<{situation.run.run_id}.{plan.kind}@holdgate>",
    )


def _push(step: Step, plan: PushIntent, situation: Situation, risk_level: int) -> Outcome:
    push = enqueue(
        key=plan.key,
        record_type=plan.record_type,
        record_id=plan.record_id,
        operation=plan.operation,
        body=dict(plan.body),
        expected=dict(plan.expected) if plan.expected is not None else None,
        by=situation.by,
        run_id=str(situation.run.run_id),
        label=plan.label,
    )
    return Outcome(step, "waiting", plan.words, {"push": push.pk})


def _propose(step: Step, plan: StagedProposal, situation: Situation, risk_level: int) -> Outcome:
    proposal = ProposedAction.objects.create(
        action_type=plan.action_type,
        entity_type=plan.entity_type,
        entity_ref=plan.entity_ref,
        customer=situation.customer,
        run=situation.run,
        risk_level=plan.risk_level,
        rationale=plan.rationale,
        current_state_json=dict(plan.current_state),
        proposed_change_json=dict(plan.proposed_change),
        at_stake=plan.at_stake,
        evidence=dict(plan.evidence),
        warnings=[dict(warning) for warning in plan.warnings],
        assigned_to_id=plan.assigned_to,
        proposed_by=plan.proposed_by or situation.by,
        content_hash=fingerprint(dict(plan.proposed_change)),
    )
    born(proposal, by=situation.by, run_id=str(situation.run.run_id))
    return Outcome(step, "ok", plan.words, {"proposal": proposal.pk})


_DO: dict[type, Callable[..., Outcome]] = {
    LocalWrite: _write,
    PushIntent: _push,
    StagedProposal: _propose,
}
