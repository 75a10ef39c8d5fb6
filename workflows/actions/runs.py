"""What happens to a run after its transaction: the other system answers, checks come due."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from netsuite.claims import notify
from netsuite.machine import LostRace, move
from netsuite.models import Push
from workflows.contracts import contract
from workflows.models import ProposedAction, VerifyResult, WorkflowRun, WorkflowStep

STEP_STATUS = {"applied": "ok", "failed": "failed", "superseded": "superseded"}


def push_settled(push: Push) -> None:
    """Carry a push's outcome into its step, its run and its proposal; harmless when repeated."""
    run = WorkflowRun.objects.filter(run_id=push.run_id).first() if push.run_id else None
    if run is None:
        return
    with transaction.atomic():
        status = STEP_STATUS.get(push.status, "waiting")
        _note_step(run, push, status)
        if status == "waiting":
            return
        _close(run, status)
        proposal = run.proposals.filter(entity_type="workflow").first()
        if proposal:
            _settle(proposal, status, push)


def catch_up() -> int:
    """Tell again what a worker did not live to tell: a step still open although its push is settled."""
    told = 0
    steps = WorkflowStep.objects.filter(kind="ns_push", status__in=["waiting", "failed"])
    seen = {step.detail.get("push"): step.status for step in steps}
    for push in Push.objects.filter(pk__in=[pk for pk in seen if pk], status__in=STEP_STATUS):
        if STEP_STATUS[push.status] != seen[push.pk]:
            notify(push)
            told += 1
    return told


def _note_step(run: WorkflowRun, push: Push, status: str) -> None:
    now = timezone.now()
    step = run.steps.filter(kind="ns_push").first()
    if step is None:
        return
    step.status, step.error = status, push.last_error_detail if status == "failed" else ""
    step.finished_at = now if status != "waiting" else None
    step.duration_ms = min(2_147_483_647, round((now - step.started_at).total_seconds() * 1000))
    step.save(update_fields=["status", "error", "finished_at", "duration_ms"])


def _close(run: WorkflowRun, status: str) -> None:
    if WorkflowStep.objects.filter(run=run, status="waiting").exists():
        return
    run.status = "failed" if status == "failed" else "completed"
    run.completed_at = timezone.now()
    run.stages = [{**s, "status": status} if s["stage"] == "fan_out" else s for s in run.stages]
    run.save(update_fields=["status", "completed_at", "stages"])


def settle(proposal: ProposedAction, push: Push) -> None:
    """A proposal without a run follows its push, also when pushed again after a failure; harmless when repeated."""
    status = {"applied": "ok", "failed": "failed", "superseded": "superseded"}.get(push.status)
    if status:
        _settle(proposal, status, push)


def _settle(proposal: ProposedAction, status: str, push: Push) -> None:
    by, run_id = f"push:{push.pk}", push.run_id
    try:
        if proposal.status == "failed" and status == "ok":
            move(proposal, "start_applying", by=by, reason="pushed again", run_id=run_id)
        if proposal.status == "applying":
            verb = {"ok": "confirm", "failed": "fail", "superseded": "supersede"}[status]
            move(proposal, verb, by=by, reason=push.last_error_detail[:500], run_id=run_id)
    except LostRace:
        return


def verify_due(*, now: datetime) -> dict[str, int]:
    """Evaluate the checks that are due. A check that fails shows on the console and is tried again daily."""
    tally = {"passed": 0, "failed": 0}
    due = VerifyResult.objects.due(now) | VerifyResult.objects.failing()
    for result in due.select_related("run", "run__customer").order_by("pk"):
        problem = _problem(result)
        result.status, result.detail, result.checked_at = "failed" if problem else "passed", problem, now
        result.save(update_fields=["status", "detail", "checked_at"])
        tally[result.status] += 1
    return tally


def _problem(result: VerifyResult) -> str:
    declared = contract(result.run.workflow_type)
    check = next((c for c in declared.checks if c.name == result.check_name), None) if declared else None
    return check.run(result.run) if check else "The contract no longer declares this check."
