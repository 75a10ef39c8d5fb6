"""The account's hold on provisioning, where NetSuite keeps it too: a checkbox that a setting names.

Only a change in NetSuite counts: what somebody sets here stands until the checkbox is changed there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.conf import settings

from customers import rows
from customers.actions import set_credit_hold
from customers.feed import Row
from customers.models import Customer

BY = "NetSuite"


def hold_field() -> str:
    """The checkbox's name as NetSuite answers it; "" when the hold is ours alone."""
    return settings.NETSUITE_PROVISIONING_HOLD_FIELD.strip().lower()


@dataclass
class Checkbox:
    """The checkbox on one page of customers; read it before the page is stored, follow it afterwards.

    `adopt`: the setting is new, so a tick counts although it did not change.
    """

    name: str
    page: Sequence[Row]
    adopt: bool = False
    before: dict[str, bool | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """An empty column is left out of a row; one that the role may not see, out of all of them."""
        self.rows = self.page if self.name and any(self.name in row for row in self.page) else []

    def read_before(self) -> None:
        if self.rows:
            ids = [row["id"] for row in self.rows]
            known = Customer.objects.filter(netsuite_id__in=ids).values_list("netsuite_id", f"record__{self.name}")
            self.before = {netsuite_id: None if was is None else was == "T" for netsuite_id, was in known}

    def follow(self) -> int:
        """Set the flag where the checkbox changed, with history; answers for how many."""
        now = {row["id"]: rows.flag(row, self.name) for row in self.rows}
        changed = {netsuite_id for netsuite_id, ticked in now.items() if self._counts(netsuite_id or "", ticked)}
        return sum(
            set_credit_hold(
                customer=customer, credit_hold=now[customer.netsuite_id], by=BY, reason=f"{self.name} was changed"
            )
            for customer in Customer.objects.filter(netsuite_id__in=changed).order_by("pk")
        )

    def _counts(self, netsuite_id: str, ticked: bool) -> bool:
        was = self.before.get(netsuite_id)
        if was is None or self.adopt:
            return ticked
        return was != ticked
