"""Who changes a row, and why, for its history."""

from typing import Any

from workflows.access import Actor, label


def author(row: Any, by: Actor, reason: str) -> None:
    """Call it before `save`: the history row names the person, or the part of the system, with the reason."""
    row._history_user = None if isinstance(by, str) else by
    row._change_reason = f"{label(by)}: {reason.strip()}"
