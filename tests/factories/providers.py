"""Providers with changes that may go: made as rows, for tests of how they travel."""

import datetime as dt
from decimal import Decimal
from typing import Any

from customers.models import Customer
from netsuite.machine import born_many
from orders.models import BillingContract, LicenseChange, Product, Provider, Subscription
from orders.providers.endpoint.server import DEMO_SECRET
from tests.factories.customers import CustomerFactory
from tests.factories.orders import ProductFactory

DAY = dt.date(2026, 3, 16)


def automatic(url: str = "http://127.0.0.1:9", slug: str = "cloud", **fields: Any) -> Provider:
    """A provider with the demo endpoint's key."""
    provider = Provider(slug=slug, name=slug.title(), kind=Provider.AUTOMATIC, url=url, **fields)
    provider.secret = DEMO_SECRET
    provider.save()
    return provider


def changes(
    count: int, provider: Provider, *, customer: Customer | None = None, product: Product | None = None
) -> list[LicenseChange]:
    """So many new subscriptions of one customer, none of which anybody was asked for."""
    customer = customer or CustomerFactory(name="Harbor Deli")
    product = product or ProductFactory(provider=provider, frequency="monthly")
    first = Subscription.objects.count()
    contract = BillingContract.objects.create(number=f"BC-{first}", customer=customer, starts_on=DAY)
    rows = [
        Subscription(
            number=f"SU-{first + number}",
            contract=contract,
            customer=customer,
            product=product,
            provider=provider,
            quantity=number + 1,
            price=Decimal("25.00"),
            starts_on=DAY,
            created_by="mike",
        )
        for number in range(count)
    ]
    made = Subscription.objects.bulk_create(rows)
    rows_of_changes = LicenseChange.objects.bulk_create([_first(subscription) for subscription in made])
    born_many(rows_of_changes, by="mike")
    return rows_of_changes


def _first(subscription: Subscription) -> LicenseChange:
    return LicenseChange(
        subscription=subscription,
        sequence=1,
        kind="new",
        quantity_after=subscription.quantity,
        price_after=subscription.price,
        effective_on=DAY,
        requested_by="mike",
    )
