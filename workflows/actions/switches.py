"""Kill switches: flip them, and ask them before an effect."""

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from netsuite import channels
from netsuite.errors import Refusal
from netsuite.questions import Question, ask
from workflows import audit
from workflows.access import Actor, label, require
from workflows.models import KillSwitch, SwitchEvent

EXPIRES_AFTER = timedelta(hours=24)
SWITCHES = {
    "ns_writes": ("NetSuite writes", "Nothing is written to NetSuite; pushes wait."),
    "proposed_apply": ("Applying approvals", "Approved proposals wait; nothing is carried out."),
    "email_send": ("Sending mail", "Approved mails wait; nothing is sent."),
    "email_intake": ("Reading mail", "Inbound mail is left in the mailbox."),
    "high_risk_ops": ("High-risk decisions", "Proposals of risk 4 and more cannot be approved."),
}


class SwitchedOff(Refusal):
    code = "switched_off"
    status = 409


def flip(*, name: str, state: str, by: Actor, reason: str) -> KillSwitch:
    """Set a switch to off, armed or on (24 h unless renewed); audited, in force at once."""
    require(by, "workflows.flip_killswitch", "flip kill switches")
    if state not in dict(KillSwitch.STATES):
        raise Refusal(f"A switch is off, armed or on, not “{state}”.", code="invalid_state", status=400)
    if not reason.strip():
        raise Refusal("Say why: the reason goes into the audit.", code="reason_required", status=400)
    with transaction.atomic():
        switch = KillSwitch.objects.select_for_update().filter(name=name).first()
        if switch is None:
            raise Refusal(f"There is no switch “{name}”.", code="not_found", status=404)
        before = switch.state_at(timezone.now())
        switch.state, switch.reason, switch.changed_by = state, reason, label(by)
        switch.changed_at = timezone.now()
        switch.expires_at = switch.changed_at + EXPIRES_AFTER if state == "on" else None
        switch.save()
        if name == "ns_writes":
            _gate_netsuite(switch)
        audit.record(
            "kill_switch",
            by=by,
            reason=reason,
            entity_ref=f"switch:{name}",
            before={"state": before},
            after={"state": state},
        )
    return switch


def _gate_netsuite(switch: KillSwitch) -> None:
    """The push queue looks at its channel, so the switch is written there in the same transaction."""
    if switch.state == "on" and switch.expires_at:
        channels.close("netsuite", until=switch.expires_at, reason=switch.reason)
    elif switch.state == "armed":
        channels.arm("netsuite", reason=switch.reason)
    else:
        channels.reopen("netsuite")


def positions(*names: str) -> dict[str, str]:
    """How these switches stand now, in one statement: off, armed or on."""
    (found,), now = ask([Question(_switches, names)]), timezone.now()
    return {**dict.fromkeys(names, "off"), **{switch.name: switch.state_at(now) for switch in found}}


def _switches(_keys: Sequence[int], *names: str) -> QuerySet[KillSwitch]:
    return KillSwitch.objects.filter(name__in=names).order_by()


def stopped(name: str, what: str, position: str | None = None) -> bool:
    """Whether `what` must not happen now. Armed logs it and lets it go ahead. `position` where it is read already."""
    state = position or positions(name)[name]
    if state == "off":
        return False
    SwitchEvent.objects.create(switch_id=name, stopped=state == "on", what=what[:250])
    return state == "on"


def guard(name: str, what: str, position: str | None = None) -> None:
    """Refuse `what` while the switch is on."""
    if stopped(name, what, position):
        raise SwitchedOff(f"“{SWITCHES[name][0]}” is switched off for now. {SWITCHES[name][1]}")
