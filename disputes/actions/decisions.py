"""What deciding a proposal about a dispute does: route it, name the rep. The hold's review is decided in `holds`."""

from collections.abc import Sequence

from customers.models import Customer
from disputes.actions.disputes import route
from disputes.models import Dispute
from disputes.proposing import ESCALATION, MISSING_REP, dispute_of, open_proposals
from netsuite.errors import Refusal
from workflows.access import label
from workflows.contracts import ActionHandler
from workflows.models import ProposedAction


def _routing_words(proposal: ProposedAction) -> Sequence[str]:
    rep = proposal.customer.sales_rep if proposal.customer else None
    name = rep.name if rep and not rep.is_inactive else ""
    to = f"goes to {name}" if name else "stays with the AR manager: the customer has no sales rep"
    return [f"The dispute {to} and counts as escalated.", "Rejected, it stays where it is."]


def _routed(proposal: ProposedAction, by: str, reason: str) -> None:
    route(dispute_of(proposal), by=proposal.decided_by or by, reason=reason or "routed to the sales rep")


def _rep_words(proposal: ProposedAction) -> Sequence[str]:
    return [
        "Fill in the sales rep in NetSuite; the sync brings it here.",
        "Done: the customer's disputes and open routings get that rep.",
    ]


def _rep_filled(proposal: ProposedAction, by: str, reason: str) -> None:
    """The rep stands on the record: disputes without owner become theirs."""
    assert proposal.customer_id is not None
    customer = Customer.objects.select_related("sales_rep").get(pk=proposal.customer_id)
    rep = customer.sales_rep
    if rep is None or rep.is_inactive:
        words = f"{customer} still has no active sales rep. Set one in NetSuite; the next sync brings it here."
        raise Refusal(words, code="still_missing", status=409)
    for dispute in Dispute.objects.open().filter(customer=customer, owner=None):
        dispute.owner = rep
        dispute._change_reason = f"{label(by)}: sales rep filled in"[:100]  # type: ignore[attr-defined]
        dispute.save(update_fields=["owner"])
    open_proposals(ESCALATION).filter(customer=customer, assigned_to=None).update(assigned_to=rep)


ROUTING = ActionHandler(
    action_type=ESCALATION,
    title="Route dispute to the rep",
    effects=_routing_words,
    approve=_routed,
    approve_label="Route to the rep",
    reject_label="Keep it here",
)
REP_TASK = ActionHandler(
    action_type=MISSING_REP,
    title="Sales rep missing",
    effects=_rep_words,
    approve=_rep_filled,
    approve_label="The rep is filled in",
    reject_label="Leave it without",
)
