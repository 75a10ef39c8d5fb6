"""What blocked orders are acted on for: an alert, or the card of the orders that are on credit hold now."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

from anomalies import group
from anomalies.actions.alerts import require_open
from anomalies.cards.base import Filters
from anomalies.cards.orders_on_hold import CARD
from anomalies.models import Alert
from customers.clock import business_today
from workflows.access import require
from workflows.wording import day

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@dataclass(frozen=True)
class Ground:
    """The blocked orders that may be acted on, and what is said and kept of why.

    `origin` leads the rationale of each proposal; `kind` and `key` name the ground in evidence and audit. `orders` are
    rows as a snapshot keeps them, `seen_on` is their day. `check` raises Refusal where nothing may be done any more.
    """

    kind: str
    key: int | str
    origin: str
    orders: Sequence[dict[str, Any]]
    seen_on: date
    check: Callable[[], None]

    @property
    def ref(self) -> str:
        return f"{self.kind}:{self.key}"

    @property
    def evidence(self) -> Mapping[str, Any]:
        return {self.kind: self.key}


def of_alert(alert: Alert) -> Ground:
    """The orders that an alert is about, while it is open."""
    return Ground(
        kind="alert",
        key=alert.pk,
        origin=f"{alert.rule.title} of {day(alert.date)}:",
        orders=group.orders_of(alert),
        seen_on=alert.date,
        check=partial(require_open, alert),
    )


def of_card(user: "User") -> Ground:
    """The orders that this person finds on the card of orders on credit hold, whatever its alerts say."""
    today = business_today()
    return Ground(
        kind="card",
        key=CARD.slug,
        origin=f"{CARD.title}, {day(today)}:",
        orders=list(CARD.rows(day=today, filters=Filters(), user=user)),
        seen_on=today,
        check=partial(require, user, CARD.permission, "see this card"),
    )
