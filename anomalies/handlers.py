"""What deciding the proposals of an alert does: grace periods, calls, released orders."""

from collections.abc import Sequence
from datetime import date

from django.db import transaction

from anomalies.held_orders import PENDING_APPROVAL, on_credit_hold
from customers.clock import business_today
from customers.models import Customer, Transaction
from holds.actions import pauses
from holds.models import Pause, ServiceHold
from netsuite import outbox
from netsuite.errors import Refusal
from netsuite.models import Push
from workflows.actions.runs import settle
from workflows.contracts import ActionHandler
from workflows.evidence import About, Standing
from workflows.models import ProposedAction, ReflexionEntry
from workflows.wording import day

GRACE, CALL, RELEASE = "grace_period", "priority_collection", "release_order"
# NetSuite's letter for Pending Fulfillment.
FULFILMENT = "B"
KEY = "order-release:"
NOTES_SHOWN = 3


def _grace_words(proposal: ProposedAction) -> Sequence[str]:
    until = day(date.fromisoformat(proposal.proposed_change_json["until"]))
    return [
        f"The aging tick leaves {proposal.customer} alone until {until}. NetSuite is not changed.",
        *_hold_words(proposal.customer),
    ]


def _hold_words(customer: Customer | None) -> list[str]:
    """A grace period never lifts a hold; whoever approves is told."""
    hold = ServiceHold.objects.active().filter(customer=customer).first()
    if hold is None:
        return []
    kind = "an automatic" if hold.origin == "automatic" else "a manual"
    return [f"{customer} is on {kind} service hold. It stays: lift it on its own page."]


def _grace_approved(proposal: ProposedAction, by: str, reason: str) -> None:
    customer, until = proposal.customer, date.fromisoformat(proposal.proposed_change_json["until"])
    assert customer is not None
    if until < business_today():
        raise Refusal("Its last day has passed. Reject it and propose another day.", code="too_late", status=409)
    Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
    if Pause.objects.running(business_today()).filter(customer=customer).exists():
        raise Refusal("A pause runs already. Reject this one.", code="paused", status=409)
    pauses.grant_grace(customer=customer, until=until, reason=reason.strip() or proposal.rationale, by=by)


def _call_words(proposal: ProposedAction) -> Sequence[str]:
    about = proposal.proposed_change_json["about"]
    return [
        f"Call {proposal.customer} about {about}.",
        "Write what was said as the reason: later proposals quote it. Nothing changes here or in NetSuite.",
    ]


def _called(proposal: ProposedAction, by: str, reason: str) -> None:
    """Keep what was said for later proposals. Raises Refusal without it."""
    if not reason.strip():
        raise Refusal("Write what was said: later proposals quote it.", code="reason_required", status=400)
    assert proposal.customer is not None
    ReflexionEntry.objects.create(
        workflow_type=CALL,
        customer=proposal.customer,
        tags=f"{CALL},called,customer:{proposal.customer.netsuite_id}",
        narrative=f"Called by {by}: {reason.strip()}",
    )


def about(customer: Customer, today: date) -> About:
    """The last calls, quoted on every later proposal of the customer."""
    notes = ReflexionEntry.objects.filter(customer=customer, workflow_type=CALL, tags__startswith=f"{CALL},called")
    return About(
        standing=[
            Standing("Priority call", day(note.at.date()), note.narrative)
            for note in notes.order_by("-at", "-pk")[:NOTES_SHOWN]
        ]
    )


def _release_words(proposal: ProposedAction) -> Sequence[str]:
    order = proposal.proposed_change_json["order"]
    return [
        f"NetSuite gets {order} as Pending Fulfillment instead of Pending Approval: it ships.",
        "The customer stays on credit hold; other orders stay blocked.",
    ]


def _release_approved(proposal: ProposedAction, by: str, reason: str) -> None:
    change = proposal.proposed_change_json
    order = on_credit_hold().filter(netsuite_id=change["order_netsuite_id"]).first()
    if order is None or order.status != PENDING_APPROVAL:
        raise Refusal(f"{change['order']} is not on credit hold any more.", code="facts_changed", status=409)
    outbox.enqueue(
        key=f"{KEY}{order.netsuite_id}",
        record_type="salesOrder",
        record_id=order.netsuite_id,
        body={"orderStatus": {"id": change["order_status"]}},
        expected={"orderStatus": {"id": order.status}},
        by=by,
        label=f"Release {order} of {proposal.customer}",
    )


def push_settled(push: Push) -> None:
    """NetSuite has the released order, or refused it; harmless when repeated."""
    if not push.key.startswith(KEY):
        return
    ref = f"salesorder:{push.record_id}"
    with transaction.atomic():
        if push.status == "applied":
            # The next sync reads it anyway; the lists need not wait for that.
            Transaction.objects.filter(netsuite_id=push.record_id).update(status=FULFILMENT)
        # The newest one asked for this push; earlier ones have had their answer.
        proposal = ProposedAction.objects.filter(action_type=RELEASE, entity_ref=ref).order_by("-pk").first()
        if proposal is not None:
            settle(proposal, push)


GRACE_PERIOD = ActionHandler(
    action_type=GRACE,
    title="Grace period",
    effects=_grace_words,
    approve=_grace_approved,
    approve_label="Grant grace period",
    reject_label="No grace period",
)
PRIORITY_CALL = ActionHandler(
    action_type=CALL,
    title="Priority call",
    effects=_call_words,
    approve=_called,
    approve_label="Called",
    reject_label="No call",
)
RELEASE_ORDER = ActionHandler(
    action_type=RELEASE,
    title="Release order",
    effects=_release_words,
    approve=_release_approved,
    approve_label="Release order",
    reject_label="Keep blocked",
    waits=True,
)
