"""Tell the people of a rule's roles: one mail each with all that is new, and each alert at most once."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import User
from django.urls import reverse

from anomalies.finding import heading
from anomalies.models import Alert, AlertNotice
from workflows.actions.switches import stopped
from workflows.notices import claim, give_up_lost, note, send, waiting
from workflows.wording import count, day


def plan(alert: Alert, *, now: datetime) -> int:
    """Note whom to tell; call it in the transaction that opens the alert. People without an address are not told."""
    people = User.objects.filter(is_active=True, groups__name__in=alert.rule.roles).exclude(email="").distinct()
    rows = [AlertNotice(alert=alert, user=user, address=user.email, planned_at=now) for user in people.order_by("pk")]
    return len(AlertNotice.objects.bulk_create(rows, ignore_conflicts=True))


def send_due(*, now: datetime) -> dict[str, int]:
    """Send what is planned, one mail a person; answers how many mails were sent, wait, failed or are unknown."""
    give_up_lost(AlertNotice, now=now)
    outcome: dict[str, int] = defaultdict(int)
    for user_id in waiting(AlertNotice).order_by("user").values_list("user", flat=True).distinct():
        if stopped("email_send", f"tell {user_id} of alerts"):
            break
        told = _send_to(user_id, now)
        if told:
            outcome[told] += 1
    return dict(outcome)


def _send_to(user_id: int, now: datetime) -> str:
    mine = _claim(user_id, now)
    if not mine:
        return ""
    user, news = mine[0].user, [notice for notice in mine if notice.alert.status != "resolved"]
    note([notice for notice in mine if notice not in news], error="Not sent: resolved before.")
    if not news:
        return ""
    if not user.is_active or user.email != news[0].address:
        note(news, error="Not sent: the person left, or has another address.")
        return "failed"
    alerts = [notice.alert for notice in news]
    name = user.get_full_name() or user.get_username()
    words = {"subject": subject(alerts), "body": body(user, alerts)}
    return send(news, **words, to_email=user.email, to_name=name, now=now)


def _claim(user_id: int, now: datetime) -> list[AlertNotice]:
    theirs = claim(AlertNotice.objects.filter(user=user_id), now=now, domain="alerts.holdgate")
    return list(theirs.select_related("alert__rule", "user").order_by("alert__date", "alert"))


def subject(alerts: Sequence[Alert]) -> str:
    """The finding itself, or how many there are."""
    return heading(alerts[0]) if len(alerts) == 1 else f"{count(len(alerts), 'new alert').capitalize()}"


def body(user: User, alerts: Sequence[Alert]) -> str:
    """One paragraph an alert; the link only where the address of the console is known."""
    name = user.first_name or user.get_username()
    return "\n\n".join([f"{name},", *(_paragraph(alert) for alert in alerts), "Holdgate"])


def _paragraph(alert: Alert) -> str:
    lines = [heading(alert), f"{alert.rule.title}, judged for {day(alert.date)}."]
    named = [row for row in alert.payload.get("wave", {}).get("concentration", []) if row["stands_out"]]
    if named:
        first = named[0]
        lines.append(f"{first['hit']} of {first['drawn']} customers are {first['value']}.")
    if settings.PUBLIC_URL:
        lines.append(settings.PUBLIC_URL + reverse("admin:anomalies_alert_change", args=[alert.pk]))
    return "\n".join(lines)
