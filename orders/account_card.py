"""The card on a customer's page: the account's credit hold, and how far provisioning is."""

from typing import Any

from django.db.models import Q

from customers.clock import business_today
from customers.models import Customer
from holds.customer_page import Part
from orders.actions.provisioning import Standing, progress
from orders.models import LicenseChange, Provider, Subscription
from orders.provisioning.gate import switch_is_on
from workflows.wording import count, moment

SEE = "orders.view_subscription"
MAY_SET = "customers.change_customer"
LIVE_SECONDS, QUIET_SECONDS = 2, 30


def card(customer: Customer, user: Any) -> Part | None:
    """For whoever may see subscriptions."""
    if not user.has_perm(SEE):
        return None
    may_set = user.has_perm(MAY_SET)
    facts = {**progress_facts(customer), "may_set": may_set}
    return Part("control/_account.html", facts, "control/_account_dialog.html" if may_set else "")


def progress_facts(customer: Customer) -> dict[str, Any]:
    """What the part that is read again and again shows."""
    switch, standing = switch_is_on(), progress(customer)
    held = switch and (customer.credit_hold or customer.entitystatus == Customer.HOLD)
    moving = not held and not standing.is_over and _moves(customer)
    return {
        "customer": customer,
        "switch": switch,
        "held": held,
        "standing": standing,
        "said": _said(standing, held=held),
        "since": f"since {moment(standing.since)}" if standing.since else "",
        "subscriptions": Subscription.objects.filter(customer=customer).count(),
        "by_hand": LicenseChange.objects.filter(
            subscription__customer=customer, status="awaiting", asked_at__isnull=False
        ).count(),
        "every": 0 if standing.is_over or held else LIVE_SECONDS if moving else QUIET_SECONDS,
        "failed_ids": [change.pk for change in standing.failures],
    }


def _moves(customer: Customer) -> bool:
    """Whether something is under way that no person has to do first."""
    mine = LicenseChange.objects.awaiting().filter(subscription__customer=customer)
    by_itself = ~Q(subscription__provider__kind=Provider.MANUAL) & Q(effective_on__lte=business_today())
    return mine.filter(by_itself | Q(push__isnull=False)).exists()


def _said(standing: Standing, *, held: bool) -> str:
    """`12 of 40 provisioned`, and what of the rest."""
    if not standing.total:
        return "Nothing to provision."
    rest = [
        f"{count(standing.failed, 'change')} failed" if standing.failed else "",
        f"{standing.asked} with the provider" if standing.asked else "",
        f"{standing.waiting} {'held' if held else 'waiting'}" if standing.waiting else "",
    ]
    return ", ".join([f"{standing.done:,} of {standing.total:,} provisioned", *filter(None, rest)])
