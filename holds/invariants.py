"""What must always be true of holds."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from django.db.models import Count, F, OuterRef, Q, Subquery

from customers.models import Customer
from holds.actions.drift import ACTION
from holds.models import Override, PinLog, ServiceHold
from holds.pins import GRANT_LIVES, LIMITS
from netsuite.invariants import Evidence, invariant
from netsuite.machine import Transition, machine_name
from netsuite.models import Push
from netsuite.values import HOLD_INTENT
from workflows.models import ProposedAction

HOLD_ACTION = "workflow_service_hold_trigger"
CHECKED = ("rejected", "refused")
FORGIVEN = ("accepted", "reset")
# A right PIN may overtake wrong ones that were under way.
UNDER_WAY = timedelta(minutes=1)
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


@invariant(15, "PIN checks keep to the limit")
def pin_checks_keep_to_the_limit(evidence: Evidence) -> Iterable[str]:
    lines = PinLog.objects.filter(manager__isnull=False, outcome__in=(*CHECKED, *FORGIVEN))
    rows = lines.order_by("entity_id", "at", "pk").values_list("entity_id", "outcome", "at")
    for manager, tries in groupby(rows.iterator(), key=lambda row: row[0]):
        yield from _too_many_checks(manager, [(outcome, at) for _, outcome, at in tries])


def _too_many_checks(manager: str, tries: Sequence[tuple[str, datetime]]) -> Iterable[str]:
    """Each right PIN, or a reset, gives the tries back once; a lock gives them back when it is over."""
    limit = LIMITS["manager"]
    wrong = [at for outcome, at in tries if outcome in CHECKED]
    forgiven = [at for outcome, at in tries if outcome in FORGIVEN]
    for number, end in enumerate(wrong, start=1):
        since = end - limit.locked
        checked = number - bisect_right(wrong, since)
        overtaken = bisect_right(forgiven, end) - bisect_right(forgiven, since - UNDER_WAY)
        if checked > (allowed := limit.tries * (1 + overtaken)):
            yield f"Manager {manager}: {checked} wrong PINs were checked up to {end.isoformat()}, {allowed} allowed."
            return
    last = max(forgiven, default=None)
    in_a_row = sum(last is None or at > last + UNDER_WAY for at in wrong)
    if in_a_row > limit.in_a_row:
        yield f"Manager {manager}: {in_a_row} wrong PINs in a row were checked, {limit.in_a_row} allowed."


@invariant(15, "One grant, one order, one use, in its minutes")
def grants_are_used_once(evidence: Evidence) -> Iterable[str]:
    uses = Transition.objects.filter(machine=machine_name(Override), verb="use").order_by()
    for row in uses.values("row_id").annotate(n=Count("pk")).filter(n__gt=1)[:50]:
        yield f"Override {row['row_id']} was used {row['n']} times."
    late = Q(used_at__gt=F("expires_at")) | Q(used_at__lt=F("decided_at"))
    for override in Override.objects.filter(late)[:50]:
        yield f"Override {override.pk} was used at {override.used_at}, outside its minutes."
    for override in Override.objects.filter(expires_at__gt=F("decided_at") + GRANT_LIVES)[:50]:
        yield f"Override {override.pk} holds longer than {GRANT_LIVES.seconds // 60} minutes."
    logged = Count("log", filter=Q(log__outcome="used"))
    for override in Override.objects.filter(status="used").annotate(n=logged).exclude(n=1)[:50]:
        yield f"Override {override.pk} is used and has {override.n} lines about it in the PIN log."
