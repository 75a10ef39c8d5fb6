"""The three actions on one blocked order, as they are typed on the page of an alert and of the card."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.http import QueryDict

from anomalies import alert_forms
from anomalies.actions import staging
from anomalies.actions.alerts import MAY
from anomalies.grounds import Ground
from netsuite.console import cleaned

EXTENSION_DAYS = 30
WAIT_DAYS = 7


def release(ground: Ground, sent: QueryDict, by: User) -> None:
    staging.release_order(ground=ground, by=by, **cleaned(alert_forms.OrderForm(sent)))


def raise_limit(ground: Ground, sent: QueryDict, by: User) -> None:
    """A higher limit for the customer of the order."""
    wish = cleaned(alert_forms.OrderUntilForm(sent))
    staging.raise_limit(ground=ground, amount=alert_forms.amount(sent.get("amount", "")), by=by, **wish)


def wait(ground: Ground, sent: QueryDict, by: User) -> None:
    wish = cleaned(alert_forms.OrderUntilForm(sent))
    staging.wait(ground=ground, note=wish.pop("reason"), by=by, **wish)


ACTS: dict[str, Callable[[Ground, QueryDict, User], None]] = {
    "release": release,
    "raise_limit": raise_limit,
    "wait": wait,
}
NEEDS = {"raise_limit": (MAY, staging.MAY_RAISE)}


def offered(user: Any, address: Callable[[str], str]) -> Mapping[str, str]:
    """The actions that this person may take, each with the address it is sent to."""
    return {verb: address(verb) for verb in ACTS if user.has_perms(NEEDS.get(verb, (MAY,)))}


def dialog_facts(today: date) -> dict[str, Any]:
    """What the dialogs of the actions propose."""
    return {
        "wait_day": today + timedelta(days=WAIT_DAYS),
        "limit_day": today + timedelta(days=EXTENSION_DAYS),
        "currency": settings.BASE_CURRENCY,
    }
