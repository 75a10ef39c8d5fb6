"""NetSuite's values and ours: references, numbers as text, and the credit hold field, whose name is a setting."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.conf import settings
from django.utils.dateparse import parse_datetime

# What upper layers say; `hold_field` says what the account calls it.
HOLD_INTENT = "credit_hold"
HOLD_STATES = ("AUTO", "ON", "OFF")
# Lifting never means OFF: in NetSuite OFF switches limits and holds off for that customer.
_INTENT_STATES = {True: "ON", False: "AUTO"}


@dataclass(frozen=True)
class HoldField:
    """The account's field for the credit hold, and its value for each of AUTO, ON and OFF."""

    name: str
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def column(self) -> str:
        """Its name in SuiteQL."""
        return self.name.lower()

    def to_wire(self, state: Any) -> dict[str, str]:
        """The reference to write; True means ON, False means AUTO. Raises ValueError for another state."""
        name = _INTENT_STATES[state] if isinstance(state, bool) else str(plain(state) or "AUTO").upper()
        if name not in HOLD_STATES:
            raise ValueError(f"{state!r} is not one of {', '.join(HOLD_STATES)}")
        return {"id": self.values.get(name, name)}

    def from_wire(self, value: Any) -> str:
        """AUTO, ON or OFF out of an answer; an empty field is AUTO."""
        seen = str(plain(value) or "AUTO")
        return next((state for state, wire in self.values.items() if wire == seen), seen.upper())


def hold_field() -> HoldField:
    """From NETSUITE_HOLD_FIELD: `creditHoldOverride`, or `custentity_x:AUTO=1,ON=2,OFF=3`."""
    name, _, pairs = settings.NETSUITE_HOLD_FIELD.partition(":")
    values = dict(pair.split("=", 1) for pair in pairs.split(",") if pair)
    return HoldField(name, values)


def plain(value: Any) -> Any:
    """`{"id": "ON", "refName": "On"}` and `"ON"` are the same value."""
    if isinstance(value, Mapping):
        chosen = value.get("id", value.get("refName"))
        return str(chosen) if chosen is not None else None
    return value


def is_comparable(value: Any) -> bool:
    """A scalar or a reference; sublists come back as links and cannot be read in one call."""
    return not isinstance(value, list) and (not isinstance(value, Mapping) or "id" in value or "refName" in value)


def comparable(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: plain(value) for name, value in body.items() if is_comparable(value)}


def agrees(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """Does every wanted value stand in `found`?"""
    return all(same(value, found.get(name)) for name, value in wanted.items())


def same(wanted: Any, found: Any) -> bool:
    """Equal as NetSuite means it: `"50000.00"` is 50000.0, a missing field is an empty one."""
    if wanted in (None, "") or found in (None, ""):
        return wanted in (None, "") and found in (None, "")
    if isinstance(wanted, bool) or isinstance(found, bool):
        return _truth(wanted) == _truth(found)
    return wanted == found or _both(_number, wanted, found) or _both(_moment, wanted, found)


def _both(read: Callable[[Any], Any], wanted: Any, found: Any) -> bool:
    meant = read(wanted)
    return meant is not None and meant == read(found)


def _truth(value: Any) -> Any:
    return {"T": True, "F": False, "true": True, "false": False}.get(value, value)


def _number(value: Any) -> Decimal | None:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _moment(value: Any) -> datetime | None:
    try:
        return parse_datetime(value) if isinstance(value, str) else None
    except ValueError:
        return None
