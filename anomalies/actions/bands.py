"""Change the limits between performing, stable, and needs attention."""

from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import transaction

from anomalies.definitions import METRICS
from anomalies.models import CardBand
from netsuite.errors import Refusal
from workflows import audit
from workflows.access import Actor, require_person
from workflows.fingerprint import fingerprint

MAY = "anomalies.change_cardband"
LARGEST = Decimal(10) ** 12
PLACES = 6
LIMITS = ("performing", "attention", "floor")


class InvalidBand(Refusal):
    """`extra["errors"]` has a sentence by field."""

    code = "invalid"
    status = 400


def version_of(band: CardBand) -> str:
    """Changes with each save; the form carries it."""
    return fingerprint(_state(band))


def set_band(
    *, band: CardBand, seen: str, performing: str, attention: str, floor: str = "", by: Actor, reason: str
) -> CardBand:
    """Save the limits as typed, in the metric's unit, with history and audit. The basis stays.

    `seen` is `version_of` the row that was shown. Raises InvalidBand, and Refusal for a lost race or no reason.
    """
    person = require_person(by, MAY, "change the bands of cards")
    if not reason.strip():
        raise Refusal("Say why: the reason is kept with the change.", code="reason_required", status=400)
    typed = {"performing": performing, "attention": attention, "floor": floor}
    with transaction.atomic():
        row = CardBand.objects.select_for_update().get(pk=band.pk)
        if version_of(row) != seen:
            words = "Somebody changed this band since you opened it. Your input is kept here."
            raise Refusal(words, code="stale", status=409)
        before = _state(row)
        for name, value in _checked(row, typed).items():
            setattr(row, name, value)
        if _state(row) == before:
            return row
        row._change_reason, row._history_user = reason.strip(), person  # type: ignore[attr-defined]
        row.save()
        ref = f"card-band:{row.metric}"
        audit.record("card_band_changed", by=person, reason=reason, entity_ref=ref, before=before, after=_state(row))
    return row


def _state(band: CardBand) -> dict[str, Any]:
    return {"basis": band.basis, **{name: _plain(getattr(band, name)) for name in LIMITS}}


def _plain(value: Decimal | None) -> str | None:
    return None if value is None else f"{Decimal(value).normalize():f}"


def _checked(band: CardBand, typed: dict[str, str]) -> dict[str, Decimal | None]:
    errors: dict[str, str] = {}
    found: dict[str, Decimal | None] = {}
    for name, text in typed.items():
        try:
            found[name] = _number(name, text)
        except ValueError as problem:
            errors[name] = str(problem)
    if not errors and _crossed(band, found["performing"], found["attention"]):
        side = "above" if METRICS[band.metric].worse == "up" else "below"
        errors["attention"] = f"Needs attention must not start before performing ends: write a number {side} it."
    if errors:
        raise InvalidBand(next(iter(errors.values())), errors=errors)
    return found


def _crossed(band: CardBand, performing: Decimal | None, attention: Decimal | None) -> bool:
    assert performing is not None
    assert attention is not None
    return attention < performing if METRICS[band.metric].worse == "up" else attention > performing


def _number(name: str, typed: str) -> Decimal | None:
    text = typed.strip().replace(",", "").replace("−", "-")
    if not text:
        if name == "floor":
            return None
        raise ValueError("Write a number.")
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or abs(value) > LARGEST:
        raise ValueError(f"“{typed.strip()[:40]}” is not a number.")
    if value != value.quantize(Decimal(1).scaleb(-PLACES)):
        raise ValueError(f"At most {PLACES} decimals.")
    return value
