"""Carry out what may be provisioned: batch after batch, each in its own transaction, so that a crash loses nothing.

Nothing remote happens here: automatic providers are asked through the outbox, teams by a notice that is sent later.
"""

import logging
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from customers.clock import business_today
from customers.models import Customer
from netsuite import bell
from netsuite.deadline import Deadline
from netsuite.machine import move, move_many
from orders import providers
from orders.history import author
from orders.models import LicenseChange, Provider, ProvisioningNotice, ProvisioningSettings, Subscription
from orders.models.subscriptions import LicenseChangeQuerySet
from orders.provisioning import gate

log = logging.getLogger(__name__)

BATCH = 100


class TakenMeanwhile(Exception):
    """Somebody else settled or claimed the change between reading and claiming it."""


@dataclass
class Tally:
    """What a run did. `done` are subscriptions of which something was settled: others may have waited for them."""

    did: Counter[str] = field(default_factory=Counter)
    done: set[int] = field(default_factory=set)
    looked_at: int = 0
    last: int = 0

    def add(self, other: "Tally") -> None:
        self.did += other.did
        self.done |= other.done
        self.looked_at += other.looked_at
        self.last = other.last


def work_off(
    changes: LicenseChangeQuerySet,
    *,
    by: str,
    now: datetime,
    limit: int | None = None,
    batch: int = BATCH,
    stop: Deadline | None = None,
) -> Tally:
    """Everything among `changes` that may go, oldest first. At most `limit` changes are looked at, until `stop`."""
    total = Tally()
    while (limit is None or total.looked_at < limit) and not (stop and stop.passed()):
        some = min(batch, limit - total.looked_at) if limit is not None else batch
        step = _work_off_some(changes, after=total.last, some=some, by=by, now=now)
        if not step.looked_at:
            break
        total.add(step)
    return total


def follow(subscriptions: Collection[int], *, by: str, now: datetime) -> Tally:
    """After something of these was settled: their later changes and their children's, and what waits for those."""
    total, fresh = Tally(), set(subscriptions)
    while fresh:
        around = Q(subscription__in=fresh) | Q(subscription__parent__in=fresh)
        step = work_off(LicenseChange.objects.not_asked().filter(around), by=by, now=now)
        fresh = step.done - total.done
        total.add(step)
    return total


def carry_through(change: LicenseChange, *, by: str, reason: str, now: datetime) -> None:
    """The change is provisioned, and the subscription says how much is; in the caller's transaction."""
    move(change, "provision", by=by, reason=reason, settled_at=now, settled_by=by[:150], error="")
    subscription = Subscription.objects.select_for_update(no_key=True).get(pk=change.subscription_id)
    subscription.provisioned_quantity = change.quantity_after
    author(subscription, by, reason)
    subscription.save(update_fields=["provisioned_quantity"])


def carry_through_all(changes: Sequence[LicenseChange], *, by: str, reason: str, now: datetime) -> None:
    """The same for changes of as many subscriptions. Raises LostRace when one of them is settled already."""
    move_many(changes, "provision", by=by, reason=reason, settled_at=now, settled_by=by[:150], error="")
    after = {change.subscription_id: change.quantity_after for change in changes}
    locked = Subscription.objects.select_for_update(no_key=True).filter(pk__in=after).order_by("pk")
    subscriptions = list(locked)
    for subscription in subscriptions:
        subscription.provisioned_quantity = after[subscription.pk]
        author(subscription, by, reason)
    Subscription.objects.bulk_update(subscriptions, ["provisioned_quantity"])
    Subscription.history.bulk_history_create(subscriptions, update=True)


def ring() -> None:
    """Wake a worker for what may go now."""
    bell.ring("orders.tasks.provision_waiting")


def _work_off_some(changes: LicenseChangeQuerySet, *, after: int, some: int, by: str, now: datetime) -> Tally:
    with transaction.atomic():
        # The switch first, then customers: it is turned, and a hold is placed, before or after, never in between.
        list(ProvisioningSettings.objects.select_for_update(no_key=True).filter(pk=1))
        switch = gate.switch_is_on()
        found = gate.not_held(changes.effective(business_today()), switch=switch).filter(pk__gt=after)
        ids = dict(found.order_by("pk").values_list("pk", "subscription__customer")[:some])
        _lock_customers(set(ids.values()))
        locked = LicenseChange.objects.not_asked().filter(pk__in=ids).select_for_update(of=("self",), no_key=True)
        rows = list(locked.select_related(*gate.WITH_SUBSCRIPTION).order_by("pk"))
        tally = _work_off_rows(rows, gate.Situation.around(rows, switch=switch, today=business_today()), by, now)
        tally.looked_at, tally.last = len(ids), max(ids, default=after)
    return tally


def _lock_customers(ids: Collection[int]) -> None:
    list(Customer.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk").values_list("pk", flat=True))


def _work_off_rows(rows: list[LicenseChange], situation: gate.Situation, by: str, now: datetime) -> Tally:
    tally = Tally()
    for change in rows:
        if not situation.verdict(change).may_go:
            continue
        kind = change.subscription.provider.kind
        try:
            with transaction.atomic():
                CARRY_OUT[kind](change, by, now)
        except Exception:
            # One bad row stops neither its batch nor the rows after it; it stands as overdue until it goes.
            log.exception("%s could not be provisioned", change)
            continue
        tally.did[kind] += 1
        if kind in (Provider.NOTHING, Provider.LINKED):
            situation.carried_out(change)
            tally.done.add(change.subscription_id)
    return tally


def _call(change: LicenseChange, by: str, now: datetime) -> None:
    push = providers.enqueue_change(change, by=by)
    if LicenseChange.objects.not_asked().filter(pk=change.pk).update(push=push) != 1:
        raise TakenMeanwhile(str(change))


def _ask_team(change: LicenseChange, by: str, now: datetime) -> None:
    if LicenseChange.objects.not_asked().filter(pk=change.pk).update(asked_at=now) != 1:
        raise TakenMeanwhile(str(change))
    fresh = {"address": change.subscription.provider.team_email, "planned_at": now, "claimed_at": None}
    fresh |= {"sent_at": None, "message_id": "", "error": ""}
    ProvisioningNotice.objects.update_or_create(change=change, defaults=fresh)


def _skip(change: LicenseChange, by: str, now: datetime) -> None:
    move(change, "skip", by=by, reason="nothing to provision", settled_at=now, settled_by=by[:150])


def _go_with_parent(change: LicenseChange, by: str, now: datetime) -> None:
    carry_through(change, by=by, reason="the subscription it follows is provisioned", now=now)


CARRY_OUT = {
    Provider.AUTOMATIC: _call,
    Provider.MANUAL: _ask_team,
    Provider.NOTHING: _skip,
    Provider.LINKED: _go_with_parent,
}
