"""May this change be provisioned now? One pure rule; form, API, schedule and release all ask it."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from workflows.wording import day

State = Literal["go", "waits", "settled"]
Source = Literal["account", "service_hold", "order", "date", "parent", "account_opening", "provider", ""]

AWAITING, FAILED = "awaiting", "failed"
UNSETTLED = (AWAITING, FAILED)
"""A change in one of these keeps later ones, and children, waiting."""


@dataclass(frozen=True)
class Facts:
    """What the rule knows. `earlier` are the statuses of the same subscription's earlier changes.

    `parent` are the statuses of what the parent has to carry out first; None without a parent. `asked`: the provider
    knows of this change already. `account_open`: the customer has an account with the provider, or needs none.
    """

    switch: bool
    account_hold: bool
    service_hold: bool
    status: str
    provider: str
    effective_on: date
    today: date
    asked: bool = False
    account_open: bool = True
    earlier: tuple[str, ...] = ()
    parent: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Verdict:
    """`go`: provision it. `waits`: for `source`, in the words of `why`. `settled`: nothing happens by itself."""

    state: State
    why: str = ""
    source: Source = ""

    @property
    def may_go(self) -> bool:
        return self.state == "go"


def verdict(facts: Facts) -> Verdict:
    """The first reason to wait counts, holds before everything else; source: the provisioning rules of the product."""
    if facts.status != AWAITING:
        return Verdict("settled", _SETTLED.get(facts.status, ""))
    if facts.asked:
        return Verdict("waits", "The provider is asked.", "provider")
    return _held(facts) or _too_early(facts) or Verdict("go")


_SETTLED = {
    "provisioned": "Provisioned.",
    "not_applicable": "Nothing to provision.",
    FAILED: "The provider refused it.",
}


def _held(facts: Facts) -> Verdict | None:
    """Only while the switch is on: by the account's own flag, or by a service hold."""
    if facts.switch and facts.account_hold:
        return Verdict("waits", "The account's credit hold is Yes.", "account")
    if facts.switch and facts.service_hold:
        return Verdict("waits", "The customer is under a service hold.", "service_hold")
    return None


def _too_early(facts: Facts) -> Verdict | None:
    if FAILED in facts.earlier:
        return Verdict("waits", "An earlier change failed; try that one again first.", "order")
    if AWAITING in facts.earlier:
        return Verdict("waits", "An earlier change is not carried out yet.", "order")
    if facts.effective_on > facts.today:
        return Verdict("waits", f"Effective on {day(facts.effective_on)}.", "date")
    return _after_others(facts)


def _after_others(facts: Facts) -> Verdict | None:
    if facts.provider == "linked" and facts.parent is None:
        return Verdict("waits", "There is no subscription that it follows.", "parent")
    if any(status in UNSETTLED for status in facts.parent or ()):
        return Verdict("waits", "The subscription it follows is not provisioned yet.", "parent")
    if facts.provider == "automatic" and not facts.account_open:
        return Verdict("waits", "The customer's account with the provider is not open yet.", "account_opening")
    return None
