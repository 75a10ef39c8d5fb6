"""Provisioning: the switch, the account's hold, carrying out what may go, and what people do about a change."""

import math
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from customers.actions import set_credit_hold
from customers.models import Customer
from netsuite.deadline import Deadline
from netsuite.errors import Refusal
from netsuite.machine import LostRace, move
from orders.models import LicenseChange, Provider, ProvisioningSettings
from orders.provisioning import carrying, gate
from orders.provisioning.standing import Standing, progress
from workflows import audit
from workflows.access import Actor, label, require

__all__ = [
    "Progress",
    "Standing",
    "advance",
    "enable_credit_hold",
    "mark_provisioned",
    "progress",
    "retry",
    "set_account_hold",
]


@dataclass(frozen=True)
class Progress:
    """What a run did, and how many changes are left that no provider knows of."""

    asked: int
    provisioned: int
    skipped: int
    waiting: int


def advance(
    *,
    by: Actor,
    now: datetime | None = None,
    customer: Customer | None = None,
    limit: int | None = None,
    for_seconds: float = math.inf,
) -> Progress:
    """Carry out everything that may go, in order; of one customer, or of all. Running it twice does nothing twice.

    Works in batches with a transaction each; call it outside any transaction. `limit` is how many changes are looked
    at; after `for_seconds` no further batch is begun.
    """
    waiting = LicenseChange.objects.not_asked()
    if customer is not None:
        waiting = waiting.filter(subscription__customer=customer)
    stop = Deadline(for_seconds)
    did = carrying.work_off(waiting, by=label(by), now=now or timezone.now(), limit=limit, stop=stop).did
    asked = did[Provider.AUTOMATIC] + did[Provider.MANUAL]
    return Progress(asked, did[Provider.LINKED], did[Provider.NOTHING], waiting.count())


def mark_provisioned(*, change: LicenseChange, by: Actor, reason: str, now: datetime | None = None) -> LicenseChange:
    """A person of the team did it. Refused while it waits, and for providers that answer for themselves."""
    require(by, "orders.provision_licensechange", "mark changes provisioned")
    _require_reason(reason)
    at = now or timezone.now()
    with transaction.atomic():
        fresh = _locked(change)
        _require_asked_of_a_team(fresh)
        carrying.carry_through(fresh, by=label(by), reason=reason.strip(), now=at)
        _record("change_provisioned", fresh, by, reason, after={"status": "provisioned"})
        # Runs lock the switch before customers; this caller has locked a customer already.
        transaction.on_commit(partial(carrying.follow, [fresh.subscription_id], by=label(by), now=at), robust=True)
    return fresh


def retry(*, change: LicenseChange, by: Actor, reason: str) -> LicenseChange:
    """A failed change waits again and passes the gate again. Raises LostRace for one that did not fail."""
    require(by, "orders.provision_licensechange", "try changes again")
    _require_reason(reason)
    with transaction.atomic():
        fresh = _locked(change)
        before = {"status": fresh.status, "error": fresh.error}
        clean: dict[str, Any] = {"error": "", "push": None, "asked_at": None, "settled_at": None, "settled_by": ""}
        move(fresh, "retry", by=label(by), reason=reason.strip(), **clean)
        _record("change_tried_again", fresh, by, reason, before=before, after={"status": "awaiting"})
        carrying.ring()
    return fresh


def enable_credit_hold(*, on: bool, by: Actor, reason: str) -> ProvisioningSettings:
    """The global switch. No account changes; turned off, what waited for it goes with the next run."""
    require(by, "orders.change_provisioningsettings", "turn credit hold on or off")
    _require_reason(reason)
    now = timezone.now()
    with transaction.atomic():
        settings = ProvisioningSettings.current()
        facts = {"enable_credit_hold": on, "reason": reason.strip()[:500], "by": label(by), "at": now}
        if not ProvisioningSettings.objects.filter(pk=1, enable_credit_hold=not on).update(**facts):
            raise Refusal(f"Credit hold is {'on' if on else 'off'} already.", code="nothing_to_change", status=409)
        for name, value in facts.items():
            setattr(settings, name, value)
        _write_history(settings, by, reason)
        _record_switch(on, by, reason)
        if not on:
            carrying.ring()
    return settings


def set_account_hold(*, customer: Customer, credit_hold: bool, by: Actor, reason: str) -> Customer:
    """The account's credit hold, Yes or No. No lets everything that waited for it go, each by its provider."""
    require(by, "customers.change_customer", "set the credit hold of an account")
    _require_reason(reason)
    with transaction.atomic():
        if not set_credit_hold(customer=customer, credit_hold=credit_hold, by=label(by), reason=reason.strip()):
            words = f"The credit hold of {customer} is {'Yes' if credit_hold else 'No'} already."
            raise Refusal(words, code="nothing_to_change", status=409)
        audit.record(
            "account_hold_set" if credit_hold else "account_hold_cleared",
            by=by,
            reason=reason.strip(),
            entity_ref=f"customer:{customer.netsuite_id}",
            customer=customer,
            before={"credit_hold": not credit_hold},
            after={"credit_hold": credit_hold},
        )
        if not credit_hold:
            carrying.ring()
    return customer


def _locked(change: LicenseChange) -> LicenseChange:
    """The change as stored, its customer locked first, as everywhere."""
    owner = LicenseChange.objects.filter(pk=change.pk).values_list("subscription__customer", flat=True)
    list(Customer.objects.select_for_update(no_key=True).filter(pk__in=list(owner)))
    fresh = LicenseChange.objects.select_related(*gate.WITH_SUBSCRIPTION).filter(pk=change.pk).first()
    if fresh is None:
        raise LostRace(None, "There is no such change.")
    return fresh


def _require_asked_of_a_team(change: LicenseChange) -> None:
    if change.status != "awaiting":
        raise LostRace(change, f"{change} is {change.get_status_display().lower()} already.")
    provider = change.subscription.provider
    if provider.kind != Provider.MANUAL:
        raise Refusal(f"{provider} answers for itself: nobody marks its changes.", code="not_manual", status=409)
    if change.asked_at is None:
        verdict = gate.verdict_on(change)
        why = verdict.why or "The team is asked in a moment."
        raise Refusal(f"It cannot be provisioned yet. {why}", code="waits", status=409, source=verdict.source)


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise Refusal("Say why: the reason is kept with the change.", code="reason_required", status=400)


def _write_history(settings: ProvisioningSettings, by: Actor, reason: str) -> None:
    user = None if isinstance(by, str) else by
    history = ProvisioningSettings.history
    history.bulk_history_create([settings], update=True, default_user=user, default_change_reason=reason.strip())


def _record_switch(on: bool, by: Actor, reason: str) -> None:
    before, after = {"enable_credit_hold": not on}, {"enable_credit_hold": on}
    audit.record(
        "credit_hold_switched", by=by, reason=reason.strip(), entity_ref="provisioning", before=before, after=after
    )


def _record(
    decision: str, change: LicenseChange, by: Actor, reason: str, *, after: dict[str, Any], before: Any = None
) -> None:
    audit.record(
        decision,
        by=by,
        reason=reason.strip(),
        entity_ref=f"license_change:{change.key}",
        customer=change.subscription.customer,
        before=before,
        after=after,
    )
