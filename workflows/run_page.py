"""A run as the console shows it: seven stages, the steps with their times, what was verified."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime

from workflows.contracts import contract
from workflows.models import WorkflowRun

STAGES = (
    ("load_contract", "Load the contract"),
    ("load_context", "Load the facts"),
    ("preconditions", "Check the conditions"),
    ("human_gate", "A person decides"),
    ("fan_out", "Carry out the steps"),
    ("post_actions", "Write the log"),
    ("verify", "Verify the outcome"),
)


@dataclass(frozen=True)
class Stage:
    """One of the seven; `status` is empty when the run did not come that far."""

    number: int
    title: str
    status: str
    at: datetime | None
    words: str


def page_of(run: WorkflowRun) -> dict[str, Any]:
    declared = contract(run.workflow_type)
    return {
        "run": run,
        "title": f"{declared.title if declared else run.workflow_type}: {run.customer or 'no customer'}",
        "stages": stages(run),
        "steps": list(run.steps.all()),
        "inputs_text": json.dumps(run.inputs, indent=2, ensure_ascii=False),
        "context_text": json.dumps(run.context, indent=2, ensure_ascii=False),
        "step_titles": {step.name: step.title for step in declared.steps} if declared else {},
        "verified": list(run.verify_results.order_by("pk")),
        "proposal": run.proposals.filter(entity_type="workflow").first(),
        "emails": list(run.emails.select_related("customer").order_by("pk")),
    }


def stages(run: WorkflowRun) -> list[Stage]:
    reached = {stage["stage"]: stage for stage in run.stages}
    return [_stage(n, title, reached.get(name, {})) for n, (name, title) in enumerate(STAGES, start=1)]


def _stage(number: int, title: str, found: dict[str, Any]) -> Stage:
    at = found.get("at")
    time = parse_datetime(at) if isinstance(at, str) else at
    return Stage(number, title, found.get("status", ""), time, found.get("words", ""))
