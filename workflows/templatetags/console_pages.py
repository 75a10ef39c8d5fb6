"""What the lists of customers and pauses need beside the console's own words."""

from datetime import date
from typing import Any

from django import template
from django.utils.safestring import SafeString

from customers.rules import days_overdue
from workflows import badges

register = template.Library()


@register.simple_tag
def late_days(due: date | None, today: date) -> str:
    """Days past the due date, `–` for none."""
    return str(days_overdue(due, today) or "–")


@register.simple_tag
def band(parts: tuple[str, str, str]) -> SafeString:
    """A badge of sign, tint and word."""
    return badges.mark(*parts)


@register.filter
def points(value: Any) -> str:
    """Points of a score with one decimal: `12.5`."""
    return f"{value:.1f}"


@register.filter
def of_key_or_none(mapping: Any, key: str) -> Any:
    """The value of a key, of a mapping that may be missing."""
    return mapping.get(key) if isinstance(mapping, dict) else None
