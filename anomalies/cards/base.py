"""What a card is, and what it says of a day."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from django.db.models import QuerySet

from anomalies.definitions import METRICS, Unit
from anomalies.models import Alert
from anomalies.rules import Point
from customers.models import Customer

State = Literal["performing", "stable", "needs_attention", "unknown"]
STATES: dict[State, str] = {
    "performing": "Performing",
    "stable": "Stable",
    "needs_attention": "Needs attention",
    "unknown": "Not enough data",
}
STATE_CHOICES = list(STATES.items())
# Sign and tint of each state, the same on every page.
MARKS: dict[State, tuple[str, str]] = {
    "performing": ("check", "green"),
    "stable": ("dash", "slate"),
    "needs_attention": ("warning", "amber"),
    "unknown": ("clock", "slate"),
}
Kind = Literal["text", "count", "number", "money", "share", "days", "date"]
Ranked = QuerySet | Sequence[Any]


@dataclass(frozen=True)
class Column:
    """One column of a drill-down. Money is in base currency, a share 0.5 for 50 %."""

    key: str
    title: str
    kind: Kind = "text"


@dataclass(frozen=True)
class Row:
    """One row as shown: the customer whose page it leads to, a figure by column, words below the name.

    `order` is the primary key of the blocked order that the row is, on a card that has `verbs`.
    """

    customer: Customer | None
    name: str
    values: Mapping[str, Any]
    below: str = ""
    order: int | None = None


@dataclass(frozen=True)
class Choice:
    """One filter of a drill-down beside scope and search: its name, its title, value and word of each choice."""

    name: str
    title: str
    choices: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Filters:
    """What a drill-down is narrowed by; `picked` by the names of the card's choices."""

    scope: str = "all"
    scope_value: str = ""
    search: str = ""
    picked: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Card:
    """One question about receivables: its figures, and the customers or orders behind them.

    `ranked` gives the rows in order for a person (`rows` is how to call it), `shown` turns one page of them into
    what is read. `compare_days` is how far back the change of the headline figure looks. `said` is the headline
    with `{}` for the figure, `said_one` where it is 1. `verbs` are the actions on a row; such rows are orders as a
    snapshot keeps them.
    """

    slug: str
    title: str
    question: str
    metric: str
    also: tuple[str, ...]
    netsuite: str
    compare_days: int
    columns: tuple[Column, ...]
    ranked: Callable[[date, Filters, Any], Ranked]
    shown: Callable[[Sequence[Any], date], list[Row]]
    rows_title: str
    said: str
    said_one: str = ""
    order: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    permission: str = "anomalies.view_card"
    verbs: tuple[str, ...] = ()

    @property
    def unit(self) -> Unit:
        return METRICS[self.metric].unit

    @property
    def metrics(self) -> tuple[str, ...]:
        return (self.metric, *self.also)

    def rows(self, *, day: date, filters: Filters, user: Any) -> Ranked:
        """The drill-down, worst first: a queryset, or a list where the day's snapshot has it. Own customers only
        for whoever may not see all."""
        return self.ranked(day, filters, user)


@dataclass(frozen=True)
class Reading:
    """What a card says of a day. `value`, `change` and `points` are in `unit`, money in base currency.

    `day` is the newest day with a figure up to the day asked for, None without any; `change` is the difference to
    the same figure `change_days` before. `points` are complete days only, oldest first. `alerts` are the open ones
    on any of the card's metrics.
    """

    slug: str
    title: str
    value: Decimal | None
    unit: Unit
    change: Decimal | None
    state: State
    why: str
    day: date | None
    is_partial: bool
    points: tuple[Point, ...]
    change_days: int = 30
    also: Mapping[str, Decimal] = field(default_factory=dict)
    alerts: tuple[Alert, ...] = ()
    counted_at: datetime | None = None

    @property
    def state_word(self) -> str:
        return STATES[self.state]
