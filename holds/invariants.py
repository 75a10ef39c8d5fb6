"""What must always be true of holds."""

from collections.abc import Iterable

from django.db.models import Count, OuterRef, Q, Subquery

from customers.models import Customer
from holds.actions.drift import ACTION
from holds.models import ServiceHold
from netsuite.invariants import Evidence, invariant
from netsuite.models import Push
from netsuite.values import HOLD_INTENT
from workflows.models import ProposedAction

HOLD_ACTION = "workflow_service_hold_trigger"
CARRIED_OUT = ["applying", "applied", "failed"]


@invariant(4, "An approval and all its rows stand together")
def approvals_are_whole(evidence: Evidence) -> Iterable[str]:
    approved = ProposedAction.objects.filter(action_type=HOLD_ACTION, status__in=CARRIED_OUT)
    rows = approved.annotate(
        drafts=Count("run__emails", distinct=True),
        steps=Count("run__steps", distinct=True),
        decided=Count("decisions", filter=Q(decisions__decision_type="service_hold"), distinct=True),
        placed=Count("holds", filter=Q(holds__placed_at__isnull=False), distinct=True),
    ).select_related("run")
    pushes = set(Push.objects.exclude(run_id="").values_list("run_id", flat=True))
    for proposal in rows:
        found = (proposal.drafts, proposal.steps, proposal.decided, proposal.placed)
        pushed = proposal.run is not None and str(proposal.run.run_id) in pushes
        if found != (2, 4, 1, 1) or not pushed:
            yield (
                f"Proposal {proposal.pk} is carried out with {found[0]} drafts, {found[1]} steps, "
                f"{found[2]} decisions, {found[3]} holds and {'a' if pushed else 'no'} push."
            )


@invariant(9, "Hold here = what was approved = NetSuite, or somebody is asked")
def holds_agree(evidence: Evidence) -> Iterable[str]:
    held = set(ServiceHold.objects.active().values_list("customer_id", flat=True))
    flagged = set(Customer.objects.on_hold().values_list("pk", flat=True))
    for pk in held ^ flagged:
        yield f"Customer {pk}: hold in force {pk in held}, flagged {pk in flagged}."
    yield from _intent_differs()


def _intent_differs() -> Iterable[str]:
    newest = Push.objects.filter(record_type="customer", record_id=OuterRef("netsuite_id")).order_by("-generation")
    rows = Customer.objects.annotate(
        wanted=Subquery(newest.values(f"body__{HOLD_INTENT}")[:1]), push_status=Subquery(newest.values("status")[:1])
    ).filter(wanted__isnull=False)
    asked = set(ProposedAction.objects.open().filter(action_type=ACTION).values_list("customer_id", flat=True))
    for customer in rows:
        if customer.pk in asked or customer.push_status != "applied":
            continue
        if customer.credit_hold_override != customer.wanted:
            yield f"{customer}: approved is {customer.wanted}, NetSuite has {customer.credit_hold_override}."
        if customer.entitystatus == Customer.HOLD and customer.wanted != "ON":
            yield f"{customer} is held here, approved for NetSuite is {customer.wanted}."
