"""What a submitted order starts: contract, subscriptions, their first changes, provider accounts, the first invoice.

None of it waits for a hold on provisioning, and all of it happens in the transaction that submits the order.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from customers.models import Customer
from netsuite.machine import born_many
from orders import providers
from orders.actions.billing import bill_next_period
from orders.gate import NotReady
from orders.history import author
from orders.models import (
    BillingContract,
    LicenseChange,
    Order,
    OrderLine,
    Product,
    Provider,
    ProviderAccount,
    Subscription,
)
from orders.provisioning import carrying
from orders.rules import HUNDRED, cents
from workflows.access import Actor, label


@dataclass(frozen=True)
class Terms:
    """Of the contract: its first day (None: today), its last one (None: until cancelled), and what follows then."""

    starts_on: date | None = None
    ends_on: date | None = None
    renewal: str = "auto"


def start(
    order: Order, *, customer: Customer, by: Actor, today: date, terms: Terms | None = None
) -> BillingContract | None:
    """Start the order's subscriptions, if it has any; `customer` is locked and `order.lines` are read already.

    Raises NotReady, naming the line that cannot be started.
    """
    lines = [line for line in order.lines.all() if line.product.provider_id is not None]
    if not lines:
        return None
    _use_providers(lines)
    contract = _contract(order, customer, lines, terms or Terms(), by, today)
    subscriptions = _subscribe(contract, lines, by, today)
    _first_changes(subscriptions, by)
    _open_accounts(customer, lines, by)
    if contract.starts_on <= today:
        bill_next_period(contract, by=label(by), today=today)
    carrying.ring()
    return contract


def _use_providers(lines: Sequence[OrderLine]) -> None:
    """Put each product's provider on it, in one query. Raises NotReady for one that is not in use."""
    found = Provider.objects.in_bulk({line.product.provider_id for line in lines if line.product.provider_id})
    for line in lines:
        line.product.provider = found[line.product.provider_id or 0]
        if not line.product.provider.is_active:
            words = f"{line.product} cannot be provisioned: {line.product.provider} is not in use."
            raise NotReady(words, code="provider_not_in_use")
        if line.quantity != line.quantity.to_integral_value():
            raise NotReady(f"{line.product} is sold by the licence: type a whole number.", code="whole_licences")


def _contract(
    order: Order, customer: Customer, lines: Sequence[OrderLine], terms: Terms, by: Actor, today: date
) -> BillingContract:
    starts_on = terms.starts_on or today
    _require_dates(starts_on, terms, today)
    contract = BillingContract(
        number=order.number.replace("SO-", "BC-"),
        customer=customer,
        order=order,
        starts_on=starts_on,
        ends_on=terms.ends_on,
        renewal=terms.renewal,
        frequency=_frequency(lines),
        currency=order.currency,
        next_bill_on=starts_on,
    )
    author(contract, by, f"{order} submitted")
    contract.save(force_insert=True)
    return contract


def _require_dates(starts_on: date, terms: Terms, today: date) -> None:
    if starts_on < today:
        raise NotReady("A subscription starts today or later.", code="starts_in_the_past")
    if terms.ends_on is not None and terms.ends_on < starts_on:
        raise NotReady("A contract ends after it starts.", code="ends_before_start")
    if terms.renewal not in dict(BillingContract.RENEWALS):
        raise NotReady("A contract renews by itself, or ends.", code="invalid_renewal")


def _frequency(lines: Sequence[OrderLine]) -> str:
    """One contract is billed in one rhythm."""
    found = {line.product.frequency or "monthly": line.product for line in lines}
    if len(found) > 1:
        named = " and ".join(f"{product} {frequency}" for frequency, product in sorted(found.items()))
        raise NotReady(f"Billed differently: {named}. Put them on orders of their own.", code="frequencies_differ")
    return next(iter(found))


def _subscribe(contract: BillingContract, lines: Sequence[OrderLine], by: Actor, today: date) -> list[Subscription]:
    """Parents before what follows them, also where the order names them the other way round."""
    running = _running_parents(contract, lines, today)
    waiting, made = list(enumerate(lines, start=1)), list[Subscription]()
    ordered = {line.product_id for line in lines}
    while waiting:
        here = {each.product_id: each for each in made}
        ready = [pair for pair in waiting if _parent_is_known(pair[1].product, here, ordered)]
        if not ready:
            raise NotReady(f"{waiting[0][1].product} follows itself in the catalog.", code="no_parent")
        parents = {**running, **here}
        made += _save([_subscription(contract, number, line, parents, by) for number, line in ready])
        waiting = [pair for pair in waiting if pair not in ready]
    return made


def _running_parents(contract: BillingContract, lines: Sequence[OrderLine], today: date) -> Mapping[int, Subscription]:
    """By product: the customer's newest running subscription of each item that another one here follows."""
    followed = {line.product.follows_id for line in lines if line.product.follows_id}
    if not followed:
        return {}
    mine = Subscription.objects.running(today).filter(customer=contract.customer, product__in=followed)
    return {each.product_id: each for each in mine.order_by("pk")}


def _parent_is_known(product: Product, here: Mapping[int, Subscription], ordered: Iterable[int]) -> bool:
    return product.follows_id is None or product.follows_id in here or product.follows_id not in ordered


def _subscription(
    contract: BillingContract, number: int, line: OrderLine, parents: Mapping[int, Subscription], by: Actor
) -> Subscription:
    product = line.product
    assert product.provider is not None
    return Subscription(
        number=f"{contract.number.replace('BC-', 'SUB-')}-{number}",
        contract=contract,
        customer=contract.customer,
        product=product,
        order_line=line,
        provider=product.provider,
        parent=_parent(product, parents),
        quantity=int(line.quantity),
        price=price_of(line),
        currency=contract.currency,
        starts_on=contract.starts_on,
        created_by=label(by),
    )


def price_of(line: OrderLine) -> Decimal:
    """For one licence and billing period, after the line's discount."""
    return cents(line.price * (HUNDRED - line.discount_percent) / HUNDRED)


def _parent(product: Product, parents: Mapping[int, Subscription]) -> Subscription | None:
    assert product.provider is not None
    if product.follows_id is None and product.provider.kind == Provider.LINKED:
        raise NotReady(f"{product} is linked, but the catalog does not say to what.", code="no_parent")
    if product.follows_id is None:
        return None
    if product.follows_id not in parents:
        words = f"{product} follows {product.follows}, and the customer has none. Order that one too."
        raise NotReady(words, code="no_parent")
    return parents[product.follows_id]


def _save(subscriptions: list[Subscription]) -> list[Subscription]:
    made = Subscription.objects.bulk_create(subscriptions)
    Subscription.history.bulk_history_create(made, default_change_reason=f"{made[0].created_by}: ordered")
    return made


def _first_changes(subscriptions: Sequence[Subscription], by: Actor) -> None:
    changes = [
        LicenseChange(
            subscription=each,
            sequence=1,
            kind="new",
            quantity_after=each.quantity,
            price_after=each.price,
            effective_on=each.starts_on,
            requested_by=label(by),
        )
        for each in subscriptions
    ]
    born_many(LicenseChange.objects.bulk_create(changes), by=label(by), reason="ordered")


def _open_accounts(customer: Customer, lines: Sequence[OrderLine], by: Actor) -> None:
    """At each automatic provider that does not know the customer yet; also while provisioning waits."""
    wanted = {line.product.provider for line in lines if line.product.provider}
    automatic = {provider for provider in wanted if provider.kind == Provider.AUTOMATIC}
    if not automatic:
        return
    known = set(ProviderAccount.objects.filter(customer=customer).values_list("provider", flat=True))
    for provider in sorted(automatic, key=lambda each: each.slug):
        if provider.pk not in known:
            account = ProviderAccount.objects.create(customer=customer, provider=provider)
            account.push = providers.enqueue_account(account, by=label(by))
            account.save(update_fields=["push"])
