"""Wrong configuration found at start-up, and whether the account shows the hold field at all."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from netsuite.client import Client, base_url_from_settings
from netsuite.values import HOLD_STATES, hold_field

NEEDED = {
    "oauth2": ("NETSUITE_CLIENT_ID", "NETSUITE_CERTIFICATE_ID", "NETSUITE_PRIVATE_KEY_FILE"),
    "tba": ("NETSUITE_CONSUMER_KEY", "NETSUITE_CONSUMER_SECRET", "NETSUITE_TOKEN_ID", "NETSUITE_TOKEN_SECRET"),
}


@checks.register("netsuite")
def check_configuration(app_configs: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    return [*_account(), *_credentials(), *_fields(), *_queue()]


def _account() -> Iterator[checks.CheckMessage]:
    if not settings.NETSUITE_ACCOUNT:
        hint = "Set NETSUITE_ACCOUNT and the credentials; until then pushes stay queued."
        yield checks.Warning("NetSuite is not configured.", hint=hint, id="netsuite.W001")
        return
    try:
        base_url_from_settings()
    except ImproperlyConfigured as error:
        hint = "Sandbox credentials must never meet a live account: correct NETSUITE_ACCOUNT or NETSUITE_BASE_URL."
        yield checks.Error(str(error), hint=hint, id="netsuite.E001")


def _credentials() -> Iterator[checks.CheckMessage]:
    if settings.NETSUITE_AUTH not in NEEDED:
        hint = "NETSUITE_AUTH=oauth2 (first choice) or NETSUITE_AUTH=tba."
        yield checks.Error(f"Unknown NETSUITE_AUTH {settings.NETSUITE_AUTH!r}.", hint=hint, id="netsuite.E002")
        return
    if not settings.NETSUITE_ACCOUNT:
        return
    missing = [name for name in NEEDED[settings.NETSUITE_AUTH] if not getattr(settings, name)]
    if missing:
        hint = f"NETSUITE_AUTH={settings.NETSUITE_AUTH} needs them."
        yield checks.Error(f"Missing: {', '.join(missing)}.", hint=hint, id="netsuite.E003")
    key_file = settings.NETSUITE_PRIVATE_KEY_FILE
    if settings.NETSUITE_AUTH == "oauth2" and key_file and not Path(key_file).is_file():
        hint = "A PEM file with the private key of the certificate uploaded to NetSuite."
        yield checks.Error(f"NETSUITE_PRIVATE_KEY_FILE {key_file} is not a file.", hint=hint, id="netsuite.E004")


def _fields() -> Iterator[checks.CheckMessage]:
    name = settings.NETSUITE_PROVISIONING_HOLD_FIELD
    if name and not re.fullmatch(r"custentity(_?[A-Za-z0-9])+", name):
        hint = "A checkbox of your own on the customer, such as custentity_hold_provisioning; or leave it empty."
        yield checks.Error(f"NETSUITE_PROVISIONING_HOLD_FIELD {name!r} is no field.", hint=hint, id="netsuite.E009")


def _queue() -> Iterator[checks.CheckMessage]:
    if not settings.NETSUITE_TIMEOUT_SECONDS < settings.PUSH_LEASE_SECONDS <= settings.PUSH_DRAIN_SECONDS:
        hint = "NETSUITE_TIMEOUT_SECONDS < PUSH_LEASE_SECONDS <= PUSH_DRAIN_SECONDS."
        yield checks.Error("A live worker could be taken over in mid-attempt.", hint=hint, id="netsuite.E005")
    if settings.NETSUITE_CONCURRENCY < 1 or not settings.PUSH_BACKOFF_SECONDS:
        hint = "NETSUITE_CONCURRENCY of at least 1 (5 for most accounts), and at least one back-off."
        yield checks.Error("The push queue could never send.", hint=hint, id="netsuite.E006")
    unknown = set(hold_field().values) - set(HOLD_STATES)
    if unknown or not hold_field().name:
        hint = "NETSUITE_HOLD_FIELD=creditHoldOverride, or custentity_x:AUTO=1,ON=2,OFF=3."
        yield checks.Error("NETSUITE_HOLD_FIELD cannot be read.", hint=hint, id="netsuite.E007")


def check_hold_field(client: Client) -> list[checks.CheckMessage]:
    """Ask the account (metadata-catalog/customer) whether this role sees the hold field. Raises NetsuiteError."""
    name = hold_field().name
    if name in client.metadata("customer").get("properties", {}):
        return []
    hint = "Show the field on the role's customer form, or name the account's own one in NETSUITE_HOLD_FIELD."
    return [checks.Error(f"The customer record has no field {name}.", hint=hint, id="netsuite.E008")]
