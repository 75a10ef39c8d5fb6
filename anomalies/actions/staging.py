"""Stage from an alert, or from the card of blocked orders, what its page offers.

Each makes proposals; nothing changes before they are approved.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from anomalies import group, handlers
from anomalies.actions.alerts import MAY
from anomalies.grounds import Ground
from anomalies.held_orders import PENDING_APPROVAL
from anomalies.models import OrderWait
from customers.clock import business_today
from customers.models import Customer, Transaction
from holds.actions import limits, pauses
from holds.models import Pause
from netsuite.errors import Refusal
from netsuite.machine import born
from workflows import audit
from workflows.access import Actor, label, require
from workflows.fingerprint import fingerprint
from workflows.models import ProposedAction
from workflows.wording import count, money

LONGEST_WAIT = timedelta(days=90)
MAY_RAISE = "holds.add_limitextension"


@dataclass
class Staged:
    """What came of staging a group: the proposals, and who was left out and why."""

    proposals: list[ProposedAction] = field(default_factory=list)
    left_out: list[tuple[Customer, str]] = field(default_factory=list)


def stage_grace(
    *, ground: Ground, customers: Iterable[int], by: Actor, reason: str, until: date | None = None
) -> Staged:
    """One grace period for each of these customers (primary keys), 14 days by default, for a person to approve."""
    require(by, "holds.add_pause", "propose grace periods")
    last = until or business_today() + timedelta(days=pauses.GRACE_DAYS)
    if not business_today() <= last <= business_today() + pauses.LONGEST:
        raise Refusal("The last day must lie between today and a year from now.", code="invalid_date", status=400)
    why = f"{ground.origin} {_needed(reason)}"

    def one(member: group.Member) -> ProposedAction:
        if Pause.objects.running(business_today()).filter(customer=member.customer).exists():
            raise Refusal("A pause runs already.", code="paused", status=409)
        change = {"kind": "grace_period", "until": last.isoformat()}
        return _propose(ground, member, handlers.GRACE, change, why, by)

    return _stage(ground, customers, one, by, reason, handlers.GRACE)


def stage_calls(*, ground: Ground, customers: Iterable[int], by: Actor, reason: str) -> Staged:
    """A call for the AR clerk for each of these customers; approving it means: called, with what was said."""
    why = f"{ground.origin} {_needed(reason)}"

    def one(member: group.Member) -> ProposedAction:
        change = {"task": "call", "about": f"{count(member.orders, 'blocked order')}, {money(member.value)}"}
        return _propose(ground, member, handlers.CALL, change, why, by)

    return _stage(ground, customers, one, by, reason, handlers.CALL)


def stage_extensions(*, ground: Ground, amounts: Mapping[int, Decimal], until: date, by: Actor, reason: str) -> Staged:
    """A higher limit (base currency, by customer's primary key) until a day, for the credit committee."""
    require(by, MAY_RAISE, "ask for limit extensions")
    why = f"{ground.origin} {_needed(reason)}"

    def one(member: group.Member) -> ProposedAction:
        amount = amounts[member.customer.pk]
        seen = _evidence(ground, member)
        return limits.propose_extension(
            customer=member.customer, amount=amount, until=until, reason=why, by=by, evidence=seen
        )

    return _stage(ground, amounts, one, by, reason, limits.EXTENSION)


def raise_limit(*, ground: Ground, order: int, amount: Decimal, until: date, by: Actor, reason: str) -> ProposedAction:
    """A higher limit (base currency) until a day for the customer of one blocked order."""
    require(by, MAY_RAISE, "ask for limit extensions")
    _may_act(ground, by)
    customer = _order_of(ground, order).customer_id
    staged = stage_extensions(ground=ground, amounts={customer: amount}, until=until, by=by, reason=reason)
    return staged.proposals[0]


def release_order(*, ground: Ground, order: int, by: Actor, reason: str) -> ProposedAction:
    """Propose to release one order in NetSuite; another person approves it."""
    _may_act(ground, by)
    why = f"{ground.origin} {_needed(reason)}"
    with transaction.atomic():
        row = _order_of(ground, order)
        Customer.objects.select_for_update(no_key=True).get(pk=row.customer_id)
        if row.status != PENDING_APPROVAL:
            words = f"{row} is not Pending Approval in NetSuite: there is nothing to release."
            raise Refusal(words, code="not_pending_approval", status=409)
        ref = f"salesorder:{row.netsuite_id}"
        if ProposedAction.objects.open().filter(entity_ref=ref, action_type=handlers.RELEASE).exists():
            raise Refusal("Its release is proposed already.", code="already_proposed", status=409)
        change = {"order": str(row), "order_netsuite_id": row.netsuite_id, "order_status": handlers.FULFILMENT}
        proposal = ProposedAction.objects.create(
            action_type=handlers.RELEASE,
            entity_type="order",
            entity_ref=ref,
            customer=row.customer,
            risk_level=3,
            rationale=why,
            current_state_json={"order_status": row.status, "on_credit_hold": row.customer.on_credit_hold},
            proposed_change_json=change,
            evidence=dict(ground.evidence),
            at_stake=row.total,
            proposed_by=label(by),
            content_hash=fingerprint(change),
        )
        born(proposal, by=label(by), reason=why[:200])
        _record(ground, by, reason, handlers.RELEASE, [proposal], [])
    return proposal


def wait(*, ground: Ground, order: int, until: date, by: Actor, note: str) -> OrderWait:
    """Leave one blocked order alone until a business day, because its payment is expected; shown in its row."""
    _may_act(ground, by)
    today = business_today()
    if not today < until <= today + LONGEST_WAIT:
        raise Refusal("Pick a day after today, at most 90 days ahead.", code="invalid_date", status=400)
    with transaction.atomic():
        row = _order_of(ground, order)
        waiting = OrderWait.objects.create(order=row, until=until, note=_needed(note), by=label(by))
        audit.record(
            "order_waits",
            by=by,
            reason=note,
            entity_ref=f"salesorder:{row.netsuite_id}",
            customer=row.customer,
            evidence=dict(ground.evidence),
            after={"until": until},
        )
    return waiting


def _may_act(ground: Ground, by: Actor) -> None:
    require(by, MAY, "act on blocked orders")
    ground.check()


def _order_of(ground: Ground, pk: int) -> Transaction:
    """A blocked order of this ground. Raises Refusal for another one, or when it is not blocked any more."""
    known = [order for order in ground.orders if order["id"] == pk]
    if not known:
        raise Refusal(f"This order does not belong to the {ground.kind}.", code=f"not_in_{ground.kind}", status=400)
    if not group.still_blocked(known):
        raise Refusal(f"{known[0]['number']} is not on credit hold any more.", code="not_blocked", status=409)
    return Transaction.objects.select_related("customer").get(pk=pk)


def _needed(reason: str) -> str:
    if not reason.strip():
        raise Refusal("Say why: whoever decides reads it.", code="reason_required", status=400)
    return reason.strip()


def _stage(
    ground: Ground,
    wanted: Iterable[int],
    one: Callable[[group.Member], ProposedAction],
    by: Actor,
    reason: str,
    action_type: str,
) -> Staged:
    """Each customer for itself: who cannot take it is left out with the reason. Raises Refusal when nobody can."""
    _may_act(ground, by)
    staged = Staged()
    with transaction.atomic():
        for member in _members(ground, set(wanted)):
            try:
                with transaction.atomic():
                    Customer.objects.select_for_update(no_key=True).get(pk=member.customer.pk)
                    staged.proposals.append(one(member))
            except Refusal as refusal:
                staged.left_out.append((member.customer, refusal.detail))
        if not staged.proposals:
            said = " ".join(f"{customer}: {words}" for customer, words in staged.left_out[:3])
            raise Refusal(f"Nothing was staged. {said}".strip(), code="nothing_staged", status=409)
        _record(ground, by, reason, action_type, staged.proposals, staged.left_out)
    return staged


def _members(ground: Ground, wanted: set[int]) -> list[group.Member]:
    """The wanted customers of the ground, those with an order still blocked. Raises Refusal for a stranger."""
    orders = ground.orders
    if not wanted:
        raise Refusal("Pick at least one customer.", code="nobody", status=400)
    if wanted - {order["customer"] for order in orders}:
        raise Refusal(f"A customer does not belong to the {ground.kind}.", code=f"not_in_{ground.kind}", status=400)
    mine = [order for order in orders if order["customer"] in wanted]
    blocked = group.still_blocked(mine)
    mine = [order for order in mine if order["id"] in blocked]
    return group.members(mine, today=business_today(), before=ground.seen_on)


def _evidence(ground: Ground, member: group.Member) -> dict[str, Any]:
    return {
        **ground.evidence,
        "orders": member.orders,
        "value": str(member.value),
        "days_late": member.days_late,
        "usually_pays": member.usual,
    }


def _propose(
    ground: Ground, member: group.Member, action_type: str, change: Mapping[str, Any], why: str, by: Actor
) -> ProposedAction:
    customer = member.customer
    if ProposedAction.objects.open().filter(customer=customer, action_type=action_type).exists():
        raise Refusal("One is proposed already.", code="already_proposed", status=409)
    proposal = ProposedAction.objects.create(
        action_type=action_type,
        entity_type="customer",
        entity_ref=f"customer:{customer.netsuite_id}",
        customer=customer,
        risk_level=2,
        rationale=why,
        current_state_json={"blocked_orders": member.orders, "days_late": member.days_late},
        proposed_change_json=dict(change),
        evidence=_evidence(ground, member),
        at_stake=member.value,
        proposed_by=label(by),
        content_hash=fingerprint(dict(change)),
    )
    born(proposal, by=label(by), reason=why[:200])
    return proposal


def _record(
    ground: Ground, by: Actor, reason: str, action_type: str, proposals: list[ProposedAction], left_out: list[Any]
) -> None:
    audit.record(
        f"{ground.kind}_staged",
        by=by,
        reason=reason,
        entity_ref=ground.ref,
        evidence={"left_out": [[customer.netsuite_id, words] for customer, words in left_out]},
        after={"action_type": action_type, "proposals": [proposal.pk for proposal in proposals]},
    )
