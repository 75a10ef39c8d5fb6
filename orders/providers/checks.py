"""Settings of automatic provisioning that production must not start with."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Critical, Error, Tags, register


@register(Tags.security)
def provisioning_addresses(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """orders.E001: endpoints on this machine in production; orders.E002: a list that allows every host, or none."""
    found: list[CheckMessage] = []
    if settings.PROVISIONING_ALLOW_LOOPBACK and not settings.DEVELOPMENT:
        text = "PROVISIONING_ALLOW_LOOPBACK is for development: providers could be pointed at this machine."
        found.append(Critical(text, hint="Remove it.", id="orders.E001"))
    odd = [host for host in settings.PROVISIONING_ALLOWED_HOSTS if "*" in host or host.strip(".") == ""]
    if odd:
        hint = "Name each host, or .example.com for a domain and all below it."
        found.append(Error(f"PROVISIONING_ALLOWED_HOSTS holds {', '.join(odd)}.", hint=hint, id="orders.E002"))
    return found
