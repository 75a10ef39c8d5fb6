"""The provisioning rule, cell by cell: switch × account × service hold × provider × status, then order, day, parent."""

from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest

from orders.models import LicenseChange, Provider
from orders.provisioning.rules import Facts, verdict

TODAY = date(2026, 3, 16)
TOMORROW = TODAY + timedelta(days=1)
PROVIDERS = [kind for kind, _ in Provider.KINDS]
STATUSES = [status for status, _ in LicenseChange._meta.get_field("status").choices]

# (switch, account's credit hold, service hold): what a change waits for.
HOLDS = {
    (False, False, False): "",
    (False, False, True): "",
    (False, True, False): "",
    (False, True, True): "",
    (True, False, False): "",
    (True, False, True): "service_hold",
    (True, True, False): "account",
    (True, True, True): "account",
}
CELLS = list(product(HOLDS, PROVIDERS, STATUSES))


def facts(**changes: Any) -> Facts:
    """A change of today that nothing stops."""
    free = {"switch": False, "account_hold": False, "service_hold": False, "status": "awaiting"}
    return Facts(**{**free, "provider": "automatic", "effective_on": TODAY, "today": TODAY, **changes})


def judged(**changes: Any) -> tuple[str, str]:
    found = verdict(facts(**changes))
    return found.state, found.source


def test_the_table_has_every_cell():
    assert (len(CELLS), len(set(CELLS))) == (2 * 2 * 2 * 4 * 4, 128)


@pytest.mark.parametrize(("holds", "provider", "status"), CELLS)
def test_switch_account_service_hold_provider_and_status(holds, provider, status):
    switch, account, service = holds
    given = {"switch": switch, "account_hold": account, "service_hold": service}
    found = judged(**given, provider=provider, status=status, parent=())
    waits_for = HOLDS[holds]
    expected = ("waits", waits_for) if waits_for else ("go", "")
    assert found == (expected if status == "awaiting" else ("settled", ""))


@pytest.mark.parametrize(
    ("around", "expected"),
    [
        ({"earlier": ("provisioned", "not_applicable")}, ("go", "")),
        ({"earlier": ("awaiting",)}, ("waits", "order")),
        ({"earlier": ("failed",)}, ("waits", "order")),
        ({"earlier": ("provisioned", "failed", "provisioned")}, ("waits", "order")),
        ({"effective_on": TODAY - timedelta(days=9)}, ("go", "")),
        ({"effective_on": TOMORROW}, ("waits", "date")),
        ({"effective_on": TOMORROW, "earlier": ("failed",)}, ("waits", "order")),
        ({"parent": ()}, ("go", "")),
        ({"parent": ("provisioned",)}, ("go", "")),
        ({"parent": ("not_applicable",)}, ("go", "")),
        ({"parent": ("awaiting",)}, ("waits", "parent")),
        ({"parent": ("provisioned", "failed")}, ("waits", "parent")),
        ({"parent": ("awaiting",), "effective_on": TOMORROW}, ("waits", "date")),
        ({"provider": "linked", "parent": ("provisioned",)}, ("go", "")),
        ({"provider": "linked", "parent": ("failed",)}, ("waits", "parent")),
        ({"provider": "linked", "parent": None}, ("waits", "parent")),
        ({"provider": "manual", "parent": None}, ("go", "")),
        ({"account_open": False}, ("waits", "account_opening")),
        ({"account_open": False, "provider": "manual"}, ("go", "")),
        ({"asked": True}, ("waits", "provider")),
        ({"asked": True, "switch": True, "account_hold": True}, ("waits", "provider")),
        ({"switch": True, "account_hold": True, "earlier": ("failed",)}, ("waits", "account")),
    ],
)
def test_order_day_and_parent(around, expected):
    assert judged(**around) == expected


@pytest.mark.parametrize(
    "around",
    [{"switch": True, "account_hold": True}, {"earlier": ("failed",)}, {"effective_on": TOMORROW}, {"asked": True}],
)
def test_it_says_why_in_words(around):
    assert verdict(facts(**around)).why.endswith(".")
