"""The runner: seven stages, one entry point.

1 load contract, 2 load context, 3 preconditions, 4 human gate; after approval 5 fan-out,
6 post actions, 7 verify. `preview` walks all of them and writes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from customers.models import Customer
from netsuite import writing
from netsuite.errors import Refusal
from netsuite.machine import born_many
from workflows.access import Actor, label
from workflows.contracts import Dispatch, Facts, Situation
from workflows.models import ProposedAction, ReflexionEntry, VerifyResult, WorkflowRun
from workflows.reread import FactsMoved, has_moved
from workflows.stages import (
    NOBODY,
    Loaded,
    Verdict,
    WorkflowNotFound,
    gather,
    judge,
    load,
    new_proposal,
    new_run,
    reread_one,
)
from workflows.steps import Outcome, foresee, perform


class AlreadyProposed(Refusal):
    code = "already_proposed"
    status = 409


class Blocked(Refusal):
    """A blocking precondition does not hold."""

    code = "precondition_failed"


@dataclass(frozen=True)
class Preview:
    """What a run would do; every outcome has the status `dry_run`."""

    verdict: Verdict
    steps: list[Outcome]


def stage_many(
    workflow_type: str, *, inputs: Mapping[int, Mapping[str, Any]], by: Actor, source: str, today: date
) -> list[ProposedAction]:
    """Stages 1 to 4 for many customers in a fixed number of statements; one transaction.

    Customers with an open proposal of this contract are left out; blocked ones get a blocked run.
    Raises WorkflowNotFound; an insert that fails fails the whole batch loudly.
    """
    loaded = load(workflow_type)
    actor = label(by)
    with transaction.atomic():
        open_already = set(
            ProposedAction.objects.open()
            .filter(action_type=f"workflow_{workflow_type}", customer_id__in=list(inputs))
            .values_list("customer_id", flat=True)
        )
        wanted = {pk: given for pk, given in inputs.items() if pk not in open_already}
        verdicts = [judge(loaded, facts) for facts in gather(loaded, wanted, today).values()]
        runs = WorkflowRun.objects.bulk_create(
            [new_run(loaded, verdict, by=actor, source=source, gated=True) for verdict in verdicts]
        )
        proposals = ProposedAction.objects.bulk_create(
            [
                new_proposal(loaded, run, verdict, actor)
                for run, verdict in zip(runs, verdicts, strict=True)
                if not verdict.blocks
            ]
        )
        born_many(proposals, by=actor, reason=source)
        loaded.contract.staged(proposals)
    return proposals


def start(
    workflow_type: str,
    *,
    customer: Customer | None,
    inputs: Mapping[str, Any],
    by: Actor,
    source: str,
    today: date,
    gate: bool | None = None,
    reason: str = "",
) -> WorkflowRun:
    """Run a contract for one customer (None: not known) up to its gate, or to its end where it has none.

    `gate` overrides the contract's own rule (risk 3 and more wait for a person, unless each step does).
    An unknown contract and a failed blocking precondition leave a run that says so and are
    raised as WorkflowNotFound and Blocked; an open proposal as AlreadyProposed.
    """
    actor = label(by)
    try:
        loaded = load(workflow_type)
    except WorkflowNotFound as refusal:
        _log_unknown(workflow_type, refusal, customer=customer, source=source, invoked_by=actor, inputs=dict(inputs))
        raise
    missing = [name for name in loaded.contract.required if inputs.get(name) in (None, "")]
    if missing:
        raise Refusal(f"Missing input: {', '.join(missing)}.", code="missing_input", status=400)
    verdict = judge(loaded, _gather_one(loaded, customer.pk if customer else NOBODY, inputs, today))
    gated = loaded.contract.waits(loaded.definition.risk_level) if gate is None else gate
    run = new_run(loaded, verdict, by=actor, source=source, gated=gated)
    try:
        with writing.together():
            if gated:
                _refuse_second(workflow_type, customer)
            run.save(force_insert=True)
            if not verdict.blocks and gated:
                _stage_one(loaded, run, verdict)
            elif not verdict.blocks:
                carry_out(run, by=actor, reason=reason, today=today)
    except IntegrityError:
        # Somebody proposed the same at this moment, or it is an error of ours.
        _refuse_second(workflow_type, customer)
        raise
    if verdict.blocks:
        raise Blocked(run.error, run_id=str(run.run_id))
    return run


def _log_unknown(workflow_type: str, refusal: WorkflowNotFound, **about: Any) -> None:
    """Stage 1 failed: leave a run that says so."""
    now = timezone.now()
    failed = {"stage": "load_contract", "status": "failed", "at": now, "words": refusal.detail}
    WorkflowRun.objects.create(
        workflow_type=workflow_type[:60],
        status="failed",
        error=refusal.code,
        stages=[failed],
        completed_at=now,
        **about,
    )


def _stage_one(loaded: Loaded, run: WorkflowRun, verdict: Verdict) -> None:
    proposal = new_proposal(loaded, run, verdict, run.invoked_by)
    proposal.save(force_insert=True)
    born_many([proposal], by=run.invoked_by, reason=run.source)
    loaded.contract.staged([proposal])


def _gather_one(loaded: Loaded, customer_id: int, inputs: Mapping[str, Any], today: date) -> Facts:
    return gather(loaded, {customer_id: inputs}, today)[customer_id]


def _refuse_second(workflow_type: str, customer: Customer | None) -> None:
    if customer is None:
        return
    earlier = ProposedAction.objects.open().filter(action_type=f"workflow_{workflow_type}", customer=customer).first()
    if earlier:
        raise AlreadyProposed(
            f"Proposal {earlier.pk} for {customer} is already {earlier.get_status_display().lower()}, "
            f"from {earlier.proposed_by}.",
            proposal=earlier.pk,
        )


def carry_out(
    run: WorkflowRun, *, by: str, reason: str, today: date, proposal: ProposedAction | None = None
) -> list[Outcome]:
    """Stages 5 to 7, inside the caller's transaction. Facts are read again, so the drafts say what is true now.

    Raises Blocked when the contract forbids it by now, FactsMoved when they are not those that `proposal` showed.
    """
    loaded, facts = reread_one(run.workflow_type, run.customer_id, run.inputs, today)
    if blocks := [p for p in loaded.contract.preconditions if p.severity == "block" and not p.holds(facts)]:
        raise Blocked(" ".join(block.words(facts) for block in blocks))
    if proposal is not None and has_moved(loaded, facts, proposal, today):
        raise FactsMoved(f"The facts of proposal {proposal.pk} changed since they were shown.")
    situation = _situation(loaded, facts, run, proposal, by, reason)
    outcomes = perform(loaded.contract.steps, situation, risk_level=loaded.definition.risk_level, dispatch=_dispatch)
    now = timezone.now()
    writing.add(
        VerifyResult(run=run, check_name=check.name, title=check.title, due_at=now + check.after)
        for check in loaded.contract.checks
    )
    waiting = any(outcome.status == "waiting" for outcome in outcomes)
    run.status = "running" if waiting else "completed"
    run.completed_at = None if waiting else now
    run.stages = [*_gate_passed(run, by, now), *_late_stages(situation, loaded, waiting, now)]
    writing.save(run, "status", "completed_at", "stages")
    return outcomes


def _situation(
    loaded: Loaded, facts: Facts, run: WorkflowRun, proposal: ProposedAction | None, by: str, reason: str
) -> Situation:
    return Situation(
        run=run, facts=facts, texts=loaded.texts(), by=by, reason=reason, now=timezone.now(), proposal=proposal
    )


def _gate_passed(run: WorkflowRun, by: str, now: datetime) -> list[dict[str, Any]]:
    return [
        {**stage, "status": "approved", "at": now, "words": by}
        if stage["stage"] == "human_gate" and stage["status"] == "waiting"
        else stage
        for stage in run.stages
    ]


def _late_stages(situation: Situation, loaded: Loaded, waiting: bool, now: datetime) -> list[dict[str, Any]]:
    customer = situation.facts.customer
    if loaded.contract.narrative is not None:
        note = ReflexionEntry(
            workflow_type=situation.run.workflow_type,
            run=situation.run,
            customer=customer,
            tags=loaded.contract.tags.format(customer=customer.netsuite_id if customer else "unknown"),
            narrative=loaded.contract.narrative(situation),
        )
        writing.add([note])
    return [
        {"stage": "fan_out", "status": "waiting" if waiting else "ok", "at": now},
        {"stage": "post_actions", "status": "ok", "at": now},
        {"stage": "verify", "status": "scheduled" if loaded.contract.checks else "not_needed", "at": now},
    ]


def preview(
    workflow_type: str, *, customer: Customer | None, inputs: Mapping[str, Any], by: Actor, today: date
) -> Preview:
    """Walk every stage and write nothing; each step answers `dry_run` and what it would do."""
    loaded, facts = reread_one(workflow_type, customer.pk if customer else None, inputs, today)
    verdict = judge(loaded, facts)
    run = new_run(loaded, verdict, by=label(by), source="preview", gated=False)
    situation = _situation(loaded, verdict.facts, run, None, label(by), str(inputs.get("reason", "")))
    return Preview(verdict, foresee(loaded.contract.steps, situation))


def preview_of(proposal: ProposedAction, today: date) -> Preview:
    """What approving this proposal would do now."""
    assert proposal.run is not None
    assert proposal.customer is not None
    return preview(
        proposal.workflow_type,
        customer=proposal.customer,
        inputs=proposal.run.inputs,
        by=proposal.proposed_by,
        today=today,
    )


def _dispatch(plan: Dispatch, situation: Situation) -> WorkflowRun:
    return start(
        plan.workflow_type,
        customer=situation.facts.customer,
        inputs=plan.inputs,
        by=situation.by,
        source=situation.run.workflow_type,
        today=situation.facts.today,
    )
