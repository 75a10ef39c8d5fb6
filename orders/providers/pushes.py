"""What an automatic provider is asked to do, as pushes of the provider's own channel."""

from typing import Any

from netsuite import outbox
from netsuite.models import Push
from orders.models import LicenseChange, Provider, ProviderAccount

FAMILY = "provider"
CHANNELS = f"{FAMILY}:"
ACCOUNT = "account-"


def channel_of(provider: Provider) -> str:
    return f"{CHANNELS}{provider.slug}"


def is_ours(push: Push) -> bool:
    """Does the push go to a provider, and not to NetSuite?"""
    return push.channel.startswith(CHANNELS)


def reference_of(push: Push) -> str:
    """The provider's own number in the proof of an applied push; "" when it gave none."""
    return str((push.evidence or {}).get("read_back", {}).get("reference") or "")[:128]


def enqueue_change(change: LicenseChange, *, by: str) -> Push:
    """Queue the change in the caller's transaction; the caller has judged that it may go. Price: one licence, net."""
    subscription = change.subscription
    return outbox.enqueue(
        channel=channel_of(subscription.provider),
        key=f"subscription:{subscription.key}",
        record_type=subscription.provider.slug,
        record_id=str(change.key),
        operation=Push.Operation.UPSERT,
        body=_body_of_change(change),
        by=by,
        label=f"{subscription.product} × {change.quantity_after} for {subscription.customer}"[:200],
    )


def enqueue_account(account: ProviderAccount, *, by: str) -> Push:
    """Queue the opening of the customer's account in the caller's transaction."""
    customer, provider = account.customer, account.provider
    return outbox.enqueue(
        channel=channel_of(provider),
        key=f"provider-account:{customer.netsuite_id}:{provider.slug}",
        record_type=provider.slug,
        record_id=f"{ACCOUNT}{customer.netsuite_id}",
        operation=Push.Operation.UPSERT,
        body={"customer": customer.netsuite_id, "name": customer.name, "email": customer.email},
        by=by,
        label=f"Account of {customer} at {provider}"[:200],
    )


def _body_of_change(change: LicenseChange) -> dict[str, Any]:
    subscription = change.subscription
    return {
        "kind": change.kind,
        "subscription": str(subscription.key),
        "sequence": change.sequence,
        "customer": subscription.customer.netsuite_id,
        "sku": subscription.product.sku,
        "quantity": change.quantity_after,
        "price": f"{change.price_after:.2f}",
        "currency": subscription.currency,
        "effective_on": change.effective_on.isoformat(),
    }
