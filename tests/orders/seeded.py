"""Bugs seeded by hand into a subscription: each answers what the checker must say."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from django.contrib.auth.models import User

from netsuite.machine import Transition
from orders.actions import provisioning, subscriptions
from orders.models import BillingContract, Invoice, LicenseChange, ProvisioningNotice, Subscription
from tests.factories.subscriptions import open_accounts, subscription

LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)


def seats(kind: str = "nothing", *, carried_out: bool = True) -> Subscription:
    """Of a customer without any hold."""
    mike = User.objects.get(username="mike")
    mine = subscription(mike, kind)
    if carried_out:
        provisioning.advance(by="runner")
    return mine


def change_of(mine: Subscription, **wrong: Any) -> LicenseChange:
    """Its first change, made wrong past the actions."""
    mine.changes.filter(sequence=1).update(**wrong)
    return mine.changes.get(sequence=1)


def overtaken() -> str:
    mine = seats("manual", carried_out=False)
    subscriptions.change_quantity(subscription=mine, quantity=6, by=User.objects.get(username="mike"), reason="More")
    mine.changes.filter(sequence=2).update(asked_at=LONG_AGO)
    return f"Change {mine.number}/2 was let go before 1, which is not carried out."


def quietly_provisioned() -> str:
    mine = seats()
    Subscription.objects.filter(pk=mine.pk).update(provisioned_quantity=9)
    return f"Subscription {mine.number}: 9 provisioned, its changes say 0."


def nameless_change() -> str:
    return f"Change {change_of(seats(), requested_by='')} names nobody."


def forgotten_change() -> str:
    mine = seats(carried_out=False)
    return f"Change {change_of(mine, requested_at=LONG_AGO)} may go, and nobody was asked."


def answer_nobody_read() -> str:
    mine = seats("automatic", carried_out=False)
    open_accounts()
    push = mine.changes.get().push
    assert push is not None
    type(push).objects.filter(pk=push.pk).update(status="failed", created_at=LONG_AGO)
    return f"Change {mine.number}/1 is awaiting, and its push is failed."


def invoice_in_silence() -> str:
    seats()
    Invoice.objects.update(push=None)
    return f"Invoice {Invoice.objects.get()} is not queued for NetSuite."


def sender_that_died() -> str:
    mine = seats("manual")
    ProvisioningNotice.objects.update(claimed_at=LONG_AGO)
    return f"The mail about change {mine.number}/1 was claimed, and nobody knows what became of it."


def forgotten_period() -> str:
    seats()
    BillingContract.objects.update(next_bill_on=date(2001, 1, 1))
    return f"Contract {BillingContract.objects.get()} should have been billed on 2001-01-01."


def other_total() -> str:
    seats()
    Invoice.objects.update(total=7)
    return f"Invoice {Invoice.objects.get()}: its lines come to 50.00, it says 7.00."


def broken_chain() -> str:
    mine = seats()
    subscriptions.change_quantity(subscription=mine, quantity=6, by=User.objects.get(username="mike"), reason="More")
    provisioning.advance(by="runner")
    mine.changes.filter(sequence=2).update(quantity_before=4)
    return f"Subscription {mine.number}: its changes do not follow each other."


def other_quantity() -> str:
    mine = seats()
    Subscription.objects.filter(pk=mine.pk).update(quantity=9)
    return f"Subscription {mine.number} has 9, its changes say otherwise."


def subscription_without_changes() -> str:
    mine = seats()
    Transition.objects.for_row(mine.changes.get()).delete()
    mine.changes.all().delete()
    return f"Subscription {mine.number} has no changes."


SEEDED: dict[str, list[Callable[[], str]]] = {
    "changes_keep_their_order": [overtaken],
    "provisioned_quantities_follow": [quietly_provisioned],
    "changes_name_an_actor": [nameless_change],
    "changes_do_not_linger": [forgotten_change],
    "outcomes_are_taken_over": [answer_nobody_read, invoice_in_silence, sender_that_died],
    "periods_are_billed": [forgotten_period],
    "invoices_add_up": [other_total],
    "changes_are_complete": [broken_chain, other_quantity, subscription_without_changes],
}
CASES = [(name, seed) for name, seeds in SEEDED.items() for seed in seeds]
