"""The budget of PIN attempts: a try is taken by one conditional UPDATE before any PIN is looked at.

Reading a counter and saving it later lets parallel guesses through; the database counts instead.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Case, DateTimeField, F, PositiveIntegerField, Q, Value, When

from customers.models import Employee
from holds.models import PinBudget
from holds.pins import LIMITS, Cart, Limit, PinLocked

log = logging.getLogger(__name__)

# Guesses at people who do not exist share one budget, so that invented names make no rows.
NOBODY = "unknown"
NEVER = Value(None, output_field=DateTimeField())


@dataclass(frozen=True)
class Taken:
    """One try out of each budget; `tries_left` of the manager's, and what this try filled up."""

    names: Mapping[str, str]
    tries_left: int
    filled: tuple[PinBudget, ...] = ()


def names_of(cart: Cart, manager: Employee | None) -> dict[str, str]:
    """The budgets a try at this till counts in, always in this order, so that no two tries wait for each other."""
    named = {"manager": manager.netsuite_id if manager else NOBODY}
    named |= {"terminal": cart.terminal} if cart.terminal else {}
    return {**named, "cashier": str(cart.cashier.pk), "site": ""}


def take(names: Mapping[str, str], *, now: datetime) -> Taken:
    """Take a try from each budget, or from none. Raises PinLocked when one of them is used up."""
    budgets = [PinBudget(scope=scope, name=name, window_from=now) for scope, name in names.items()]
    PinBudget.objects.bulk_create(budgets, ignore_conflicts=True)
    with transaction.atomic():
        for scope, name in names.items():
            if not _open(scope, name, now).update(**_one_try_more(LIMITS[scope], now)):
                raise _locked(PinBudget.objects.get(scope=scope, name=name), now)
        taken = {scope: PinBudget.objects.get(scope=scope, name=name) for scope, name in names.items()}
    left = LIMITS["manager"].tries - taken["manager"].tries
    return Taken(dict(names), left, tuple(budget for budget in taken.values() if budget.locked_until))


def give_back(taken: Taken) -> None:
    """The PIN was right: the manager begins anew, the others get this one try back."""
    anew: dict[str, Any] = {"tries": 0, "in_a_row": 0, "locked_until": None, "disabled_at": None}
    one_less = Case(When(tries__gt=0, then=F("tries") - 1), default=0, output_field=PositiveIntegerField())
    with transaction.atomic():
        for scope, name in taken.names.items():
            changes = anew if scope == "manager" else {"tries": one_less, "in_a_row": 0, "locked_until": None}
            PinBudget.objects.filter(scope=scope, name=name).update(**changes)


def reset(employee: Employee) -> bool:
    """Let this manager's PIN be tried again; False when nothing was counted."""
    counted = PinBudget.objects.filter(scope="manager", name=employee.netsuite_id, in_a_row__gt=0)
    return counted.update(tries=0, in_a_row=0, locked_until=None, disabled_at=None) == 1


def warn(taken: Taken) -> None:
    """A wrong PIN used up a budget: say so in the log; the console's home page shows it too."""
    for budget in taken.filled:
        alarm = log.error if budget.scope == "site" else log.warning
        alarm("PIN tries used up: %s, locked until %s", budget, budget.locked_until)


def _is_fresh(limit: Limit, now: datetime) -> Q:
    """The lock is over, or the tries are too old to count."""
    over = Q(locked_until__lte=now)
    return over | Q(locked_until=None, window_from__lte=now - limit.window) if limit.window else over


def _open(scope: str, name: str, now: datetime) -> Any:
    limit = LIMITS[scope]
    tries_left = _is_fresh(limit, now) | Q(locked_until=None, tries__lt=limit.tries)
    return PinBudget.objects.filter(tries_left, scope=scope, name=name, disabled_at=None)


def _one_try_more(limit: Limit, now: datetime) -> dict[str, Any]:
    """The changes of one UPDATE; every expression sees the row as it was before."""
    fresh, moment = _is_fresh(limit, now), Value(now, output_field=DateTimeField())
    until = Value(now + limit.locked, output_field=DateTimeField())
    changes: dict[str, Any] = {
        "tries": Case(When(fresh, then=1), default=F("tries") + 1, output_field=PositiveIntegerField()),
        "in_a_row": F("in_a_row") + 1,
        "window_from": Case(When(fresh | Q(tries=0), then=moment), default=F("window_from")),
        "locked_until": Case(When(fresh, then=NEVER), When(tries__gte=limit.tries - 1, then=until), default=NEVER),
    }
    if limit.in_a_row:
        changes["disabled_at"] = Case(When(in_a_row__gte=limit.in_a_row - 1, then=moment), default=NEVER)
    return changes


def _locked(budget: PinBudget, now: datetime) -> PinLocked:
    if budget.disabled_at:
        words = "Too many wrong PINs in a row. An AR manager has to reset this PIN."
        return PinLocked(words, retry_after=None, scope=budget.scope)
    left = (budget.locked_until or now) - now
    minutes = max(1, -(-left.seconds // 60))
    who = (
        "" if budget.scope == "manager" else {"site": " here", "terminal": " at this till"}.get(budget.scope, " by you")
    )
    words = f"Too many wrong PINs{who}. Try again in {minutes} min."
    return PinLocked(words, retry_after=max(1, int(left.total_seconds())), scope=budget.scope)
