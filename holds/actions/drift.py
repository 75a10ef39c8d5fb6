"""Hold and NetSuite compared: a difference opens a proposal, nothing is ever overwritten silently."""

from django.db import transaction
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.db.models.fields.json import KeyTextTransform

from customers.models import Customer
from holds.actions import holds
from holds.models import ServiceHold
from netsuite import outbox
from netsuite.machine import born
from netsuite.models import Push
from netsuite.values import HOLD_INTENT
from workflows.contracts import ActionHandler
from workflows.fingerprint import fingerprint
from workflows.models import ProposedAction

ACTION = "netsuite_drift"


def push_settled(push: Push) -> None:
    """After a customer push: keep the mirror and the hold's prior value true, and look for drift."""
    if push.record_type != "customer" or HOLD_INTENT not in push.body:
        return
    if push.status == "applied":
        # An outcome may be told late; a newer one has the last word.
        if not Push.objects.newer_than(push).filter(status="applied").exists():
            Customer.objects.filter(netsuite_id=push.record_id).update(credit_hold_override=push.body[HOLD_INTENT])
        _remember_prior(push)
    elif push.status == "failed" and push.last_error_code == "drift":
        customer = Customer.objects.filter(netsuite_id=push.record_id).first()
        if customer:
            found = _found_by(push)
            Customer.objects.filter(pk=customer.pk).update(credit_hold_override=found)
            open_drift(customer, approved=push.body[HOLD_INTENT], found=found)


def check_drift() -> int:
    """Compare the hold fields we ever set with what NetSuite says; each difference becomes a proposal."""
    opened = 0
    for customer in _differing():
        opened += open_drift(customer, approved=customer.approved_value, found=customer.credit_hold_override)  # type: ignore[attr-defined]
    return opened


def open_drift(customer: Customer, *, approved: str, found: str) -> bool:
    """Ask a person which value is right; once a customer while the question is open."""
    with transaction.atomic():
        Customer.objects.select_for_update().get(pk=customer.pk)
        if ProposedAction.objects.open().filter(customer=customer, action_type=ACTION).exists():
            return False
        change = {"credit_hold": approved}
        proposal = ProposedAction.objects.create(
            action_type=ACTION,
            entity_type="customer",
            entity_ref=f"customer:{customer.netsuite_id}",
            customer=customer,
            # Keeping NetSuite's value would lift a hold in force: that is for whoever may decide holds.
            risk_level=4 if ServiceHold.objects.active().filter(customer=customer).exists() else 3,
            current_state_json={"credit_hold": found},
            proposed_change_json=change,
            rationale=f"NetSuite says {found}, approved is {approved}. Somebody changed it in NetSuite.",
            at_stake=customer.ar_balance,
            proposed_by="schedule:drift",
            content_hash=fingerprint(change),
        )
        born(proposal, by="schedule:drift", reason=proposal.rationale)
    return True


def _differing() -> QuerySet[Customer]:
    """Customers whose last applied push is not what NetSuite has, with no push on its way."""
    pushes = Push.objects.filter(record_type="customer", record_id=OuterRef("netsuite_id")).order_by("-generation")
    applied = pushes.filter(status="applied")
    return (
        Customer.objects.exclude(credit_hold_override="")
        .annotate(
            approved_value=Subquery(applied.values(value=KeyTextTransform(HOLD_INTENT, "body"))[:1]),
            approved_at=Subquery(applied.values("applied_at")[:1]),
            last_status=Subquery(pushes.values("status")[:1]),
        )
        .filter(approved_value__isnull=False, last_status="applied", synced_at__gt=F("approved_at"))
        .exclude(credit_hold_override=F("approved_value"))
    )


def _remember_prior(push: Push) -> None:
    """What NetSuite had before our ON is what a lift restores; OFF would switch limits off, so AUTO instead."""
    prior = _known((push.prior or {}).get(HOLD_INTENT, ""))
    if push.body[HOLD_INTENT] == "ON" and prior:
        restore = "AUTO" if prior == "OFF" else prior
        for hold in ServiceHold.objects.active().filter(run__run_id=push.run_id).exclude(prior_value=restore):
            hold.prior_value = restore
            hold._change_reason = f"read by push {push.pk}"  # type: ignore[attr-defined]
            hold.save(update_fields=["prior_value"])


def _found_by(push: Push) -> str:
    """The value that the last attempt read instead of the expected one."""
    last = push.attempts.order_by("-number").first()
    return _known(((last.evidence or {}).get("found") or {}).get(HOLD_INTENT)) if last else ""


def _known(value: object) -> str:
    return str(value) if value in ("AUTO", "ON", "OFF") else ""


def _apply_again(proposal: ProposedAction, by: str, reason: str) -> None:
    """Approved: push the approved value again, from the value that was shown."""
    wanted = proposal.proposed_change_json["credit_hold"]
    refused = Push.objects.of_key(proposal.entity_ref).failed().order_by("-generation").first()
    # The run whose push was refused is completed by this one.
    _push(proposal, wanted, by, run_id=refused.run_id if refused else "")


def _keep_netsuites(proposal: ProposedAction, by: str, reason: str) -> None:
    """Rejected: NetSuite is right. Its value becomes the approved one; a hold that NetSuite dropped is lifted."""
    found = proposal.current_state_json["credit_hold"]
    hold = ServiceHold.objects.active().filter(customer=proposal.customer).first()
    if hold and found != "ON":
        holds.lift(hold=hold, reason=f"NetSuite's value {found} kept: {reason}", by=by, keep_netsuite=True)
    _push(proposal, found, by)


def _push(proposal: ProposedAction, value: str, by: str, run_id: str = "") -> None:
    customer = proposal.customer
    assert customer is not None
    outbox.enqueue(
        key=f"customer:{customer.netsuite_id}",
        record_type="customer",
        record_id=customer.netsuite_id,
        operation="patch",
        body={HOLD_INTENT: value},
        expected={HOLD_INTENT: proposal.current_state_json["credit_hold"]},
        by=by,
        run_id=run_id,
        label=f"Settle drift of {customer}",
    )


DRIFT = ActionHandler(
    action_type=ACTION,
    title="NetSuite differs",
    effects=lambda p: [
        f"Approve: NetSuite goes from {p.current_state_json['credit_hold']} "
        f"to {p.proposed_change_json['credit_hold']} again.",
        f"Reject: NetSuite's {p.current_state_json['credit_hold']} becomes the approved value.",
    ],
    approve=_apply_again,
    reject=_keep_netsuites,
    approve_label="Apply the approved value again",
    reject_label="Keep NetSuite's value",
)
