"""Encryption at rest for what another system gave us, keyed by SECRET_KEY."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings


def encrypt(text: str) -> str:
    return _fernet().encrypt(text.encode()).decode() if text else ""


def decrypt(text: str) -> str:
    """The clear text; empty when there is none or SECRET_KEY has changed since."""
    try:
        return _fernet().decrypt(text.encode()).decode() if text else ""
    except InvalidToken:
        return ""


def _fernet() -> Fernet:
    key = hashlib.sha256(b"netsuite channel token:" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
