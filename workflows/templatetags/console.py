"""What the console's templates say: numbers, dates, badges, signs, links."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.conf import settings
from django.db.models import Model
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from customers.sync import CUSTOMERS, freshness
from netsuite.values import HOLD_INTENT
from workflows import badges, icons, wording
from workflows.proposal_page import TARGET

register = template.Library()
Moment = datetime | str | None


@register.simple_tag
def status(value: str, kind: str = "", word: str = "") -> SafeString:
    """`{% status proposal.status "proposal" %}`: sign, word and tint."""
    return badges.badge(value, kind, word)


@register.simple_tag
def mark(sign: str, tint: str, word: str) -> SafeString:
    """`{% mark "warning" "red" "Strong recommendation" %}`: a badge that is no status."""
    return badges.mark(sign, tint, word)


@register.simple_tag
def icon(name: str, classes: str = "i") -> SafeString:
    return mark_safe(icons.svg(name, classes))  # noqa: S308  our own drawing


@register.filter
def money(value: Any, currency: str = "") -> str:
    """`$48,210.40`; `–` for nothing."""
    return "–" if value in (None, "") else wording.money(value, currency)


@register.filter
def whole(value: Any, currency: str = "") -> str:
    """`$48,210`: whole units, for home and cards."""
    return "–" if value in (None, "") else wording.money(value, currency, cents=False)


@register.filter
def amount(value: Any) -> str:
    """`48,210.40` for a column whose head names the currency."""
    return "–" if value in (None, "") else wording.amount(value)


@register.filter
def day(value: date | str | None) -> str:
    """`17 Nov 2026`."""
    return wording.day(_date(value))


@register.filter
def short_day(value: date | str | None) -> str:
    """`17 Nov`, for columns of the last twelve months."""
    return wording.day(_date(value), year=False)


@register.filter
def moment(value: Moment) -> str:
    """`17 Nov 2026, 08:44` in the business time zone."""
    return wording.moment(_time(value))


@register.filter
def clock(value: Moment) -> str:
    """`08:44`."""
    return wording.clock(_time(value))


@register.filter
def seconds(value: Moment) -> str:
    """`08:44:06`, for live progress and logs."""
    return wording.clock(_time(value), seconds=True)


@register.filter
def age(value: Moment) -> str:
    """`2 h 42 min` since then."""
    since = _time(value)
    return "–" if since is None else wording.age(timezone.now() - since)


@register.filter
def is_late(value: Moment) -> bool:
    """Whether it waits longer than the 60 min target."""
    since = _time(value)
    return since is not None and timezone.now() - since > TARGET


@register.filter
def weekday(value: Moment) -> str:
    """`Tue 17 Nov 2026, 08:42`."""
    at = _time(value)
    return f"{at.astimezone(ZoneInfo(settings.TIME_ZONE_BUSINESS)):%a} {wording.moment(at)}" if at else "–"


@register.filter
def percent(value: Any, decimals: int = 0) -> str:
    """`133 %` of a ratio of 1.33."""
    return wording.percent(None if value in (None, "") else Decimal(value), decimals=decimals)


@register.filter
def counted(number: int, noun: str) -> str:
    """`three orders`; an irregular plural after a bar: `"dispute reply|dispute replies"`."""
    one, _, many = noun.partition("|")
    return wording.count(number, one, many)


@register.filter
def number(value: Any) -> str:
    """`1,412`; `–` for nothing."""
    return "–" if value in (None, "") else f"{value:,}"


@register.filter
def readable(value: Any) -> str:
    """`ar_aging_tick_threshold` as people say it."""
    return str(value).replace("_", " ").strip().capitalize()


@register.filter
def field_name(name: str) -> str:
    """The hold as people call it; any other field of NetSuite under its own name."""
    return "hold field" if name == HOLD_INTENT else name


@register.filter
def actor(by: str) -> str:
    """Who acted, for people: `schedule:aging_tick` is the aging tick; a person keeps their name."""
    part, _, name = by.partition(":")
    return readable(name) if part in {"schedule", "push", "workflow"} and name and not name.isdigit() else by


@register.simple_tag
def page_of(row: Model | None, action: str = "change") -> str:
    """The address of a row's page in the console, or "" when it has none."""
    if row is None or row.pk is None:
        return ""
    try:
        return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{action}", args=[row.pk])
    except NoReverseMatch:
        return ""


@register.simple_tag
def link(row: Model | None, words: str = "") -> SafeString | str:
    """A row's name, as a link where it has a page."""
    address, words = page_of(row), words or str(row or "")
    return format_html('<a href="{}">{}</a>', address, words) if address else words


@register.inclusion_tag("console/_data_age.html")
def data_age() -> dict[str, Any]:
    """How old the figures from NetSuite are; a stale one is marked."""
    return {"found": freshness(now=timezone.now()), "customers": CUSTOMERS}


@register.filter
def of_key(mapping: dict[str, Any], key: str) -> Any:
    return mapping.get(key, "")


def _time(value: Moment) -> datetime | None:
    return parse_datetime(value) if isinstance(value, str) else value


def _date(value: date | str | None) -> date | None:
    if isinstance(value, str):
        return parse_date(value[:10])
    if isinstance(value, datetime):
        return value.astimezone(ZoneInfo(settings.TIME_ZONE_BUSINESS)).date()
    return value
