"""Judge a day by every rule: open an alert, keep it, or let it close."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from anomalies import notices, payload, wave
from anomalies.models import Alert, AlertRule, SnapshotDay
from anomalies.rules import RISE_TOLERANCE, Judgement, Point, Terms, breach_run, judge, quiet_run
from anomalies.series import partial_days, series
from netsuite.machine import LostRace, born, move

BY = "schedule:alerts"


@dataclass(frozen=True)
class Finding:
    """What one rule says of one scope on a day, and of the days before as far as hysteresis asks."""

    rule: AlertRule
    scope_value: str
    judged: Judgement
    breached: Mapping[date, bool]
    points: Sequence[Point]
    second: Sequence[Point]

    @property
    def key(self) -> tuple[int, str]:
        return self.rule.pk, self.scope_value


def evaluate(*, day: date, now: datetime, by: str = BY) -> list[Alert]:
    """Open what fires on `day`, close what has been quiet long enough; returns the alerts opened.

    One open alert a rule and scope; a closed one does not open again for the same day; a rule that is
    explained by an open alert stays silent. Running it again changes nothing.
    """
    rules = list(AlertRule.objects.filter(enabled=True).prefetch_related("inhibited_by").order_by("pk"))
    findings = [finding for rule in rules for finding in judge_rule(rule, day)]
    standing = {(alert.rule_id, alert.scope_value): alert for alert in Alert.objects.open()}
    opened = []
    # Rules that explain others go first.
    for finding in sorted(findings, key=lambda each: len(each.rule.inhibited_by.all())):
        alert = _settle(finding, standing, day, now, by)
        if alert is not None:
            standing[finding.key] = alert
            opened.append(alert)
    SnapshotDay.objects.filter(date=day).update(judged_at=now)
    return opened


def judge_rule(rule: AlertRule, day: date) -> list[Finding]:
    """Every scope of one rule. At most three queries, whatever the number of scopes."""
    stored = payload.as_was(rule)
    terms = payload.terms_of(stored)
    back = max(rule.for_days, rule.keep_firing_days) + 7
    first = day - timedelta(days=rule.window + back) - RISE_TOLERANCE
    found = series(rule.metric, first, day, scope=rule.scope)
    seconds = series(rule.step_metric, first, day, scope=rule.scope) if rule.step_metric else {}
    partial = partial_days(rule.metric, day, scope=rule.scope)
    return [
        _finding(rule, terms, scope[1], points, seconds.get(scope, []), day, scope in partial)
        for scope, points in found.items()
    ]


def _finding(
    rule: AlertRule,
    terms: Terms,
    value: str,
    points: Sequence[Point],
    second: Sequence[Point],
    day: date,
    partial: bool,
) -> Finding:
    judged = judge(terms, points, day, second=second, partial=partial)
    back = max(rule.for_days, rule.keep_firing_days)
    breached = {}
    for point in points[-back:]:
        each = judge(terms, points, point.day, second=second)
        if each.outcome in ("fires", "quiet"):
            breached[point.day] = each.fires
    return Finding(rule, value, judged, breached, points, second)


Standing = dict[tuple[int, str], Alert]


def _settle(finding: Finding, standing: Standing, day: date, now: datetime, by: str) -> Alert | None:
    if finding.judged.outcome not in ("fires", "quiet"):
        return None
    alert = standing.get(finding.key)
    if finding.judged.fires:
        if alert is not None:
            _prolong(alert, day)
        elif breach_run(finding.breached, day) >= finding.rule.for_days and not _is_explained(finding, standing):
            return _open(finding, day, now, by)
    elif alert is not None and alert.date < day and quiet_run(finding.breached, day) >= finding.rule.keep_firing_days:
        _close(alert, day, now, by)
        del standing[finding.key]
    return None


def _prolong(alert: Alert, day: date) -> None:
    if alert.last_breach is None or alert.last_breach < day:
        Alert.objects.filter(pk=alert.pk).update(last_breach=day)


def _is_explained(finding: Finding, standing: Standing) -> bool:
    """An open alert of a rule that inhibits this one, for the same scope or for all."""
    causes = finding.rule.inhibited_by.all()
    return any((cause.pk, value) in standing for cause in causes for value in {"", finding.scope_value})


def _open(finding: Finding, day: date, now: datetime, by: str) -> Alert | None:
    rule, judged = finding.rule, finding.judged
    assert judged.value is not None
    assert judged.line is not None
    points = [point for point in finding.points if point.day <= day]
    content: dict[str, Any] = payload.figures(judged, points, finding.second)
    if rule.metric == "orders_on_hold":
        content["wave"] = wave.facts(day)
    try:
        with transaction.atomic():
            alert = Alert.objects.create(
                rule=rule,
                date=day,
                scope=rule.scope,
                scope_value=finding.scope_value,
                value=judged.value,
                line=judged.line,
                payload=content,
                rule_as_was=payload.as_was(rule),
                fired_at=now,
                last_breach=day,
            )
            born(alert, by=by, reason=judged.words)
            notices.plan(alert, now=now)
    except IntegrityError:
        # Somebody else opened it, or it was closed for this very day.
        return None
    return alert


def _close(alert: Alert, day: date, now: datetime, by: str) -> None:
    words = f"Below the line since {(alert.last_breach or alert.date) + timedelta(days=1)}."
    try:
        move(alert, "resolve", by=by, reason=words, resolved_at=now, resolved_by=by, resolution=words)
    except LostRace:
        # A person was quicker.
        return
