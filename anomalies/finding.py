"""An alert in words: its heading as a finding, its figures in their unit. Pure."""

from decimal import Decimal
from typing import Any

from anomalies.definitions import METRICS
from anomalies.models import Alert, AlertRule
from workflows.wording import money, percent


def figure(metric: str, value: Decimal | str | None, *, decimals: int = 0) -> str:
    """`84`, `$1,420,000`, `91 %`, `58.4 days`."""
    if value is None:
        return "–"
    number, unit = Decimal(value), METRICS[metric].unit if metric in METRICS else "count"
    if unit == "money":
        return money(number, cents=False)
    if unit == "share":
        return percent(number, decimals=decimals or 1)
    if unit == "days":
        return f"{number:.1f} days"
    return f"{number:,.{decimals}f}"


def heading(alert: Alert) -> str:
    """`84 orders on credit hold, usually 18`: what was found, then what it is measured by."""
    metric, stored = alert.rule_as_was["metric"], alert.payload.get("baseline")
    said = f"{_subject(metric, alert.value)}{_where(alert)}"
    if alert.rule_as_was["comparison"] == "sigma" and stored:
        return f"{said}, usually {figure(metric, stored['mean'])}"
    if alert.rule_as_was["comparison"] == "rise":
        before = alert.line - Decimal(alert.rule_as_was["threshold"] or 0)
        return f"{said}, {figure(metric, before)} {alert.rule_as_was['window']} days before"
    return f"{said}, line {figure(metric, alert.line)}"


def _subject(metric: str, value: Decimal) -> str:
    title = METRICS[metric].title if metric in METRICS else metric
    if metric in METRICS and METRICS[metric].unit == "count":
        return f"{value:,.0f} {title[:1].lower()}{title[1:]}"
    return f"{title} {figure(metric, value)}"


def _where(alert: Alert) -> str:
    return f" in {alert.scope_value}" if alert.scope_value else ""


def change_words(share: str | None) -> str:
    """`+358 %` of `3.58`."""
    if share is None:
        return "–"
    return f"{'+' if Decimal(share) >= 0 else '−'}{abs(Decimal(share)) * 100:,.0f} %"


def sigma_words(sigmas: Any) -> str:
    """`+11 σ`, with a decimal below ten."""
    if sigmas is None:
        return "–"
    number = Decimal(sigmas)
    digits = f"{abs(number):.0f}" if abs(number) >= 10 or number == number.to_integral_value() else f"{abs(number):.1f}"
    return f"{'+' if number >= 0 else '−'}{digits} σ"


def chance_words(chance: float, *, stands_out: bool) -> str:
    """`1 in 44,000: look here`; how often luck alone shows a segment like it."""
    if chance >= 0.5:
        return "as usual"
    said = f"1 in {_two_digits(1 / chance):,}" if chance > 1e-9 else "less than 1 in a billion"
    return f"{said}: look here" if stands_out else f"{said}: may be luck"


def _two_digits(number: float) -> int:
    """81,236,976 is said as 81,000,000."""
    return round(float(f"{number:.2g}"))


def fires(rule: AlertRule) -> str:
    """`Above mean + 2 σ of 30 days`."""
    if rule.comparison == "sigma":
        return f"Above mean + {rule.k.normalize():f} σ of {rule.window} days"
    line = "no line set" if rule.threshold is None else f"{rule.threshold.normalize():f}"
    if rule.comparison == "rise":
        floor = f", above {rule.floor.normalize():f}" if rule.floor is not None else ""
        return f"Rise of more than {line} in {rule.window} days{floor}"
    return f"Above {line}"
