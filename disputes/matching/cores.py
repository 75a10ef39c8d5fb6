"""What is the same number, however it is written."""

import re

_PREFIX = re.compile(r"^[A-Z]{1,8}(?:[-/._ #]*[A-Z]{1,4})*[-/._ #]*(?=\d)")


def core_of(ref: str) -> str:
    """The number itself: without the letters before it, signs and zeros in front. INV-0020418 → 20418."""
    plain = _PREFIX.sub("", ref.strip().upper())
    return re.sub(r"[^A-Z0-9]", "", plain).lstrip("0")
