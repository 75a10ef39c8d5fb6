"""Limit extensions: proposed, approved by the credit committee, pushed to NetSuite, and taken back on their day."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from customers.clock import business_today
from customers.models import Customer
from holds.models import LimitExtension
from netsuite import outbox
from netsuite.errors import Refusal
from netsuite.machine import born
from netsuite.models import Push
from workflows import audit
from workflows.access import Actor, label, require
from workflows.actions.runs import settle
from workflows.contracts import ActionHandler
from workflows.fingerprint import fingerprint
from workflows.models import ProposedAction
from workflows.wording import day, money

EXTENSION = "limit_extension"
KEY = "customer-limit:"
LONGEST = timedelta(days=366)


def propose_extension(
    *,
    customer: Customer,
    amount: Decimal,
    until: date,
    reason: str,
    by: Actor,
    evidence: Mapping[str, Any] | None = None,
) -> ProposedAction:
    """Ask the credit committee for a higher limit (base currency) up to and including the business day `until`.

    Raises Refusal: no reason, no limit to raise, not higher, a day out of reach, or one is asked for already.
    """
    require(by, "holds.add_limitextension", "ask for limit extensions")
    if not reason.strip():
        raise Refusal("Say why: the credit committee reads it.", code="reason_required", status=400)
    with transaction.atomic():
        row = Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
        prior = _may_raise(row, amount, until)
        change = {"credit_limit": str(amount), "until": until.isoformat(), "currency": settings.BASE_CURRENCY}
        proposal = ProposedAction.objects.create(
            action_type=EXTENSION,
            entity_type="customer",
            entity_ref=f"customer:{row.netsuite_id}",
            customer=row,
            risk_level=3,
            rationale=reason.strip(),
            current_state_json={"credit_limit": str(prior)},
            proposed_change_json=change,
            evidence=dict(evidence or {}),
            at_stake=amount - prior,
            proposed_by=label(by),
            content_hash=fingerprint(change),
        )
        born(proposal, by=label(by), reason=reason[:200])
    return proposal


def _may_raise(customer: Customer, amount: Decimal, until: date) -> Decimal:
    """The limit as it is. Raises Refusal when it cannot be raised to `amount` until that day."""
    today = business_today()
    if customer.credit_limit_kind != Customer.LIMIT_AMOUNT or customer.credit_limit is None:
        raise Refusal(f"{customer} has no credit limit to raise.", code="no_limit", status=422)
    if amount != amount.quantize(Decimal("0.01")) or amount <= customer.credit_limit:
        words = f"Write more than the limit of {money(customer.credit_limit)}, with at most two decimals."
        raise Refusal(words, code="invalid_amount", status=400)
    if not today <= until <= today + LONGEST:
        raise Refusal("The last day must lie between today and a year from now.", code="invalid_date", status=400)
    running = LimitExtension.objects.filter(customer=customer, ended_at=None).first()
    if running:
        words = f"The limit is raised until {day(running.ends)} already."
        raise Refusal(words, code="already_extended", status=409)
    if ProposedAction.objects.open().filter(customer=customer, action_type=EXTENSION).exists():
        raise Refusal("A limit extension waits for the credit committee already.", code="already_proposed", status=409)
    return customer.credit_limit


def _words(proposal: ProposedAction) -> Sequence[str]:
    change, before = proposal.proposed_change_json, proposal.current_state_json
    until = day(date.fromisoformat(change["until"]))
    return [
        f"NetSuite gets the credit limit {money(change['credit_limit'])} instead of {money(before['credit_limit'])}.",
        f"It holds until {until}; the day after, the earlier limit comes back by itself.",
    ]


def _approved(proposal: ProposedAction, by: str, reason: str) -> None:
    change, customer = proposal.proposed_change_json, proposal.customer
    assert customer is not None
    amount, until = Decimal(change["credit_limit"]), date.fromisoformat(change["until"])
    if until < business_today():
        raise Refusal("Its last day has passed. Reject it and propose another day.", code="too_late", status=409)
    prior = Decimal(proposal.current_state_json["credit_limit"])
    if customer.credit_limit != prior:
        words = f"The limit is {money(customer.credit_limit or 0)} by now. Reject this and propose anew."
        raise Refusal(words, code="facts_changed", status=409)
    extension = LimitExtension.objects.create(
        customer=customer,
        proposal=proposal,
        amount=amount,
        prior=prior,
        starts=business_today(),
        ends=until,
        reason=proposal.rationale,
        granted_by=by,
    )
    _push(customer, amount, before=prior, by=by, words=f"Raise the limit of {customer}")
    _record("limit_extended", extension, by, reason or proposal.rationale)


def _push(customer: Customer, amount: Decimal, *, before: Decimal, by: str, words: str) -> Push:
    return outbox.enqueue(
        key=f"{KEY}{customer.netsuite_id}",
        record_type="customer",
        record_id=customer.netsuite_id,
        body={"creditLimit": float(amount)},
        expected={"creditLimit": float(before)},
        by=by,
        label=words,
    )


def end_due(*, today: date, by: str = "schedule:limits") -> int:
    """Bring the earlier limit back where the last day has passed; returns how many extensions ended.

    A limit that somebody changed in NetSuite meanwhile is left alone, and the end says so.
    """
    ended = 0
    for extension in LimitExtension.objects.over(today).select_related("customer"):
        with transaction.atomic():
            ended += _end(extension, by, "Its last day has passed.")
    return ended


def end(*, extension: LimitExtension, by: Actor, reason: str) -> LimitExtension:
    """End an extension before its day."""
    require(by, "holds.change_limitextension", "end limit extensions")
    if not reason.strip():
        raise Refusal("Say why.", code="reason_required", status=400)
    with transaction.atomic():
        if not _end(extension, label(by), reason.strip()):
            raise Refusal("This extension has ended already.", code="already_ended", status=409)
    return extension


def _end(extension: LimitExtension, by: str, reason: str) -> bool:
    customer = Customer.objects.select_for_update(no_key=True).get(pk=extension.customer_id)
    untouched = customer.credit_limit == extension.amount
    words = reason if untouched else f"{reason} The limit was changed in NetSuite since and stays."
    ended = {"ended_at": timezone.now(), "ended_by": by, "end_reason": words}
    if not LimitExtension.objects.filter(pk=extension.pk, ended_at=None).update(**ended):
        return False
    extension.refresh_from_db()
    LimitExtension.history.bulk_history_create([extension], update=True)
    if untouched:
        back = f"Back to the earlier limit of {customer}"
        _push(customer, extension.prior, before=extension.amount, by=by, words=back)
    _record("limit_extension_ended", extension, by, words)
    return True


def push_settled(push: Push) -> None:
    """NetSuite has the limit, or refused it; harmless when repeated."""
    if not push.key.startswith(KEY):
        return
    amount = Decimal(str(push.body["creditLimit"])).quantize(Decimal("0.01"))
    with transaction.atomic():
        if push.status == "applied":
            # The next sync reads it anyway; orders need not wait for that.
            Customer.objects.filter(netsuite_id=push.record_id).update(
                credit_limit=amount, credit_limit_kind=Customer.LIMIT_AMOUNT
            )
        asked = ProposedAction.objects.filter(action_type=EXTENSION, entity_ref=f"customer:{push.record_id}")
        proposal = asked.order_by("-pk").first()
        # The push that brings the earlier limit back is no answer to a proposal.
        if proposal is not None and Decimal(proposal.proposed_change_json["credit_limit"]) == amount:
            settle(proposal, push)


def _record(decision: str, extension: LimitExtension, by: str, reason: str) -> None:
    audit.record(
        decision,
        by=by,
        reason=reason,
        entity_ref=f"customer:{extension.customer.netsuite_id}",
        customer=extension.customer,
        evidence={"limit_before": str(extension.prior)},
        after={"credit_limit": str(extension.amount), "until": extension.ends},
    )


LIMIT_EXTENSION = ActionHandler(
    action_type=EXTENSION,
    title="Limit extension",
    effects=_words,
    approve=_approved,
    approve_label="Approve limit",
    reject_label="Keep the limit",
    waits=True,
)
