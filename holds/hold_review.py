"""`ar_hold_review`: a customer disputes again and again; a person decides whether to keep shipping, hold or lift.

Disputes stage it; its effect is on holds, so it is decided here.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from customers.models import Customer
from disputes.proposing import REVIEW, dispute_of, open_proposals
from holds.actions import holds
from holds.models import ServiceHold
from netsuite.errors import Refusal
from workflows.actions.proposals import supersede
from workflows.contracts import ActionHandler, Choice
from workflows.evidence import Why, Wording
from workflows.models import ProposedAction
from workflows.wording import count, money

if TYPE_CHECKING:
    from django.contrib.auth.models import User

KEEP, HOLD, LIFT = "keep_shipping", "hold", "lift"


def choices(proposal: ProposedAction) -> Sequence[Choice]:
    """Keep shipping always; hold a customer who is not on hold, lift one who is."""
    customer = _customer(proposal)
    keep = Choice(KEEP, "Keep shipping", "Nothing changes. The disputes are settled one by one.")
    if customer.entitystatus == Customer.HOLD:
        return (
            Choice(KEEP, "Keep the hold", "Nothing changes. The customer stays on hold."),
            Choice(LIFT, "Lift", "The hold is lifted, at once if you may lift holds, else when somebody agrees."),
        )
    return (keep, Choice(HOLD, "Hold", "A service hold is proposed; another person approves it."))


def _customer(proposal: ProposedAction) -> Customer:
    assert proposal.customer_id is not None
    return Customer.objects.get(pk=proposal.customer_id)


def _decided(proposal: ProposedAction, by: str, reason: str) -> None:
    person = proposal.decided_by
    assert person is not None
    why = reason or f"Review of dispute {dispute_of(proposal).pk}"
    if proposal.choice == HOLD:
        _propose_hold(proposal, person, why)
    elif proposal.choice == LIFT:
        _lift(proposal, person, why)
    _close_the_others(proposal, by)


def _propose_hold(proposal: ProposedAction, person: "User", why: str) -> None:
    """Starts `service_hold_trigger`; one that waits already is enough."""
    customer = _customer(proposal)
    waiting = ProposedAction.objects.open().filter(customer=customer, action_type=f"workflow_{holds.HOLD}")
    if not waiting.exists():
        holds.propose(customer=customer, reason=f"Repeated disputes: {why}", by=person)


def _lift(proposal: ProposedAction, person: "User", why: str) -> None:
    hold = ServiceHold.objects.active().select_related("customer").filter(customer=_customer(proposal)).first()
    if hold is None:
        raise Refusal(f"{proposal.customer} is not on hold any more.", code="not_on_hold", status=409)
    holds.lift(hold=hold, reason=why, by=person)


def _close_the_others(proposal: ProposedAction, by: str) -> None:
    """One answer for the customer: their other open reviews ask the same."""
    others = open_proposals(REVIEW).filter(customer=proposal.customer_id).exclude(pk=proposal.pk)
    for other in others.select_related("customer", "run"):
        supersede(
            proposal=other, by=by, reason=f"Decided with proposal {proposal.pk}: {proposal.choice.replace('_', ' ')}."
        )


def why(proposal: ProposedAction) -> Sequence[Why]:
    """The pattern of disputes as it was when the review was asked for, newest first."""
    found = proposal.evidence
    rows = [
        Why(
            f"Dispute {one['id']}, {one['invoice_ref'] or 'no invoice'}: {one['reason'].lower()}",
            money(one["amount"]) if one["amount"] else "–",
            one["status"],
        )
        for one in found.get("disputes", ())
    ]
    return [Why("Earlier disputes unsettled", count(found["prior_disputes"], "dispute"), "Review"), *rows]


def heading(proposal: ProposedAction) -> str:
    if proposal.status in ("pending", "deferred"):
        return f"Keep shipping to {proposal.customer}?"
    return f"Review of the hold: {proposal.customer}"


HOLD_REVIEW = ActionHandler(
    action_type=REVIEW,
    title="Hold review",
    # Each choice says what it does.
    effects=lambda _proposal: (),
    approve=_decided,
    approve_label="Decide",
    reject_label="No review needed",
    choices=choices,
)
REVIEW_WORDING = Wording(heading=heading, approve_label="Decide", why=why)
