"""What upper apps know about a customer and a proposal, shown to whoever decides.

The kernel draws the page; `holds` and others register what stands on it, in `apps.ready()`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from customers.models import Customer
    from workflows.models import ProposedAction


@dataclass(frozen=True)
class Why:
    """One line of the Why table: the rule, this customer's figure, the result in a word."""

    rule: str
    figure: str
    result: str


@dataclass(frozen=True)
class Earlier:
    """An earlier hold and how it ended; `amount` is the AR balance then, base currency."""

    held: date
    outcome: str
    detail: str
    amount: Decimal


@dataclass(frozen=True)
class Standing:
    """A pause or a dispute, and what it means for this decision."""

    what: str
    state: str
    effect: str
    address: str = ""


@dataclass(frozen=True)
class About:
    """What an app knows about a customer. `invoice_notes` by the transaction's primary key."""

    earlier: Sequence[Earlier] = ()
    standing: Sequence[Standing] = ()
    invoice_notes: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Lift:
    """The way back: where a person undoes what was approved."""

    label: str
    address: str


@dataclass(frozen=True)
class Wording:
    """How proposals of one type speak. `heading` is a question while open, a finding afterwards.

    `beyond` says what else approving would stop, outside of what its steps do.
    """

    heading: Callable[["ProposedAction"], str]
    approve_label: str
    why: Callable[["ProposedAction"], Sequence[Why]] = lambda _proposal: ()
    effects: Callable[["ProposedAction"], Sequence[str]] = lambda _proposal: ()
    beyond: Callable[["ProposedAction"], Sequence[str]] = lambda _proposal: ()
    undo: str = ""
    lift: Callable[["ProposedAction"], Lift | None] = lambda _proposal: None
    in_force: Callable[["ProposedAction"], bool] = lambda _proposal: False


_SOURCES: list[Callable[["Customer", date], About]] = []
_WORDINGS: dict[str, Wording] = {}


def register_source(source: Callable[["Customer", date], About]) -> None:
    if source not in _SOURCES:
        _SOURCES.append(source)


def register_wording(action_type: str, wording: Wording) -> None:
    _WORDINGS[action_type] = wording


def wording_of(action_type: str) -> Wording | None:
    return _WORDINGS.get(action_type)


def about(customer: "Customer", day: date) -> About:
    """All that the registered apps know about a customer on `day` (business date)."""
    found = [source(customer, day) for source in _SOURCES]
    return About(
        earlier=[row for one in found for row in one.earlier],
        standing=[row for one in found for row in one.standing],
        invoice_notes={pk: note for one in found for pk, note in one.invoice_notes.items()},
    )
