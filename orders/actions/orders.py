"""Everything that can be done with an order. Only `submit` commits one, and only through the gate."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from customers.clock import business_today
from holds import blocks
from holds.actions import overrides
from holds.pins import GrantRefused
from netsuite.machine import LostRace, move
from netsuite.writing import together
from orders import gate, sales_orders
from orders.actions.drafts import (
    OrderClosed,
    add_line,
    change_line,
    create,
    duplicate,
    remove_line,
    reopen,
    set_customer,
    set_details,
    set_tender,
)
from orders.actions.parking import cancel, end_release, hold, release, take_back
from orders.actions.starting import Terms, start
from orders.carts import cart_of
from orders.gate import CustomerOnHold, NotReady, Passage
from orders.models import Order
from workflows import audit
from workflows.access import label, require_person
from workflows.wording import moment

__all__ = [
    "AlreadySubmitted",
    "CustomerOnHold",
    "NotReady",
    "OrderClosed",
    "add_line",
    "cancel",
    "change_line",
    "create",
    "duplicate",
    "end_release",
    "hold",
    "release",
    "remove_line",
    "reopen",
    "set_customer",
    "set_details",
    "set_tender",
    "submit",
    "take_back",
]


class AlreadySubmitted(LostRace):
    """Somebody was faster, or clicked twice; says who and when."""

    code = "already_submitted"

    def __init__(self, order: Order) -> None:
        when = moment(order.submitted_at) if order.submitted_at else ""
        extra = {"submitted_by": order.submitted_by, "submitted_at": order.submitted_at}
        super().__init__(order, f"{order} was submitted by {order.submitted_by}, {when}.", **extra)


def submit(
    *, order: Order, by: User, grant: str = "", now: datetime | None = None, terms: Terms | None = None
) -> Order:
    """Commit the order if the gate lets it through, and queue it for NetSuite; answers it as it is now.

    Its subscriptions start in the same transaction, under a contract with `terms`.

    `order` is the one that was seen: with another version stored by now nothing is submitted. `grant` is a manager's
    one-time leave, spent here. Raises CustomerOnHold, NotReady, AlreadySubmitted, LostRace and GrantRefused.
    """
    require_person(by, "orders.submit_order", "submit orders")
    at = now or timezone.now()
    try:
        with together():
            return _submit(order, by, grant, at, terms)
    except GrantRefused as refusal:
        cart = cart_of(order, cashier=by, block=blocks.of_page(gate.PAGE))
        overrides.note_refused(cart=cart, refusal=refusal, now=at)
        raise


def _submit(order: Order, by: User, grant: str, at: datetime, terms: Terms | None) -> Order:
    case = gate.locked(order)
    fresh = case.order
    _require_as_seen(fresh, order)
    passage = gate.admit(case, by=by, now=at, grant=grant)
    push = sales_orders.enqueue(fresh, by=label(by), today=business_today())
    seen = {"version": fresh.version, "customer": fresh.customer}
    facts = {**_judgement(passage, at), "submitted_at": at, "submitted_by": label(by), "push": push, "notice": ""}
    move(fresh, "submit", by=label(by), reason=_why(passage), where=seen, **facts)
    if passage.verdict.on_hold:
        _record(fresh, passage, by)
    start(fresh, customer=case.customer, by=by, today=business_today(), terms=terms)
    return fresh


def _require_as_seen(stored: Order, seen: Order) -> None:
    """Raises AlreadySubmitted, and LostRace when the order moved on since it was seen."""
    if stored.status == "submitted":
        raise AlreadySubmitted(stored)
    if stored.status not in ("draft", "released"):
        raise LostRace(stored, f"{stored} is {stored.get_status_display().lower()}.")
    if (stored.version, stored.customer_id) != (seen.version, seen.customer_id):
        raise LostRace(
            stored, f"{stored} changed since it was shown. Look at it, then try again.", code="stale_version"
        )


def _judgement(passage: Passage, at: datetime) -> dict[str, Any]:
    """What the gate found, stored so that anybody can compute it again."""
    return {
        "verdict": blocks.stored(passage.verdict),
        "formula": passage.verdict.formula,
        "judged_at": at,
        "override": passage.override,
        "leave": passage.release,
    }


def _why(passage: Passage) -> str:
    if passage.override is not None:
        return f"on hold, allowed by {passage.override.manager}"
    if passage.release is not None:
        return f"on hold, released by {passage.release.by}: {passage.release.reason}"[:500]
    return ""


def _record(order: Order, passage: Passage, by: User) -> None:
    """An order that went through although its customer is on hold is a decision."""
    audit.record(
        "order_let_through",
        by=by,
        reason=_why(passage),
        entity_ref=f"order:{order.key}",
        customer=order.customer,
        evidence={"verdict": order.verdict, "total": str(order.total), "currency": order.currency},
        after={"status": "submitted"},
    )
