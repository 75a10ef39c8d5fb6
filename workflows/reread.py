"""Are the facts still those that the approver was shown? When they moved, the proposal gets a newer version."""

from collections.abc import Sequence
from datetime import date

from netsuite.errors import Refusal
from workflows.contracts import Facts
from workflows.fingerprint import fingerprint
from workflows.models import ProposedAction, WorkflowRun
from workflows.stages import Loaded, Verdict, gather, judge, load, shown


class FactsMoved(Refusal):
    """The facts are not those that the approver was shown."""

    code = "facts_moved"
    status = 409


def has_moved(loaded: Loaded, facts: Facts, proposal: ProposedAction, today: date) -> bool:
    """Whether what `proposal` shows is not what `facts` (today's) say; only evidence["material"] counts."""
    assert proposal.run is not None
    assert proposal.customer_id is not None
    day = _day(proposal.run, today)
    if day != today:
        facts = gather(loaded, {proposal.customer_id: proposal.run.inputs}, day)[proposal.customer_id]
    return loaded.contract.stake(facts).evidence.get("material") != proposal.evidence.get("material")


def reread(proposals: Sequence[ProposedAction], today: date) -> list[ProposedAction]:
    """Bring pending proposals up to today's facts; answers those whose shown facts changed, versions raised.

    A mere new day is no change: only what the contract puts under evidence["material"] counts.
    """
    changed, confirmed = [], []
    staged = [(p, p.run) for p in proposals if p.run is not None]
    for workflow_type, day in {(p.workflow_type, _day(run, today)) for p, run in staged}:
        loaded = load(workflow_type)
        mine = [p for p, run in staged if (p.workflow_type, _day(run, today)) == (workflow_type, day)]
        facts = gather(loaded, {p.customer_id: p.run.inputs for p in mine if p.customer_id and p.run}, day)
        for proposal in mine:
            verdict = judge(loaded, facts[proposal.customer_id or 0])
            if verdict.stake.evidence.get("material") != proposal.evidence.get("material"):
                changed.append(_raise_version(proposal, verdict))
            elif verdict.facts.customer and proposal.figures_version != verdict.facts.customer.figures_version:
                proposal.figures_version = verdict.facts.customer.figures_version
                confirmed.append(proposal)
    ProposedAction.objects.bulk_update(confirmed, ["figures_version"])
    return [proposal for proposal in changed if proposal is not None]


def _day(run: WorkflowRun, today: date) -> date:
    """The day whose figures the run shows: today, unless it was staged for a past day."""
    return date.fromisoformat(run.inputs["as_of"]) if "as_of" in run.inputs else today


def _raise_version(proposal: ProposedAction, verdict: Verdict) -> ProposedAction | None:
    new = {**shown(verdict), "version": proposal.version + 1}
    new["content_hash"] = fingerprint(dict(verdict.stake.proposed_change))
    won = ProposedAction.objects.filter(pk=proposal.pk, status="pending", version=proposal.version).update(**new)
    if not won:
        return None
    for name, value in new.items():
        setattr(proposal, name, value)
    return proposal
