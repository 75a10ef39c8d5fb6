"""Keep the catalog and the sales taxes."""

from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from netsuite.errors import Refusal
from orders.actions.drafts import DEAREST
from orders.models import FREQUENCIES, Product, Provider, SalesTax
from workflows.access import require_person

FIELDS = ("sku", "name", "price", "currency", "unit", "is_active", "netsuite_id", "provider", "follows", "frequency")


def add_product(*, by: User, reason: str = "", **fields: Any) -> Product:
    """A new item. Raises Refusal for a number or NetSuite item that another one has."""
    require_person(by, "orders.add_product", "add items to the catalog")
    return _save(Product(), by, reason or "Added", fields)


def change_product(*, product: Product, by: User, reason: str, **fields: Any) -> Product:
    """Another price, name or state; orders keep the price they were taken at."""
    require_person(by, "orders.change_product", "change the catalog")
    _require_reason(reason)
    return _save(product, by, reason, fields)


def set_sales_tax(*, region: str, percent: Decimal, by: User, reason: str) -> SalesTax:
    """From now on new orders of this region's customers carry this tax; "" is everywhere else."""
    require_person(by, "orders.change_salestax", "change sales taxes")
    _require_reason(reason)
    if not percent.is_finite() or not 0 <= percent <= 100:
        raise Refusal("A tax is from 0 to 100 percent.", code="invalid_percent", status=400)
    with transaction.atomic():
        tax = SalesTax.objects.filter(region=region.strip()).first() or SalesTax(region=region.strip())
        tax.percent = percent
        _with_author(tax, by, reason)
        tax.save()
    return tax


def _save(product: Product, by: User, reason: str, fields: dict[str, Any]) -> Product:
    unknown = set(fields) - set(FIELDS)
    if unknown:
        raise TypeError(f"a product has no {', '.join(sorted(unknown))}")
    for name, value in fields.items():
        setattr(product, name, value.strip() if isinstance(value, str) else value)
    if not product.sku or not product.name:
        raise Refusal("An item has a number and a name.", code="name_required", status=400)
    if product.price is None or not 0 <= product.price <= DEAREST:
        raise Refusal(f"A price is from 0 to {DEAREST:,}.", code="invalid_price", status=400)
    _require_terms(product)
    _with_author(product, by, reason)
    try:
        with transaction.atomic():
            product.save()
    except IntegrityError:
        raise Refusal("Another item has this number or this NetSuite item.", code="not_unique", status=409) from None
    return product


def _require_terms(product: Product) -> None:
    """A subscription says who provisions it and how often it is billed; a linked one which other one it follows."""
    provider, follows = product.provider, product.follows
    if provider is None:
        if follows is not None or product.frequency:
            raise Refusal("Only a subscription has these. Name its provider.", code="provider_required", status=400)
        return
    if product.frequency not in dict(FREQUENCIES):
        raise Refusal("Say how often the subscription is billed.", code="frequency_required", status=400)
    if provider.kind == Provider.LINKED and follows is None:
        raise Refusal("A linked subscription follows another item. Name it.", code="follows_required", status=400)
    if follows is None:
        return
    if follows.provider_id is None:
        raise Refusal(f"{follows} is no subscription.", code="not_a_subscription", status=400)
    if product.pk is not None and product.pk in _followed(follows):
        raise Refusal("Items cannot follow each other in a circle.", code="circle", status=400)


def _followed(product: Product) -> set[int]:
    """The item and all that it follows."""
    found: set[int] = set()
    one: Product | None = product
    while one is not None and one.pk not in found:
        found.add(one.pk)
        one = one.follows
    return found


def _with_author(row: Any, by: User, reason: str) -> None:
    row._history_user, row._change_reason = by, reason.strip()


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise Refusal("Say why: the reason is kept with the change.", code="reason_required", status=400)
