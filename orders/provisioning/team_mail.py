"""Ask the teams of manual providers by mail: one mail a team with all its new changes, each change at most once."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.urls import reverse

from orders.models import LicenseChange, ProvisioningNotice
from workflows.actions.switches import stopped
from workflows.notices import claim, give_up_lost, note, send, waiting
from workflows.wording import count, day


def send_due(*, now: datetime) -> dict[str, int]:
    """Send what is planned; answers how many mails were sent, wait, failed or are unknown."""
    give_up_lost(ProvisioningNotice, now=now)
    outcome: dict[str, int] = defaultdict(int)
    addresses = waiting(ProvisioningNotice).order_by("address").values_list("address", flat=True).distinct()
    for address in list(addresses):
        if stopped("email_send", f"ask {address} to provision"):
            break
        told = _send_to(address, now)
        if told:
            outcome[told] += 1
    return dict(outcome)


def _send_to(address: str, now: datetime) -> str:
    mine = _claim(address, now)
    open_ones = [notice for notice in mine if notice.change.status == "awaiting"]
    note([notice for notice in mine if notice not in open_ones], error="Not sent: settled before.")
    if not open_ones:
        return ""
    changes = [notice.change for notice in open_ones]
    team = changes[0].subscription.provider.name
    words = {"subject": subject(changes), "body": body(team, changes)}
    return send(open_ones, **words, to_email=address, to_name=team, now=now)


def _claim(address: str, now: datetime) -> list[ProvisioningNotice]:
    theirs = claim(ProvisioningNotice.objects.filter(address=address), now=now, domain="provisioning.holdgate")
    related = ("customer", "product", "provider")
    return list(theirs.select_related(*(f"change__subscription__{name}" for name in related)).order_by("change"))


def subject(changes: Sequence[LicenseChange]) -> str:
    """What is to be done, or how much."""
    if len(changes) > 1:
        return f"{count(len(changes), 'subscription').capitalize()} to provision"
    return f"Provision {changes[0].subscription.product} for {changes[0].subscription.customer}"[:200]


def body(team: str, changes: Sequence[LicenseChange]) -> str:
    """One paragraph a change; the link only where the address of the console is known."""
    ask = "Mark each one provisioned when it is done."
    return "\n\n".join([f"{team},", *(_paragraph(change) for change in changes), ask, "Holdgate"])


def _paragraph(change: LicenseChange) -> str:
    subscription = change.subscription
    lines = [f"{subscription.customer}: {subscription.product}, {subscription.number}", _what(change)]
    if settings.PUBLIC_URL:
        lines.append(settings.PUBLIC_URL + reverse("admin:orders_licensechange_change", args=[change.pk]))
    return "\n".join(lines)


def _what(change: LicenseChange) -> str:
    licences = count(change.quantity_after, "licence")
    said = {
        "new": f"New: {licences}",
        "quantity": f"{licences} from now on, {change.quantity_before} before",
        "price": f"New price {change.price_after} {change.subscription.currency}, {licences} as before",
        "cancel": f"Cancelled: take {count(change.quantity_before, 'licence')} away",
    }
    return f"{said[change.kind]}. Effective {day(change.effective_on)}."
