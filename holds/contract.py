"""The two contracts of this app: `service_hold_trigger` with its four beats, and the way back."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from customers.models import Customer
from customers.rules import exposure, utilisation
from holds import checks, drafts, facts, records, rules
from holds.texts import HOLD_TEXTS, LIFT_TEXTS
from holds.warnings import warnings
from netsuite.values import HOLD_INTENT
from workflows.contracts import (
    Check,
    Contract,
    Facts,
    LocalWrite,
    Plan,
    Precondition,
    PushIntent,
    Query,
    Situation,
    Skip,
    Stake,
    Step,
)
from workflows.wording import count, money

NOTHING_OWED = {
    "ar_balance": "0.00",
    "overdue_balance": "0.00",
    "days_overdue": 0,
    "oldest_due": None,
    "open_invoices": 0,
    "unapplied": "0.00",
    "tier": "none",
}

QUERIES = (
    Query("owed", facts.owed, NOTHING_OWED),
    Query("open_sos", facts.open_sos, facts.NO_ORDERS),
    Query("prior_holds", facts.prior_holds, 0),
    Query("hold_outcomes", facts.hold_outcomes, ()),
    Query("set_apart", facts.set_apart, "0.00"),
    Query("pause", facts.running_pauses, None),
    Query("last_pause", facts.last_pauses, None),
    Query("synced_at", facts.data_age, None),
)


def _customer(found: Facts) -> Customer:
    assert found.customer is not None
    return found.customer


def _owed(found: Facts) -> rules.Owed:
    return facts.owed_facts(_customer(found), found.context)


def _reasonable(found: Facts) -> bool:
    return rules.crosses(_owed(found), facts.line_of(found.thresholds))


def _below_words(found: Facts) -> str:
    line, owed = facts.line_of(found.thresholds), _owed(found)
    return (
        f"Below the usual line of {line.days} days and {money(line.amount, cents=False)}: "
        f"{owed.days_overdue} days, {money(owed.ar_balance)}."
    )


def hold_stake(found: Facts) -> Stake:
    """Why hold, what is at stake, before and after."""
    customer, owed = _customer(found), _owed(found)
    orders, held = found.context["open_sos"], found.context["prior_holds"]
    strong = rules.is_strong(owed, facts.line_of(found.thresholds))
    exposed = exposure(owed.ar_balance, Decimal(orders["total"]))
    parts = [
        f"{owed.days_overdue} days overdue, {money(owed.ar_balance)} open.",
        f"{count(orders['count'], 'open order').capitalize()}, {money(orders['total'])}." if orders["count"] else "",
        f"Held {'once' if held == 1 else f'{held} times'} before{_how_it_ended(found)}." if held else "First hold.",
    ]
    return Stake(
        rationale=" ".join(part for part in parts if part),
        at_stake=exposed,
        strong=strong,
        current_state={"entitystatus": customer.entitystatus, "credit_hold": customer.credit_hold_override or "AUTO"},
        proposed_change={"entitystatus": Customer.HOLD, "credit_hold": "ON"},
        evidence=_evidence(found, customer, owed, exposed, strong),
    )


def _how_it_ended(found: Facts) -> str:
    outcomes: Sequence[Mapping[str, Any]] = found.context["hold_outcomes"]
    if not outcomes:
        return ""
    return f", last for {count(outcomes[0]['days'], 'day')}: {str(outcomes[0]['how']).rstrip('.')}"


def _evidence(found: Facts, customer: Customer, owed: rules.Owed, exposed: Decimal, strong: bool) -> dict[str, Any]:
    line, context = facts.line_of(found.thresholds), found.context
    used = utilisation(customer.credit_limit_kind, customer.credit_limit, exposed)  # type: ignore[arg-type]
    return {
        "as_of": found.today.isoformat(),
        **context["owed"],
        "open_orders": context["open_sos"],
        "prior_holds": context["prior_holds"],
        "set_apart": context["set_apart"],
        "credit_limit_kind": customer.credit_limit_kind,
        "credit_limit": str(customer.credit_limit) if customer.credit_limit is not None else None,
        "exposure": str(exposed),
        "utilisation": str(used) if used is not None else None,
        "line": {"days": line.days, "amount": str(line.amount)},
        "strong_line": {"days": line.strong_days, "amount": str(line.strong_amount)},
        "crosses": rules.crosses(owed, line),
        "strong": strong,
        "pause": context["pause"],
        "last_pause": context["last_pause"],
        "synced_at": context["synced_at"],
        # A new version is due when one of these moves; a mere new day is none.
        "material": [
            context["owed"]["ar_balance"],
            context["owed"]["oldest_due"],
            context["open_sos"]["total"],
            context["set_apart"],
            customer.is_inactive,
            bool(context["pause"]),
        ],
    }


def _flag(situation: Situation) -> Plan:
    return LocalWrite(
        f"Order forms refuse {situation.customer}, in every mode.",
        lambda: records.place(situation),
    )


def _hold_in_netsuite(situation: Situation) -> Plan:
    customer = situation.customer
    now = customer.credit_hold_override or "AUTO"
    return PushIntent(
        words=f"Hold field {now} → ON, then read back as proof.",
        key=f"customer:{customer.netsuite_id}",
        record_type="customer",
        record_id=customer.netsuite_id,
        operation="patch",
        body={HOLD_INTENT: "ON"},
        expected={HOLD_INTENT: now} if customer.credit_hold_override else None,
        label=f"Hold {customer}",
    )


def _unflag(situation: Situation) -> Plan:
    return LocalWrite(
        f"Order forms accept {situation.customer} again.",
        lambda: records.lift(situation),
    )


def _release_in_netsuite(situation: Situation) -> Plan:
    customer, restore = situation.customer, str(situation.facts.inputs.get("restore", "AUTO"))
    if situation.facts.inputs.get("keep_netsuite"):
        return Skip("NetSuite keeps the value it has.")
    return PushIntent(
        words=f"Hold field ON → {restore}, then read back as proof.",
        key=f"customer:{customer.netsuite_id}",
        record_type="customer",
        record_id=customer.netsuite_id,
        operation="patch",
        body={HOLD_INTENT: restore},
        expected=None if records.push_is_open(customer) else {HOLD_INTENT: "ON"},
        label=f"Lift hold on {customer}",
    )


def lift_stake(found: Facts) -> Stake:
    """Why lift, and what NetSuite goes back to."""
    customer, owed = _customer(found), _owed(found)
    restore = found.inputs.get("restore", "AUTO")
    return Stake(
        rationale=str(found.inputs.get("reason", "")) or f"{money(owed.ar_balance)} open.",
        at_stake=owed.ar_balance,
        strong=False,
        current_state={"entitystatus": customer.entitystatus, "credit_hold": customer.credit_hold_override},
        proposed_change={"entitystatus": "", "credit_hold": restore},
        evidence={
            "as_of": found.today.isoformat(),
            **found.context["owed"],
            "open_orders": found.context["open_sos"],
            "material": [found.context["owed"]["ar_balance"], customer.entitystatus],
        },
    )


HOLD = Contract(
    workflow_type="service_hold_trigger",
    title="Service hold",
    category="AR & finance",
    risk_level=4,
    expected_minutes=15,
    sources=("ar_aging_tick_threshold", "manual"),
    required=("customer_id", "ar_balance", "days_overdue", "reason"),
    optional=("as_of",),
    queries=QUERIES,
    beside=facts.BESIDE,
    preconditions=(
        Precondition(
            "customer_active",
            "block",
            lambda found: not _customer(found).is_inactive,
            lambda found: f"{_customer(found)} is inactive in NetSuite; there is nothing to hold.",
        ),
        Precondition("reasonable_threshold", "warn", _reasonable, _below_words),
    ),
    warnings=warnings,
    stake=hold_stake,
    steps=(
        Step("flag_customer", "local_write", "Flag the customer", "5 s", _flag),
        Step("notify_sales_rep", "hitl_email_draft", "Draft for the rep", "at once", drafts.rep_note),
        Step("draft_customer_notice", "hitl_email_draft", "Draft for the customer", "at once", drafts.notice),
        Step("ns_order_block", "ns_push", "Hold in NetSuite", "up to 15 min", _hold_in_netsuite),
    ),
    checks=(
        Check("customer_flagged", "The customer is flagged here", timedelta(minutes=1), checks.customer_flagged),
        Check("drafts_written", "Both drafts were written", timedelta(minutes=1), checks.drafts_written),
        Check("netsuite_holds", "NetSuite has the hold", timedelta(minutes=30), checks.push_applied),
    ),
    tags="service_hold,customer:{customer}",
    thresholds={
        "days": 60,
        "amount": "10000",
        "strong_days": 90,
        "strong_amount": "25000",
        "quiet_days_after_reject": 7,
    },
    texts=HOLD_TEXTS,
    placeholders=drafts.PLACEHOLDERS,
    narrative=lambda s: (
        f"Held at {money(s.facts.context['owed']['ar_balance'])}, "
        f"{s.facts.context['owed']['days_overdue']} days overdue: {s.reason}"
    ),
    decision_type="service_hold",
    staged=records.propose_many,
    declined=records.decline,
    mail_facts=drafts.mail_facts,
    mail_barred=drafts.hold_is_over,
)

LIFT = Contract(
    workflow_type="service_hold_lift",
    title="Lift service hold",
    category="AR & finance",
    risk_level=3,
    expected_minutes=15,
    sources=("manual", "ar_hold_review", "netsuite_drift"),
    required=("customer_id", "reason"),
    optional=("restore", "hold_id", "respect_until", "keep_netsuite"),
    queries=QUERIES,
    beside=facts.BESIDE,
    stake=lift_stake,
    steps=(
        Step("unflag_customer", "local_write", "Clear the flag", "5 s", _unflag),
        Step("draft_lift_notice", "hitl_email_draft", "Draft for the customer", "at once", drafts.lift_notice),
        Step("ns_order_release", "ns_push", "Release in NetSuite", "up to 15 min", _release_in_netsuite),
    ),
    checks=(
        Check("customer_released", "The flag is cleared here", timedelta(minutes=1), checks.customer_released),
        Check("netsuite_released", "NetSuite has the value back", timedelta(minutes=30), checks.push_applied),
    ),
    tags="service_hold_lift,customer:{customer}",
    thresholds={"respect_days": 7},
    texts=LIFT_TEXTS,
    placeholders=drafts.PLACEHOLDERS,
    narrative=lambda s: f"Hold lifted: {s.reason}",
    decision_type="service_hold_lift",
    mail_facts=drafts.lift_facts,
    mail_barred=drafts.hold_is_back,
)
