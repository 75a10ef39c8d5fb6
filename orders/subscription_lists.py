"""The lists of subscriptions and of licence changes: filters, and pages by key."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import QueryDict

from customers.clock import business_today
from customers.models import Customer
from orders.models import LicenseChange, Provider, Subscription
from workflows import keyset

STATES = [
    ("", "All"),
    ("waiting", "Waiting"),
    ("failed", "Failed"),
    ("running", "Provisioned"),
    ("cancelled", "Cancelled"),
]
SHOW = [
    ("mine", "For people to do"),
    ("manual", "To be done by hand"),
    ("failed", "Failed"),
    ("waiting", "Waiting"),
    ("all", "All"),
]


@dataclass(frozen=True)
class Wanted:
    """What the person asked for; unknown values count as none. `words` are a customer's or a subscription's."""

    show: str
    provider: str
    words: str
    cursor: str

    @classmethod
    def from_query(cls, query: QueryDict, name: str, choices: list[tuple[str, str]]) -> "Wanted":
        show = query.get(name, "")
        return cls(
            show=show if show in dict(choices) else choices[0][0],
            provider=query.get("provider", "").replace("\x00", "")[:40],
            words=query.get("q", "").replace("\x00", "").strip()[:100],
            cursor=query.get("after", ""),
        )


def providers() -> list[tuple[str, str]]:
    return [("", "All"), *Provider.objects.values_list("slug", "name")]


def with_standing(rows: QuerySet[Subscription]) -> QuerySet[Any]:
    """Each subscription with whether something of it failed, waits, or was carried out."""
    changes = LicenseChange.objects.filter(subscription=OuterRef("pk"))
    return rows.annotate(
        has_failed=Exists(changes.failed()),
        has_waiting=Exists(changes.filter(status="awaiting")),
        was_provisioned=Exists(changes.filter(status="provisioned")),
    )


def standing(row: Any) -> str:
    """One word for a subscription that `with_standing` read: the worst first."""
    if row.has_failed:
        return "failed"
    if row.has_waiting:
        return "waiting"
    if row.cancelled_on and row.cancelled_on <= business_today():
        return "cancelled"
    return "provisioned" if row.was_provisioned else "not_applicable"


def in_state(rows: QuerySet[Any], state: str) -> QuerySet[Any]:
    """Those of `with_standing` that wait, failed, run, or are cancelled; all for anything else."""
    gone = Q(cancelled_on__lte=business_today())
    chosen = {
        "failed": Q(has_failed=True),
        "waiting": Q(has_waiting=True),
        "cancelled": gone,
        "running": Q(has_failed=False, has_waiting=False) & ~gone,
    }
    return rows.filter(chosen[state]) if state in chosen else rows


def subscriptions(wanted: Wanted, user: Any) -> keyset.Page:
    """Newest first; a sales rep's own customers' only."""
    rows = with_standing(Subscription.objects.visible_to(user)).select_related("customer", "product", "provider")
    rows = in_state(rows, wanted.show)
    if wanted.provider:
        rows = rows.filter(provider__slug=wanted.provider)
    if wanted.words:
        rows = rows.filter(_named(wanted.words, ""))
    return keyset.page(rows, by=("-id",), cursor=wanted.cursor)


def changes(wanted: Wanted, user: Any) -> keyset.Page:
    """What people have to do, oldest first; everything else newest first."""
    related = ("subscription__customer", "subscription__product", "subscription__provider", "push")
    rows = shown_by(wanted.show, LicenseChange.objects.visible_to(user)).select_related(*related)
    if wanted.provider:
        rows = rows.filter(subscription__provider__slug=wanted.provider)
    if wanted.words:
        rows = rows.filter(_named(wanted.words, "subscription__"))
    return keyset.page(rows, by=("-id",) if wanted.show == "all" else ("id",), cursor=wanted.cursor)


def shown_by(show: str, rows: QuerySet[LicenseChange]) -> QuerySet[LicenseChange]:
    by_hand = Q(status="awaiting", asked_at__isnull=False)
    chosen = {
        "mine": by_hand | Q(status="failed"),
        "manual": by_hand,
        "failed": Q(status="failed"),
        "waiting": Q(status="awaiting"),
    }
    return rows.filter(chosen[show]) if show in chosen else rows


def _named(words: str, at: str) -> Q:
    return Q(**{f"{at}customer__in": Customer.objects.search(words)}) | Q(**{f"{at}number__iexact": words})
