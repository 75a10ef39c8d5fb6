"""Orders of customers on hold: park them with an owner, let them go, take them back, give them up."""

from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from customers.clock import business_today
from customers.models import Employee
from holds import blocks
from holds.actions import overrides
from holds.rules import HoldVerdict
from netsuite.errors import Refusal
from netsuite.machine import LostRace, move
from orders import gate
from orders.models import Order, Release
from orders.notices import released_words, tell_owners
from workflows import audit
from workflows.access import NotAllowed, label, require_person

NOBODYS = "Accounts receivable"
RELEASED_FOR = timedelta(days=7)
LONGEST_RELEASE = timedelta(days=90)


def hold(*, order: Order, by: User, reason: str = "", now: datetime | None = None) -> Order:
    """Park an order that the gate refuses. Its owner is the customer's sales rep, otherwise accounts receivable.

    Raises NotReady, and Refusal when the gate would let it through.
    """
    require_person(by, "orders.change_order", "put orders on hold")
    at = now or timezone.now()
    with transaction.atomic():
        case = gate.locked(order)
        fresh = _as_stored(case.order, order, "draft", "released")
        verdict = gate.require_held(case, now=at)
        facts: dict[str, Any] = {"held_at": at, "held_by": label(by), "hold_reason": reason.strip()[:500]}
        facts |= {**_owner_of(fresh), **_judged(verdict, at), "notice": f"Waits: {verdict.reason}"}
        move(fresh, "hold", by=label(by), reason=reason or verdict.reason, where=_as_seen(fresh), **facts)
        overrides.void(order=fresh.key, why="The order was put on hold.", by=by)
    return fresh


def release(
    *,
    order: Order,
    by: User,
    reason: str,
    scope: str = Release.ORDER,
    until: date | None = None,
    now: datetime | None = None,
) -> Order:
    """Let a parked order go, or all orders of its customer, up to and including the business day `until`.

    The order still has to be submitted, through the gate, and is let through there while the release runs. Under a
    service hold only whoever may lift service holds can release, and only against that one hold.
    Default end: seven days from now; the longest release runs 90 days.
    """
    person = require_person(by, "orders.release_order", "release orders")
    _require_reason(reason)
    at, today = now or timezone.now(), business_today()
    last = until or today + RELEASED_FOR
    if scope not in dict(Release.SCOPES):
        raise Refusal("A release is for this order or for all of the customer.", code="invalid_scope", status=400)
    if not today <= last <= today + LONGEST_RELEASE:
        raise Refusal("The last day must lie between today and 90 days from now.", code="invalid_date", status=400)
    with transaction.atomic():
        case = gate.locked(order)
        fresh = _as_stored(case.order, order, "held")
        verdict = gate.judge(case, now=at)
        solo = _require_other_person(fresh, person)
        leave = Release(order=fresh, customer=fresh.customer, scope=scope, until=last, reason=reason.strip()[:500])
        leave.by, leave.at, leave.service_hold_id = label(by), at, _hold_to_cover(verdict, person)
        leave.save()
        move(fresh, "release", by=label(by), reason=leave.reason, where=_as_seen(fresh), notice=released_words(leave))
        _record("order_released", leave, person, {"verdict": blocks.stored(verdict)}, solo=solo)
    if scope == Release.CUSTOMER:
        tell_owners(Order.objects.parked().filter(customer=fresh.customer).exclude(pk=fresh.pk), now=at)
    return fresh


def end_release(*, release: Release, by: User, reason: str) -> Release:
    """End a release before its day; orders that went through stay submitted."""
    person = require_person(by, "orders.change_release", "end releases")
    _require_reason(reason)
    ended = {"ended_at": timezone.now(), "ended_by": label(by), "end_reason": reason.strip()[:500]}
    with transaction.atomic():
        if Release.objects.filter(pk=release.pk, ended_at=None).update(**ended) != 1:
            raise Refusal("This release has ended already.", code="already_ended", status=409)
        release.refresh_from_db()
        Release.history.bulk_history_create([release], update=True)
        _record("release_ended", release, person, {}, reason=reason)
    tell_owners(Order.objects.parked().filter(customer=release.customer_id), now=timezone.now())
    return release


def take_back(*, order: Order, by: User, reason: str = "") -> Order:
    """Back to a draft, to be changed and submitted again through the gate."""
    require_person(by, "orders.change_order", "change orders")
    nobody: dict[str, Any] = {
        "held_at": None,
        "held_by": "",
        "hold_reason": "",
        "owner": None,
        "owner_name": "",
        "notice": "",
    }
    with transaction.atomic():
        fresh = _again(order, "held", "released")
        move(fresh, "take_back", by=label(by), reason=reason, where=_as_seen(fresh), **nobody)
    return fresh


def cancel(*, order: Order, by: User, reason: str) -> Order:
    """Give up an order that is not submitted. It never comes back; a copy of it can be made."""
    require_person(by, "orders.cancel_order", "cancel orders")
    _require_reason(reason)
    why = reason.strip()[:500]
    gone: dict[str, Any] = {
        "cancelled_at": timezone.now(),
        "cancelled_by": label(by),
        "cancel_reason": why,
        "notice": "",
    }
    with transaction.atomic():
        fresh = _again(order, "draft", "held", "released")
        move(fresh, "cancel", by=label(by), reason=why, **gone)
        overrides.void(order=fresh.key, why="The order was cancelled.", by=by)
    return fresh


def _again(order: Order, *states: str) -> Order:
    """The order as stored. Raises LostRace, saying how it stands, when it is in no such state."""
    return _as_stored(Order.objects.filter(pk=order.pk).first(), order, *states)


def _as_stored(stored: Order | None, seen: Order, *states: str) -> Order:
    if stored is None or stored.status not in states:
        now = stored and stored.get_status_display().lower()
        raise LostRace(stored, f"{stored} is {now} already." if stored else "The order is gone.")
    if stored.customer_id != seen.customer_id:
        words = f"{stored} changed since it was shown. Look at it, then try again."
        raise LostRace(stored, words, code="stale_version")
    return stored


def _as_seen(order: Order) -> dict[str, Any]:
    return {"version": order.version}


def _judged(verdict: HoldVerdict, at: datetime) -> dict[str, Any]:
    return {"verdict": blocks.stored(verdict), "formula": verdict.formula, "judged_at": at}


def _owner_of(order: Order) -> dict[str, Any]:
    rep: Employee | None = order.customer.sales_rep if order.customer else None
    if rep is None or rep.is_inactive:
        return {"owner": None, "owner_name": NOBODYS}
    return {"owner": rep, "owner_name": rep.name[:200]}


def _hold_to_cover(verdict: HoldVerdict, by: User) -> int | None:
    """The service hold that this release stands against. Raises NotAllowed for whoever may not lift it."""
    if verdict.source != "service_hold":
        return None
    if not by.has_perm("holds.lift_servicehold"):
        raise NotAllowed("The customer is under a service hold. Ask an AR manager to release the order or lift it.")
    if verdict.note is None:
        raise Refusal("The service hold has no record; lift it instead.", code="hold_without_record", status=409)
    return verdict.note.hold_id


def _require_other_person(order: Order, by: User) -> bool:
    """Nobody releases what they took or parked; whether a lone operator did so all the same."""
    own = by.pk == order.cashier_id or order.held_by == label(by)
    if own and not settings.SOLO_OPERATOR:
        raise NotAllowed("You took this order; somebody else has to release it.", code="own_order")
    return own


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise Refusal("Say why: the reason stays with the order.", code="reason_required", status=400)


def _record(
    decision: str, release: Release, by: User, evidence: dict[str, Any], *, reason: str = "", solo: bool = False
) -> None:
    audit.record(
        decision,
        by=by,
        reason=reason.strip() or release.reason,
        entity_ref=f"order:{release.order.key}",
        customer=release.customer,
        evidence={**evidence, "total": str(release.order.total), "currency": release.order.currency},
        after={"scope": release.scope, "until": release.until.isoformat(), "service_hold": release.service_hold_id},
        solo=solo,
    )
