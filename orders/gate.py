"""The one gate: whether an order may be committed, judged from the customer as it is now.

Every path that commits an order comes through `admit`: form, API, copy, re-opened order, import and release.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from customers.clock import business_today
from customers.models import Customer
from holds import blocks
from holds.actions import overrides
from holds.models import Override
from holds.rules import HoldVerdict
from netsuite.errors import Refusal
from netsuite.machine import LostRace
from netsuite.questions import Question, ask
from orders.carts import cart_of
from orders.models import Order, OrderLine, Release
from workflows.access import Actor

PAGE = "order"
SEE_WHY = "holds.view_servicehold"


class NotReady(Refusal):
    """The order lacks something; nothing is wrong with the customer's credit."""

    code = "not_ready"
    status = 422


class CustomerOnHold(Refusal):
    """The verdict, in words the caller may see, stands beside the refusal."""

    code = "customer_on_hold"
    status = 409

    def __init__(self, verdict: HoldVerdict, by: Actor) -> None:
        self.verdict = verdict
        super().__init__(verdict.reason or "The customer is on hold.", verdict=told(verdict, by))


@dataclass(frozen=True)
class Passage:
    """Why an order may go: the verdict, and for a customer on hold whose leave it has."""

    verdict: HoldVerdict
    override: Override | None = None
    release: Release | None = None


@dataclass(frozen=True)
class Case:
    """An order with its lines and its locked customer as they are stored, and what the block's policy needs."""

    order: Order
    customer: Customer
    policy: Sequence[list[Any]]


def check(order: Order, *, now: datetime) -> HoldVerdict:
    """The verdict on the order's customer as stored now. Raises NotReady without a customer."""
    customer = Customer.objects.filter(pk=order.customer_id or 0).first()
    if customer is None:
        raise NotReady("Pick a customer first.", code="no_customer")
    return blocks.verdict_on(PAGE, customer, tender=blocks.tender_of(order.tender), now=now)


def locked(order: Order) -> Case:
    """The order's case as stored; its customer stays locked until the caller's transaction ends.

    So a hold is placed before or after. Customers are locked before anything else, here as where holds are placed.
    One trip, with the beginning of the transaction. Raises NotReady without a customer, LostRace without the order.
    """
    questions = [
        Question(_customer_to_lock, key=order.customer_id or 0),
        Question(_orders_of, key=order.pk),
        Question(_lines_of, key=order.pk),
    ]
    customers, orders, lines, *policy = ask([*questions, *blocks.asked_for(PAGE)])
    if not customers:
        raise NotReady("Pick a customer first.", code="no_customer")
    if not orders:
        raise LostRace(None, "The order is gone.")
    return Case(_with_lines(orders[0], lines), customers[0], policy)


def judge(case: Case, *, now: datetime) -> HoldVerdict:
    """The verdict on a complete order. Raises NotReady."""
    _require_complete(case.order, case.customer)
    case.order.customer = case.customer
    return blocks.verdict_from(case.policy, case.customer, tender=blocks.tender_of(case.order.tender), now=now)


def admit(case: Case, *, by: Actor, now: datetime, grant: str = "") -> Passage:
    """Let the order through or raise, in the transaction that locked its customer and commits it.

    A manager's `grant` is spent here. Raises NotReady, CustomerOnHold, and what spending refuses.
    """
    verdict = judge(case, now=now)
    if not verdict.on_hold:
        return Passage(verdict)
    release = release_for(case.order, verdict)
    if release is not None:
        return Passage(verdict, release=release)
    if grant and not isinstance(by, str):
        cart = cart_of(case.order, cashier=by, block=blocks.of_page(PAGE))
        return Passage(verdict, override=overrides.spend(secret=grant, cart=cart, now=now, verdict=verdict))
    raise CustomerOnHold(verdict, by)


def admit_increase(customer: Customer, *, by: Actor, now: datetime) -> Passage:
    """More of a running subscription is a commitment on account; `customer` is locked. Raises CustomerOnHold."""
    verdict = blocks.verdict_on(PAGE, customer, now=now)
    if not verdict.on_hold:
        return Passage(verdict)
    release = _covering(Release.objects.for_customer(customer, business_today()), verdict)
    if release is None:
        raise CustomerOnHold(verdict, by)
    return Passage(verdict, release=release)


def require_held(case: Case, *, now: datetime) -> HoldVerdict:
    """The verdict on an order to be parked. Raises Refusal when the gate would let it through."""
    verdict = judge(case, now=now)
    if not verdict.on_hold or release_for(case.order, verdict) is not None:
        raise Refusal("Nothing holds this order: submit it.", code="not_on_hold", status=409)
    return verdict


def release_for(order: Order, verdict: HoldVerdict) -> Release | None:
    """A running release that covers this verdict; a service hold only by its own number."""
    return _covering(Release.objects.for_order(order, business_today()), verdict)


def _covering(releases: QuerySet[Release], verdict: HoldVerdict) -> Release | None:
    if verdict.source == "service_hold":
        releases = releases.filter(service_hold=verdict.note.hold_id) if verdict.note else releases.none()
    return releases.first()


def told(verdict: HoldVerdict, by: Actor) -> dict[str, Any]:
    """The verdict for the API; figures only for those who may see holds."""
    may_know = not isinstance(by, str) and by.has_perm(SEE_WHY)
    return {
        "on_hold": verdict.on_hold,
        "source": verdict.source,
        "label": verdict.label,
        "reason": verdict.reason,
        "overridable": verdict.overridable,
        "inputs": verdict.inputs if may_know else {},
        "evaluated_at": verdict.evaluated_at,
    }


def _customer_to_lock(keys: Sequence[int]) -> QuerySet[Customer]:
    return Customer.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by()


def _orders_of(keys: Sequence[int]) -> QuerySet[Order]:
    return Order.objects.filter(pk__in=keys).order_by()


def _lines_of(keys: Sequence[int]) -> QuerySet[OrderLine]:
    return OrderLine.objects.filter(order__in=keys).select_related("product")


def _with_lines(order: Order, lines: Sequence[OrderLine]) -> Order:
    """`order`, so that `order.lines.all()` asks nothing any more."""
    known = order.lines.all()
    known._result_cache = list(lines)
    order._prefetched_objects_cache = {"lines": known}  # type: ignore[attr-defined]
    return order


def _require_complete(order: Order, customer: Customer) -> None:
    if customer.is_inactive:
        raise NotReady(f"{customer} is inactive in NetSuite.", code="customer_inactive")
    lines = list(order.lines.all())
    if not lines:
        raise NotReady("Add a line first.", code="no_lines")
    gone = next((line.product for line in lines if not line.product.is_active), None)
    if gone is not None:
        raise NotReady(f"{gone} is no longer sold. Remove it.", code="product_not_sold")
