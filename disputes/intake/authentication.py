"""SPF, DKIM and DMARC as our own mail server saw them; what any other server wrote into the mail is ignored."""

import re
from collections.abc import Sequence
from email.message import Message

from disputes.intake.headers import values
from disputes.intake.parsed import one_line

_COMMENT = re.compile(r"\([^()]*\)")
_METHOD = re.compile(r"\b(spf|dkim|dmarc|arc)\s*=\s*([a-z]+)", re.IGNORECASE)
_DOMAIN = re.compile(r"\b(header\.d|header\.i|header\.from|smtp\.mailfrom|smtp\.helo)\s*=\s*([^\s;]+)", re.IGNORECASE)


def results(message: Message, trusted: Sequence[str]) -> dict[str, str]:
    """The newest results of a server named in `trusted`: `by`, `spf`, `dkim`, `dmarc` and the domains they name."""
    hosts = {host.lower() for host in trusted if host}
    for raw in values(message, "authentication-results"):
        text = _COMMENT.sub(" ", " ".join(raw.split()))
        server = text.partition(";")[0].split()
        # Only the topmost of our own: those further down may have come with the mail.
        if server and server[0].lower() in hosts:
            return _read(server[0].lower(), text.partition(";")[2])
    return {}


def _read(server: str, text: str) -> dict[str, str]:
    found = {"by": one_line(server, 200)}
    for clause in text.split(";"):
        method = _METHOD.search(clause)
        if method is None:
            continue
        name, result = method[1].lower(), method[2].lower()
        # Several DKIM signatures: one that passes is enough.
        if found.get(name) == "pass":
            continue
        found[name] = result
        for key, domain in _DOMAIN.findall(clause):
            found[key.lower()] = one_line(domain.rpartition("@")[2].strip('"<>').lower(), 255)
    return found


def verified(found: dict[str, str], from_email: str) -> bool:
    """Whether the domain of the sender stands behind the mail: DMARC, or SPF or DKIM of that very domain."""
    domain = from_email.rpartition("@")[2]
    if not domain or not found:
        return False
    if "dmarc" in found:
        return found["dmarc"] == "pass" and found.get("header.from", domain) == domain
    signed = found.get("dkim") == "pass" and _covers(found.get("header.d") or found.get("header.i", ""), domain)
    sent = found.get("spf") == "pass" and _covers(found.get("smtp.mailfrom", ""), domain)
    return signed or sent


def _covers(signer: str, domain: str) -> bool:
    return "." in signer and (domain == signer or domain.endswith(f".{signer}"))
