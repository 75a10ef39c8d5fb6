"""Decide proposals: one claim, one decision, one transaction."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from customers.clock import business_today
from netsuite.errors import Refusal
from netsuite.machine import LostRace, move
from netsuite.writing import add, save, together
from workflows import audit, contracts, reread, runner
from workflows.access import Actor, NotAllowed, label, require_person
from workflows.actions.switches import guard, positions, stopped
from workflows.models import ProposedAction, ReflexionEntry
from workflows.wording import listing, moment

if TYPE_CHECKING:
    from django.contrib.auth.models import User

SINGLE_ONLY_FROM_RISK = 3
REASON_FROM_RISK = 4
REFUSED_RISK = 5
BULK_LIMIT = 20
DEFER_LIMIT = timedelta(days=90)


class AlreadyDecided(Refusal):
    code = "already_decided"
    status = 409


class StaleVersion(Refusal):
    code = "stale_version"
    status = 409


def approve(*, proposal: ProposedAction, version: int, by: Actor, reason: str, choice: str = "") -> ProposedAction:
    """Approve what was shown as `version` and carry it out, in one transaction.

    `choice` names the way, where the proposal offers several. Raises Refusal for another one,
    AlreadyDecided (someone was faster, with who and when), StaleVersion (the facts changed since), NotAllowed
    (role, own proposal, risk 5) or SwitchedOff.
    """
    person = _may_decide(proposal, by, reason)
    if proposal.proposed_by == person.get_username() and not _solo(proposal):
        raise NotAllowed("You proposed this yourself; another person must approve it.", code="own_proposal")
    _check_choice(proposal, choice)
    switches = positions("high_risk_ops", "proposed_apply")
    if proposal.risk_level >= REASON_FROM_RISK:
        guard("high_risk_ops", f"approve {proposal}", switches["high_risk_ops"])
    try:
        with together():
            waits = stopped("proposed_apply", f"apply {proposal}", switches["proposed_apply"])
            verbs = ("approve",) if waits else ("approve", "start_applying")
            _claim(proposal, verbs, version, person, reason, choice=choice)
            _record(proposal, person, reason, verdict="approved", **({"choice": choice} if choice else {}))
            if not waits:
                _carry_out(proposal)
    except reread.FactsMoved:
        raise _newer_facts(proposal, version) from None
    return proposal


def reject(*, proposal: ProposedAction, version: int, by: Actor, reason: str) -> ProposedAction:
    """Say no, with a reason; what waited for it is told."""
    person = _may_decide(proposal, by, reason, always_reason=True)
    with together():
        _claim(proposal, ("reject",), version, person, reason)
        _record(proposal, person, reason, verdict="declined")
        if declared := _contract_of(proposal):
            declared.declined(proposal, label(by), reason)
            _close_run(proposal, "declined")
        elif handler := contracts.handler(proposal.action_type):
            handler.reject(proposal, label(by), reason)
        note = ReflexionEntry(
            workflow_type=proposal.workflow_type,
            run=proposal.run,
            customer=proposal.customer,
            tags=f"{proposal.workflow_type},declined",
            narrative=f"Declined: {reason}",
        )
        add([note])
    return proposal


def defer(*, proposal: ProposedAction, version: int, by: Actor, reason: str, until: date) -> ProposedAction:
    """Put it off to a business date within 90 days; it comes back by itself."""
    person = _may_decide(proposal, by, reason, always_reason=True)
    today = business_today()
    if not today < until <= today + DEFER_LIMIT:
        raise Refusal("Pick a date after today, at most 90 days ahead.", code="invalid_date", status=400)
    with together():
        _move_or_explain(proposal, ("defer",), version, label(person), reason, deferred_until=until)
        _record(proposal, person, reason, verdict="deferred", until=until)
    return proposal


def bring_back_due(*, today: date, by: str = "schedule:deferrals") -> int:
    """Bring deferred proposals back whose date has come."""
    back = 0
    for proposal in ProposedAction.objects.due_again(today):
        try:
            move(proposal, "bring_back", by=by, reason="date reached", deferred_until=None)
            back += 1
        except LostRace:
            continue
    return back


def approve_many(*, items: Sequence[tuple[int, int]], by: Actor, reason: str) -> list[ProposedAction]:
    """Approve up to 20 proposals of risk 2 and less, each with the version that was shown; all or none."""
    if len(items) > BULK_LIMIT:
        raise Refusal(f"At most {BULK_LIMIT} at once.", code="too_many", status=400)
    rows = ProposedAction.objects.select_related("customer", "run").in_bulk([pk for pk, _version in items])
    if missing := sorted({pk for pk, _version in items} - set(rows)):
        raise Refusal(f"There is no proposal {missing[0]}.", code="not_found", status=404)
    if any(row.risk_level >= SINGLE_ONLY_FROM_RISK for row in rows.values()):
        raise NotAllowed("Holds and other risk 3 proposals are decided one by one.", code="no_bulk")
    with transaction.atomic():
        return [approve(proposal=rows[pk], version=version, by=by, reason=reason) for pk, version in items]


def apply(*, proposal: ProposedAction) -> None:
    """Carry out an approved proposal inside the caller's transaction."""
    move(proposal, "start_applying", by=label(proposal.decided_by or "system"), run_id=_run_id(proposal))
    _carry_out(proposal)


def _carry_out(proposal: ProposedAction) -> None:
    by, reason = label(proposal.decided_by or "system"), proposal.decision_reason or ""
    if _contract_of(proposal):
        assert proposal.run is not None
        outcomes = runner.carry_out(proposal.run, by=by, reason=reason, today=business_today(), proposal=proposal)
        if any(outcome.status == "waiting" for outcome in outcomes):
            return
    elif handler := contracts.handler(proposal.action_type):
        handler.approve(proposal, by, reason)
        if handler.waits:
            return
    move(proposal, "confirm", by=by, run_id=_run_id(proposal))


def apply_waiting() -> int:
    """Carry out what was approved while applying was switched off."""
    done = 0
    for pk in ProposedAction.objects.filter(status="approved").values_list("pk", flat=True):
        if stopped("proposed_apply", f"apply proposal {pk}"):
            break
        with transaction.atomic():
            proposal = ProposedAction.objects.select_related("customer", "run", "decided_by").get(pk=pk)
            done += _apply_late(proposal)
    return done


def _apply_late(proposal: ProposedAction) -> bool:
    """A refusal meanwhile ends it: what was approved is not true any more, and must not hold up the others."""
    try:
        with together():
            apply(proposal=proposal)
        return True
    except LostRace:
        return False
    except Refusal as refusal:
        fresh = ProposedAction.objects.select_related("customer", "run").get(pk=proposal.pk)
        supersede(proposal=fresh, by="schedule:apply_waiting", reason=refusal.detail)
        return False


def supersede(*, proposal: ProposedAction, by: str, reason: str, replaced_by: ProposedAction | None = None) -> None:
    """Withdraw an open proposal because the facts or a newer one overtook it."""
    with together():
        move(proposal, "supersede", by=by, reason=reason, superseded_by=replaced_by)
        if declared := _contract_of(proposal):
            declared.declined(proposal, by, reason)
            _close_run(proposal, "superseded")


def _may_decide(proposal: ProposedAction, by: Actor, reason: str, *, always_reason: bool = False) -> "User":
    high = proposal.risk_level >= REASON_FROM_RISK
    permission = "workflows.decide_high_risk" if high else "workflows.decide_proposedaction"
    person = require_person(by, permission, f"decide proposals of risk {proposal.risk_level}")
    if proposal.risk_level >= REFUSED_RISK:
        raise NotAllowed("Risk 5 is decided only by a maintenance command.", code="risk_refused")
    if (high or always_reason) and not reason.strip():
        raise Refusal("Say why: the reason goes into the audit.", code="reason_required", status=400)
    return person


def _check_choice(proposal: ProposedAction, choice: str) -> None:
    handler = contracts.handler(proposal.action_type)
    offered = handler.choices(proposal) if handler else ()
    if choice in [one.name for one in offered] or not (choice or offered):
        return
    words = listing([one.label for one in offered]) if offered else "nothing: it is approved or rejected"
    raise Refusal(f"Pick what happens. There is to choose: {words}.", code="choice_required", status=400)


def _solo(proposal: ProposedAction) -> bool:
    return settings.SOLO_OPERATOR or proposal.risk_level < SINGLE_ONLY_FROM_RISK


def _newer_facts(proposal: ProposedAction, version: int) -> Refusal:
    """The approval was undone; write the newer version for the approver to read."""
    fresh = ProposedAction.objects.select_related("run", "customer", "decided_by").get(pk=proposal.pk)
    reread.reread([fresh], business_today())
    return _explain(fresh, version)


def _claim(
    proposal: ProposedAction, verbs: Sequence[str], version: int, person: "User", reason: str, *, choice: str = ""
) -> None:
    decision = {"decided_by": person, "decided_at": timezone.now(), "decision_reason": reason, "choice": choice}
    _move_or_explain(proposal, verbs, version, person.get_username(), reason, **decision)


def _run_id(proposal: ProposedAction) -> str:
    return str(proposal.run.run_id) if proposal.run else ""


def _move_or_explain(
    proposal: ProposedAction, verbs: Sequence[str], version: int, by: str, reason: str, **changes: Any
) -> None:
    shown = {"version": version}
    try:
        move(proposal, *verbs, by=by, reason=reason, run_id=_run_id(proposal), where=shown, **changes)
    except LostRace:
        fresh = ProposedAction.objects.select_related("decided_by").get(pk=proposal.pk)
        raise _explain(fresh, version) from None


def _explain(fresh: ProposedAction, version: int) -> Refusal:
    if fresh.status == "pending":
        return StaleVersion(
            f"This page showed version {version}; version {fresh.version} has newer facts. Read it, then decide.",
            version=fresh.version,
        )
    who = fresh.decided_by.get_username() if fresh.decided_by else "the system"
    when = fresh.decided_at or fresh.proposed_at
    state = fresh.get_status_display().lower()
    if fresh.status == "deferred":
        return AlreadyDecided(f"Already put off until {fresh.deferred_until}.", status_now=fresh.status)
    return AlreadyDecided(
        f"Already decided by {who} at {moment(when)}: {state}.",
        decided_by=who,
        decided_at=when,
        status_now=fresh.status,
    )


def _record(proposal: ProposedAction, person: "User", reason: str, *, verdict: str, **more: Any) -> None:
    declared = _contract_of(proposal)
    name = declared.decision_type if declared and declared.decision_type else proposal.workflow_type
    audit.record(
        name if verdict == "approved" else f"{name}_{verdict}",
        by=person,
        reason=reason,
        entity_ref=proposal.entity_ref,
        customer=proposal.customer,
        proposal=proposal,
        run=proposal.run,
        evidence={"shown": proposal.evidence, "warnings": proposal.warnings, "content_hash": proposal.content_hash},
        before=proposal.current_state_json,
        after={"verdict": verdict, **proposal.proposed_change_json, **more},
        solo=proposal.proposed_by == person.get_username(),
    )


def _contract_of(proposal: ProposedAction) -> contracts.Contract | None:
    return contracts.contract(proposal.workflow_type) if proposal.entity_type == "workflow" else None


def _close_run(proposal: ProposedAction, status: str) -> None:
    if proposal.run:
        proposal.run.status, proposal.run.completed_at = status, timezone.now()
        save(proposal.run, "status", "completed_at")


DECISIONS: dict[str, Callable[..., ProposedAction]] = {"approve": approve, "reject": reject, "defer": defer}
