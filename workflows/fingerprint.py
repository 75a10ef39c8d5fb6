"""Hashes that bind what was approved to what is sent, pushed and kept."""

import hashlib
import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces: the same facts give the same text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), cls=DjangoJSONEncoder, ensure_ascii=False)


def fingerprint(value: Any) -> str:
    """SHA-256 of the canonical JSON, in hex."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def text_hash(subject: str, body: str, to_email: str) -> str:
    """What a person releases when they approve a mail: recipient, subject and body."""
    return fingerprint([to_email, subject, body])
