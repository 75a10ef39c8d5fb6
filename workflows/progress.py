"""How far an approved proposal has come, beat by beat, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings

from netsuite.models import Push, PushAttempt
from workflows.contracts import Step, contract, handler
from workflows.fingerprint import fingerprint
from workflows.models import OutboundEmail, ProposedAction, WorkflowStep
from workflows.wording import clock

DOTS = {"ok": ("check", "green"), "failed": ("cross", "red"), "waiting": ("turn", "blue")}
UNDER_WAY = ("approved", "applying")


@dataclass(frozen=True)
class Try:
    """One line below the push: when, and what happened."""

    when: str
    words: str
    current: bool = False


@dataclass(frozen=True)
class Beat:
    """One step as people read it. `status` and `kind` name the badge, `time` stands in its place when there is none."""

    title: str
    words: str
    sign: str
    tint: str
    time: str = ""
    status: str = ""
    kind: str = ""
    draft: OutboundEmail | None = None
    push: Push | None = None
    tries: Sequence[Try] = ()
    said: str = ""


@dataclass(frozen=True)
class Progress:
    """All beats; `mark` changes when anything does, `summary` is one sentence."""

    beats: Sequence[Beat]
    finished: bool
    summary: str
    sign: str = "info"
    tint: str = "blue"
    drafts: Sequence[OutboundEmail] = field(default_factory=tuple)
    changed_at: datetime | None = None

    @property
    def mark(self) -> str:
        seen = [[b.title, b.words, b.status, b.time, [t.words for t in b.tries]] for b in self.beats]
        return fingerprint({"beats": seen, "summary": self.summary})[:16]


def progress_of(proposal: ProposedAction) -> Progress:
    """The beats of an approved proposal, read in four queries."""
    run = proposal.run
    if run is None or handler(proposal.action_type):
        return _single(proposal)
    steps = list(run.steps.all())
    drafts = list(run.emails.select_related("customer").order_by("pk"))
    pushes = {p.pk: p for p in Push.objects.filter(run_id=str(run.run_id)).prefetch_related("attempts")}
    declared = contract(run.workflow_type)
    titles = {step.name: step for step in declared.steps} if declared else {}
    by_key = {draft.pk: draft for draft in drafts}
    beats = [_beat(step, titles.get(step.step), by_key, pushes) for step in steps]
    return _summed_up(proposal, beats, drafts, list(pushes.values()))


def _beat(
    step: WorkflowStep, declared: Step | None, drafts: Mapping[int, OutboundEmail], pushes: Mapping[int, Push]
) -> Beat:
    title = declared.title if declared else step.step.replace("_", " ").capitalize()
    draft, push = drafts.get(step.detail.get("email")), pushes.get(step.detail.get("push"))
    if draft is not None:
        return _draft_beat(title, draft)
    if push is not None:
        return _push_beat(title, step, push)
    sign, tint = DOTS.get(step.status, ("dash", "slate"))
    took = f" In {step.duration_ms} ms." if step.status == "ok" else ""
    return Beat(title, f"{step.words}{took}", sign, tint, time=clock(step.finished_at, seconds=True), said=step.error)


def _draft_beat(title: str, draft: OutboundEmail) -> Beat:
    status = "came_back" if draft.status == "pending_review" and draft.came_back else draft.status
    tint = {"sent": "green", "failed": "red", "uncertain": "violet"}.get(draft.status, "amber")
    to = f"To {draft.to_name}." if draft.to_name else "No recipient yet."
    return Beat(
        title, to, "check" if draft.status == "sent" else "mail", tint, status=status, kind="email", draft=draft
    )


def _push_beat(title: str, step: WorkflowStep | None, push: Push) -> Beat:
    sign, tint = {"applied": DOTS["ok"], "failed": DOTS["failed"], "superseded": ("swap", "slate")}.get(
        push.status, DOTS["waiting"]
    )
    refused = push.status == "failed"
    return Beat(
        title,
        step.words if step else "Written, then read back as proof.",
        sign,
        tint,
        status=push.status,
        kind="push",
        push=push,
        tries=_tries(push),
        said=push.last_error_detail if refused else "",
    )


def _tries(push: Push) -> list[Try]:
    """Every attempt of the present cycle with NetSuite's own words, and what comes next."""
    attempts = sorted((a for a in push.attempts.all() if a.cycle == push.cycle), key=lambda a: a.number)
    last = attempts[-1] if attempts else None
    lines = [Try(clock(a.started_at, seconds=True), _said(a), a is last) for a in attempts]
    if push.status == "retrying":
        lines.append(Try(clock(push.next_attempt_at, seconds=True), f"Attempt {len(attempts) + 1} is due"))
    elif push.status == "waiting":
        minutes = settings.PUSH_DRAIN_SECONDS // 60
        lines.append(Try(clock(push.next_attempt_at), f"The drainer tries again, every {minutes} min"))
    elif push.status == "queued":
        lines.append(Try("Next", f"Attempt {len(attempts) + 1} of {len(settings.PUSH_BACKOFF_SECONDS)}"))
    return lines


def _said(attempt: PushAttempt) -> str:
    name = f"Attempt {attempt.number}" if attempt.kind == "write" else f"Read-back {attempt.number}"
    if not attempt.outcome:
        return f"{name} sent, no answer yet"
    if attempt.outcome in ("applied", "already"):
        return f"{name} done and read back"
    words = {"retry": "failed", "refused": "refused", "drift": "stopped: NetSuite differs"}
    outcome = words.get(attempt.outcome, attempt.get_outcome_display().lower())
    return f"{name} {outcome}: “{attempt.error_detail}”" if attempt.error_detail else f"{name} {outcome}"


def _summed_up(
    proposal: ProposedAction, beats: Sequence[Beat], drafts: Sequence[OutboundEmail], pushes: Sequence[Push]
) -> Progress:
    common: dict[str, Any] = {
        "finished": proposal.status not in UNDER_WAY,
        "drafts": drafts,
        "changed_at": _last_change(proposal, pushes),
    }
    if proposal.status == "approved":
        words = "Approved, but applying is switched off for now. It is carried out once the switch is off."
        return Progress(beats, summary=words, sign="clock", tint="amber", **common)
    if proposal.status == "failed":
        here = "" if handler(proposal.action_type) else "; here it is in force"
        words = f"NetSuite did not take it{here}. See what NetSuite said, then retry the push."
        return Progress(beats, summary=words, sign="cross", tint="red", **common)
    sent = "" if any(d.status == "sent" for d in drafts) or not drafts else " Nothing has been mailed yet."
    if proposal.status == "applied":
        read = " and read back from NetSuite" if pushes else ""
        return Progress(beats, summary=f"Done{read}.{sent}", sign="check", tint="green", **common)
    if proposal.status == "superseded":
        return Progress(beats, summary="A newer change replaced this one.", sign="swap", tint="slate", **common)
    if proposal.run is None or handler(proposal.action_type):
        words = f"NetSuite follows: {_next(pushes)}." if pushes else "Approved; a second approval decides it."
        return Progress(beats, summary=words, **common)
    return Progress(beats, summary=f"In force here already. NetSuite follows: {_next(pushes)}.{sent}", **common)


def _last_change(proposal: ProposedAction, pushes: Sequence[Push]) -> datetime | None:
    attempts = [attempt for push in pushes for attempt in push.attempts.all()]
    times = [at for a in attempts for at in (a.started_at, a.finished_at)] + [proposal.decided_at]
    return max((at for at in times if at is not None), default=None)


def _next(pushes: Sequence[Push]) -> str:
    push = next((p for p in pushes if p.is_open), None)
    if push is None:
        return "the answer is being read"
    if push.status == "sending":
        return f"attempt {push.attempts_in_cycle} of {len(settings.PUSH_BACKOFF_SECONDS)} is out"
    at = push.next_attempt_at
    return f"next attempt {clock(at)}" if at else "waits for its turn"


def _single(proposal: ProposedAction) -> Progress:
    """A proposal that is no run: the decision, and the push that followed where there is one."""
    at = clock(proposal.decided_at, seconds=True)
    declared = handler(proposal.action_type)
    title = "Decided" if declared and declared.waits else "Decision carried out"
    beats, pushes = [Beat(title, proposal.rationale, "check", "green", time=at)], _pushes_of(proposal)
    beats += [_push_beat(push.label, None, push) for push in pushes]
    return _summed_up(proposal, beats, [], pushes)


def _pushes_of(proposal: ProposedAction) -> list[Push]:
    declared = handler(proposal.action_type)
    if not (declared and declared.waits):
        return []
    mine = Push.objects.filter(key=proposal.entity_ref, created_at__gte=proposal.proposed_at)
    return list(mine.prefetch_related("attempts").order_by("generation"))
