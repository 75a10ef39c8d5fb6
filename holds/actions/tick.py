"""The aging tick: find who crosses the line, propose holds, keep open proposals true."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q
from django.utils import timezone

from customers.aging import adopt_newly_issued
from customers.clock import business_today
from customers.models import Customer, CustomerQuerySet
from customers.rules import CENT, days_overdue
from disputes.models import Dispute
from holds.actions import plain_cases, unchanged
from holds.actions.holds import HOLD, inputs_for_tick
from holds.actions.pauses import break_broken_plans
from holds.facts import last_declined, line_of, running_pauses
from holds.models import Pause, ServiceHold
from holds.rules import Line, Owed, crosses, skip_reason
from netsuite.errors import Refusal
from netsuite.machine import LostRace
from workflows import reread, runner, stages
from workflows.access import Actor, label, require
from workflows.actions import proposals
from workflows.models import Heartbeat, ProposedAction
from workflows.models.proposals import ProposalQuerySet

SOURCE = "ar_aging_tick_threshold"
HEARTBEAT = "aging_tick"
BATCH = 1000
AT_ONCE = 10_000


@dataclass(frozen=True)
class Found:
    """A customer above the line on the day of the tick; amounts in base currency."""

    customer: Customer
    ar_balance: Decimal
    days_overdue: int


@dataclass
class TickResult:
    """What a tick did; `skipped` counts by reason."""

    as_of: date
    customers: int = 0
    crossing: int = 0
    staged: int = 0
    withdrawn: int = 0
    skipped: Counter[str] = field(default_factory=Counter)

    def as_dict(self) -> dict[str, Any]:
        return {
            "as_of": self.as_of.isoformat(),
            "customers": self.customers,
            "crossing": self.crossing,
            "staged": self.staged,
            "withdrawn": self.withdrawn,
            "skipped": dict(self.skipped),
        }


def aging_tick(*, as_of: date, by: Actor = "schedule:aging_tick") -> TickResult:
    """Stage a hold for every active customer that crosses on `as_of` and that nothing excuses.

    A second tick on the same day stages nothing new. Today's tick also withdraws its own earlier
    proposals that no longer cross, and raises the version of those whose figures moved.
    Raises Refusal for a day that has not come: nobody is late yet.
    """
    require(by, "holds.propose_servicehold", "run the aging tick")
    loaded = stages.load(HOLD)
    line, today = line_of(loaded.thresholds), business_today()
    if as_of > today:
        raise Refusal(f"{as_of} has not come; today is {today}.", code="invalid_date", status=400)
    mark = ""
    if as_of == today:
        adopt_newly_issued(today)
        mark = unchanged.mark(loaded, today)
        if mark and (again := _same_again(mark, as_of)):
            return again
    result = TickResult(as_of, customers=Customer.objects.active().count())
    if as_of == today:
        break_broken_plans(today=today)
        result.withdrawn = _keep_open_ones_true(loaded, line, today)
    free = crossing = Customer.objects.crossing(as_of=as_of, days=line.days, amount=line.amount)
    if as_of == today:
        free, many = _set_aside_the_settled(crossing, result)
        free = _stage_plain(loaded, free, many, today, label(by), result)
    _stage_each(loaded, free, line, as_of, today, by, result)
    detail = {**result.as_dict(), "mark": mark}
    Heartbeat.objects.update_or_create(name=HEARTBEAT, defaults={"detail": detail})
    return result


def _same_again(mark: str, as_of: date) -> TickResult | None:
    """What the last tick found, where nothing has happened since: nothing to stage, nothing to withdraw."""
    last = Heartbeat.objects.filter(name=HEARTBEAT, detail__mark=mark)
    if not last.update(at=timezone.now()):
        return None
    found = last.values_list("detail", flat=True).get()
    return TickResult(as_of, found["customers"], found["crossing"], skipped=Counter(found["skipped"]))


def _set_aside_the_settled(crossing: CustomerQuerySet, result: TickResult) -> tuple[CustomerQuerySet, int]:
    """Count those that are on hold or have an open proposal, in one statement; answers the others, and how many."""
    on_hold = Q(entitystatus=Customer.HOLD) | Q(pk__in=ServiceHold.objects.active().values("customer"))
    proposed = Q(pk__in=_open_proposals().values("customer"))
    counted = crossing.aggregate(
        on_hold=Count("pk", filter=on_hold), open_proposal=Count("pk", filter=~on_hold & proposed), all=Count("pk")
    )
    settled = {reason: counted[reason] for reason in ("on_hold", "open_proposal") if counted[reason]}
    result.skipped.update(settled)
    result.crossing += sum(settled.values())
    many = counted["all"] - result.crossing
    if not many:
        return crossing.none(), 0
    free = crossing.exclude(entitystatus=Customer.HOLD).filter(
        ~Exists(ServiceHold.objects.active().filter(customer=OuterRef("pk"))),
        ~Exists(_open_proposals().filter(customer=OuterRef("pk"))),
    )
    return free, many


def _stage_plain(
    loaded: stages.Loaded, free: CustomerQuerySet, many: int, today: date, by: str, result: TickResult
) -> CustomerQuerySet:
    """Those of whom only their figures speak, thousands in one statement; answers the others of the `many`."""
    if not plain_cases.supported():
        return free
    plain = free.filter(plain_cases.plain(today)).order_by("pk")
    last: int | None = 0
    while many > 0 and last is not None:
        part = plain.filter(pk__gt=last)[:AT_ONCE]
        staged, last = plain_cases.stage(loaded, part, by=by, source=SOURCE, today=today)
        result.crossing += staged
        result.staged += staged
        many -= staged
    return free if many > 0 else free.none()


def _stage_each(
    loaded: stages.Loaded,
    crossing: CustomerQuerySet,
    line: Line,
    as_of: date,
    today: date,
    by: Actor,
    result: TickResult,
) -> None:
    """One proposal with its evidence for each that nothing excuses; the excused are counted by reason."""
    quiet_since = as_of - timedelta(days=int(loaded.thresholds["quiet_days_after_reject"]) - 1)
    for batch in _batches(crossing, as_of, today):
        result.crossing += len(batch)
        wanted = _without_excused(batch, line, as_of, quiet_since, result.skipped)
        inputs = {f.customer.pk: inputs_for_tick(f.ar_balance, f.days_overdue, f.customer, as_of) for f in wanted}
        result.staged += len(runner.stage_many(HOLD, inputs=inputs, by=by, source=SOURCE, today=as_of))


def _open_proposals() -> ProposalQuerySet:
    return ProposedAction.objects.open().filter(
        action_type=f"workflow_{HOLD}", entity_type="workflow", customer__isnull=False
    )


def _batches(crossing: CustomerQuerySet, as_of: date, today: date) -> Iterator[list[Found]]:
    """A thousand at a time by key; one statement a batch, each customer once."""
    last = 0
    while batch := [_found(row, as_of, today) for row in crossing.filter(pk__gt=last).order_by("pk")[:BATCH]]:
        yield batch
        last = batch[-1].customer.pk


def _found(customer: Customer, as_of: date, today: date) -> Found:
    """The summary holds for today; any other day brings its figures as annotations."""
    if as_of == today:
        return Found(customer, customer.ar_balance, days_overdue(customer.oldest_due, as_of))
    balance = customer.balance_on.quantize(CENT)  # type: ignore[attr-defined]
    return Found(customer, balance, days_overdue(customer.oldest_due_on, as_of))  # type: ignore[attr-defined]


def _without_excused(
    batch: list[Found], line: Line, as_of: date, quiet_since: date, skipped: Counter[str]
) -> list[Found]:
    ids = [found.customer.pk for found in batch]
    held = set(ServiceHold.objects.active().filter(customer__in=ids).values_list("customer_id", flat=True))
    proposed = set(_open_proposals().filter(customer__in=ids).values_list("customer_id", flat=True))
    paused, apart = running_pauses(ids, as_of), Dispute.objects.set_apart(ids, as_of)
    declined = last_declined(ids, quiet_since)
    wanted = []
    for found in batch:
        pk = found.customer.pk
        reason = skip_reason(
            Owed(found.ar_balance, found.days_overdue, apart.get(pk, Decimal(0))),
            line,
            open_proposal=pk in proposed,
            on_hold=pk in held or found.customer.entitystatus == Customer.HOLD,
            paused=paused[pk]["kind"] if pk in paused else "",
            declined_recently=pk in declined,
        )
        if reason:
            skipped[reason] += 1
        else:
            wanted.append(found)
    return wanted


def _keep_open_ones_true(loaded: stages.Loaded, line: Line, today: date) -> int:
    """Withdraw automatic proposals whose customer fell below the line; refresh the figures of the others."""
    pending = ProposedAction.objects.awaiting_decision().filter(action_type=f"workflow_{HOLD}")
    moved = Customer.objects.figures_moved().filter(Exists(pending.filter(customer=OuterRef("pk"))))
    versions = dict(moved.values_list("pk", "figures_version"))
    withdrawn = 0
    again = _to_read_again(pending, loaded, today)
    for first in range(0, len(again), BATCH):
        batch = list(pending.filter(pk__in=again[first : first + BATCH]).select_related("run", "customer"))
        reread.reread(batch, today)
        withdrawn += sum(
            _withdraw(proposal, line) for proposal in batch if proposal.run and proposal.run.source == SOURCE
        )
    _remember_read(versions)
    return withdrawn


def _to_read_again(pending: ProposalQuerySet, loaded: stages.Loaded, today: date) -> list[int]:
    """Proposals whose customer moved, left, or has pauses or disputes that may end; all when the rule changed.

    The day's first tick compares every proposal's version with its customer's.
    """
    last = Heartbeat.objects.filter(name=HEARTBEAT).first()
    if last is None or last.at < loaded.definition.updated_at:
        return list(pending.order_by("pk").values_list("pk", flat=True))
    kinds = [
        pending.filter(customer__in=Customer.objects.filter(is_inactive=True).order_by()),
        pending.filter(customer__in=Pause.objects.order_by().values("customer")),
        pending.filter(customer__in=Dispute.objects.filter(amount__isnull=False).order_by().values("customer")),
    ]
    if last.detail.get("as_of") == today.isoformat():
        kinds.append(pending.filter(customer__in=Customer.objects.figures_moved().order_by()))
    else:
        kinds.append(pending.exclude(figures_version=F("customer__figures_version")))
    return sorted(set().union(*(kind.order_by().values_list("pk", flat=True) for kind in kinds)))


def _remember_read(versions: Mapping[int, int]) -> None:
    """Figures written meanwhile stay ahead of what was read, so that the next tick sees them."""
    read = [Customer(pk=pk, figures_read=version) for pk, version in versions.items()]
    Customer.objects.bulk_update(read, ["figures_read"], batch_size=BATCH)
    open_ones = _open_proposals().filter(customer=OuterRef("pk"))
    Customer.objects.figures_moved().filter(~Exists(open_ones)).order_by().update(figures_read=F("figures_version"))


def _withdraw(proposal: ProposedAction, line: Line) -> bool:
    shown = proposal.evidence
    reason = "Paid or below the line: no longer crosses."
    if proposal.customer and proposal.customer.is_inactive:
        reason = "Inactive in NetSuite: there is nothing to hold."
    elif crosses(Owed(Decimal(shown["ar_balance"]), shown["days_overdue"]), line):
        return False
    try:
        with transaction.atomic():
            proposals.supersede(proposal=proposal, by=label(SOURCE), reason=reason)
    except LostRace:
        return False
    return True
