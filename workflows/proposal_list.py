"""The list of proposals: tabs, filters and search, in pages by key."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone

from customers import search
from workflows import contracts, keyset, proposal_search
from workflows.actions.proposals import SINGLE_ONLY_FROM_RISK
from workflows.counts import capped, counts
from workflows.models import ProposedAction
from workflows.models.proposals import STATES, ProposalQuerySet
from workflows.proposal_page import TARGET

# “Strong” is no status: what waits with a stronger recommendation.
STRONG, ALL = "strong", "all"
TABS = {"pending": "Pending", STRONG: "Strong", "deferred": "Deferred", **dict(STATES), ALL: "All"}
BIGGEST_FIRST = ("pending", STRONG, "deferred")
AGES = [("", "Any age"), ("over", "Over 60 min")]
RISKS = [("", "Any risk"), *((str(level), f"Risk {level}") for level in range(1, 6))]
BY_STAKE, BY_NEWEST = ("-at_stake", "id"), ("-id",)
# A line of the list needs no evidence, and no customer's whole record.
UNSHOWN = ("evidence", "current_state_json", "proposed_change_json", "customer__record")


@dataclass(frozen=True)
class Wanted:
    """What the person asked for; unknown values count as none."""

    status: str
    action_type: str
    risk: str
    age: str
    words: str
    cursor: str

    @classmethod
    def from_query(cls, query: QueryDict) -> "Wanted":
        status = query.get("status", "pending")
        return cls(
            status=status if status in TABS else "pending",
            action_type=query.get("type", "").replace("\x00", ""),
            risk=query.get("risk", "") if query.get("risk", "") in dict(RISKS) else "",
            age=query.get("age", "") if query.get("age", "") in dict(AGES) else "",
            words=" ".join(query.get("q", "").replace("\x00", "").split())[: search.MOST_TEXT],
            cursor=query.get("after", ""),
        )


@dataclass(frozen=True)
class Tab:
    name: str
    word: str
    count: str
    chosen: bool


def chosen(wanted: Wanted, user: Any) -> QuerySet[ProposedAction]:
    """Those of the tab that pass the filters; the words are not among them."""
    rows = in_tab(wanted.status, ProposedAction.objects.visible_to(user))
    if wanted.action_type:
        rows = rows.filter(action_type=wanted.action_type)
    if wanted.risk:
        rows = rows.filter(risk_level=int(wanted.risk))
    if wanted.age == "over":
        rows = rows.filter(proposed_at__lt=timezone.now() - TARGET)
    return rows


def in_tab(name: str, rows: ProposalQuerySet) -> ProposalQuerySet:
    if name == STRONG:
        return rows.awaiting_decision().filter(strong=True)
    return rows if name == ALL else rows.filter(status=name)


def tabs(wanted: Wanted, user: Any) -> list[Tab]:
    """With how many proposals each, whatever the filters; one without any is left out unless it is shown."""
    found = counts(user, {name: in_tab(name, ProposedAction.objects.visible_to(user)) for name in TABS})
    kept = ("pending", ALL, wanted.status)
    return [
        Tab(name, word, capped(found[name]), name == wanted.status)
        for name, word in TABS.items()
        if found[name] or name in kept
    ]


def page_of(wanted: Wanted, user: Any) -> keyset.Page:
    """Largest amount first while they wait, newest first afterwards."""
    by = BY_STAKE if wanted.status in BIGGEST_FIRST else BY_NEWEST
    rows = chosen(wanted, user).select_related("customer", "decided_by").defer(*UNSHOWN)
    if wanted.words:
        return proposal_search.page(rows, wanted.words, by=by, cursor=wanted.cursor)
    return keyset.page(rows, by=by, cursor=wanted.cursor)


def types() -> list[tuple[str, str]]:
    """What can be proposed, as the filter offers it."""
    declared = [(f"workflow_{c.workflow_type}", c.title) for c in contracts.all_contracts()]
    single = [(h.action_type, h.title) for h in contracts.all_handlers()]
    return [("", "Any type"), *sorted(declared + single, key=lambda choice: choice[1])]


def title_of(proposal: ProposedAction) -> str:
    """`Service hold`, `NetSuite differs`."""
    handler, declared = contracts.handler(proposal.action_type), contracts.contract(proposal.workflow_type)
    return handler.title if handler else declared.title if declared else proposal.get_action_type_title()


def in_bulk(proposal: ProposedAction) -> bool:
    return proposal.status == "pending" and proposal.risk_level < SINGLE_ONLY_FROM_RISK
