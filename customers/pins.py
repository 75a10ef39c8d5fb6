"""Terminal PINs: hashed the moment they arrive, never stored, logged or shown."""

from __future__ import annotations

import hashlib
import hmac
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from django.conf import settings

_hasher = PasswordHasher()


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
