"""How each order of a list stands now: blocked still, waited for, or proposed already."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from anomalies import handlers
from anomalies.models import OrderWait
from holds.actions.limits import EXTENSION
from workflows.models import ProposedAction

WORDS = {handlers.RELEASE: "release", EXTENSION: "higher limit"}


@dataclass(frozen=True)
class OrderStanding:
    """One order of a list. `proposed` are the open proposals of its release and of its customer's limit, in words."""

    id: int
    number: str
    blocked: bool
    wait: OrderWait | None
    proposed: Sequence[tuple[ProposedAction, str]]


def standings(orders: Sequence[dict[str, Any]], blocked: set[int], today: date) -> dict[int, OrderStanding]:
    """By primary key, for rows as a snapshot keeps them. Two queries."""
    waits = OrderWait.objects.newest_by_order([order["id"] for order in orders], today) if orders else {}
    found = _open_proposals(orders)
    return {
        order["id"]: OrderStanding(
            id=order["id"],
            number=order["number"],
            blocked=order["id"] in blocked,
            wait=waits.get(order["id"]),
            proposed=[(each, WORDS[each.action_type]) for each in found if _is_about(each, order)],
        )
        for order in orders
    }


def _open_proposals(orders: Sequence[dict[str, Any]]) -> list[ProposedAction]:
    rows = ProposedAction.objects.open().filter(action_type__in=WORDS)
    return list(rows.filter(customer__in={order["customer"] for order in orders}).order_by("pk"))


def _is_about(proposal: ProposedAction, order: dict[str, Any]) -> bool:
    if proposal.customer_id != order["customer"]:
        return False
    return proposal.action_type == EXTENSION or proposal.proposed_change_json["order"] == order["number"]
