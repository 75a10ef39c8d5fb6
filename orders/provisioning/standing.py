"""How far a customer's provisioning is: n of m, and what failed in the provider's own words."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from customers.models import Customer
from orders.models import LicenseChange, Subscription
from workflows.models import AutoDecision

MOST_FAILURES = 200


@dataclass(frozen=True)
class Standing:
    """Changes by state since `since` (None: ever). `asked` wait for their provider, `waiting` for something else."""

    provisioned: int
    not_applicable: int
    failed: int
    asked: int
    waiting: int
    failures: tuple[LicenseChange, ...]
    since: datetime | None

    @property
    def done(self) -> int:
        return self.provisioned + self.not_applicable

    @property
    def total(self) -> int:
        return self.done + self.failed + self.asked + self.waiting

    @property
    def is_over(self) -> bool:
        return not self.asked and not self.waiting


def reach_of_switch() -> dict[str, int]:
    """How far “Enable credit hold” reaches now, in customers, subscriptions and licence changes."""
    return {
        "customers": Customer.objects.count(),
        "accounts_on_hold": Customer.objects.holding_provisioning().count(),
        "under_service_hold": Customer.objects.on_hold().count(),
        "waiting": Subscription.objects.waiting().count(),
        "failed": LicenseChange.objects.failed().count(),
    }


def progress(customer: Customer, *, since: datetime | None = None) -> Standing:
    """Everything not settled, and what was settled since the account last came free (or since `since`)."""
    start = since or last_release(customer)
    mine = LicenseChange.objects.filter(subscription__customer=customer)
    if start is not None:
        mine = mine.filter(Q(settled_at=None) | Q(status="failed") | Q(settled_at__gte=start))
    asked = Q(status="awaiting") & (Q(push__isnull=False) | Q(asked_at__isnull=False))
    by_state = mine.aggregate(
        provisioned=Count("pk", filter=Q(status="provisioned")),
        not_applicable=Count("pk", filter=Q(status="not_applicable")),
        failed=Count("pk", filter=Q(status="failed")),
        asked=Count("pk", filter=asked),
        waiting=Count("pk", filter=Q(status="awaiting", push=None, asked_at=None)),
    )
    failed = mine.filter(status="failed").select_related("subscription__product", "subscription__provider")
    return Standing(**by_state, failures=tuple(failed.order_by("pk")[:MOST_FAILURES]), since=start)


def last_release(customer: Customer) -> datetime | None:
    """When the account's credit hold was last set to No; None when never."""
    freed = AutoDecision.objects.filter(decision_type="account_hold_cleared", customer=customer)
    return freed.order_by("-pk").values_list("at", flat=True).first()
