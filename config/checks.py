"""System checks of the whole: what production must not start with."""

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Critical, Error, Tags, Warning, register
from django.db import DatabaseError, connection

DEMO_LOGINS = ("mike", "rep", "clerk", "committee", "owner", "cashier")
DEMO_MARK = "@demo.holdgate.example"


@register(Tags.security)
def production_secrets(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """holdgate.E001: production with a development secret."""
    if settings.DEVELOPMENT:
        return []
    unsafe = [name for name in ("SECRET_KEY", "PIN_PEPPER") if _is_unsafe(getattr(settings, name))]
    return [
        Critical(
            f"{name} is a development value or too short.",
            hint=f"Set {name} to 50 random characters.",
            id="holdgate.E001",
        )
        for name in unsafe
    ]


def _is_unsafe(value: str) -> bool:
    return value.startswith("unsafe-") or len(value) < 32


@register(Tags.security)
def production_hosts(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """holdgate.E002: production that answers to any host name."""
    if settings.DEVELOPMENT or (settings.ALLOWED_HOSTS and "*" not in settings.ALLOWED_HOSTS):
        return []
    return [Error("ALLOWED_HOSTS is empty or “*”.", hint="Name the hosts people type.", id="holdgate.E002")]


@register(Tags.database)
def demo_logins(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """holdgate.E003: the demo's logins in production. Needs `check --database default`."""
    if settings.DEVELOPMENT or not databases:
        return []
    try:
        found = get_user_model().objects.filter(email__endswith=DEMO_MARK, is_active=True)
        names = ", ".join(found.values_list("username", flat=True))
    except DatabaseError:
        return []
    if not names:
        return []
    return [Critical(f"Demo logins exist: {names}.", hint="Delete or deactivate them.", id="holdgate.E003")]


@register(Tags.database)
def locks_of_the_frozen(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """holdgate.W001: PostgreSQL would keep the locks of a frozen or vanished process for ever."""
    if settings.DEVELOPMENT or not databases or connection.vendor != "postgresql":
        return []
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW idle_in_transaction_session_timeout")
            limit = cursor.fetchone()[0]
    except DatabaseError:
        return []
    if limit != "0":
        return []
    words = "A process that freezes inside a transaction keeps its locks, and all others wait."
    return [Warning(words, hint="Run deploy/role.sql once.", id="holdgate.W001")]
