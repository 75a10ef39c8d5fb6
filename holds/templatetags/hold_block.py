"""The hold block of a page: `{% hold_block customer block %}`."""

from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from django import template
from django.conf import settings
from django.contrib.auth.models import User
from django.template.loader import render_to_string
from django.utils import timezone

from customers.models import Customer
from holds import blocks
from holds.models import HoldBlock
from holds.rules import HoldVerdict, Tender
from workflows.wording import clock, moment

register = template.Library()


@register.inclusion_tag("till/_hold_block.html", takes_context=True)
def hold_block(
    context: template.RequestContext,
    customer: Customer | None,
    block: HoldBlock,
    *,
    tender: Tender = "on_account",
    verdict: HoldVerdict | None = None,
    buttons: bool = True,
    actions: str = "",
) -> dict[str, Any]:
    """The block for a customer, or for none yet. `verdict` saves asking again; without `buttons` it only says.

    `actions` names a template of the page's own, which stands at the foot of the block in place of the buttons.
    """
    if customer is not None and verdict is None:
        verdict = blocks.verdict(customer, block, tender=tender, now=timezone.now())
    said = shown(block, verdict, user=context["request"].user, buttons=buttons and not actions)
    around = cast(dict[str, Any], context.flatten())
    foot = render_to_string(actions, around, request=context["request"]) if actions else ""
    return {**said, "foot": foot}


@register.filter
def moment_or_today(value: datetime, now: datetime) -> str:
    """`today 08:44`, else `17 Nov 2026, 08:44`; business time."""
    zone = ZoneInfo(settings.TIME_ZONE_BUSINESS)
    is_today = value.astimezone(zone).date() == now.astimezone(zone).date()
    return f"today {clock(value)}" if is_today else moment(value)


@register.filter
def figure(value: object) -> str:
    """What a rule looked at: `12,000.00`, `yes`, a text, `blank`."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,.2f}" if isinstance(value, float) else "blank" if value is None else str(value)


@register.filter
def sentence(words: str) -> str:
    """Words that a person typed, with a full stop at the end."""
    words = words.strip()
    return words if words.endswith((".", "!", "?", "…")) else f"{words}."


def shown(
    block: HoldBlock, verdict: HoldVerdict | None, *, user: User | None, buttons: bool = True, name: str = ""
) -> dict[str, Any]:
    """What the block's template says, to this user. `name` tells several blocks of one page apart."""
    may_see = user is not None and user.has_perm("customers.view_transaction")
    record = cast(dict, verdict.inputs.get("record", {})) if verdict and may_see else {}
    return {
        "block": block,
        "verdict": verdict,
        "name": name or block.slug,
        "show_label": verdict.show_label if verdict else True,
        "buttons": buttons,
        "may_know": user is not None and user.has_perm("holds.view_servicehold"),
        "figures": record,
        "now": timezone.now(),
        "phone": settings.COMPANY_PHONE,
    }
