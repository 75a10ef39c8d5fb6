"""What stands on the pages of subscriptions and changes: each change in words, why it waits, who may act."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from orders.models import LicenseChange, Subscription
from orders.providers.pushes import channel_of
from orders.provisioning.gate import WITH_SUBSCRIPTION, judge
from workflows.wording import count, money

PROVISION = "orders.provision_licensechange"
CHANGE = "orders.change_subscription"


@dataclass(frozen=True)
class ChangeRow:
    """A change as a line: what, why it waits, and what a person can do with it now."""

    row: LicenseChange
    what: str
    why: str
    settled_by: str
    can_mark: bool
    can_retry: bool


def change_rows(changes: Sequence[LicenseChange], user: Any) -> list[ChangeRow]:
    """Read the changes with WITH_SUBSCRIPTION and their push."""
    verdicts, may = judge(changes), user.has_perm(PROVISION)
    return [
        ChangeRow(
            row=change,
            what=words_of(change),
            why=why_of(change, verdicts[change.pk].why),
            settled_by=settler_of(change),
            can_mark=may and is_by_hand(change),
            can_retry=may and change.status == "failed",
        )
        for change in changes
    ]


def settler_of(change: LicenseChange) -> str:
    """Who settled it: a person, a part of the system, or the provider by its name."""
    provider = change.subscription.provider
    return str(provider) if change.settled_by == channel_of(provider) else change.settled_by


def is_by_hand(change: LicenseChange) -> bool:
    """Whether the team was asked, and a person says when it is done."""
    return change.status == "awaiting" and change.asked_at is not None


def why_of(change: LicenseChange, judged: str) -> str:
    """Why it is not provisioned, in a sentence; empty for what is settled well."""
    if change.status == "failed":
        return f"{change.subscription.provider} said: “{change.error}”"
    if change.status != "awaiting":
        return ""
    if change.asked_at is not None:
        return "The team was asked. Mark it provisioned once they say so."
    if change.push is not None:
        said = f" It said: “{change.push.last_error_detail}”" if change.push.last_error_detail else ""
        return f"{change.subscription.provider} is being asked.{said}"
    return judged or "It goes out within a minute."


def words_of(change: LicenseChange) -> str:
    """`New, 10 licences`, `10 → 12 licences`, `$5.00 → $6.00`, `Cancelled`."""
    if change.kind == "new":
        return f"New, {count(change.quantity_after, 'licence')}"
    if change.kind == "quantity":
        return f"{change.quantity_before:,} → {change.quantity_after:,} licences"
    if change.kind == "price":
        currency = change.subscription.currency
        return f"{money(change.price_before, currency)} → {money(change.price_after, currency)}"
    return "Cancelled"


def changes_of(subscription: Subscription) -> list[LicenseChange]:
    """The whole change log, newest first."""
    rows = LicenseChange.objects.filter(subscription=subscription).select_related(*WITH_SUBSCRIPTION, "push", "invoice")
    return list(rows.order_by("-sequence"))


def first_waiting(subscriptions: Iterable[Subscription]) -> dict[int, str]:
    """Why each of these waits or failed: of its first change that is not carried out, by subscription id."""
    wanted = [one.pk for one in subscriptions]
    rows = LicenseChange.objects.filter(subscription__in=wanted, status__in=["awaiting", "failed"])
    open_changes = list(rows.select_related(*WITH_SUBSCRIPTION, "push").order_by("-sequence"))
    first = {change.subscription_id: change for change in open_changes}
    verdicts = judge(list(first.values()))
    return {pk: why_of(change, verdicts[change.pk].why) for pk, change in first.items()}


def family(subscription: Subscription) -> list[Subscription]:
    """What follows it."""
    return list(subscription.children.select_related("product", "provider").order_by("pk"))
