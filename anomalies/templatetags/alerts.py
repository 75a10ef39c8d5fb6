"""What the pages of alerts say beside the console's own words."""

from django import template

from anomalies import finding
from anomalies.models import Alert, AlertRule

register = template.Library()


@register.filter
def finding_of(alert: Alert) -> str:
    """`84 orders on credit hold, usually 18`."""
    return finding.heading(alert)


@register.filter
def change_of(alert: Alert) -> str:
    """`+11 σ` where the rule counts in σ, else the line."""
    if alert.payload.get("sigmas"):
        return finding.sigma_words(alert.payload["sigmas"])
    return f"line {finding.figure(alert.rule_as_was['metric'], alert.line)}"


@register.filter
def fires(rule: AlertRule) -> str:
    """`Above mean + 2 σ of 30 days`."""
    return finding.fires(rule)
