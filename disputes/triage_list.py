"""The left side of the triage inbox: which mails, in which order, how many wait where."""

from dataclasses import dataclass
from datetime import datetime, time
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Count, Q
from django.http import QueryDict

from customers.clock import business_today
from disputes.models import InboundEmail
from disputes.models.inbound import InboundEmailQuerySet
from disputes.triage.rules import DISPUTE
from workflows import keyset
from workflows.counts import capped, capped_count, counts
from workflows.wording import count

SIZE, SORTED_SHOWN = 30, 8
ORDER = ("-received_at", "-id")
UNSURE, DISPUTES, ALL, ASIDE = "unsure", "disputes", "all", "aside"
TABS = {UNSURE: "Unsure", DISPUTES: "Disputes", ALL: "All", ASIDE: "Put aside"}
# A line of the list needs no text; texts may be long.
SHOWN = (
    *("id", "status", "source", "from_name", "from_email", "subject", "received_at", "classification", "reason"),
    *("sub_reason", "score", "decided_by", "quarantine_reason", "customer__name", "customer__entity_id"),
    "customer__netsuite_id",
)


@dataclass(frozen=True)
class Wanted:
    """What the person asked for; unknown values count as none."""

    tab: str = UNSURE
    words: str = ""
    cursor: str = ""

    @classmethod
    def from_query(cls, query: QueryDict) -> "Wanted":
        tab = query.get("tab", UNSURE)
        words = " ".join(query.get("q", "").replace("\x00", "").split())[:100]
        return cls(tab if tab in TABS else UNSURE, words, query.get("after", ""))

    @property
    def query(self) -> str:
        """As it stands in an address, without the page: `tab=disputes&q=cedar`, "" for the inbox as it opens."""
        parts = {"tab": self.tab if self.tab != UNSURE else "", "q": self.words}
        return urlencode({name: value for name, value in parts.items() if value})


@dataclass(frozen=True)
class Tab:
    name: str
    word: str
    count: str
    query: str
    chosen: bool


def chosen(wanted: Wanted, user: User) -> InboundEmailQuerySet:
    """The mails of the tab that fit the words; a sales rep finds those of their own customers."""
    rows = InboundEmail.objects.visible_to(user)
    narrowed = {
        UNSURE: rows.unsure(),
        DISPUTES: rows.filter(classification=DISPUTE).exclude(status="quarantined"),
        ALL: rows.exclude(status="quarantined"),
        ASIDE: rows.filter(status="quarantined"),
    }[wanted.tab]
    return _named(narrowed, wanted.words)


def _named(rows: InboundEmailQuerySet, words: str) -> InboundEmailQuerySet:
    for word in words.split():
        rows = rows.filter(
            Q(subject__icontains=word)
            | Q(from_email__icontains=word)
            | Q(from_name__icontains=word)
            | Q(customer__name__icontains=word)
        )
    return rows


def inbox(wanted: Wanted, user: User) -> dict[str, object]:
    """One page of the list; under what waits stand the newest that were sorted."""
    rows = chosen(wanted, user).select_related("customer").only(*SHOWN)
    page = keyset.page(rows, by=ORDER, cursor=wanted.cursor, size=SIZE)
    sorted_rows = InboundEmail.objects.visible_to(user).filter(status__in=["routed", "sorted"])
    below = _named(sorted_rows, wanted.words).select_related("customer").only(*SHOWN).order_by(*ORDER)
    show_below = wanted.tab == UNSURE and not page.next and page.is_first
    return {
        "wanted": wanted,
        "page": page,
        "below": list(below[:SORTED_SHOWN]) if show_below else [],
        "tabs": tabs(wanted, user),
    }


def tabs(wanted: Wanted, user: User) -> list[Tab]:
    """With how many mails each; “Put aside” only while there are some."""
    found = counts(user, {name: chosen(Wanted(name), user) for name in TABS})
    return [
        Tab(name, word, capped(found[name]), Wanted(name, wanted.words).query, name == wanted.tab)
        for name, word in TABS.items()
        if name != ASIDE or found[name] or wanted.tab == ASIDE
    ]


def neighbours(wanted: Wanted, user: User, email: InboundEmail) -> tuple[int | None, int | None]:
    """Keys of the mails before and after this one in the list, None at its ends."""
    rows = chosen(wanted, user)
    at, pk = email.received_at, email.pk
    newer = rows.filter(Q(received_at__gt=at) | Q(received_at=at, pk__gt=pk)).order_by("received_at", "id")
    older = rows.filter(Q(received_at__lt=at) | Q(received_at=at, pk__lt=pk)).order_by(*ORDER)
    return newer.values_list("pk", flat=True).first(), older.values_list("pk", flat=True).first()


def after(wanted: Wanted, user: User, email: InboundEmail) -> int | None:
    """The mail to look at once this one is decided: the next of the list, else its first."""
    _newer, older = neighbours(wanted, user, email)
    return older or chosen(wanted, user).exclude(pk=email.pk).order_by(*ORDER).values_list("pk", flat=True).first()


def heading(user: User) -> dict[str, str]:
    """`3 mails to sort`, and what was sorted today (business day) without a person."""
    waiting = capped_count(InboundEmail.objects.visible_to(user).unsure())
    zone = ZoneInfo(settings.TIME_ZONE_BUSINESS)
    since = datetime.combine(business_today(), time.min, zone)
    today = InboundEmail.objects.visible_to(user).filter(received_at__gte=since, decided_by="")
    done = today.filter(status__in=["routed", "sorted"]).aggregate(
        all=Count("pk"), disputes=Count("pk", filter=Q(classification=DISPUTE))
    )
    words = f"Sorted without you today: {done['all']:,}, of which {count(done['disputes'], 'dispute')}"
    title = f"{waiting} mail{'s' if waiting != '1' else ''} to sort" if waiting else "Nothing to sort"
    return {"title": title, "subtitle": words if done["all"] else "Nothing was sorted without you today."}
