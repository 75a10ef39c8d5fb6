"""Terminal PINs: hashed the moment they arrive, never stored, logged or shown."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable
from functools import cache
from itertools import pairwise

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from django.conf import settings

DEFAULT_FIELD = "custentity_brm_pincode"
FEWEST, MOST = 4, 12
# Fewer different digits, or a run up or down, is what people try first.
FEWEST_DIFFERENT = 3

FIELDS: list[Callable[[], Iterable[str]]] = []
"""Upper apps append here in `ready()`: the employee fields in which they look for PINs."""

_hasher = PasswordHasher()
_FIELD_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_PIN = re.compile(rf"[0-9]{{{FEWEST},{MOST}}}")


def pin_fields() -> list[str]:
    """The employee fields that hold PINs, by name; a name that is no column's is left out."""
    named = {name.lower() for source in FIELDS for name in source()}
    return sorted(name for name in named if _FIELD_NAME.fullmatch(name)) or [DEFAULT_FIELD]


def pin_fault(pin: str) -> str:
    """Why this can be nobody's PIN, in words that do not repeat it; empty when it can."""
    if not _PIN.fullmatch(pin):
        return f"A PIN has {FEWEST} to {MOST} digits and nothing else."
    return "This PIN is too easy to guess." if is_weak(pin) else ""


def is_weak(pin: str) -> bool:
    """Few different digits, or counting up or down."""
    steps = {int(b) - int(a) for a, b in pairwise(pin)}
    return len(set(pin)) < FEWEST_DIFFERENT or steps in ({1}, {-1})


def hash_pin(pin: str) -> str:
    """Argon2id over HMAC-SHA256(pepper, pin): a stolen table is worthless without the pepper."""
    return _hasher.hash(_peppered(pin))


def pin_matches(pin_hash: str, pin: str) -> bool:
    """Whether `pin` is the one behind `pin_hash`; takes as long when there is no hash at all."""
    try:
        return _hasher.verify(pin_hash or _nobody(), _peppered(pin)) and bool(pin_hash)
    except (VerificationError, InvalidHashError):
        return False


def _peppered(pin: str) -> bytes:
    return hmac.new(settings.PIN_PEPPER.encode(), pin.encode(), hashlib.sha256).digest()


@cache
def _nobody() -> str:
    return _hasher.hash("nobody has this PIN")
