"""Whom saving a hold block would turn: over all customers in one query where the rule has such a form."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import BooleanField, Case, Count, Expression, F, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from customers.models import Customer
from holds import blocks
from holds.formula import FormulaError, parse
from holds.formula.fields import known, with_overdue
from holds.models import HoldBlock
from holds.rules import Policy

CHUNK = 2000


@dataclass(frozen=True)
class Changed:
    """One customer whose state a change turns."""

    name: str
    number: str
    becomes_held: bool


@dataclass(frozen=True)
class Impact:
    """For orders on account, among active customers that no service hold holds."""

    to_hold: int
    to_approved: int
    rows: Sequence[Changed]
    warnings: Sequence[str] = ()

    @property
    def changed(self) -> int:
        return self.to_hold + self.to_approved

    @property
    def more(self) -> int:
        """How many are not listed."""
        return self.changed - len(self.rows)

    @property
    def heading(self) -> str:
        if not self.changed:
            return "No customer changes state"
        return f"{self.changed:,} {'customer changes' if self.changed == 1 else 'customers change'} state"

    @property
    def sentence(self) -> str:
        held = f"{self.to_hold:,} {'becomes' if self.to_hold == 1 else 'become'} on hold"
        approved = f"{self.to_approved:,} {'is' if self.to_approved == 1 else 'are'} approved"
        counted = f"{held}, {approved}, for orders on account. " if self.changed else ""
        return f"{counted}Customers under a service hold stay on hold."


def impact(before: HoldBlock, after: HoldBlock, *, today: date, listed: int = 50) -> Impact:
    """What changes when `after` takes the place of `before`; `today` is the business date."""
    old, new = blocks.policy_of(before), blocks.policy_of(after)
    warnings = list(_doubts(new))
    old_rule, new_rule = held_expression(old, today), held_expression(new, today)
    if old_rule is None or new_rule is None:
        return _one_by_one(old, new, today, listed, warnings)
    turned = _judged().annotate(was=old_rule, becomes=new_rule).exclude(was=F("becomes"))
    counts = turned.order_by().aggregate(held=Count("pk", filter=Q(becomes=True)), all=Count("pk"))
    named = turned.order_by("name", "pk").values_list("name", "entity_id", "netsuite_id", "becomes")[:listed]
    rows = [Changed(name or number, number or key, held) for name, number, key, held in named]
    return Impact(counts["held"], counts["all"] - counts["held"], rows, warnings)


def held_expression(policy: Policy, today: date) -> Expression | None:
    """Whether an order on account is stopped, as a column of Customer; None when it has to be asked one by one.

    A formula that cannot be evaluated holds, as it does at the till.
    """
    if policy.mode in ("on", "off"):
        return Value(policy.mode == "on", output_field=BooleanField())
    formula = _formula(policy.formula, today)
    if formula is None or policy.hold_field != blocks.MIRRORED:
        return None
    return Case(
        When(credit_hold_override="ON", then=Value(True)),
        When(credit_hold_override="OFF", then=Value(False)),
        default=Coalesce(formula, Value(True), output_field=BooleanField()),
        output_field=BooleanField(),
    )


def _formula(text: str, today: date) -> Expression | None:
    try:
        return parse(text).expression(today=today)
    except FormulaError:
        return None


def _judged() -> QuerySet[Customer]:
    return Customer.objects.active().exclude(entitystatus=Customer.HOLD)


def _one_by_one(old: Policy, new: Policy, today: date, listed: int, warnings: Sequence[str]) -> Impact:
    held = approved = 0
    rows: list[Changed] = []
    for changed in _turned(old, new, today):
        held, approved = held + changed.becomes_held, approved + (not changed.becomes_held)
        if len(rows) < listed:
            rows.append(changed)
    return Impact(held, approved, rows, warnings)


def _turned(old: Policy, new: Policy, today: date) -> Iterator[Changed]:
    customers = _judged().order_by("name", "pk")
    if "overduebalance" in blocks.fields_of(old.formula) | blocks.fields_of(new.formula):
        customers = with_overdue(customers, today=today)
    for customer in customers.iterator(chunk_size=CHUNK):
        was, becomes = (blocks.is_stopped(customer, policy, today) for policy in (old, new))
        if was != becomes:
            yield Changed(str(customer), customer.entity_id or customer.netsuite_id, becomes)


def _doubts(policy: Policy) -> Iterator[str]:
    """What a person should know before saving: a misspelt field would never speak."""
    if policy.hold_field != blocks.MIRRORED and not Customer.objects.filter(record__has_key=policy.hold_field).exists():
        yield f"No customer has the field {policy.hold_field} yet: until one does, the formula decides for everybody."
    fields = blocks.fields_of(policy.formula)
    for name in sorted(fields - known(fields)):
        yield f"No customer has the field {name}: the formula cannot be evaluated, and everybody it asks is on hold."
