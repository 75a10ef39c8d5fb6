"""What must always be true of subscriptions, their changes and their invoices."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby, pairwise

from django.db.models import Count, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from customers.clock import business_today
from netsuite.invariants import Evidence, invariant
from orders.billing.rules import sum_up
from orders.models import (
    BillingContract,
    Invoice,
    LicenseChange,
    ProvisioningNotice,
    ProvisioningSettings,
    Subscription,
)
from orders.provisioning import gate
from orders.provisioning.rules import UNSETTLED
from orders.rules import cents

# The schedule comes round every minute; what takes longer than this is stuck.
SLACK = timedelta(minutes=15)


@invariant(3, "Changes of a subscription are carried out in their order")
def changes_keep_their_order(evidence: Evidence) -> Iterable[str]:
    went = ~Q(status__in=UNSETTLED) | Q(status="failed") | Q(push__isnull=False) | Q(asked_at__isnull=False)
    earlier = LicenseChange.objects.filter(
        subscription=OuterRef("subscription"), sequence__lt=OuterRef("sequence"), status__in=UNSETTLED
    )
    for change in LicenseChange.objects.filter(went).annotate(before=Subquery(earlier.values("sequence")[:1])):
        if change.before is not None:
            yield f"Change {change} was let go before {change.before}, which is not carried out."


@invariant(3, "What is provisioned is what the last provisioned change says")
def provisioned_quantities_follow(evidence: Evidence) -> Iterable[str]:
    done = LicenseChange.objects.filter(subscription=OuterRef("pk"), status="provisioned").order_by("-sequence")
    rows = Subscription.objects.annotate(last=Coalesce(Subquery(done.values("quantity_after")[:1]), 0))
    for row in rows.exclude(provisioned_quantity=F("last")):
        yield f"Subscription {row.number}: {row.provisioned_quantity} provisioned, its changes say {row.last}."


@invariant(13, "Every licence change names who asked for it")
def changes_name_an_actor(evidence: Evidence) -> Iterable[str]:
    for change in LicenseChange.objects.filter(requested_by="").select_related("subscription"):
        yield f"Change {change} names nobody."


@invariant(21, "A change that may go was asked for")
def changes_do_not_linger(evidence: Evidence) -> Iterable[str]:
    before = timezone.now() - SLACK
    settings = ProvisioningSettings.objects.filter(pk=1).first()
    if settings is not None and settings.at is not None and settings.at > before:
        return
    waiting = LicenseChange.objects.not_asked().filter(requested_at__lt=before)
    rows = list(waiting.select_related(*gate.WITH_SUBSCRIPTION))
    verdicts = gate.judge(rows)
    for change in rows:
        if verdicts[change.pk].may_go and not _came_free_lately(change, before):
            yield f"Change {change} may go, and nobody was asked."


def _came_free_lately(change: LicenseChange, before: datetime) -> bool:
    """What it waited for ended a moment ago; the next run takes it."""
    subscription = change.subscription
    customer = subscription.customer
    around = LicenseChange.objects.filter(subscription__in=[subscription.pk, subscription.parent_id])
    day_has_come = change.effective_on == business_today() and change.effective_on != subscription.starts_on
    if day_has_come or (customer.last_modified and customer.last_modified > before):
        return True
    opened = customer.provider_accounts.filter(opened_at__gt=before)
    return around.filter(settled_at__gt=before).exists() or opened.exists()


@invariant(21, "Outcomes of pushes stand on their changes and invoices; nothing is forgotten half-way")
def outcomes_are_taken_over(evidence: Evidence) -> Iterable[str]:
    before = timezone.now() - 4 * SLACK
    ended = LicenseChange.objects.awaiting().filter(push__status__in=["applied", "failed", "superseded"])
    for change in ended.exclude(push__applied_at__gt=before).select_related("subscription", "push"):
        if change.push is not None and change.push.created_at <= before:
            yield f"Change {change} is awaiting, and its push is {change.push.status}."
    for invoice in Invoice.objects.filter(push=None):
        yield f"Invoice {invoice} is not queued for NetSuite."
    for notice in ProvisioningNotice.objects.filter(claimed_at__lt=before, sent_at=None, error=""):
        yield f"The mail about change {notice.change} was claimed, and nobody knows what became of it."


@invariant(21, "Billing periods that began are billed")
def periods_are_billed(evidence: Evidence) -> Iterable[str]:
    for contract in BillingContract.objects.filter(next_bill_on__lt=business_today() - timedelta(days=1)):
        yield f"Contract {contract} should have been billed on {contract.next_bill_on}."


@invariant(22, "An invoice is the sum of its lines, and carries on what does not fit")
def invoices_add_up(evidence: Evidence) -> Iterable[str]:
    nothing = Decimal("0.00")
    for invoice in Invoice.objects.annotate(net=Coalesce(Sum("lines__amount"), nothing)):
        net = cents(invoice.net)
        expected = sum_up([net])
        if (invoice.total, invoice.carried) != (expected.total, expected.carried):
            yield f"Invoice {invoice}: its lines come to {net}, it says {invoice.total}."


@invariant(22, "The changes of a subscription lead from one to the next, to what is agreed")
def changes_are_complete(evidence: Evidence) -> Iterable[str]:
    for row in Subscription.objects.annotate(n=Count("changes")).filter(n=0):
        yield f"Subscription {row.number} has no changes."
    rows = LicenseChange.objects.select_related("subscription").order_by("subscription", "sequence")
    for subscription, group in groupby(rows.iterator(chunk_size=2000), key=lambda change: change.subscription):
        changes = list(group)
        if any(one.quantity_after != other.quantity_before for one, other in pairwise(changes)):
            yield f"Subscription {subscription.number}: its changes do not follow each other."
        if changes[-1].quantity_after != subscription.quantity:
            yield f"Subscription {subscription.number} has {subscription.quantity}, its changes say otherwise."
