"""Change what people may change on an alert rule: its numbers, its roles, whether it runs."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction

from anomalies.models import AlertRule
from anomalies.payload import as_was
from netsuite.errors import Refusal
from workflows import audit
from workflows.access import Actor, require_person
from workflows.fingerprint import fingerprint

MAY = "anomalies.change_alertrule"
WHOLE = {"window": 366, "minimum_days": 366, "for_days": 30, "keep_firing_days": 30}
NUMBERS = ("k", "threshold", "floor", "step", "step_second")
NEEDED = {"sigma": ("k",), "above": ("threshold",), "rise": ("threshold",)}
LARGEST = Decimal(10) ** 12


class InvalidRule(Refusal):
    """`extra["errors"]` has a sentence by field."""

    code = "invalid"
    status = 400


def version_of(rule: AlertRule) -> str:
    """Changes with each save; the form carries it."""
    return fingerprint(_state(rule))


def change_rule(
    *,
    rule: AlertRule,
    seen: str,
    values: Mapping[str, str],
    roles: Sequence[str],
    enabled: bool,
    by: Actor,
    reason: str,
) -> AlertRule:
    """Save numbers, roles and the switch, with history. Alerts that were raised keep the rule as it was.

    `seen` is `version_of` the row that was shown. Raises InvalidRule, and Refusal for a lost race or no reason.
    """
    person = require_person(by, MAY, "change alert rules")
    if not reason.strip():
        raise Refusal("Say why: the reason is kept with the change.", code="reason_required", status=400)
    with transaction.atomic():
        row = AlertRule.objects.select_for_update().get(pk=rule.pk)
        if version_of(row) != seen:
            words = "Somebody changed this rule since you opened it. Your input is kept here."
            raise Refusal(words, code="stale", status=409)
        before, numbers = _state(row), checked(row, values)
        for name, value in numbers.items():
            setattr(row, name, value)
        row.roles, row.enabled = _roles(roles), enabled
        if _state(row) == before:
            return row
        row._change_reason, row._history_user = reason.strip(), person  # type: ignore[attr-defined]
        row.save()
        ref = f"alert-rule:{row.slug}"
        audit.record("alert_rule_changed", by=person, reason=reason, entity_ref=ref, before=before, after=_state(row))
    return row


def _state(rule: AlertRule) -> dict[str, Any]:
    plain = {name: _plain(value) for name, value in as_was(rule).items()}
    return {**plain, "roles": sorted(rule.roles), "enabled": rule.enabled}


def _plain(value: Any) -> Any:
    """`2` and `2.00` are the same number."""
    try:
        return f"{Decimal(value).normalize():f}" if isinstance(value, str | int) else value
    except InvalidOperation:
        return value


def checked(rule: AlertRule, values: Mapping[str, str]) -> dict[str, Any]:
    """The numbers as they are kept. Raises InvalidRule with a sentence by field."""
    errors: dict[str, str] = {}
    found: dict[str, Any] = {}
    for name in [*NUMBERS, *WHOLE]:
        try:
            found[name] = _whole(name, values[name]) if name in WHOLE else _number(rule, name, values[name])
        except KeyError:
            continue
        except ValueError as problem:
            errors[name] = str(problem)
    if "minimum_days" in found and found["minimum_days"] > found.get("window", rule.window):
        errors["minimum_days"] = "Not more than the days of the window."
    if errors:
        raise InvalidRule(next(iter(errors.values())), errors=errors)
    return found


def _whole(name: str, typed: str) -> int:
    if not typed.strip().isascii() or not typed.strip().isdigit() or not 1 <= int(typed[:6]) <= WHOLE[name]:
        raise ValueError(f"Write a whole number from 1 to {WHOLE[name]}.")
    return int(typed)


def _number(rule: AlertRule, name: str, typed: str) -> Decimal | None:
    if not typed.strip():
        if name in NEEDED[rule.comparison]:
            raise ValueError("The rule needs this number.")
        return rule.k if name == "k" else None
    try:
        value = Decimal(typed.strip().replace(",", ""))
    except InvalidOperation:
        value = Decimal("NaN")
    places = 2 if name == "k" else 6
    if not value.is_finite() or not 0 <= value <= (Decimal(100) if name == "k" else LARGEST):
        raise ValueError(f"“{typed[:40]}” is not a number from 0 on.")
    if value != value.quantize(Decimal(1).scaleb(-places)):
        raise ValueError(f"At most {places} decimals.")
    return value


def _roles(wanted: Sequence[str]) -> list[str]:
    known = set(Group.objects.filter(name__in=wanted).values_list("name", flat=True))
    return [name for name in dict.fromkeys(wanted) if name in known]
