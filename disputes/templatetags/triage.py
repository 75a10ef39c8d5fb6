"""What the triage inbox says beside the console's own words."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django import template
from django.conf import settings
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from customers.clock import business_today
from disputes import triage_words
from disputes.models import Correction, InboundEmail
from workflows import badges, wording

register = template.Library()
_REFERENCE = re.compile(r"\b[A-Z]{2,5}-\d+\b")
_MOVES = {
    "create": "came in",
    "doubt": "a person is asked",
    "route": "handed to the dispute’s workflow",
    "sort": "sorted",
    "quarantine": "put aside",
    "reopen": "taken back",
}


@register.filter
def sender_name(email: InboundEmail) -> str:
    return triage_words.sender(email)


@register.filter
def kind_words(email: InboundEmail) -> str:
    return triage_words.kind(email)


@register.simple_tag
def mail_badge(email: InboundEmail) -> SafeString:
    return badges.mark(*triage_words.badge_of(email))


@register.filter
def badge(found: badges.Badge) -> SafeString:
    return badges.mark(*found)


@register.filter
def said_before(correction: Correction) -> str:
    """`Dispute, quantity`: what the classifier had said."""
    kind = triage_words.KINDS.get(correction.was_classification, "–")
    about = triage_words.ABOUT.get(correction.was_reason, "")
    return f"{kind}, {about.lower()}" if about else kind


@register.filter
def in_sentence(words: str) -> str:
    return triage_words.in_sentence(words)


@register.filter
def keep_references(text: str) -> SafeString:
    """The text with its reference numbers kept on one line each."""
    return mark_safe(_REFERENCE.sub(r'<span class="nw">\g<0></span>', escape(text)))  # noqa: S308  escaped first


@register.filter
def move_words(verb: str) -> str:
    return _MOVES.get(verb, verb)


@register.filter
def when(value: datetime) -> str:
    """`08:21` today, `17 Nov` before, with the year when it is long ago."""
    day = value.astimezone(ZoneInfo(settings.TIME_ZONE_BUSINESS)).date()
    if day == business_today():
        return wording.clock(value)
    return wording.day(day, year=day < business_today() - timedelta(days=330))


@register.filter
def when_long(value: datetime) -> str:
    """`today 08:21`, else day and time."""
    day = value.astimezone(ZoneInfo(settings.TIME_ZONE_BUSINESS)).date()
    return f"today {wording.clock(value)}" if day == business_today() else wording.moment(value)
