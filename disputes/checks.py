"""What must be true after a dispute's run; "" when it is, else what is wrong."""

from disputes import drafts
from disputes.models import Dispute
from workflows.models import WorkflowRun


def dispute_recorded(run: WorkflowRun) -> str:
    skipped = run.steps.filter(step="record_dispute", status="skipped").exists()
    return "" if skipped or Dispute.objects.filter(run=run).exists() else "No dispute stands for this run."


def answer_drafted(run: WorkflowRun) -> str:
    skipped = run.steps.filter(step="draft_response", status="skipped").exists()
    return "" if skipped or run.emails.filter(kind=drafts.KIND).exists() else "No answer was drafted."
