"""Agree on pauses, end them, and notice broken payment plans."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from customers.clock import business_today
from customers.models import Customer, Transaction
from holds.models import Instalment, Pause
from holds.rules import PlanState, Promise, plan_state
from netsuite.errors import Refusal
from workflows import audit
from workflows.access import Actor, label, require
from workflows.models import ReflexionEntry

GRACE_DAYS = 14
LONGEST = timedelta(days=366)


def agree_plan(*, customer: Customer, instalments: Sequence[tuple[date, Decimal]], reason: str, by: Actor) -> Pause:
    """A payment plan: while it is kept, the aging tick leaves the customer alone.

    `instalments` are (business date, amount in base currency), at least one, none in the past.
    """
    if not instalments:
        raise Refusal("A plan needs at least one instalment.", code="no_instalments", status=400)
    today = business_today()
    if min(due for due, _amount in instalments) < today:
        raise Refusal("An instalment lies in the past.", code="invalid_date", status=400)
    if len({due for due, _amount in instalments}) < len(instalments):
        raise Refusal("Two instalments fall on the same day.", code="invalid_date", status=400)
    if any(amount <= 0 for _due, amount in instalments):
        raise Refusal("Each instalment must be more than zero.", code="invalid_amount", status=400)
    last = max(due for due, _amount in instalments)
    with transaction.atomic():
        plan = _pause(customer, "payment_plan", today, last, reason, by)
        Instalment.objects.bulk_create(Instalment(plan=plan, due=due, amount=amount) for due, amount in instalments)
    return plan


def grant_grace(*, customer: Customer, reason: str, by: Actor, until: date | None = None) -> Pause:
    """A grace period, 14 days by default; `until` is its last business date."""
    today = business_today()
    return _pause(customer, "grace_period", today, until or today + timedelta(days=GRACE_DAYS), reason, by)


def end(*, pause: Pause, reason: str, by: Actor) -> Pause:
    """End a pause early; the next tick may propose a hold again."""
    require(by, "holds.change_pause", "end pauses")
    if not reason.strip():
        raise Refusal("Say why.", code="reason_required", status=400)
    with transaction.atomic():
        _end(pause, label(by), reason)
        _decide("pause_ended", pause, by, reason)
    return pause


def state_of(plan: Pause, today: date) -> PlanState:
    """Whether a payment plan is kept, broken or completed, by the payments received since it began."""
    promises = [Promise(part.due, part.amount) for part in plan.instalments.all()]
    return plan_state(promises, paid_since(plan), today)


def paid_since(plan: Pause) -> list[tuple[date, Decimal]]:
    """Payments of the customer since the plan began, by day, base currency."""
    paid = plan.customer.transactions.filter(type=Transaction.PAYMENT, issued__gte=plan.starts)
    return list(paid.values_list("issued", "total"))


def break_broken_plans(*, today: date, by: str = "schedule:aging_tick") -> int:
    """End plans whose instalment was missed, so that the tick sees the customer again; note it for later proposals."""
    broken = 0
    plans = Pause.objects.plans().running(today) | Pause.objects.plans().filter(
        ended_at=None, ends__gte=today - timedelta(days=7), ends__lt=today
    )
    for plan in plans.select_related("customer").prefetch_related("instalments"):
        if state_of(plan, today) != "broken":
            continue
        with transaction.atomic():
            missed = _missed(plan, today)
            _end(plan, by, f"Broken: the instalment of {missed} was not paid.")
            ReflexionEntry.objects.create(
                workflow_type="payment_plan",
                customer=plan.customer,
                tags=f"payment_plan,broken,customer:{plan.customer.netsuite_id}",
                narrative=plan.end_reason,
            )
            _decide("plan_broken", plan, by, plan.end_reason)
            broken += 1
    return broken


def _missed(plan: Pause, today: date) -> date:
    """The first due day by whose end less was paid than promised."""
    promises: list[Promise] = []
    for part in plan.instalments.all():
        promises.append(Promise(part.due, part.amount))
        if plan_state(promises, paid_since(plan), today) == "broken":
            return part.due
    return plan.ends


def _pause(customer: Customer, kind: str, starts: date, ends: date, reason: str, by: Actor) -> Pause:
    require(by, "holds.add_pause", "agree on pauses")
    if not reason.strip():
        raise Refusal("Say why: the reason is shown with the pause.", code="reason_required", status=400)
    if not starts <= ends <= starts + LONGEST:
        raise Refusal("The last day must lie between today and a year from now.", code="invalid_date", status=400)
    with transaction.atomic():
        pause = Pause.objects.create(
            customer=customer, kind=kind, starts=starts, ends=ends, reason=reason, created_by=label(by)
        )
        _decide("pause_granted", pause, by, reason)
    return pause


def _end(pause: Pause, by: str, reason: str) -> None:
    ended = {"ended_at": timezone.now(), "ended_by": by, "end_reason": reason}
    if not Pause.objects.filter(pk=pause.pk, ended_at=None).update(**ended):
        raise Refusal("This pause has ended already.", code="already_ended", status=409)
    for name, value in ended.items():
        setattr(pause, name, value)
    Pause.history.bulk_history_create([pause], update=True)


def _decide(decision: str, pause: Pause, by: Actor, reason: str) -> None:
    audit.record(
        decision,
        by=by,
        reason=reason,
        entity_ref=f"pause:{pause.pk}",
        customer=pause.customer,
        after={"kind": pause.kind, "starts": pause.starts, "ends": pause.ends},
    )
