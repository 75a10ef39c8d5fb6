"""How a customer usually pays: days after the due date, from invoices that were settled. Pure."""

from collections.abc import Sequence
from datetime import date
from statistics import median

PROMPT_DAYS = 5


def usual_delay(settled: Sequence[tuple[date, date]]) -> int | None:
    """Median days from due date to settlement of (due, settled) pairs; None without any. Early is negative."""
    if not settled:
        return None
    return round(median((paid - due).days for due, paid in settled))


def is_prompt(delay: int | None) -> bool:
    """Whether this customer usually pays within five days of the due date."""
    return delay is not None and delay <= PROMPT_DAYS


def words_of(delay: int | None) -> str:
    """`within 5 days of due`, `61 days after due`."""
    if delay is None:
        return "no invoice paid in a year"
    if delay <= 0:
        return "by the due date"
    return f"within {PROMPT_DAYS} days of due" if delay <= PROMPT_DAYS else f"{delay} days after due"
