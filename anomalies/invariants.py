"""What must always be true of alerts."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import Count

from anomalies import payload
from anomalies.models import Alert
from anomalies.rules import Judgement, Point, judge
from netsuite.invariants import Evidence, invariant

SIX_PLACES = Decimal("0.000001")


@invariant(17, "At most one alert a rule, day and scope")
def one_alert_a_day(evidence: Evidence) -> Iterable[str]:
    """By the rule as it was stored: the database itself keeps a rule's row to one."""
    found = Alert.objects.order_by().values("rule_as_was__slug", "date", "scope", "scope_value").annotate(n=Count("pk"))
    for row in found.filter(n__gt=1)[:50]:
        where = f", {row['scope_value']}" if row["scope_value"] else ""
        yield f"Rule {row['rule_as_was__slug']} has {row['n']} alerts for {row['date']}{where}."


@invariant(17, "An alert's numbers recompute from what is stored with it")
def alerts_recompute(evidence: Evidence) -> Iterable[str]:
    for alert in Alert.objects.order_by("pk").iterator(chunk_size=200):
        wrong = _differs(alert)
        if wrong:
            yield f"Alert {alert.pk}: {wrong} does not follow from its figures."


def _differs(alert: Alert) -> str:
    """The first number that recomputes to another one, or ""."""
    try:
        judged = rejudge(alert)
    except (KeyError, TypeError, ValueError, InvalidOperation):
        return "its outcome"
    if not judged.fires:
        return "its outcome"
    stored = alert.payload
    numbers = {
        "its value": (judged.value, alert.value),
        "its line": (judged.line, alert.line),
        "its distance in σ": (judged.sigmas, stored.get("sigmas")),
        "its mean": (judged.baseline.mean if judged.baseline else None, (stored.get("baseline") or {}).get("mean")),
    }
    return next((name for name, (found, kept) in numbers.items() if not _same(found, kept)), "")


def rejudge(alert: Alert) -> Judgement:
    """The stored rule over the stored figures. Raises KeyError, ValueError for a payload that is not whole."""
    terms = payload.terms_of(alert.rule_as_was)
    points, second = _points(alert.payload["points"]), _points(alert.payload["second"])
    return judge(terms, points, alert.date, second=second)


def _points(stored: Any) -> list[Point]:
    return [Point(date.fromisoformat(day), Decimal(value)) for day, value in stored]


def _same(found: Any, kept: Any) -> bool:
    if found is None or kept is None:
        return found is None and kept is None
    return Decimal(found).quantize(SIX_PLACES) == Decimal(kept).quantize(SIX_PLACES)
