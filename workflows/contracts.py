"""A workflow contract as data, and the registry that upper apps fill in `apps.ready()`.

A step only plans: it looks at the situation and answers what is to be done. The runner carries
the plan out, or, in a preview, shows it; so a preview cannot write.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from customers.models import Customer
    from workflows.models import OutboundEmail, ProposedAction, WorkflowDefinition, WorkflowRun

Severity = Literal["block", "warn"]
GATE_FROM_RISK = 3


@dataclass(frozen=True)
class Reading:
    """What a query reads for many customers on a day, in two halves, so that several can be asked in one trip.

    `rows` is the queryset, `told` what its rows say by customer id.
    """

    rows: Callable[[Sequence[int], date], "QuerySet[Any, Any]"]
    told: Callable[[Sequence[Any], Sequence[int], date], Mapping[int, Any]]

    def __call__(self, customer_ids: Sequence[int], day: date) -> Mapping[int, Any]:
        return self.told(list(self.rows(customer_ids, day)), customer_ids, day)


@dataclass(frozen=True)
class Query:
    """A named context query: `load` reads many customers at once and answers by customer id.

    `ask` reads for one run by its inputs and its customer (None: unknown), where the subject is a mail or an invoice.
    """

    name: str
    load: Callable[[Sequence[int], date], Mapping[int, Any]] = lambda _ids, _day: {}
    default: Any = None
    ask: Callable[[Mapping[str, Any], "Customer | None", date], Any] | None = None


@dataclass(frozen=True)
class Facts:
    """All that preconditions, rationale and steps may look at."""

    customer: "Customer | None"
    inputs: Mapping[str, Any]
    context: Mapping[str, Any]
    thresholds: Mapping[str, Any]
    today: date
    # What the contract's steps look up besides; read only when they are planned.
    beside: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Precondition:
    """A condition by name. `words` says to the approver what it means when it does not hold."""

    code: str
    severity: Severity
    holds: Callable[[Facts], bool]
    words: Callable[[Facts], str]


@dataclass(frozen=True)
class Situation:
    """What a step sees when it plans."""

    run: "WorkflowRun"
    facts: Facts
    texts: Mapping[str, Any]
    by: str
    reason: str
    now: datetime
    proposal: "ProposedAction | None" = None

    @property
    def customer(self) -> "Customer":
        assert self.facts.customer is not None
        return self.facts.customer


@dataclass(frozen=True)
class LocalWrite:
    """A change of our own rows; `apply` returns what to log."""

    words: str
    apply: Callable[[], Mapping[str, Any]]


@dataclass(frozen=True)
class MailDraft:
    """A draft for a person to polish. `facts` are the figures in the text, each with its source."""

    kind: str
    audience: Literal["customer", "sales_rep"]
    to_name: str
    to_email: str
    subject: str
    body: str
    facts: Sequence[Mapping[str, str]] = ()
    language: str = "en"


@dataclass(frozen=True)
class PushIntent:
    """A desired state in NetSuite. `expected` is the value believed to be there now."""

    words: str
    key: str
    record_type: str
    record_id: str
    operation: Literal["patch", "upsert"]
    body: Mapping[str, Any]
    expected: Mapping[str, Any] | None
    label: str


@dataclass(frozen=True)
class StagedProposal:
    """A further proposal for a person. `assigned_to` is an employee's primary key.

    `proposed_by` where a rule asks for it, and not the person whose run it is: then that person may decide it.
    """

    words: str
    action_type: str
    entity_type: str
    entity_ref: str
    risk_level: int
    rationale: str
    proposed_change: Mapping[str, Any]
    current_state: Mapping[str, Any] = field(default_factory=dict)
    at_stake: Decimal = Decimal(0)
    evidence: Mapping[str, Any] = field(default_factory=dict)
    warnings: Sequence[Mapping[str, str]] = ()
    assigned_to: int | None = None
    proposed_by: str = ""


@dataclass(frozen=True)
class Dispatch:
    """Another workflow to start."""

    words: str
    workflow_type: str
    inputs: Mapping[str, Any]


@dataclass(frozen=True)
class Skip:
    """Nothing to do here, and why."""

    words: str


Plan = LocalWrite | MailDraft | PushIntent | StagedProposal | Dispatch | Skip
StepKind = Literal["local_write", "hitl_email_draft", "ns_push", "stage_proposed_action", "dispatch_workflow"]


@dataclass(frozen=True)
class Step:
    """One effect. `target` is the time that people may expect, in words."""

    name: str
    kind: StepKind
    title: str
    target: str
    plan: Callable[[Situation], Plan]


@dataclass(frozen=True)
class Check:
    """Verified later; `run` answers "" when all is well, else what is wrong."""

    name: str
    title: str
    after: timedelta
    run: Callable[["WorkflowRun"], str]


@dataclass(frozen=True)
class Stake:
    """What the proposal says: why, how much, before and after."""

    rationale: str
    at_stake: Decimal
    strong: bool
    current_state: Mapping[str, Any]
    proposed_change: Mapping[str, Any]
    evidence: Mapping[str, Any]


def _nothing(*_args: Any) -> None:
    return None


@dataclass(frozen=True)
class Contract:
    """A workflow, declared once by the app that owns it."""

    workflow_type: str
    title: str
    category: str
    risk_level: int
    expected_minutes: int
    sources: tuple[str, ...]
    required: tuple[str, ...]
    steps: tuple[Step, ...]
    stake: Callable[[Facts], Stake]
    optional: tuple[str, ...] = ()
    queries: tuple[Query, ...] = ()
    # Rows of the customer that the steps need and nobody is shown, by name; read with the queries.
    beside: Mapping[str, Reading] = field(default_factory=dict)
    preconditions: tuple[Precondition, ...] = ()
    warnings: Callable[[Facts], Sequence[Mapping[str, str]]] = lambda _facts: ()
    checks: tuple[Check, ...] = ()
    tags: str = ""
    thresholds: Mapping[str, Any] = field(default_factory=dict)
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    # What the texts may name in braces.
    placeholders: frozenset[str] = frozenset()
    # The note that later proposals quote; None: this workflow leaves none.
    narrative: Callable[[Situation], str] | None = lambda s: s.reason
    decision_type: str = ""
    # Called inside the transaction that staged, approved or declined.
    staged: Callable[[Sequence["ProposedAction"]], None] = _nothing
    declined: Callable[["ProposedAction", str, str], None] = _nothing
    # The facts a mail of this workflow rests on, in words; they must be the same when it is sent.
    mail_facts: Callable[["OutboundEmail"], Mapping[str, str]] = lambda _email: {}
    # Why a mail of this workflow must not go out any more, whatever a person says, or "".
    mail_barred: Callable[["OutboundEmail"], str] = lambda _email: ""
    # A mail of this workflow went out; called in the transaction that notes it.
    mail_sent: Callable[["OutboundEmail"], None] = _nothing
    # False only where each step waits for a person by itself (drafts, proposals), so that the run need not.
    gated: bool | None = None

    def waits(self, risk_level: int) -> bool:
        """Whether a run stops at the human gate: from risk 3 on, unless the contract says that its steps do."""
        return risk_level >= GATE_FROM_RISK if self.gated is None else self.gated

    def as_data(self) -> dict[str, Any]:
        """The declared parts as JSON: what the definition's version stands for."""
        return {
            "workflow_type": self.workflow_type,
            "title": self.title,
            "category": self.category,
            "risk_level": self.risk_level,
            "expected_minutes": self.expected_minutes,
            "sources": list(self.sources),
            "inputs": {"required": list(self.required), "optional": list(self.optional)},
            "context": [query.name for query in self.queries],
            "preconditions": [{"code": p.code, "severity": p.severity} for p in self.preconditions],
            "gate": self.waits(self.risk_level),
            "steps": [{"name": s.name, "kind": s.kind, "title": s.title, "target": s.target} for s in self.steps],
            "verify": [
                {"name": c.name, "title": c.title, "after_minutes": c.after.total_seconds() / 60} for c in self.checks
            ],
            "tags": self.tags,
            "thresholds": dict(self.thresholds),
            "texts": {name: dict(text) for name, text in self.texts.items()},
        }


_REGISTRY: dict[str, Contract] = {}
# Proposals that are not workflow runs (drift, clean-up …): what approve and reject do.
_HANDLERS: dict[str, "ActionHandler"] = {}


@dataclass(frozen=True)
class Choice:
    """One of several ways to approve: `words` say what it does."""

    name: str
    label: str
    words: str


def _no_choices(_proposal: "ProposedAction") -> Sequence[Choice]:
    return ()


@dataclass(frozen=True)
class ActionHandler:
    """What deciding a single proposal does; both run inside the deciding transaction.

    With `choices` an approval names one of them, kept as `proposal.choice`. With `waits` the approved proposal
    stays under way until its app confirms it.
    """

    action_type: str
    title: str
    effects: Callable[["ProposedAction"], Sequence[str]]
    approve: Callable[["ProposedAction", str, str], None]
    reject: Callable[["ProposedAction", str, str], None] = _nothing
    approve_label: str = "Approve"
    reject_label: str = "Reject"
    choices: Callable[["ProposedAction"], Sequence[Choice]] = _no_choices
    waits: bool = False


def register(contract: Contract) -> None:
    """Make a contract known; called in `apps.ready()`."""
    _REGISTRY[contract.workflow_type] = contract


def register_handler(handler: ActionHandler) -> None:
    """Make the effect of a single proposal known; called in `apps.ready()`."""
    _HANDLERS[handler.action_type] = handler


def handler(action_type: str) -> ActionHandler | None:
    return _HANDLERS.get(action_type)


def all_handlers() -> list[ActionHandler]:
    return list(_HANDLERS.values())


def contract(workflow_type: str) -> Contract | None:
    return _REGISTRY.get(workflow_type)


def all_contracts() -> list[Contract]:
    return list(_REGISTRY.values())


def thresholds(definition: "WorkflowDefinition", declared: Contract) -> dict[str, Any]:
    """The declared thresholds with the edits made in the console; an unset one falls back."""
    return {**declared.thresholds, **{k: v for k, v in definition.thresholds.items() if v is not None}}
