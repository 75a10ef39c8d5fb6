"""Background work of the mirror: call the sync, answer what it did. An error is logged and kept, never raised."""

import logging
from collections.abc import Callable
from datetime import date
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from customers.clock import business_today
from customers.sync import SyncSummary, refresh_open_ar, sync
from netsuite.client import Client

log = logging.getLogger(__name__)


def sync_now() -> dict[str, Any]:
    """What changed in NetSuite since the last run. Errors stand in the answer under `errors`."""
    return _run("sync", lambda client, today: sync(client=client, today=today))


def refresh_balances() -> dict[str, Any]:
    """Open invoices, credits and balances as NetSuite has them now; the tick asks for this first."""
    return _run("balances", lambda client, today: refresh_open_ar(client=client, today=today))


def _run(name: str, read: Callable[[Client, date], SyncSummary]) -> dict[str, Any]:
    try:
        summary = read(Client.from_settings(), business_today()).as_dict()
    except ImproperlyConfigured as problem:
        log.warning("%s: NetSuite is not configured: %s", name, problem)
        return {"errors": {name: str(problem)}}
    except Exception as problem:
        log.exception("%s failed", name)
        return {"errors": {name: f"{type(problem).__name__}: {problem}"}}
    if summary["errors"]:
        log.warning("%s: %s", name, summary["errors"])
    return summary
