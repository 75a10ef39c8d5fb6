"""Stages 1 to 4 of a run: load the contract and its context, judge, and the rows that follow from the verdict."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils import timezone

from customers.models import Customer
from netsuite.errors import Refusal
from workflows.contracts import Contract, Facts, Query, Stake, contract, thresholds
from workflows.fingerprint import fingerprint
from workflows.models import ProposedAction, WorkflowDefinition, WorkflowRun

# Stands for the customer of a run that is about none, or about one not known yet.
NOBODY = 0


class WorkflowNotFound(Refusal):
    code = "workflow_type_not_found"
    status = 404


@dataclass(frozen=True)
class Loaded:
    """A contract with the version and the edits that are in force."""

    contract: Contract
    definition: WorkflowDefinition
    thresholds: Mapping[str, Any]

    def texts(self) -> Mapping[str, Any]:
        return {**self.contract.texts, **self.definition.texts}


@dataclass(frozen=True)
class Verdict:
    """Facts, what they block or warn about, and the proposal that they justify."""

    facts: Facts
    blocks: list[dict[str, str]]
    warnings: list[dict[str, str]]
    stake: Stake


def load(workflow_type: str) -> Loaded:
    """Stage 1. Raises WorkflowNotFound for an unknown or disabled contract."""
    declared = contract(workflow_type)
    definition = WorkflowDefinition.objects.filter(workflow_type=workflow_type, enabled=True).first()
    if declared is None or definition is None:
        raise WorkflowNotFound(f"The contract “{workflow_type}” does not exist or is switched off.")
    return Loaded(declared, definition, thresholds(definition, declared))


def gather(loaded: Loaded, inputs: Mapping[int, Mapping[str, Any]], today: date) -> dict[int, Facts]:
    """Stage 2: the contract's named queries, each once for all customers. `inputs` by customer id, 0 for nobody."""
    ids = [pk for pk in inputs if pk != NOBODY]
    customers = Customer.objects.select_related("sales_rep").in_bulk(ids) if ids else {}
    bulk = {query.name: query.load(ids, today) for query in loaded.contract.queries if query.ask is None}

    def answer(query: Query, pk: int) -> Any:
        if query.ask is not None:
            return query.ask(inputs[pk], customers.get(pk), today)
        return bulk[query.name].get(pk, query.default)

    return {
        pk: Facts(
            customer=None if pk == NOBODY else customers[pk],
            inputs=inputs[pk],
            context={query.name: answer(query, pk) for query in loaded.contract.queries},
            thresholds=loaded.thresholds,
            today=today,
        )
        for pk in inputs
    }


def judge(loaded: Loaded, facts: Facts) -> Verdict:
    """Stage 3: preconditions as words, and the stake."""
    failed = [p for p in loaded.contract.preconditions if not p.holds(facts)]
    as_words = [(p.severity, {"code": p.code, "detail": p.words(facts)}) for p in failed]
    return Verdict(
        facts=facts,
        blocks=[words for severity, words in as_words if severity == "block"],
        warnings=[words for severity, words in as_words if severity == "warn"]
        + [dict(warning) for warning in loaded.contract.warnings(facts)],
        stake=loaded.contract.stake(facts),
    )


def stage_log(verdict: Verdict, gate: str) -> list[dict[str, Any]]:
    """Stages 1 to 4 as the run page shows them."""
    now = timezone.now()
    blocked = bool(verdict.blocks)
    return [
        {"stage": "load_contract", "status": "ok", "at": now},
        {"stage": "load_context", "status": "ok", "at": now, "words": ", ".join(verdict.facts.context)},
        {
            "stage": "preconditions",
            "status": "blocked" if blocked else "warned" if verdict.warnings else "ok",
            "at": now,
            "words": " ".join(w["detail"] for w in [*verdict.blocks, *verdict.warnings]),
        },
        *([] if blocked else [{"stage": "human_gate", "status": gate, "at": now}]),
    ]


def new_run(loaded: Loaded, verdict: Verdict, *, by: str, source: str, gated: bool) -> WorkflowRun:
    """An unsaved run with stages 1 to 4 filled in."""
    blocked = bool(verdict.blocks)
    return WorkflowRun(
        workflow_type=loaded.contract.workflow_type,
        definition_version=loaded.definition.version,
        customer=verdict.facts.customer,
        status="blocked" if blocked else "awaiting_decision" if gated else "running",
        source=source,
        invoked_by=by,
        inputs=dict(verdict.facts.inputs),
        context=dict(verdict.facts.context),
        warnings=verdict.warnings,
        error=" ".join(block["detail"] for block in verdict.blocks),
        stages=stage_log(verdict, "waiting" if gated else "not_needed"),
        completed_at=timezone.now() if blocked else None,
    )


def new_proposal(loaded: Loaded, run: WorkflowRun, verdict: Verdict, by: str) -> ProposedAction:
    """An unsaved proposal for a saved run."""
    stake = verdict.stake
    return ProposedAction(
        action_type=f"workflow_{loaded.contract.workflow_type}",
        entity_type="workflow",
        entity_ref=run.entity_ref,
        customer=verdict.facts.customer,
        run=run,
        risk_level=loaded.definition.risk_level,
        proposed_by=by,
        content_hash=fingerprint(dict(stake.proposed_change)),
        **shown(verdict),
    )


def shown(verdict: Verdict) -> dict[str, Any]:
    """The part of a proposal that the approver reads; it changes with the facts."""
    stake = verdict.stake
    return {
        "current_state_json": dict(stake.current_state),
        "proposed_change_json": dict(stake.proposed_change),
        "evidence": dict(stake.evidence),
        "rationale": stake.rationale,
        "warnings": verdict.warnings,
        "strong": stake.strong,
        "figures_version": verdict.facts.customer.figures_version if verdict.facts.customer else 0,
        "at_stake": stake.at_stake,
    }
