"""Subscribe, and change what a customer subscribed to. Each change goes to the provider in its turn."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from customers.clock import business_today
from customers.models import Customer
from netsuite.errors import Refusal
from netsuite.machine import LostRace, born
from orders import gate
from orders.actions.drafts import DEAREST, MOST, add_line, create
from orders.actions.orders import submit
from orders.actions.starting import Terms, start
from orders.history import author
from orders.models import LicenseChange, Order, Product, Subscription
from orders.provisioning import carrying
from workflows import audit
from workflows.access import Actor, label, require, require_person

__all__ = ["Item", "Terms", "cancel", "change_price", "change_quantity", "end_expired", "start", "subscribe"]


@dataclass(frozen=True)
class Item:
    """So many licences of a product; `price` is for one licence and billing period (None: the catalog's)."""

    product: Product
    quantity: int
    price: Decimal | None = None
    discount_percent: Decimal = Decimal(0)


def subscribe(
    *,
    customer: Customer,
    items: Sequence[Item],
    by: User,
    terms: Terms | None = None,
    tender: str = Order.ON_ACCOUNT,
    po_number: str = "",
    source: str = "api",
) -> Order:
    """Order these and submit at once, through the gate like any order; refused, nothing is left behind.

    The order's lines have the subscriptions. Raises CustomerOnHold, NotReady.
    """
    require_person(by, "orders.add_subscription", "sell subscriptions")
    goods = next((item.product for item in items if item.product.provider_id is None), None)
    if goods is not None:
        raise Refusal(f"{goods} is not a subscription. Order it on the order form.", code="not_a_subscription")
    with transaction.atomic():
        order = create(by=by, customer=customer, tender=tender, po_number=po_number, source=source)
        for item in items:
            quantity, discount = Decimal(item.quantity), item.discount_percent
            add_line(
                order=order,
                product=item.product,
                quantity=quantity,
                price=item.price,
                discount_percent=discount,
                by=by,
            )
        order.refresh_from_db()
        return submit(order=order, by=by, terms=terms)


def change_quantity(
    *, subscription: Subscription, quantity: int, by: Actor, reason: str, effective_on: date | None = None
) -> LicenseChange:
    """More licences are a commitment and ask the order gate: CustomerOnHold. Fewer are always taken."""
    _require_right(by, reason)
    if not 1 <= quantity <= MOST:
        raise Refusal("Licences are at least one; to have none, cancel.", code="invalid_quantity", status=400)
    with transaction.atomic():
        fresh = _locked(subscription, by)
        if quantity == fresh.quantity:
            raise Refusal(f"{fresh} has {quantity} already.", code="nothing_to_change", status=409)
        if quantity > fresh.quantity:
            gate.admit_increase(fresh.customer, by=by, now=timezone.now())
        return _change(fresh, "quantity", by, reason, effective_on, quantity=quantity)


def change_price(
    *, subscription: Subscription, price: Decimal, by: Actor, reason: str, effective_on: date | None = None
) -> LicenseChange:
    """`price` is for one licence and billing period, before tax, in the subscription's currency."""
    _require_right(by, reason)
    if not price.is_finite() or not 0 <= price <= DEAREST or price != round(price, 2):
        raise Refusal(f"A price is from 0 to {DEAREST:,}, in cents.", code="invalid_price", status=400)
    with transaction.atomic():
        fresh = _locked(subscription, by)
        if price == fresh.price:
            raise Refusal(f"{fresh} costs that already.", code="nothing_to_change", status=409)
        return _change(fresh, "price", by, reason, effective_on, price=price)


def cancel(*, subscription: Subscription, by: Actor, reason: str, on: date | None = None) -> LicenseChange:
    """`on` is the first day without it (None: today). What follows it is cancelled with it, on the same day."""
    _require_right(by, reason)
    with transaction.atomic():
        return _cancel(_locked(subscription, by), by, reason, on or business_today())


def end_expired(*, today: date, by: Actor) -> int:
    """Cancel the subscriptions of contracts whose last day is over and which do not renew; how many were."""
    _require_right(by, "expired")
    over = Subscription.objects.filter(contract__renewal="expires", contract__ends_on__lt=today, cancelled_on=None)
    ended = 0
    for subscription in list(over.select_related("contract").order_by("pk")):
        with transaction.atomic():
            fresh = _locked(subscription, by)
            if fresh.cancelled_on is None:
                _cancel(fresh, by, f"{subscription.contract} ended", max(today, _earliest(fresh)))
                ended += 1
    return ended


def _cancel(subscription: Subscription, by: Actor, reason: str, on: date) -> LicenseChange:
    change = _change(subscription, "cancel", by, reason, on, quantity=0, cancelled_on=on)
    for child in subscription.children.filter(cancelled_on=None).select_related("customer", "product").order_by("pk"):
        _cancel(child, by, f"{subscription.number} was cancelled: {reason}", max(on, _earliest(child)))
    return change


def _change(
    subscription: Subscription, kind: str, by: Actor, reason: str, effective_on: date | None, **new: object
) -> LicenseChange:
    """Write the change and what is agreed from now on; in the caller's transaction, the customer locked."""
    day = effective_on or business_today()
    _require_day(subscription, day)
    before = {"quantity": subscription.quantity, "price": str(subscription.price)}
    change = LicenseChange(
        subscription=subscription,
        sequence=subscription.changes.count() + 1,
        kind=kind,
        quantity_before=subscription.quantity,
        price_before=subscription.price,
        effective_on=day,
        requested_by=label(by),
    )
    _agree(subscription, by, reason, new)
    change.quantity_after, change.price_after = subscription.quantity, subscription.price
    change.save(force_insert=True)
    born(change, by=label(by), reason=reason.strip())
    _record(change, by, reason, before)
    carrying.ring()
    return change


def _agree(subscription: Subscription, by: Actor, reason: str, new: dict[str, object]) -> None:
    for name, value in new.items():
        setattr(subscription, name, value)
    author(subscription, by, reason)
    subscription.save(update_fields=list(new))


def _record(change: LicenseChange, by: Actor, reason: str, before: dict[str, object]) -> None:
    audit.record(
        f"subscription_{change.kind}",
        by=by,
        reason=reason.strip(),
        entity_ref=f"subscription:{change.subscription.key}",
        customer=change.subscription.customer,
        before=before,
        after={
            "quantity": change.quantity_after,
            "price": str(change.price_after),
            "effective_on": change.effective_on.isoformat(),
        },
    )


def _locked(subscription: Subscription, by: Actor) -> Subscription:
    """As stored, with its customer locked. Raises LostRace for one that is cancelled, 404 for somebody else's."""
    list(Customer.objects.select_for_update(no_key=True).filter(pk=subscription.customer_id))
    rows = Subscription.objects.all() if isinstance(by, str) else Subscription.objects.visible_to(by)
    fresh = rows.select_related("customer", "product").filter(pk=subscription.pk).first()
    if fresh is None:
        raise Refusal("There is no such subscription.", code="not_found", status=404)
    if fresh.cancelled_on is not None:
        raise LostRace(None, f"{fresh} is cancelled.", code="cancelled")
    return fresh


def _require_day(subscription: Subscription, day: date) -> None:
    """Changes are carried out in their order: none takes effect before one that was asked for earlier."""
    if day < business_today():
        raise Refusal("A change takes effect today or later.", code="in_the_past", status=400)
    earliest = _earliest(subscription)
    if day < earliest:
        words = f"An earlier change takes effect on {earliest}; this one cannot come before it."
        raise Refusal(words, code="before_earlier_change", status=409)


def _earliest(subscription: Subscription) -> date:
    last = subscription.changes.order_by("-sequence").values_list("effective_on", flat=True).first()
    return last or subscription.starts_on


def _require_right(by: Actor, reason: str) -> None:
    require(by, "orders.change_subscription", "change subscriptions")
    if not reason.strip():
        raise Refusal("Say why: the reason is kept with the change.", code="reason_required", status=400)
