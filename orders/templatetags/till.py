"""What the till's templates say: its bar, initials, found words, plain figures."""

import re
from decimal import Decimal
from typing import Any

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import conditional_escape, format_html_join
from django.utils.safestring import SafeString

from customers.sync import freshness
from orders import till_session as session

register = template.Library()


@register.inclusion_tag("till/_bar.html", takes_context=True)
def till_bar(context: dict[str, Any]) -> dict[str, Any]:
    """The head of every page: company, till, pages, age of the data, who is signed in."""
    request: HttpRequest = context["request"]
    user, match = request.user, request.resolver_match
    name = user.get_full_name() or user.get_username() if user.is_authenticated else ""
    return {
        "request": request,
        "csrf_token": context.get("csrf_token", ""),
        "user": user,
        "company": settings.COMPANY_NAME,
        "terminal": session.terminal(request),
        "cashier": name,
        "initials": initials(name),
        "here": match.url_name if match else "",
        "data": min(freshness(now=timezone.now()), key=lambda one: not one.stale) if user.is_authenticated else None,
    }


@register.filter
def initials(name: str) -> str:
    """`HD` of Harbor Deli Supply; at most two letters."""
    words = re.findall(r"\w+", str(name))
    return "".join(word[0] for word in words[:2]).upper()


@register.filter
def marked(text: str, words: str) -> SafeString:
    """The text with what was searched for underlined."""
    found = [re.escape(word) for word in str(words).split()]
    parts = re.split(f"({'|'.join(found)})", str(text), flags=re.IGNORECASE) if found else [str(text)]
    return format_html_join("", "{}", ((_part(part, at),) for at, part in enumerate(parts)))


def _part(part: str, at: int) -> SafeString | str:
    return format_html_join("", "<mark>{}</mark>", [(part,)]) if at % 2 else conditional_escape(part)


@register.filter
def plain(value: Decimal) -> str:
    """`12`, `1.5`, `6.25`: a figure without zeros at its end."""
    return f"{value.normalize():f}" if value else "0"
