"""The managers of the till as a list: who may authorise where, whether their PIN works, and what is shut."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import Max, Q

from customers.models import Employee
from holds.models import HoldBlock, PinBudget, PinLog
from holds.pins import LIMITS, managers, pin_field


@dataclass
class ManagerRow:
    """One manager. `state` is ready, locked, disabled, no_pin or bad_pin; `fault` says why a PIN cannot be used."""

    employee: Employee
    pages: list[str] = field(default_factory=list)
    has_pin: bool = False
    fault: str = ""
    budget: PinBudget | None = None
    last_used: datetime | None = None
    state: str = "ready"

    @property
    def tries(self) -> str:
        """Wrong ones since the last right one, of those allowed."""
        return f"{self.budget.in_a_row if self.budget else 0} of {LIMITS['manager'].in_a_row}"


def manager_rows(now: datetime) -> list[ManagerRow]:
    """Everybody who may authorise on some page, by name."""
    rows: dict[int, ManagerRow] = {}
    for block in HoldBlock.objects.all():
        for employee in managers(block):
            row = rows.setdefault(employee.pk, ManagerRow(employee))
            row.pages.append(block.title)
            row.has_pin = row.has_pin or employee.has_pin  # type: ignore[attr-defined]
            row.fault = row.fault or employee.pin_faults.get(pin_field(block), "")
    found = sorted(rows.values(), key=lambda row: row.employee.name)
    _add_budgets(found)
    for row in found:
        row.state = _state(row, now)
    return found


def shut_elsewhere(now: datetime) -> list[tuple[PinBudget, str]]:
    """Tills, cashiers and the site that are locked now, each with its name for people."""
    locked = list(PinBudget.objects.exclude(scope="manager").filter(locked_until__gt=now))
    cashiers = User.objects.in_bulk([int(row.name) for row in locked if row.scope == "cashier"])
    return [(row, str(cashiers[int(row.name)]) if row.scope == "cashier" else row.name) for row in locked]


def _add_budgets(rows: Sequence[ManagerRow]) -> None:
    ids = [row.employee.netsuite_id for row in rows]
    budgets = {row.name: row for row in PinBudget.objects.filter(scope="manager", name__in=ids)}
    used = PinLog.objects.filter(Q(outcome="accepted"), entity_id__in=ids).order_by().values("entity_id")
    last = {row["entity_id"]: row["last"] for row in used.annotate(last=Max("at"))}
    for row in rows:
        row.budget = budgets.get(row.employee.netsuite_id)
        row.last_used = last.get(row.employee.netsuite_id)


def _state(row: ManagerRow, now: datetime) -> str:
    budget = row.budget
    if budget and budget.disabled_at:
        return "disabled"
    if budget and budget.locked_until and budget.locked_until > now:
        return "locked"
    if not row.has_pin:
        return "bad_pin" if row.fault else "no_pin"
    return "ready"
