"""The hold's own rows, kept in the transaction that proposes, approves, declines or lifts."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.utils import timezone

from customers.actions import clear_hold, flag_hold
from customers.models import Customer
from holds.models import Pause, ServiceHold
from holds.override_rows import void_each
from holds.signals import announce
from netsuite.errors import Refusal
from netsuite.machine import LostRace, born_many, move
from netsuite.models import Push
from workflows.actions import emails, proposals
from workflows.contracts import Situation
from workflows.models import ProposedAction


class NotOnHold(Refusal):
    code = "not_on_hold"
    status = 409


def propose_many(proposals: Sequence[ProposedAction]) -> None:
    """A proposed hold beside each new proposal."""
    holds = ServiceHold.objects.bulk_create(
        ServiceHold(
            customer=proposal.customer,
            run=proposal.run,
            proposal=proposal,
            origin="automatic" if proposal.run and proposal.run.source == "ar_aging_tick_threshold" else "manual",
            reason=str(proposal.run.inputs.get("reason", "")) if proposal.run else "",
            ar_balance=proposal.evidence["ar_balance"],
            days_overdue=proposal.evidence["days_overdue"],
        )
        for proposal in proposals
    )
    born_many(holds, by=proposals[0].proposed_by if proposals else "")
    ServiceHold.history.bulk_history_create(holds)


def place(situation: Situation) -> Mapping[str, Any]:
    """Beat one: the hold is in force and the customer is flagged."""
    hold = situation.facts.beside["hold"]
    if hold is None or hold.run_id != situation.run.pk:
        hold = ServiceHold.objects.get(run=situation.run)
    prior = situation.customer.credit_hold_override or "AUTO"
    move(
        hold,
        "place",
        by=situation.by,
        reason=situation.reason,
        run_id=str(situation.run.run_id),
        placed_at=situation.now,
        placed_by=situation.by,
        prior_value="AUTO" if prior == "OFF" else prior,
    )
    flag_hold(customer=situation.customer, by=situation.by, reason=situation.reason)
    _end_overrides(situation, "A service hold was placed.")
    hold.customer = situation.customer
    announce("placed", hold)
    return {"hold": hold.pk, "entitystatus": Customer.HOLD}


def decline(proposal: ProposedAction, by: str, reason: str) -> None:
    """The proposal was rejected or overtaken: its hold never came into force."""
    for hold in ServiceHold.objects.filter(proposal=proposal, status="proposed"):
        ended: dict[str, Any] = {"ended_at": timezone.now(), "ended_by": by, "end_reason": reason}
        move(hold, "decline", by=by, reason=reason, **ended)


def lift(situation: Situation) -> Mapping[str, Any]:
    """The hold ends, the flag is cleared; with a date, the tick respects the release until then."""
    hold = situation.facts.beside["hold"]
    if hold is None or hold.status != "active":
        raise NotOnHold(f"{situation.customer} is not on hold.")
    try:
        ended: dict[str, Any] = {"ended_at": situation.now, "ended_by": situation.by, "end_reason": situation.reason}
        move(hold, "lift", by=situation.by, reason=situation.reason, run_id=str(situation.run.run_id), **ended)
    except LostRace:
        raise NotOnHold(f"{situation.customer} is not on hold any more.") from None
    clear_hold(customer=situation.customer, by=situation.by, reason=situation.reason)
    _end_overrides(situation, "The service hold was lifted.")
    _respect(situation)
    withdrawn = emails.withdraw(run=hold.run, by=situation.by, reason="The hold was lifted before this was sent.")
    _withdraw_other_wishes(situation)
    hold.customer = situation.customer
    announce("lifted", hold)
    return {"hold": hold.pk, "entitystatus": "", "drafts_withdrawn": withdrawn}


def _end_overrides(situation: Situation, why: str) -> None:
    """A manager allowed an order under other facts: that does not hold any more."""
    void_each(situation.facts.beside["overrides"], why, by=situation.by, now=situation.now)


def _withdraw_other_wishes(situation: Situation) -> None:
    """Open proposals to lift this hold have nothing left to lift."""
    wishes = ProposedAction.objects.open().filter(
        customer=situation.customer, action_type=f"workflow_{situation.run.workflow_type}"
    )
    for proposal in wishes.exclude(run=situation.run).select_related("run", "customer"):
        proposals.supersede(proposal=proposal, by=situation.by, reason="The hold was lifted already.")


def _respect(situation: Situation) -> None:
    until = situation.facts.inputs.get("respect_until")
    ends = date.fromisoformat(until) if isinstance(until, str) else until
    if ends and ends >= situation.facts.today:
        Pause.objects.create(
            customer=situation.customer,
            kind="after_release",
            starts=situation.facts.today,
            ends=ends,
            reason=situation.reason,
            created_by=situation.by,
        )


def push_is_open(customer: Customer) -> bool:
    """A push for this customer is still on its way, so NetSuite's value is not known yet."""
    return Push.objects.of_key(f"customer:{customer.netsuite_id}").open().exists()
