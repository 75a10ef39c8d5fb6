"""Proposals about a dispute: their names, and how a single one is written."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from customers.models import Employee
from disputes.models import Dispute
from netsuite.machine import born
from workflows.access import Actor, label
from workflows.fingerprint import fingerprint
from workflows.models import ProposedAction

ESCALATION, REVIEW, MISSING_REP = "customer_escalation", "ar_hold_review", "sales_rep_missing"
CREDIT, SECOND_APPROVAL = "credit_memo", "credit_memo_second_approval"


def open_proposals(action_type: str = "") -> QuerySet[ProposedAction]:
    """Proposals that wait for a decision, of one type or of all."""
    rows = ProposedAction.objects.open()
    return rows.filter(action_type=action_type) if action_type else rows


def dispute_of(proposal: ProposedAction) -> Dispute:
    """What a proposal about a dispute is about."""
    pk = proposal.entity_ref.removeprefix("dispute:")
    return Dispute.objects.select_related("customer__sales_rep", "invoice", "run", "email").get(pk=pk)


def propose_about(
    dispute: Dispute,
    *,
    action_type: str,
    risk_level: int,
    rationale: str,
    change: Mapping[str, Any],
    by: Actor,
    current: Mapping[str, Any] | None = None,
    evidence: Mapping[str, Any] | None = None,
    at_stake: Decimal | None = None,
    assigned_to: Employee | None = None,
) -> ProposedAction:
    """Write a pending proposal in the caller's transaction; by default the disputed amount is at stake."""
    proposal = ProposedAction.objects.create(
        action_type=action_type,
        entity_type="dispute",
        entity_ref=dispute.ref,
        customer=dispute.customer,
        risk_level=risk_level,
        rationale=rationale,
        current_state_json=dict(current or {"status": dispute.status}),
        proposed_change_json=dict(change),
        evidence=dict(evidence or {}),
        at_stake=(dispute.amount or Decimal(0)) if at_stake is None else at_stake,
        assigned_to=assigned_to,
        proposed_by=label(by),
        content_hash=fingerprint(dict(change)),
    )
    born(proposal, by=label(by), reason=rationale[:200])
    return proposal
