"""Look after an alert: acknowledge it, put it to sleep, resolve it."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from anomalies.models import Alert
from anomalies.models.alerts import OPEN
from netsuite.errors import Refusal
from netsuite.machine import LostRace, move
from workflows import audit
from workflows.access import Actor, label, require
from workflows.wording import moment

MAY = "anomalies.handle_alert"
LONGEST_SLEEP = timedelta(days=30)
SEEN = "Seen; no reason given."


class AlreadyHandled(Refusal):
    """Somebody was quicker; the words say who and when."""

    code = "already_handled"
    status = 409


def acknowledge(*, alert: Alert, by: Actor, reason: str = "") -> Alert:
    """Somebody looks after it. Raises AlreadyHandled when it is acknowledged or resolved already."""
    require(by, MAY, "handle alerts")
    reason = reason.strip() or SEEN
    who = {"acknowledged_at": timezone.now(), "acknowledged_by": label(by)}
    with transaction.atomic():
        _move(alert, "acknowledge", by, reason, **who)
        _record("alert_acknowledged", alert, by, reason)
    return alert


def resolve(*, alert: Alert, by: Actor, reason: str) -> Alert:
    """Over, or explained: `reason` says which. It does not fire again for its day."""
    require(by, MAY, "handle alerts")
    reason = _needed(reason, "Say how it ended.")
    how = {"resolved_at": timezone.now(), "resolved_by": label(by), "resolution": reason}
    with transaction.atomic():
        _move(alert, "resolve", by, reason, **how)
        _record("alert_resolved", alert, by, reason)
    return alert


def snooze(*, alert: Alert, until: datetime, by: Actor, reason: str) -> Alert:
    """Out of sight until that moment, at most 30 days ahead; its state stays, figures are still watched."""
    require(by, MAY, "handle alerts")
    reason, now = _needed(reason, "Say why it can wait."), timezone.now()
    if not now < until <= now + LONGEST_SLEEP:
        raise Refusal("Pick a moment within the next 30 days.", code="invalid_date", status=400)
    with transaction.atomic():
        if not Alert.objects.filter(pk=alert.pk, status__in=OPEN).update(snoozed_until=until):
            raise _lost(alert)
        alert.snoozed_until = until
        Alert.history.bulk_history_create([_fresh(alert)], update=True, default_change_reason=reason[:100])
        _record("alert_snoozed", alert, by, reason, until=until)
    return alert


def require_open(alert: Alert) -> None:
    """Raises AlreadyHandled for a resolved alert."""
    if alert.status not in OPEN:
        raise _lost(alert)


def _needed(reason: str, words: str) -> str:
    if not reason.strip():
        raise Refusal(words, code="reason_required", status=400)
    return reason.strip()


def _move(alert: Alert, verb: str, by: Actor, reason: str, **changes: Any) -> None:
    try:
        move(alert, verb, by=label(by), reason=reason, **changes)
    except LostRace:
        raise _lost(alert) from None


def _fresh(alert: Alert) -> Alert:
    return Alert.objects.select_related("rule").get(pk=alert.pk)


def _lost(alert: Alert) -> AlreadyHandled:
    fresh = _fresh(alert)
    resolved = fresh.status == "resolved"
    who, when = (fresh.resolved_by, fresh.resolved_at) if resolved else (fresh.acknowledged_by, fresh.acknowledged_at)
    words = f"Already {fresh.status} by {who} at {moment(when)}."
    return AlreadyHandled(words, by=who, at=when, current_status=fresh.status)


def _record(decision: str, alert: Alert, by: Actor, reason: str, **after: Any) -> None:
    audit.record(
        decision,
        by=by,
        reason=reason,
        entity_ref=f"alert:{alert.pk}",
        evidence={"rule": alert.rule_as_was.get("slug", ""), "date": alert.date, "value": str(alert.value)},
        after={"status": alert.status, **after},
    )
