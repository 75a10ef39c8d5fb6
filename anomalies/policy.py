"""Changes of policy in a window of days: a wave often follows one. Times are UTC."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from anomalies.measures import bounds
from anomalies.models import AlertRule
from holds.models import HoldBlock
from workflows.models import WorkflowDefinition

SHOWN = 20
WATCHED = (
    (HoldBlock, "Hold block"),
    (WorkflowDefinition, "Contract"),
    (AlertRule, "Alert rule"),
)


def changes(first: date, last: date) -> list[dict[str, Any]]:
    """What people changed from `first` to `last`, newest first: when, who, what and why."""
    found = [row for model, word in WATCHED for row in _of(model, word, first, last)]
    return sorted(found, key=lambda row: row["at"], reverse=True)[:SHOWN]


def _of(model: Any, word: str, first: date, last: date) -> Iterator[dict[str, Any]]:
    since, until = bounds(first)[0], bounds(last)[1]
    # Only edits: what a migrate writes is no change of policy.
    rows = model.history.filter(history_date__gte=since, history_date__lt=until, history_type="~")
    for row in rows.select_related("history_user").order_by("-history_date")[:SHOWN]:
        who = row.history_user.username if row.history_user else ""
        yield {
            "at": row.history_date.isoformat(),
            "by": who,
            "what": f"{word} {row.instance}",
            "why": row.history_change_reason or "",
        }
