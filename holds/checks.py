"""What the contracts verify after a run; each answers "" when all is well, else what is wrong."""

from customers.models import Customer
from netsuite.models import Push
from workflows.models import WorkflowRun


def customer_flagged(run: WorkflowRun) -> str:
    hold = run.holds.first()
    if hold and hold.status == "active" and hold.customer.entitystatus != Customer.HOLD:
        return f"{hold.customer} is not flagged although the hold is in force."
    return ""


def customer_released(run: WorkflowRun) -> str:
    held = run.customer is not None and run.customer.entitystatus == Customer.HOLD
    again = run.customer is not None and run.customer.holds.active().exists()
    return f"{run.customer} is still flagged although the hold was lifted." if held and not again else ""


def drafts_written(run: WorkflowRun) -> str:
    written = run.emails.count()
    return "" if written == 2 else f"{written} of two drafts exist."


def push_applied(run: WorkflowRun) -> str:
    push = Push.objects.filter(run_id=str(run.run_id)).first()
    if push is None or push.status in ("applied", "superseded"):
        return ""
    said = f": {push.last_error_detail}" if push.last_error_detail else ""
    return f"Push {push.pk} is {push.get_status_display().lower()}{said}."
