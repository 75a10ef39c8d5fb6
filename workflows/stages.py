"""Stages 1 to 4 of a run: load the contract and its context, judge, and the rows that follow from the verdict."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from customers.models import Customer
from netsuite.errors import Refusal
from netsuite.questions import Question, ask
from workflows.contracts import Contract, Facts, Reading, Stake, contract, thresholds
from workflows.fingerprint import fingerprint
from workflows.models import ProposedAction, WorkflowDefinition, WorkflowRun

# Stands for the customer of a run that is about none, or about one not known yet.
NOBODY = 0
Words = Sequence[Mapping[str, str]]


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
    return _loaded(workflow_type, _definition([], workflow_type).first())


def gather(loaded: Loaded, inputs: Mapping[int, Mapping[str, Any]], today: date) -> dict[int, Facts]:
    """Stage 2: the contract's named queries, each once for all customers. `inputs` by customer id, 0 for nobody."""
    ids = [pk for pk in inputs if pk != NOBODY]
    customers = {customer.pk: customer for customer in _customers(ids)} if ids else {}
    told = {query.name: query.load(ids, today) for query in loaded.contract.queries if query.ask is None}
    return {pk: _facts(loaded, inputs[pk], customers.get(pk), told, {}, today) for pk in inputs}


def reread_one(
    workflow_type: str, customer_id: int | None, inputs: Mapping[str, Any], today: date
) -> tuple[Loaded, Facts]:
    """Stages 1 and 2 again for one customer (None: nobody), with what the steps look up besides.

    Definition, customer and all that is a `Reading` are asked in one trip. Raises as `load` does.
    """
    declared = contract(workflow_type)
    loads = {query.name: query.load for query in declared.queries if query.ask is None} if declared else {}
    beside = dict(declared.beside) if declared and customer_id else {}
    readings = {name: load for name, load in {**loads, **beside}.items() if isinstance(load, Reading)}
    (definition, customer), answers = _in_one_trip(workflow_type, customer_id, readings, today)
    loaded, ids = _loaded(workflow_type, definition), [customer_id] if customer_id else []
    told = {name: answers[name] if name in answers else load(ids, today) for name, load in loads.items()}
    seen = {name: answers[name].get(customer_id or NOBODY) for name in beside}
    return loaded, _facts(loaded, inputs, customer, told, seen, today)


def _in_one_trip(
    workflow_type: str, customer_id: int | None, readings: Mapping[str, Reading], today: date
) -> tuple[tuple[WorkflowDefinition | None, Customer | None], dict[str, Mapping[int, Any]]]:
    questions = [Question(_definition, (workflow_type,))]
    if customer_id:
        questions += [Question(_customers, (), customer_id)]
        questions += [Question(reading.rows, (today,), customer_id) for reading in readings.values()]
    definitions, *found = ask(questions)
    customers, rows = (found[0], found[1:]) if found else ([], [[] for _reading in readings])
    ids = [customer_id] if customer_id else []
    told = {name: r.told(of_it, ids, today) for (name, r), of_it in zip(readings.items(), rows, strict=True)}
    return (next(iter(definitions), None), next(iter(customers), None)), told


def _definition(_ids: Sequence[int], workflow_type: str) -> QuerySet[WorkflowDefinition]:
    return WorkflowDefinition.objects.filter(workflow_type=workflow_type, enabled=True).order_by()


def _customers(ids: Sequence[int]) -> QuerySet[Customer]:
    return Customer.objects.select_related("sales_rep").filter(pk__in=ids).order_by()


def _loaded(workflow_type: str, definition: WorkflowDefinition | None) -> Loaded:
    declared = contract(workflow_type)
    if declared is None or definition is None:
        raise WorkflowNotFound(f"The contract “{workflow_type}” does not exist or is switched off.")
    return Loaded(declared, definition, thresholds(definition, declared))


def _facts(
    loaded: Loaded,
    inputs: Mapping[str, Any],
    customer: Customer | None,
    told: Mapping[str, Mapping[int, Any]],
    beside: Mapping[str, Any],
    today: date,
) -> Facts:
    pk = customer.pk if customer else NOBODY
    context = {
        query.name: query.ask(inputs, customer, today) if query.ask else told[query.name].get(pk, query.default)
        for query in loaded.contract.queries
    }
    return Facts(customer, inputs, context, loaded.thresholds, today, beside)


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


def stage_log(queries: Iterable[str], blocks: Words, warnings: Words, gate: str) -> list[dict[str, Any]]:
    """Stages 1 to 4 as the run page shows them."""
    now = timezone.now()
    return [
        {"stage": "load_contract", "status": "ok", "at": now},
        {"stage": "load_context", "status": "ok", "at": now, "words": ", ".join(queries)},
        {
            "stage": "preconditions",
            "status": "blocked" if blocks else "warned" if warnings else "ok",
            "at": now,
            "words": " ".join(w["detail"] for w in [*blocks, *warnings]),
        },
        *([] if blocks else [{"stage": "human_gate", "status": gate, "at": now}]),
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
        stages=stage_log(verdict.facts.context, verdict.blocks, verdict.warnings, "waiting" if gated else "not_needed"),
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
