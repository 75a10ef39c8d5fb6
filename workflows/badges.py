"""Status badges: sign, word and tint, the same in every list and on every page."""

from typing import NamedTuple

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from workflows.icons import svg


class Badge(NamedTuple):
    """How one status looks: a sign of `workflows.icons`, a tint of the style sheet, the word."""

    sign: str
    tint: str
    word: str


SHARED = {
    "pending": Badge("clock", "amber", "Pending"),
    "approved": Badge("check", "green", "Approved"),
    "applying": Badge("turn", "blue", "Applying"),
    "applied": Badge("check", "green", "Applied"),
    "failed": Badge("cross", "red", "Failed"),
    "rejected": Badge("cross", "slate", "Rejected"),
    "declined": Badge("cross", "slate", "Declined"),
    "deferred": Badge("later", "slate", "Deferred"),
    "superseded": Badge("swap", "slate", "Superseded"),
    "uncertain": Badge("question", "violet", "Uncertain"),
    "drift": Badge("differs", "plum", "Drift"),
    "stale": Badge("clock", "amber", "Stale"),
    "open": Badge("warning", "red", "Open"),
    "none": Badge("check", "green", "Approved"),
    "hold": Badge("bars", "solid", "On hold"),
    "on_hold": Badge("bars", "solid", "On hold"),
    "running": Badge("turn", "blue", "Running"),
    "completed": Badge("check", "green", "Completed"),
    "ok": Badge("check", "green", "Done"),
    "passed": Badge("check", "green", "Passed"),
    "skipped": Badge("dash", "slate", "Skipped"),
    "paused": Badge("bars", "amber", "Paused"),
    "off": Badge("dash", "slate", "Off"),
    "late": Badge("clock", "amber", "Late"),
}

# Where one kind of row says a status in its own word.
BY_KIND: dict[str, dict[str, Badge]] = {
    "push": {
        "queued": Badge("clock", "amber", "Queued"),
        "sending": Badge("turn", "blue", "Sending"),
        "retrying": Badge("turn", "amber", "Retrying"),
        "waiting": Badge("clock", "amber", "Waiting for the drainer"),
    },
    "email": {
        "pending_review": Badge("mail", "amber", "To polish"),
        "came_back": Badge("turn", "amber", "Came back"),
        "approved": Badge("clock", "blue", "Waits to be sent"),
        "sending": Badge("turn", "blue", "Sending"),
        "sent": Badge("check", "green", "Sent"),
        "discarded": Badge("cross", "slate", "Discarded"),
    },
    "step": {
        "waiting": Badge("turn", "blue", "Applying"),
        "dry_run": Badge("clock", "slate", "Planned"),
    },
    "run": {
        "blocked": Badge("cross", "slate", "Blocked"),
        "awaiting_decision": Badge("clock", "amber", "Awaiting decision"),
    },
    "stage": {
        "warned": Badge("warning", "amber", "Passed with warnings"),
        "blocked": Badge("cross", "red", "Blocked"),
        "waiting": Badge("clock", "amber", "Waiting"),
        "not_needed": Badge("dash", "slate", "Not needed"),
        "scheduled": Badge("clock", "blue", "Scheduled"),
    },
    "hold": {
        "proposed": Badge("clock", "amber", "Proposed"),
        "active": Badge("bars", "solid", "On hold"),
        "lifted": Badge("check", "green", "Lifted"),
    },
    "customer": {
        "": Badge("check", "green", "Approved"),
        "netsuite": Badge("bars", "red", "Held in NetSuite"),
    },
    "override": {
        "asked": Badge("clock", "amber", "Asked for"),
        "granted": Badge("check", "green", "Approved"),
        "used": Badge("check", "slate", "Used"),
        "void": Badge("dash", "slate", "Ended"),
    },
    "pin": {
        "accepted": Badge("check", "green", "Accepted"),
        "rejected": Badge("cross", "red", "Wrong PIN"),
        "locked": Badge("bars", "amber", "Locked"),
        "refused": Badge("cross", "red", "Refused"),
        "asked": Badge("clock", "blue", "Asked"),
        "approved": Badge("check", "green", "Approved in the console"),
        "declined": Badge("cross", "slate", "Declined in the console"),
        "used": Badge("check", "slate", "Order submitted"),
        "void": Badge("dash", "slate", "Ended"),
        "reset": Badge("turn", "slate", "PIN reset"),
    },
    "switch": {
        "off": Badge("check", "green", "Off"),
        "armed": Badge("warning", "amber", "Armed"),
        "on": Badge("bars", "solid", "On"),
    },
    "order": {
        "draft": Badge("clock", "slate", "Draft"),
        "held": Badge("bars", "solid", "On hold"),
        "released": Badge("turn", "amber", "Released"),
        "submitted": Badge("check", "green", "Submitted"),
        "cancelled": Badge("cross", "slate", "Cancelled"),
    },
    "subscription": {
        "waiting": Badge("clock", "amber", "Waiting"),
        "provisioned": Badge("check", "green", "Provisioned"),
        "not_applicable": Badge("dash", "slate", "Nothing to provision"),
        "cancelled": Badge("cross", "slate", "Cancelled"),
    },
    "license_change": {
        "awaiting": Badge("clock", "amber", "Awaiting"),
        "provisioned": Badge("check", "green", "Provisioned"),
        "not_applicable": Badge("dash", "slate", "Not applicable"),
    },
    "alert": {
        "open": Badge("warning", "red", "Open"),
        "acknowledged": Badge("check", "amber", "Acknowledged"),
        "resolved": Badge("check", "green", "Resolved"),
    },
    "dispute": {
        "open": Badge("clock", "amber", "Open"),
        "responding": Badge("mail", "blue", "Responding"),
        "escalated": Badge("warning", "amber", "Escalated"),
        "resolved": Badge("check", "green", "Resolved"),
    },
}


def badge_of(status: str, kind: str = "") -> Badge:
    """The badge of a status; one that nobody described is shown in grey under its own name."""
    described = BY_KIND.get(kind, {}).get(status) or SHARED.get(status)
    return described or Badge("dash", "slate", str(status).replace("_", " ").capitalize() or "None")


def badge(status: str, kind: str = "", word: str = "") -> SafeString:
    """The badge as HTML; `word` replaces the usual word."""
    sign, tint, usual = badge_of(status, kind)
    return mark(sign, tint, word or usual)


def mark(sign: str, tint: str, word: str) -> SafeString:
    drawn = mark_safe(svg(sign, "spin" if sign == "turn" and tint == "blue" else ""))  # noqa: S308  our own drawing
    return format_html('<span class="st {}">{}{}</span>', tint, drawn, word)
