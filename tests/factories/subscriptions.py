"""A catalog with a provider of each kind, and subscriptions made by the real actions."""

from decimal import Decimal
from typing import Any

from customers.models import Customer
from netsuite.machine import move
from netsuite.models import Push
from orders import outcomes
from orders.actions import provisioning, subscriptions
from orders.actions.subscriptions import Item
from orders.models import LicenseChange, Order, Product, Provider, ProviderAccount, Subscription
from tests.factories.customers import CustomerFactory
from tests.factories.orders import ProductFactory

TEAM = "licences@holdgate.example"


def provider(kind: str = "automatic", **fields: Any) -> Provider:
    """The one of this kind."""
    more = {"automatic": {"url": "https://licences.example/api"}, "manual": {"team_email": TEAM}}.get(kind, {})
    made, _ = Provider.objects.get_or_create(
        slug=fields.pop("slug", kind), defaults={"name": f"The {kind} one", "kind": kind, **more, **fields}
    )
    return made


def product(kind: str = "automatic", *, price: int | str = 10, **fields: Any) -> Product:
    """An item that this kind of provider provisions, 10 a licence and month."""
    fields.setdefault("name", f"{kind.title()} seats")
    return ProductFactory(provider=provider(kind), price=Decimal(price), frequency="monthly", **fields)


def items(*kinds: str, quantity: int = 5) -> list[Item]:
    """One of each kind; a linked one follows the first."""
    found: list[Product] = []
    for kind in kinds:
        more = {"follows": found[0]} if kind == "linked" else {}
        found.append(product(kind, **more))
    return [Item(each, quantity) for each in found]


def subscribed(by: Any, *kinds: str, customer: Customer | None = None, quantity: int = 5, **fields: Any) -> Order:
    """A submitted order with a subscription of each kind."""
    whose = customer or CustomerFactory(name="Harbor Deli", terms="Net 30")
    return subscriptions.subscribe(customer=whose, items=items(*kinds, quantity=quantity), by=by, **fields)


def subscription(by: Any, kind: str = "nothing", **fields: Any) -> Subscription:
    return of(subscribed(by, kind, **fields))[0]


def of(order: Order) -> list[Subscription]:
    """The order's subscriptions, in the order of its lines."""
    return list(Subscription.objects.filter(order_line__order=order).order_by("order_line"))


def open_accounts() -> None:
    """The automatic providers know their customers."""
    for account in ProviderAccount.objects.filter(opened_at=None).select_related("push"):
        assert account.push is not None
        answered(account.push)


def answered(push: Push, refusal: str = "") -> None:
    """The provider took it, or refused with these words; the outcome is taken over as after a real push."""
    push.refresh_from_db()
    if push.status == "queued":
        Push.objects.filter(pk=push.pk).update(
            status="sending", lease_token=push_token(), lease_until="2999-01-01T00:00Z"
        )
    if refusal:
        move(push, "fail", by="test", last_error_code="refused", last_error_detail=refusal)
    else:
        proof = {"read_back": {"id": "77", "reference": "R-77", "tranId": "INV000077"}, "http_status": 200}
        move(push, "confirm", by="test", applied_at="2026-03-16T14:00Z", evidence=proof)
    outcomes.push_settled(Push.objects.get(pk=push.pk))


def push_token() -> str:
    return "00000000-0000-4000-8000-000000000000"


def states() -> list[str]:
    """Of all changes, in the order of the orders' lines."""
    found = LicenseChange.objects.order_by("subscription__order_line", "sequence")
    return list(found.values_list("status", flat=True))


def held_account(mike: Any, customer: Customer) -> Customer:
    """The switch is on, and the account's credit hold is Yes."""
    if not provisioning.gate.switch_is_on():
        provisioning.enable_credit_hold(on=True, by=mike, reason="We provision what is paid")
    provisioning.set_account_hold(customer=customer, credit_hold=True, by=mike, reason="Over 60 days late")
    return customer
