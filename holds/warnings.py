"""What the approver should know before deciding, in words; none of it blocks."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils import timezone
from django.utils.dateparse import parse_date

from customers.clock import business_today
from customers.sync import STALE_AFTER
from workflows.contracts import Facts
from workflows.wording import age, day, money

SHIPS_SOON = timedelta(days=3)
NO_REP = {
    "code": "no_sales_rep",
    "detail": "No active sales rep with an address: the note to the rep waits without recipient.",
}
NO_ADDRESS = {
    "code": "no_address",
    "detail": "The customer has no e-mail address: the notice waits without recipient.",
}


def warnings(found: Facts) -> Sequence[dict[str, str]]:
    """All warnings that apply, most urgent first."""
    checks = (_ships_soon, _stale, _past_day, _pause, _disputed, _no_rep, _no_address, _held_in_netsuite)
    return [warning for check in checks if (warning := check(found))]


def _ships_soon(found: Facts) -> dict[str, str] | None:
    orders = found.context["open_sos"]
    ships = orders["next_ship"]
    ships = parse_date(ships) if isinstance(ships, str) else ships
    if not ships or not found.today <= ships <= found.today + SHIPS_SOON:
        return None
    return _warning("ships_soon", f"An order ships on {day(ships)}. A hold does not stop orders already confirmed.")


def stale(read: str | None) -> dict[str, str] | None:
    """Balances last read at `read` (ISO 8601, None: never) are too old to rely on."""
    if read is None:
        return _warning("never_synced", "Balances were never read from NetSuite; the figures come from a file.")
    old = timezone.now() - datetime.fromisoformat(read)
    if old <= STALE_AFTER:
        return None
    return _warning("stale", f"Balances are {age(old)} old. A payment since then is not counted.")


def _stale(found: Facts) -> dict[str, str] | None:
    return stale(found.context["synced_at"])


def _past_day(found: Facts) -> dict[str, str] | None:
    if found.today >= business_today():
        return None
    return _warning("past_day", f"The figures are those of {day(found.today)}, not of today.")


def _pause(found: Facts) -> dict[str, str] | None:
    pause = found.context["pause"]
    if not pause:
        return None
    kind = str(pause["kind"]).replace("_", " ")
    return _warning("paused", f"A {kind} runs until {pause['ends']}. The aging tick would leave this customer alone.")


def _disputed(found: Facts) -> dict[str, str] | None:
    apart = Decimal(found.context["set_apart"])
    if not apart:
        return None
    rest = Decimal(found.context["owed"]["ar_balance"]) - apart
    return _warning("disputed", f"{money(apart)} is under dispute; without it {money(rest)} is open.")


def _no_rep(found: Facts) -> dict[str, str] | None:
    rep = found.customer.sales_rep if found.customer else None
    return None if rep and not rep.is_inactive and rep.email else NO_REP


def _no_address(found: Facts) -> dict[str, str] | None:
    return None if found.customer and found.customer.email else NO_ADDRESS


def _held_in_netsuite(found: Facts) -> dict[str, str] | None:
    value = found.customer.credit_hold_override if found.customer else ""
    return differs(value) if value in ("ON", "OFF") else None


def differs(value: str) -> dict[str, str]:
    """NetSuite's own hold field says ON or OFF, set there by hand."""
    meaning = "holds this customer already" if value == "ON" else "has limits and holds switched off for this customer"
    return _warning("netsuite_differs", f"NetSuite {meaning} (hold field {value}), set by hand there.")


def _warning(code: str, detail: str) -> dict[str, str]:
    return {"code": code, "detail": detail}
