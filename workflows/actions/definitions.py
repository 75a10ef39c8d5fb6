"""Change what people may change on a contract: its numbers, its texts, whether it runs."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import transaction

from netsuite.errors import Refusal
from workflows import audit, contracts
from workflows.access import Actor, require_person
from workflows.contracts import Contract
from workflows.drafting import UnknownPlaceholder, check, one_line
from workflows.models import WorkflowDefinition

MAY = "workflows.change_workflowdefinition"
LARGEST_WHOLE = 10_000
LARGEST_AMOUNT = Decimal(10) ** 12
Texts = Mapping[str, Mapping[str, str]]


class InvalidContract(Refusal):
    """`extra["errors"]` has a sentence by field: `days`, or `customer_notice.subject`."""

    code = "invalid"
    status = 400


def change(
    *,
    definition: WorkflowDefinition,
    seen: str,
    thresholds: Mapping[str, str],
    texts: Texts,
    enabled: bool,
    by: Actor,
    reason: str,
) -> WorkflowDefinition:
    """Save numbers (an empty one falls back to the contract's own), texts and the enabled switch, with history.

    `seen` is `version_of` the row that was shown. Raises InvalidContract, and Refusal for a lost race or no reason.
    """
    person = require_person(by, MAY, "change contracts")
    if not reason.strip():
        raise Refusal("Say why: the reason is kept with the change.", code="reason_required", status=400)
    declared = contracts.contract(definition.workflow_type)
    if declared is None:
        raise Refusal("This contract is not part of the program any more.", code="unknown_contract", status=409)
    numbers, written = _checked(declared, thresholds, texts)
    with transaction.atomic():
        row = WorkflowDefinition.objects.select_for_update().get(pk=definition.pk)
        if version_of(row) != seen:
            raise Refusal(
                "Somebody changed this contract since you opened it. Your input is kept here.", code="stale", status=409
            )
        before = _state(row)
        row.thresholds, row.texts, row.enabled = numbers, written, enabled
        if _state(row) == before:
            return row
        row._change_reason, row._history_user = reason.strip(), person  # type: ignore[attr-defined]
        row.save()
        ref = f"contract:{row.workflow_type}"
        audit.record("contract_changed", by=person, reason=reason, entity_ref=ref, before=before, after=_state(row))
    return row


def version_of(definition: WorkflowDefinition) -> str:
    """Changes with each save; the form carries it."""
    return definition.updated_at.isoformat()


def _state(row: WorkflowDefinition) -> dict[str, Any]:
    return {"thresholds": row.thresholds, "texts": row.texts, "enabled": row.enabled}


def _checked(declared: Contract, thresholds: Mapping[str, str], texts: Texts) -> tuple[dict[str, Any], dict[str, Any]]:
    """What differs from the contract's own. Raises InvalidContract with every field that is wrong."""
    errors: dict[str, str] = {}
    numbers = _numbers(declared, thresholds, errors)
    written = _texts(declared, texts, errors)
    if errors:
        raise InvalidContract(next(iter(errors.values())), errors=errors)
    return numbers, written


def _numbers(declared: Contract, sent: Mapping[str, str], errors: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, own in declared.thresholds.items():
        typed = sent.get(name, "").strip()
        try:
            value = _number(typed, whole=isinstance(own, int)) if typed else own
        except ValueError as problem:
            errors[name] = str(problem)
            continue
        if value != own:
            found[name] = value
    return found


def _number(typed: str, *, whole: bool) -> int | str:
    """A whole number, or an amount as text with at most two decimals. Raises ValueError with the fix in words."""
    try:
        value = Decimal(typed.replace(",", "").removeprefix("$"))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or value < 0:
        raise ValueError(f"“{typed}” is not a number. Write {'60' if whole else '10000 or 10000.50'}.")
    if whole:
        if value != value.to_integral_value() or value > LARGEST_WHOLE:
            raise ValueError(f"Write a whole number up to {LARGEST_WHOLE:,}.")
        return int(value)
    if value > LARGEST_AMOUNT or value != value.quantize(Decimal("0.01")):
        raise ValueError("Write an amount with at most two decimals.")
    return f"{value.normalize():f}"


def _texts(declared: Contract, sent: Texts, errors: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, own in declared.texts.items():
        typed = {**own, **sent.get(name, {})}
        text = {"subject": one_line(typed["subject"]), "body": typed["body"].replace("\r\n", "\n").strip() + "\n"}
        for part in ("subject", "body"):
            problem = _problem(text[part], declared)
            if problem:
                errors[f"{name}.{part}"] = problem
        if {key: value.strip() for key, value in text.items()} != {key: value.strip() for key, value in own.items()}:
            found[name] = text
    return found


def _problem(text: str, declared: Contract) -> str:
    if not text.strip():
        return "A mail needs a subject and a text."
    try:
        check(text, set(declared.placeholders))
    except UnknownPlaceholder as unknown:
        return unknown.detail
    return ""
