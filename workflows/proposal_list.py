"""The list of proposals: filters, and pages by key."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone

from customers.models import Customer
from workflows import contracts, keyset
from workflows.actions.proposals import SINGLE_ONLY_FROM_RISK
from workflows.models import ProposedAction
from workflows.proposal_page import TARGET

STATUSES = [(value, label) for value, label in ProposedAction._meta.get_field("status").choices or ()]
AGES = [("", "Any age"), ("over", "Over 60 min")]
RISKS = [("", "Any risk"), *((str(level), f"Risk {level}") for level in range(1, 6))]
BY_STAKE, BY_NEWEST = ("-at_stake", "id"), ("-id",)


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
            status=status if status in {"all", *dict(STATUSES)} else "pending",
            action_type=query.get("type", ""),
            risk=query.get("risk", "") if query.get("risk", "") in dict(RISKS) else "",
            age=query.get("age", "") if query.get("age", "") in dict(AGES) else "",
            words=query.get("q", "").strip()[:100],
            cursor=query.get("after", ""),
        )


def chosen(wanted: Wanted, user: Any) -> QuerySet[ProposedAction]:
    rows = ProposedAction.objects.visible_to(user)
    if wanted.status != "all":
        rows = rows.filter(status=wanted.status)
    if wanted.action_type:
        rows = rows.filter(action_type=wanted.action_type)
    if wanted.risk:
        rows = rows.filter(risk_level=int(wanted.risk))
    if wanted.age == "over":
        rows = rows.filter(proposed_at__lt=timezone.now() - TARGET)
    if wanted.words:
        rows = rows.filter(customer__in=Customer.objects.search(wanted.words))
    return rows


def page_of(wanted: Wanted, user: Any) -> keyset.Page:
    """Largest amount first while they wait, newest first afterwards."""
    by = BY_STAKE if wanted.status in ("pending", "deferred") else BY_NEWEST
    rows = chosen(wanted, user).select_related("customer", "decided_by")
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
