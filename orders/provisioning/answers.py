"""What automatic providers answered: changes and accounts follow the outcome of their push."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from netsuite.machine import LostRace, move
from netsuite.models import Push
from orders import providers
from orders.models import LicenseChange, ProviderAccount
from orders.provisioning import carrying

AT_ONCE = 500
CONFIRMED = "confirmed by the provider"


def take_over(push: Push) -> int:
    """Write a settled push's outcome on its change or account; answers how many rows changed."""
    now = timezone.now()
    if push.status not in ("applied", "failed"):
        return 0
    return _account(push, now) or _change(push, now)


def take_over_all(pushes: Sequence[Push]) -> int:
    """Many outcomes at a time: what one provider confirmed is written in one transaction, the rest one by one."""
    channels = {push.channel for push in pushes}
    confirmed = {pk for channel in channels for pk in _confirmed(channel, pushes)}
    return len(confirmed) + sum(take_over(push) for push in pushes if push.pk not in confirmed)


def catch_up() -> int:
    """Outcomes that a crash kept from their rows."""
    ended = Q(push__status__in=["applied", "failed"])
    # A push that failed, was tried again by a person and then taken leaves a failed change behind.
    changes = LicenseChange.objects.filter(Q(status="awaiting") & ended | Q(status="failed", push__status="applied"))
    accounts = ProviderAccount.objects.filter(opened_at=None).filter(ended)
    accounts = accounts.exclude(~Q(error=""), push__status="failed")
    return sum(take_over(push) for rows in (accounts, changes) for push in _pushes(rows.values_list("push", flat=True)))


def _pushes(ids: Iterable[int | None]) -> list[Push]:
    return list(Push.objects.filter(pk__in=[pk for pk in ids if pk][:AT_ONCE]).order_by("pk"))


def _confirmed(channel: str, pushes: Sequence[Push]) -> list[int]:
    """Carry through what awaited these pushes of a channel; answers the pushes that are done with."""
    now = timezone.now()
    applied = [push.pk for push in pushes if push.channel == channel and push.status == "applied"]
    changes = list(LicenseChange.objects.awaiting().filter(push__in=applied).order_by("pk"))
    if len(changes) < 2:
        return []
    try:
        with transaction.atomic():
            carrying.carry_through_all(changes, by=channel, reason=CONFIRMED, now=now)
    except LostRace:
        return []
    carrying.follow([change.subscription_id for change in changes], by=channel, now=now)
    return [change.push_id for change in changes if change.push_id]


def _change(push: Push, now: datetime) -> int:
    change = LicenseChange.objects.filter(push=push).select_related("subscription").first()
    if change is None:
        return 0
    by = push.channel
    try:
        with transaction.atomic():
            _settle(change, push, by, now)
    except LostRace:
        return 0
    if push.status == "applied":
        carrying.follow([change.subscription_id], by=by, now=now)
    return 1


def _settle(change: LicenseChange, push: Push, by: str, now: datetime) -> None:
    """Raises LostRace when it is settled already. A failed push that was sent again and taken settles its change."""
    if push.status == "failed":
        words = push.last_error_detail or push.last_error_code or "Refused."
        move(change, "fail", by=by, reason=push.last_error_code, settled_at=now, settled_by=by, error=words)
        return
    if change.status == "failed":
        again: dict[str, Any] = {"error": "", "settled_at": None, "settled_by": ""}
        move(change, "retry", by=push.cycle_by or by, reason="pushed again", **again)
    carrying.carry_through(change, by=by, reason=CONFIRMED, now=now)


def _account(push: Push, now: datetime) -> int:
    """An opened account lets the customer's changes at that provider go."""
    accounts = ProviderAccount.objects.filter(push=push)
    if push.status == "failed":
        words = push.last_error_detail or push.last_error_code or "Refused."
        return accounts.filter(opened_at=None).update(error=words)
    account = accounts.first()
    if account is None:
        return 0
    reference = providers.reference_of(push)
    changed = accounts.filter(opened_at=None).update(opened_at=now, error="", reference=reference)
    theirs = LicenseChange.objects.not_asked().filter(
        subscription__customer=account.customer_id, subscription__provider=account.provider_id
    )
    carrying.work_off(theirs, by=push.channel, now=now)
    return changed
