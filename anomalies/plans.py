"""What an alert recommends, for which of its customers: pure; nothing happens before proposals are approved."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from anomalies.group import Member
from workflows.wording import count

Kind = Literal["grace", "limit", "calls"]
DIMENSION_WORDS = {"region": "Region", "tier": "Tier", "rep": "Rep", "payment_method": "Payment"}


@dataclass(frozen=True)
class Plan:
    """One recommended action and the customers it is meant for."""

    kind: Kind
    title: str
    words: str
    button: str
    members: Sequence[Member]

    @property
    def value(self) -> Decimal:
        return sum((member.value for member in self.members), Decimal(0))

    @property
    def prompt(self) -> int:
        """How many usually pay within five days of the due date."""
        return sum(member.prompt for member in self.members)

    @property
    def remaining(self) -> int:
        return len(self.members) - self.prompt


def recommend(members: Sequence[Member], segment: dict[str, Any] | None, tiers: Sequence[str]) -> list[Plan]:
    """Each customer stands in one plan: the segment gets time, the top tier a limit, everybody else a call.

    `segment` is the one that stands out (None: none does); `tiers` start with the top one.
    """
    group = [member for member in members if segment and value_of(member, segment["dimension"]) == segment["value"]]
    rest = [member for member in members if member not in group]
    top = tiers[0] if tiers else ""
    limits = [member for member in rest if member.is_over and top and member.customer.tier == top]
    calls = [member for member in rest if member not in limits]
    plans = [_grace(group, segment), _limit(limits, top), _calls(calls)]
    return [plan for plan in plans if plan and plan.members]


def standing_out(segments: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The least likely segment that may get time together; a wave is not explained by one rep or tier alone."""
    named = [segment for segment in segments if segment["stands_out"]]
    return next((s for s in named if s["dimension"] in ("region", "payment_method")), named[0] if named else None)


def value_of(member: Member, dimension: str) -> str:
    """The region, tier, payment method, or the rep's NetSuite id."""
    customer = member.customer
    if dimension == "rep":
        return customer.sales_rep.netsuite_id if customer.sales_rep else ""
    return str(getattr(customer, dimension))


def _grace(members: Sequence[Member], segment: dict[str, Any] | None) -> Plan | None:
    if segment is None:
        return None
    said = count(len(members), "grace period")
    return Plan("grace", f"14-day grace for {segment.get('title') or segment['value']}", "", said, members)


def _limit(members: Sequence[Member], tier: str) -> Plan:
    words = "Over their limit. To the credit committee, with an end date."
    return Plan("limit", f"Limit extension, {tier}", words, count(len(members), "extension"), members)


def _calls(members: Sequence[Member]) -> Plan:
    tiers = {member.customer.tier for member in members}
    title = f"Priority calls, {tiers.pop()}" if len(tiers) == 1 and "" not in tiers else "Priority calls"
    return Plan("calls", title, "A task for the AR clerk each.", count(len(members), "call"), members)
