"""Propose and lift service holds."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from customers.aging import receivables_of
from customers.clock import business_today
from customers.models import Customer
from holds.models import ServiceHold
from holds.records import NotOnHold
from netsuite.errors import Refusal
from workflows import audit, runner
from workflows.access import Actor, require
from workflows.actions.switches import guard
from workflows.models import ProposedAction, WorkflowRun
from workflows.stages import load

HOLD, LIFT = "service_hold_trigger", "service_hold_lift"


def propose(*, customer: Customer, reason: str, by: Actor, today: date | None = None) -> ProposedAction:
    """Stage a hold by hand, also below the line; a person decides it.

    Raises AlreadyProposed, Blocked (inactive customer) and Refusal (already on hold, no reason).
    """
    require(by, "holds.propose_servicehold", "propose holds")
    if not reason.strip():
        raise Refusal("Say why: the reason goes to whoever decides.", code="reason_required", status=400)
    if customer.entitystatus == Customer.HOLD:
        raise Refusal(f"{customer} is on hold already.", code="already_on_hold", status=409)
    day = today or business_today()
    owed = receivables_of(customer, day)
    run = runner.start(
        HOLD,
        customer=customer,
        inputs={
            "customer_id": customer.netsuite_id,
            "ar_balance": str(owed.ar_balance),
            "days_overdue": owed.days_overdue,
            "reason": reason.strip(),
        },
        by=by,
        source="manual",
        today=day,
        gate=True,
    )
    return run.proposals.get(entity_type="workflow")


def lift(
    *, hold: ServiceHold, reason: str, by: Actor, respect_until: date | None = None, keep_netsuite: bool = False
) -> WorkflowRun:
    """Lift at once for whoever may; for everybody else stage it for a person.

    Until `respect_until` (business date; by default as the contract says) the aging tick proposes no new hold.
    Raises NotOnHold when the hold is not in force.
    """
    require(by, "holds.propose_servicehold", "ask for a hold to be lifted")
    if not reason.strip():
        raise Refusal("Say why: the reason goes into the audit.", code="reason_required", status=400)
    if hold.status != "active":
        raise NotOnHold(f"This hold is {hold.get_status_display().lower()}, not in force.")
    at_once = isinstance(by, str) or by.has_perm("holds.lift_servicehold")
    if at_once:
        guard("proposed_apply", f"lift hold {hold.pk}")
    today = business_today()
    with transaction.atomic():
        run = runner.start(
            LIFT,
            customer=hold.customer,
            inputs=_lift_inputs(hold, reason, respect_until or today + respect_for(), keep_netsuite),
            by=by,
            source="manual",
            today=today,
            gate=not at_once,
            reason=reason.strip(),
        )
        if at_once:
            _record_direct_lift(run, by, reason.strip())
    return run


def respect_for() -> timedelta:
    """How long the tick leaves a released customer alone, as set in the console."""
    return timedelta(days=int(load(LIFT).thresholds["respect_days"]))


def _lift_inputs(hold: ServiceHold, reason: str, until: date, keep_netsuite: bool) -> dict[str, Any]:
    return {
        "customer_id": hold.customer.netsuite_id,
        "hold_id": hold.pk,
        "restore": hold.prior_value,
        "reason": reason.strip(),
        "respect_until": until.isoformat(),
        "keep_netsuite": keep_netsuite,
    }


def inputs_for_tick(ar_balance: Decimal, days_overdue: int, customer: Customer, as_of: date) -> dict[str, Any]:
    """The contract's inputs for a customer found by the aging tick; a past day is named."""
    return {
        "customer_id": customer.netsuite_id,
        "ar_balance": str(ar_balance),
        "days_overdue": days_overdue,
        "reason": f"Aging tick of {as_of.isoformat()}",
        **({"as_of": as_of.isoformat()} if as_of != business_today() else {}),
    }


def _record_direct_lift(run: WorkflowRun, by: Actor, reason: str) -> None:
    """The decision of a lift that needed no proposal."""
    audit.record(
        "service_hold_lift",
        by=by,
        reason=reason,
        entity_ref=run.entity_ref,
        customer=run.customer,
        run=run,
        evidence=run.context,
        before={"entitystatus": Customer.HOLD},
        after={"entitystatus": ""},
    )
