"""What needs a look: things that went wrong or grew old, each with where to go."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min, Q
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from anomalies.finding import heading
from anomalies.models import Alert
from customers.models import SyncState
from customers.sync import CUSTOMERS, STALE_AFTER, freshness
from disputes.models import Dispute, InboundEmail
from holds.models import Override, PinBudget
from netsuite.models import Channel, Push
from orders.models import LicenseChange, Order
from orders.providers.pushes import CHANNELS
from workflows.models import Heartbeat, KillSwitch, OutboundEmail, ProposedAction, VerifyResult
from workflows.proposal_page import TARGET
from workflows.wording import age, clock, count, day, moment, money

WORKER_SILENT_AFTER = timedelta(seconds=120)
RECORDS = {CUSTOMERS: "Customers from NetSuite"}
SHOWN = 3
PUT_ASIDE_FOR = timedelta(days=1)
# Longer than the lock, so that what happened at night is seen in the morning.
PIN_ALARM_FOR = timedelta(days=1)


@dataclass(frozen=True)
class Look:
    """One line: what, how bad (a badge), why in words, and its page ("" when there is none)."""

    title: str
    sign: str
    tint: str
    state: str
    words: str
    address: str = ""


def needs_a_look(user: Any) -> list[Look]:
    """Worst first; only what this person may see. A fixed number of queries, whatever went wrong."""
    now = timezone.now()
    system: list[Callable[[datetime], list[Look]]] = [_worker, _channels, _pushes, _switches, _checks]
    found = [look for part in system for look in part(now)] if user.has_perm("netsuite.view_push") else []
    if user.has_perm("workflows.view_proposedaction"):
        found += _drift(user) + _stale(now)
    if user.has_perm("anomalies.view_alert"):
        found += _alerts(now)
    if user.has_perm("disputes.view_dispute"):
        found += _disputes(user, now) + _routed_to(user)
    if user.has_perm("disputes.triage_inboundemail"):
        found += _inbound(user, now)
    if user.has_perm("holds.view_pinbudget"):
        found += _pins(now)
    if user.has_perm("holds.decide_override"):
        found += _overrides(now)
    if user.has_perm("orders.view_order"):
        found += _orders(user)
    if user.has_perm("orders.view_licensechange"):
        found += _license_changes(user)
    if user.has_perm("workflows.view_outboundemail"):
        found += _mails(user)
    return found


def _alerts(now: datetime) -> list[Look]:
    """Alerts that nobody looks after, the newest first."""
    rows = Alert.objects.awake(now).filter(status="open").select_related("rule")[:SHOWN]
    return [
        Look(
            alert.rule.title,
            "warning",
            "red",
            "Open",
            f"{heading(alert)}, {day(alert.date)}.",
            _row("anomalies_alert", alert.pk),
        )
        for alert in rows
    ]


def _overrides(now: datetime) -> list[Look]:
    """Cashiers who wait for a manager's answer, the longest first."""
    rows = Override.objects.asked().select_related("customer", "cashier").order_by("asked_at")[:SHOWN]
    return [
        Look(
            str(row.customer),
            "clock",
            "amber",
            "Asked at the till",
            f"{row.cashier} asks to let {money(row.amount, row.currency)} through, {age(now - row.asked_at)} ago.",
            _row("holds_override", row.pk),
        )
        for row in rows
    ]


def _pins(now: datetime) -> list[Look]:
    """Guessing at the till: a till, a cashier or the site that was shut within a day, and disabled PINs."""
    shut = Q(locked_until__gt=now - PIN_ALARM_FOR) & ~Q(scope="manager") | Q(disabled_at__isnull=False)
    counted = set(PinBudget.objects.filter(shut).order_by().values_list("scope", flat=True).distinct())
    address = _list("holds_pinbudget")
    words = {
        "site": ("PINs everywhere", "Too many wrong PINs within minutes, spread over managers and tills."),
        "terminal": ("PINs at a till", "Too many wrong PINs within minutes. Ask who stood there."),
        "cashier": ("PINs of a cashier", "Too many wrong PINs within minutes. Ask who was signed in."),
        "manager": ("Manager PINs", "Ten wrong PINs in a row. An AR manager resets them."),
    }
    return [
        Look(title, "warning", "red", "Disabled" if scope == "manager" else "Guessed at", said, address)
        for scope, (title, said) in words.items()
        if scope in counted
    ]


def _worker(now: datetime) -> list[Look]:
    beat = Heartbeat.objects.filter(name="cluster").first()
    if beat and now - beat.at <= WORKER_SILENT_AFTER:
        return []
    since = f"Last sign of life {age(now - beat.at)} ago" if beat else "No sign of life yet"
    words = f"{since}. Pushes and mails wait until it runs."
    return [Look("Background work", "cross", "red", "Silent", words, _list("django_q_schedule"))]


def _channels(now: datetime) -> list[Look]:
    looks = []
    for channel in Channel.objects.order_by("name"):
        name = "NetSuite" if channel.name == "netsuite" else channel.name
        if channel.paused_at:
            words = f"Since {moment(channel.paused_at)}: {channel.paused_reason}"
            looks.append(Look(f"Writing to {name}", "bars", "red", "Paused", words, _list("netsuite_push")))
        elif channel.is_closed(now):
            words = f"Until {moment(channel.closed_until)}: {channel.closed_reason}"
            looks.append(Look(f"Writing to {name}", "bars", "amber", "Off", words, _list("workflows_killswitch")))
        elif channel.is_backing_off(now):
            words = f"{name} asked to slow down. Next try {clock(channel.backoff_until)}."
            looks.append(Look(f"Writing to {name}", "clock", "amber", "Slowed", words, _list("netsuite_push")))
    return looks


def _pushes(now: datetime) -> list[Look]:
    """Those to NetSuite, in one query: how many failed, how many try again or are unknown, and since when."""
    trying = Q(status__in=["retrying", "waiting", "uncertain"])
    sums = Push.objects.exclude(channel__startswith=CHANNELS).aggregate(
        failed=Count("pk", filter=Q(status="failed")),
        trying=Count("pk", filter=trying),
        oldest=Min("created_at", filter=trying),
    )
    if not sums["failed"] and not sums["trying"]:
        return []
    more = f"{sums['trying']} trying again, oldest {age(now - sums['oldest'])}" if sums["trying"] else ""
    address = _list("netsuite_push")
    if sums["failed"]:
        words = f"NetSuite did not take them. {more}".strip()
        return [Look("Push queue", "cross", "red", f"{sums['failed']} failed", words, address)]
    return [Look("Push queue", "turn", "amber", f"{sums['trying']} retrying", more, address)]


def _switches(now: datetime) -> list[Look]:
    switches = [s for s in KillSwitch.objects.exclude(state="off") if s.state_at(now) != "off"]
    return [
        Look(
            s.title,
            "bars" if s.state == "on" else "warning",
            "amber",
            "Switched off" if s.state == "on" else "Armed",
            f"{s.effect if s.state == 'on' else 'Only logged, nothing is stopped.'} {s.changed_by}: {s.reason}",
            _list("workflows_killswitch"),
        )
        for s in switches
        if s.name != "ns_writes" or s.state == "armed"
    ]


def _checks(now: datetime) -> list[Look]:
    failing = list(VerifyResult.objects.failing().select_related("run")[: SHOWN + 1])
    looks = [
        Look(check.title, "cross", "red", "Check failed", check.detail, _row("workflows_workflowrun", check.run_id))
        for check in failing[:SHOWN]
    ]
    if len(failing) > SHOWN:
        looks.append(Look("More checks", "cross", "red", "Failed", "See the runs.", _list("workflows_workflowrun")))
    return looks


def _drift(user: Any) -> list[Look]:
    rows = ProposedAction.objects.awaiting_decision().visible_to(user).filter(action_type="netsuite_drift")
    return [
        Look(str(p.customer), "differs", "plum", "Drift", p.rationale, _row("workflows_proposedaction", p.pk))
        for p in rows.select_related("customer").largest_first()[:SHOWN]
    ]


def _orders(user: Any) -> list[Look]:
    """Orders that NetSuite refused, then parked ones with what their owner can do, oldest first."""
    rows = Order.objects.visible_to(user).select_related("customer")
    looks = [
        Look(str(o), "cross", "red", "Not taken", f"NetSuite said: “{o.netsuite_error}”", _row("orders_order", o.pk))
        for o in rows.not_taken_by_netsuite().order_by("pk")[:SHOWN]
    ]
    for order in rows.parked().order_by("held_at")[:SHOWN]:
        words = f"{order.customer}, whose turn: {order.owner_name}. {order.notice}"
        state = order.get_status_display()
        looks.append(Look(str(order), "bars", "amber", state, words, _row("orders_order", order.pk)))
    return looks


def _license_changes(user: Any) -> list[Look]:
    """One query: changes that a provider refused, and those that a person marks provisioned."""
    by_hand = Q(status="awaiting", asked_at__isnull=False)
    sums = LicenseChange.objects.visible_to(user).aggregate(
        failed=Count("pk", filter=Q(status="failed")),
        by_hand=Count("pk", filter=by_hand),
        oldest=Min("asked_at", filter=by_hand),
    )
    address, looks = _list("orders_licensechange"), []
    if sums["failed"]:
        words = "A provider refused them; later changes of the same subscriptions wait."
        state = f"{sums['failed']} failed"
        looks.append(Look("Provisioning", "cross", "red", state, words, address and f"{address}?show=failed"))
    if sums["by_hand"]:
        asked = f"asked {age(timezone.now() - sums['oldest'])} ago"
        words = f"A team does them by hand, the oldest {asked}. A person marks them provisioned."
        state = f"{sums['by_hand']} by hand"
        looks.append(Look("Provisioning", "clock", "amber", state, words, address and f"{address}?show=manual"))
    return looks


def _mails(user: Any) -> list[Look]:
    rows = OutboundEmail.objects.filter(status__in=["uncertain", "failed"]).visible_to(user)
    looks = []
    for mail in rows.select_related("customer").order_by("pk")[:SHOWN]:
        unknown = mail.status == "uncertain"
        badge = ("question", "violet", "Uncertain") if unknown else ("cross", "red", "Failed")
        words = mail.error or ("Nobody knows whether it arrived." if unknown else "The mail server refused it.")
        looks.append(Look(f"Mail to {mail.customer}", *badge, words, _row("workflows_outboundemail", mail.pk)))
    return looks


def _stale(now: datetime) -> list[Look]:
    errors = dict(SyncState.objects.exclude(last_error="").values_list("record_type", "last_error"))
    looks = []
    for one in freshness(now=now):
        title = RECORDS.get(one.record_type, "Invoices from NetSuite")
        said = f" NetSuite said: “{errors[one.record_type]}”" if one.record_type in errors else ""
        if one.age is None:
            looks.append(Look(title, "clock", "amber", "Never read", f"The sync has not run yet.{said}"))
        elif one.stale:
            limit = count(STALE_AFTER.seconds // 3600, "hour")
            words = f"Read {clock(one.last_success_at)}, {age(one.age)} ago; limit {limit}.{said}"
            looks.append(Look(title, "clock", "amber", "Stale", words))
        elif said:
            looks.append(Look(title, "warning", "amber", "Not answering", said.strip()))
    return looks


def _disputes(user: Any, now: datetime) -> list[Look]:
    """Disputes whose promised answer or settlement is late, in one line."""
    late = (
        Dispute.objects.overdue(now)
        .visible_to(user)
        .aggregate(all=Count("pk"), unanswered=Count("pk", filter=Q(responded_at=None)), oldest=Min("opened_at"))
    )
    if not late["all"]:
        return []
    unanswered = f"{late['unanswered']} not answered. " if late["unanswered"] else ""
    words = f"{unanswered}The oldest was opened {age(now - late['oldest'])} ago."
    address = _list("disputes_dispute")
    return [Look("Disputes", "clock", "amber", f"{late['all']} late", words, address and f"{address}?clock=late")]


def _routed_to(user: Any) -> list[Look]:
    """Disputes that were handed to this sales rep."""
    number = Dispute.objects.in_queue_of(user).count()
    if not number:
        return []
    address = _list("disputes_dispute")
    words = "The customers expect a call. An AR manager settles them."
    state = f"{number} routed to you"
    return [Look("Disputes", "warning", "amber", state, words, address and f"{address}?queue=mine")]


def _inbound(user: Any, now: datetime) -> list[Look]:
    """Mail that waits too long for a person, and mail that was put aside within a day."""
    rows = InboundEmail.objects.visible_to(user).aggregate(
        late=Count("pk", filter=Q(status="unsure", received_at__lt=now - TARGET)),
        oldest=Min("received_at", filter=Q(status="unsure")),
        aside=Count("pk", filter=Q(status="quarantined", received_at__gt=now - PUT_ASIDE_FOR)),
    )
    address, looks = _list("disputes_inboundemail"), []
    if rows["late"]:
        words = f"A person sorts them. The oldest came {age(now - rows['oldest'])} ago."
        looks.append(Look("Triage", "clock", "amber", f"{rows['late']} waiting", words, address))
    if rows["aside"]:
        words = "Too large, edited copies or too many of one sender; each says why."
        aside = address and f"{address}?tab=aside"
        looks.append(Look("Mail put aside", "bars", "amber", f"{rows['aside']} today", words, aside))
    return looks


def _list(model: str) -> str:
    return _address(f"admin:{model}_changelist")


def _row(model: str, pk: int) -> str:
    return _address(f"admin:{model}_change", pk)


def _address(page: str, *args: int) -> str:
    try:
        return reverse(page, args=args)
    except NoReverseMatch:
        return ""
