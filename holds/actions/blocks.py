"""Change what a page of the till checks and says."""

import re
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction

from customers.models import Customer, Employee
from holds.formula import parse
from holds.models import HoldBlock
from netsuite.errors import Refusal
from workflows import audit
from workflows.access import Actor, require_person
from workflows.fingerprint import fingerprint

MAY = "holds.change_holdblock"
SETTINGS = (
    *("title", "hold_field", "mode", "formula", "tenders", "allow_pin_override", "override_service_hold"),
    *("pin_field", "pin_entity_type", "show_label", "label_on_hold", "label_approved", "default_customer"),
)
NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
FIELDS = {"hold_field": "Hold field", "pin_field": "PIN code field"}
LABELS = ("title", "label_on_hold", "label_approved")


class InvalidBlock(Refusal):
    """`extra["errors"]` has a sentence by setting."""

    code = "invalid"
    status = 400


def change(*, block: HoldBlock, seen: str, values: Mapping[str, Any], by: Actor, reason: str) -> HoldBlock:
    """Save all settings with history and an audit record; in force from the next verdict on.

    `seen` is `version_of` the block that was shown; `values` has every name of SETTINGS, `managers_by_role` (groups)
    and `managers_by_name` (employees). Raises FormulaError, InvalidBlock, and Refusal for a lost race or no reason.
    """
    person = require_person(by, MAY, "change hold blocks")
    checked = check(values)
    if not reason.strip():
        raise Refusal("Say why: the reason is kept with the change.", code="reason_required", status=400)
    with transaction.atomic():
        row = HoldBlock.objects.select_for_update().get(pk=block.pk)
        require_seen(row, seen)
        before, after = state_of(row), _state(checked)
        if after != before:
            _write(row, checked, by=person, reason=reason.strip())
            ref = f"hold_block:{row.slug}"
            audit.record("hold_block_changed", by=person, reason=reason, entity_ref=ref, before=before, after=after)
    return row


def require_seen(block: HoldBlock, seen: str) -> None:
    """Refuse what was typed over settings that somebody else has changed since."""
    if version_of(block) != seen:
        detail = "Somebody changed this hold block since you opened it: see the history. Your input is kept here."
        raise Refusal(detail, code="stale", status=409)


def check(values: Mapping[str, Any]) -> dict[str, Any]:
    """The settings as they are kept. Raises FormulaError or InvalidBlock."""
    parse(values["formula"])
    checked = {name: _clean(values[name]) for name in SETTINGS}
    checked |= {name: checked[name].lower() for name in FIELDS}
    errors = {**_problems(checked), **_unknown_choices(checked)}
    if errors:
        raise InvalidBlock(next(iter(errors.values())), errors=errors)
    people = {
        "managers_by_role": list(values["managers_by_role"]),
        "managers_by_name": list(values["managers_by_name"]),
    }
    return {**checked, **people, "formula": values["formula"]}


def version_of(block: HoldBlock) -> str:
    """Changes with every setting; the form carries it."""
    return fingerprint(state_of(block))


def state_of(block: HoldBlock) -> dict[str, Any]:
    """All settings, for the audit and for comparing."""
    people = {"managers_by_role": block.managers_by_role.all(), "managers_by_name": block.managers_by_name.all()}
    return _state({**{name: getattr(block, name) for name in SETTINGS}, **people})


def _state(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{name: values[name] for name in SETTINGS},
        "managers_by_role": sorted(group.name for group in values["managers_by_role"]),
        "managers_by_name": sorted(employee.netsuite_id for employee in values["managers_by_name"]),
    }


def _clean(value: Any) -> Any:
    return " ".join(value.replace("\x00", "").split()) if isinstance(value, str) else bool(value)


def _problems(checked: Mapping[str, Any]) -> dict[str, str]:
    errors = {
        name: f"{title} is a NetSuite field name such as custentity_hold: letters, digits and _."
        for name, title in FIELDS.items()
        if not NAME.fullmatch(checked[name])
    }
    for name in LABELS:
        longest = HoldBlock._meta.get_field(name).max_length or 0  # type: ignore[union-attr]
        if not 0 < len(checked[name]) <= longest:
            errors[name] = f"Write 1 to {longest} characters."
    customer = checked["default_customer"]
    if customer and not Customer.objects.active().filter(netsuite_id=customer).exists():
        errors["default_customer"] = f"No active customer has the NetSuite id “{customer}”. Leave it empty for none."
    return errors


def _unknown_choices(checked: Mapping[str, Any]) -> dict[str, str]:
    allowed = {"mode": HoldBlock.MODES, "tenders": HoldBlock.TENDERS, "pin_entity_type": HoldBlock.ENTITY_TYPES}
    return {
        name: f"Choose one of: {', '.join(word for _value, word in choices)}."
        for name, choices in allowed.items()
        if checked[name] not in dict(choices)
    }


def _write(row: HoldBlock, checked: Mapping[str, Any], *, by: Any, reason: str) -> None:
    """One row of history a change, with the managers as they are after it."""
    groups: list[Group] = checked["managers_by_role"]
    employees: list[Employee] = checked["managers_by_name"]
    row.skip_history_when_saving = True  # type: ignore[attr-defined]
    row.managers_by_role.set(groups)
    row.managers_by_name.set(employees)
    del row.skip_history_when_saving  # type: ignore[attr-defined]
    for name in SETTINGS:
        setattr(row, name, checked[name])
    row._change_reason, row._history_user = reason, by  # type: ignore[attr-defined]
    row.save()
